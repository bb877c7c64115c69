/// From facts to findings: DMARC.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "policies/audit/audit.h"
#include "policies/audit/parts.h"

namespace rampart::audit {
namespace {

void check_none(const Facts& facts, Findings& found) {
  const DmarcFacts& dmarc = facts.dmarc;
  if (dmarc.state == State::None) {
    found.push_back(finding_of(facts, Severity::Error, "dmarc-missing",
                               fmt::format("no DMARC record governs {}: receivers let anybody "
                                           "write as it",
                                           name_of(facts)),
                               fmt::format("begin with _dmarc.{} TXT \"v=DMARC1; p=none; "
                                           "rua=mailto:...\" and read the reports",
                                           name_of(facts))));
  } else if (dmarc.state == State::Invalid) {
    found.push_back(finding_of(
        facts, Severity::Error, "dmarc-invalid",
        fmt::format("the DMARC record of {} does not count: {}", name_of(facts), dmarc.problem),
        "correct the record; receivers act as if there were none"));
  }
}

void check_form(const Facts& facts, Findings& found) {
  const DmarcFacts& dmarc = facts.dmarc;
  if (dmarc.several_here || dmarc.state == State::Several) {
    found.push_back(finding_of(
        facts, Severity::Error, "dmarc-multiple",
        fmt::format("several DMARC records stand at one name of {}: receivers use none of them",
                    name_of(facts)),
        "keep one of them (RFC 9989 section 4.10)"));
  }
  if (!dmarc.slip.empty()) {
    found.push_back(finding_of(facts, Severity::Warning, "dmarc-near-miss",
                               fmt::format("_dmarc.{} holds {}", name_of(facts), dmarc.slip),
                               "correct or remove the value"));
  }
  for (const std::string& problem : dmarc.problems) {
    found.push_back(finding_of(facts, Severity::Warning, "dmarc-tag-invalid",
                               fmt::format("receivers read over a part of the DMARC record of {}: "
                                           "{}",
                                           name_of(facts), problem),
                               "correct the tag; its default is used in its place"));
  }
}

void check_strength(const Facts& facts, const Enforcement& enforcement, Findings& found) {
  const dmarc::Record& record = facts.dmarc.record;
  if (enforcement.policy == dmarc::Policy::None) {
    found.push_back(finding_of(
        facts, Severity::Warning, "dmarc-not-enforced",
        fmt::format("DMARC asks receivers to deliver what fails as {} (p=none)", name_of(facts)),
        "when reports show that all senders align, move to quarantine and then to reject"));
  }
  if (!enforcement.whole) {
    std::vector<std::string> tags;
    if (record.pct.value_or(100) < 100) tags.push_back(fmt::format("pct={}", *record.pct));
    if (record.testing.value_or(false)) tags.emplace_back("t=y");
    found.push_back(finding_of(
        facts, Severity::Warning, "dmarc-partial",
        fmt::format("the DMARC policy of {} is not applied in full ({}); receivers of RFC 7489 "
                    "honour pct and ignore t, those of RFC 9989 the reverse",
                    name_of(facts), fmt::join(tags, ", ")),
        "publish neither tag once the ramp is done"));
  }
  if (!enforcement.sub_domains) {
    found.push_back(finding_of(
        facts, Severity::Warning, "dmarc-sub-domains",
        fmt::format("sub-domains are protected less than {} itself (sp or np)",
                    facts.dmarc.discovered()->at.text()),
        "remove sp and np, or make them as strict as p: forgers use names that do not exist"));
  }
}

std::string view_of(const std::optional<dmarc::DiscoveredPolicy>& discovered) {
  if (!discovered) return "nothing";
  return fmt::format("{} at {}", dmarc::to_text(discovered->policy), discovered->at.text());
}

void check_generations(const Facts& facts, Findings& found) {
  const DmarcFacts& dmarc = facts.dmarc;
  const bool same = dmarc.by_walk && dmarc.by_psl && dmarc.by_walk->at == dmarc.by_psl->at &&
                    dmarc.by_walk->policy == dmarc.by_psl->policy;
  if (same) return;
  found.push_back(
      finding_of(facts, Severity::Warning, "dmarc-generations-differ",
                 fmt::format("receivers of RFC 9989 find {} for {}, those of RFC 7489 find {}",
                             view_of(dmarc.by_walk), name_of(facts), view_of(dmarc.by_psl)),
                 fmt::format("publish a record at _dmarc.{} itself", name_of(facts))));
}

void check_historic(const Facts& facts, Findings& found) {
  std::vector<std::string> tags;
  for (const Tag& tag : facts.dmarc.record.unknown) {
    if (tag.name == "rf" || tag.name == "ri") tags.push_back(tag.name);
  }
  if (facts.dmarc.record.pct == 100) tags.emplace_back("pct");
  if (tags.empty()) return;
  found.push_back(
      finding_of(facts, Severity::Info, "dmarc-historic-tags",
                 fmt::format("the DMARC record of {} has tags that RFC 9989 made historic: {}",
                             name_of(facts), fmt::join(tags, ", ")),
                 "remove them; they change nothing"));
}

void check_reports(const Facts& facts, const Enforcement& enforcement, Findings& found) {
  if (facts.dmarc.rua.empty()) {
    const bool reject = enforcement.policy == dmarc::Policy::Reject;
    const std::string message = fmt::format(
        "the DMARC record that governs {} names no address for reports", name_of(facts));
    const std::string hint = "add rua=mailto:...: without reports nobody sees whose mail fails";
    found.push_back(reject
                        ? finding_of(facts, Severity::Warning, "reject-without-rua", message, hint)
                        : finding_of(facts, Severity::Warning, "dmarc-without-rua", message, hint));
  }
  const std::string& at = facts.dmarc.discovered()->at.text();
  for (const ReportAddress& one : facts.dmarc.rua) {
    if (one.consent != ReportAddress::Consent::Refused) continue;
    found.push_back(finding_of(
        facts, Severity::Warning, "report-unauthorized",
        fmt::format("{} has not agreed to receive reports about {}, so reporters send none there",
                    one.host.text(), at),
        fmt::format("let its owner publish {}._report._dmarc.{} TXT \"v=DMARC1\"", at,
                    one.host.text())));
  }
}

}  // namespace

void check_dmarc(const Facts& facts, Findings& found) {
  check_form(facts, found);
  if (facts.dmarc.state != State::Valid) return check_none(facts, found);
  const Enforcement enforcement = enforcement_of(facts.dmarc);
  check_strength(facts, enforcement, found);
  check_generations(facts, found);
  check_historic(facts, found);
  check_reports(facts, enforcement, found);
}

}  // namespace rampart::audit
