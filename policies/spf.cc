/// The opinion on SPF: one record per domain, merged from whoever sends for it.
#include <fmt/format.h>

#include <algorithm>

#include "mail/check_host.h"
#include "policies/opinions.h"
#include "policies/spf_compare.h"
#include "policies/spf_record.h"

namespace rampart {
namespace {

std::string reason_for(const WantedSpf& wanted) {
  std::vector<std::string> senders;
  for (const SpfOrigin& origin : wanted.origins) {
    if (std::ranges::find(senders, origin.sender) == senders.end()) {
      senders.push_back(origin.sender);
    }
  }
  std::ranges::sort(senders);
  if (senders.empty()) return "because no sender that needs SPF is declared";
  return fmt::format("because it is declared for {}", fmt::join(senders, ", "));
}

/// What one zone publishes now: nullopt where receivers get no usable record.
struct Standing {
  std::optional<spf::Record> record;
  std::size_t count = 0;
};

Standing standing_at(const LiveZone& zone, const Domain& domain) {
  const auto texts = live_spf(zone, domain);
  Standing standing{std::nullopt, texts.size()};
  if (texts.size() != 1) return standing;
  auto read = spf::parse(texts.front());
  if (read) standing.record = std::move(read).value();
  return standing;
}

void report_multiple(const Domain& domain, const LiveZone& zone, std::size_t count,
                     Opinion& opinion) {
  opinion.findings.push_back(
      {Severity::Warning,
       "spf-multiple",
       domain.name,
       fmt::format("{} publishes {} SPF records at {}, so that every check ends in permerror",
                   domain.name.text(), count, zone.provider),
       "this plan leaves one in their place",
       domain.mark,
       {}});
}

void ask_tree(const Name& domain, const spf::Record& record, const World& world, Opinion& opinion) {
  const spf::Tree tree = spf::tree_of(domain, record, world.answers);
  opinion.unknown.insert(opinion.unknown.end(), tree.unknown.begin(), tree.unknown.end());
}

}  // namespace

Opinion spf_opinion(const Domain& domain, const World& world) {
  Opinion opinion;
  if (!manages_spf(domain)) return opinion;
  WantedSpf wanted = wanted_spf(domain, world.now);
  opinion.findings = std::move(wanted.findings);
  ask_tree(domain.name, wanted.record, world, opinion);
  std::optional<Turn> turn;
  for (const LiveZone* zone : world.zones_for(domain, domain.name)) {
    const Standing standing = standing_at(*zone, domain);
    if (standing.count > 1) report_multiple(domain, *zone, standing.count, opinion);
    if (standing.record) {
      ask_tree(domain.name, *standing.record, world, opinion);
      if (spf::same_meaning(*standing.record, wanted.record)) continue;
    }
    const Turn here = spf_turn(domain.name, standing.record, wanted.record, world.answers);
    turn = std::min(turn.value_or(here), here);
  }
  Want want{spf_key(domain), RecordKind::Spf, spf::print(wanted.record)};
  want.ttl = domain.spf && domain.spf->ttl ? domain.spf->ttl : domain.ttl;
  want.turn = turn.value_or(Turn::Authorize);
  want.reason = reason_for(wanted);
  opinion.wants.push_back(std::move(want));
  return opinion;
}

}  // namespace rampart
