/// The action for a source.
#include <fmt/format.h>

#include "policies/dkim/names.h"
#include "policies/model/sender_use.h"
#include "reports/analysis/summary.h"

namespace rampart::reports {
namespace {

std::string dkim_steps(const Sender& sender, const NamingContext& context) {
  std::string records;
  for (const DkimTemplate& one : sender.dkim) {
    const auto host = fill(one.host, context.name, {});
    const auto target = fill(one.target, context.name, {});
    if (!records.empty()) records += ", ";
    records += fmt::format("{} {}{}", host.value_or(one.host), to_text(one.type),
                           one.target.empty() ? "" : " " + target.value_or(one.target));
  }
  return records.empty() ? std::string("as the service's documentation describes")
                         : "with its records: " + records;
}

/// For mail that is aligned by one method only. Many services support just one: then nothing is
/// wrong.
std::string partial(const SourceSummary& row) {
  const Sender* sender = row.source.sender;
  if (sender == nullptr) {
    return row.selectors.empty()
               ? "sign its mail with DKIM as the domain: SPF alone breaks when mail is forwarded"
               : "none: DKIM passes";
  }
  const bool by_dkim = !row.selectors.empty();
  if (by_dkim && sender->spf_aligns != Aligns::Yes) return "none, by design";
  if (!by_dkim && sender->dkim_aligns == Aligns::No) return "none, by design";
  if (by_dkim) {
    return fmt::format("optional: set a bounce domain of your own at {}, so that SPF aligns too",
                       sender->name);
  }
  return fmt::format("enable DKIM at {}: SPF alone breaks when mail is forwarded", sender->name);
}

}  // namespace

std::string action_for(const SourceSummary& row, const NamingContext& context) {
  const Sender* sender = row.source.sender;
  if (row.source.ignored) return "none: the YAML ignores it";
  if (row.of(Category::MissingDkim) > 0) {
    return fmt::format("set up DKIM at {}, {}", sender->name, dkim_steps(*sender, context));
  }
  if (row.of(Category::MissingSpf) > 0 && !row.source.declared) {
    return fmt::format("if you use it, add to the domain's senders: {}", sender->id);
  }
  if (row.of(Category::MissingSpf) > 0) {
    return fmt::format("publish the SPF record that the YAML declares: it must authorize {}",
                       sender->name);
  }
  if (row.of(Category::Unauthorized) > 0) {
    if (row.unresolved) {
      return "identify it: it fails steadily, passed before or has a host of yours; declare it as "
             "a sender, or ignore it with a reason";
    }
    return "none in DNS: likely spoofing, listed by reports threats";
  }
  if (row.of(Category::Forwarded) > 0) {
    return "none: forwarding; never add its addresses to SPF";
  }
  return row.of(Category::Partial) > 0 ? partial(row) : "none";
}

}  // namespace rampart::reports
