/// Edits of `phase`, `pct` and `since`.
#include "reconciler/edit/ramp_edits.h"

namespace rampart {

Result<std::vector<DomainEdit>> ramp_edits(const Config& config,
                                           const std::vector<RampMove>& moves) {
  std::vector<DomainEdit> edits;
  for (const RampMove& move : moves) {
    const auto found = config.domains.find(move.domain);
    if (found == config.domains.end()) return Error{"it is not in the YAML", move.domain.text()};
    const Domain& domain = found->second;
    const auto set = [&](const char* key, const std::string& text) {
      edits.push_back({move.domain, {YamlEdit::Act::Set, {"dmarc", key}, yaml_scalar(text)}});
    };
    if (domain.dmarc.position.phase != move.to.phase) {
      set("phase", std::string(to_text(move.to.phase)));
    }
    // A written pct becomes 100 rather than being removed: its line may have a comment.
    if (domain.dmarc.position.pct != move.to.pct) set("pct", std::to_string(move.to.pct));
    if (domain.dmarc.since != move.since) set("since", to_text(move.since));
  }
  return edits;
}

}  // namespace rampart
