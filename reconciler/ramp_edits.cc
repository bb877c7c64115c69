/// Edits of phase, pct and since.
#include "reconciler/ramp_edits.h"

#include "reconciler/declared.h"

namespace rampart {
namespace {

using Act = YamlEdit::Act;

// Where a domain's pct is written, if anywhere.
struct PctPlaces {
  bool own = false;
  bool inherited = false;
};

Result<PctPlaces> pct_places(const Config& config, const Domain& domain, Documents& documents) {
  const auto own = documents.root(domain.mark.file);
  if (!own) return own.error();
  const auto main = documents.root(config.file);
  if (!main) return main.error();
  const config::Node* below = child(domain_node(**own, domain.name), "dmarc");
  const config::Node* defaults = child(child(*main, "defaults"), "dmarc");
  return PctPlaces{child(below, "pct") != nullptr, child(defaults, "pct") != nullptr};
}

// Monitor has no share; elsewhere a pct that somebody wrote stays, at its new value.
std::optional<YamlEdit> pct_edit(const Domain& domain, PctPlaces places, Rung to) {
  const bool bare = to.phase < Phase::Quarantine && !places.inherited;
  if (places.own && bare) return YamlEdit{Act::Remove, {"dmarc", "pct"}, {}};
  if (!places.own && domain.dmarc.rung.pct == to.pct) return std::nullopt;
  return YamlEdit{Act::Set, {"dmarc", "pct"}, yaml_scalar(std::to_string(to.pct))};
}

}  // namespace

Result<std::vector<DomainEdit>> ramp_edits(const Config& config,
                                           const std::vector<RampMove>& moves) {
  Documents documents(config);
  std::vector<DomainEdit> edits;
  for (const RampMove& move : moves) {
    const auto found = config.domains.find(move.domain);
    if (found == config.domains.end()) return Error{"it is not in the YAML", move.domain.text()};
    const Domain& domain = found->second;
    const auto places = pct_places(config, domain, documents);
    if (!places) return places.error();
    const auto set = [&](const char* key, const std::string& text) {
      edits.push_back({move.domain, {Act::Set, {"dmarc", key}, yaml_scalar(text)}});
    };
    if (domain.dmarc.rung.phase != move.to.phase) {
      set("phase", std::string(to_text(move.to.phase)));
    }
    if (auto edit = pct_edit(domain, *places, move.to)) {
      edits.push_back({move.domain, std::move(*edit)});
    }
    if (domain.dmarc.since != move.since) set("since", to_text(move.since));
  }
  return edits;
}

}  // namespace rampart
