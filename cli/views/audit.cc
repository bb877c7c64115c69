/// Audits as text: a report on one domain, a table of many.
#include "cli/views/audit.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/counted.h"
#include "cli/views/plan_lines.h"
#include "dns/txt.h"
#include "policies/model/codes.h"

namespace rampart {
namespace {

using audit::Facts;
using audit::Report;
using audit::State;
using Lines = std::vector<std::string>;

int hue_of_share(int points, int of) {
  return points == of ? kGreen : points == 0 ? kRed : kYellow;
}

// Thresholds for the eye alone: no decision depends on them.
int hue_of_score(int score) { return score >= 80 ? kGreen : score >= 50 ? kYellow : kRed; }

/// A label, and the lines beside it.
/// Printable text only: records of other parties may contain escape sequences for terminals.
void add_lines(std::string& out, std::string_view label, const Lines& lines) {
  bool first = true;
  for (const std::string& line : lines) {
    out += fmt::format("  {:<8} {}\n", first ? label : std::string_view(), printable(line));
    first = false;
  }
}

// A name server's silence in words; the other states read well as they are.
std::string state_text(State state) {
  return state == State::Unobservable ? "could not be read" : std::string(to_text(state));
}

// An unusable record is shown as published: its text is what has to be corrected.
Lines spf_lines(const audit::SpfFacts& spf) {
  if (spf.state != State::Valid) {
    if (!spf.text.empty()) return {spf.text, spf.problem};
    return {spf.problem};
  }
  // "at least", because an include that could not be resolved may cost more.
  std::string costs =
      fmt::format("{}{} of 10 lookups, {} of 2 void lookups",
                  spf.tree.lower_bound ? "at least " : "", spf.tree.lookups, spf.tree.void_lookups);
  if (spf.ending) costs += fmt::format("; ends in {}all", static_cast<char>(*spf.ending));
  Lines lines = {spf.text, costs};
  if (!spf.senders.empty()) {
    lines.push_back(fmt::format("services: {}", fmt::join(spf.senders, ", ")));
  }
  return lines;
}

// The key's own text is left out: nobody compares base64 by eye, and JSON has it.
std::string key_line(const audit::KeyFacts& key) {
  std::string what(to_text(key.state));
  if (key.state == audit::KeyState::Key) {
    const bool rsa = key.shape.algorithm == "rsa";
    what = rsa ? fmt::format("rsa {}", key.shape.bits) : key.shape.algorithm;
  }
  std::string line =
      fmt::format("{:<16} {:<12} {}", key.query.selector, what, to_text(key.query.source));
  if (!key.cnames.empty()) line += ", at " + key.cnames.back().text();
  return line;
}

// That no selector holds a key differs from no selector being known.
Lines dkim_lines(const audit::DkimFacts& dkim) {
  Lines lines;
  for (const audit::KeyFacts& key : dkim.keys) lines.push_back(key_line(key));
  // A wildcard record answers for every selector, so the keys above prove little.
  if (!dkim.wildcard.empty()) lines.push_back("any selector: " + dkim.wildcard);
  if (lines.empty() && dkim.queried == 0) lines.emplace_back("no selector is known");
  if (lines.empty())
    lines.push_back(fmt::format("no key at {}", counted(dkim.queried, "queried selector")));
  return lines;
}

Lines dmarc_lines(const audit::DmarcFacts& dmarc) {
  const dmarc::DiscoveredPolicy* discovered = dmarc.discovered();
  if (discovered == nullptr) {
    std::string state = state_text(dmarc.state);
    if (!dmarc.problem.empty()) state += ": " + dmarc.problem;
    return dmarc.text.empty() ? Lines{state} : Lines{dmarc.text, state};
  }
  Lines lines = {dmarc.text,
                 fmt::format("policy {}, from _dmarc.{}", dmarc::to_text(discovered->policy),
                             discovered->at.text())};
  for (const audit::ReportAddress& one : dmarc.rua) {
    // RFC 9990 section 4: an address in another organization needs that organization's consent in
    // DNS; one in the domain's own needs none.
    const bool own = one.consent == audit::ReportAddress::Consent::Own;
    lines.push_back(fmt::format("reports to {}{}", one.uri,
                                own ? std::string() : fmt::format(" ({})", to_text(one.consent))));
  }
  return lines;
}

// A null MX (RFC 7505) is a statement and not a missing record.
std::string mx_line(const audit::MxFacts& mx) {
  if (mx.null) return "receives no mail (null MX)";
  if (mx.hosts.empty()) return mx.problem.empty() ? "none" : mx.problem;
  return fmt::format("{}", fmt::join(audit::texts_of(mx.hosts), ", "));
}

// The record where it is usable, else the state and the reason, which is what has to be corrected.
std::string reading_line(const audit::Reading& reading) {
  if (!reading.text.empty() && reading.problem.empty()) return reading.text;
  const std::string state = state_text(reading.state);
  return reading.problem.empty() ? state : state + ": " + reading.problem;
}

// --no-fetch leaves the policy unread, which must not look like a missing policy.
std::string policy_line(const audit::MtaStsFacts& mta_sts) {
  if (!mta_sts.fetched) return "the policy was not fetched";
  if (!mta_sts.policy) return "the policy " + mta_sts.fetched->problem;
  return fmt::format("policy: mode {}, max_age {}, mx {}", to_text(mta_sts.policy->mode),
                     mta_sts.policy->max_age, fmt::join(mta_sts.policy->mx, " "));
}

// The chain only where it says more than the verdict: where the resolver proves nothing.
Lines dnssec_lines(const audit::DnssecFacts& dnssec) {
  std::string first(dnssec.state == State::Valid ? to_text(dnssec.security)
                                                 : to_text(dnssec.state));
  if (!dnssec.problem.empty()) first += ": " + dnssec.problem;
  Lines lines = {first};
  for (const audit::DelegationFacts& one : dnssec.chain) {
    const std::string ds(one.state == State::Valid  ? "DS"
                         : one.state == State::None ? "no DS"
                                                    : to_text(one.state));
    lines.push_back(fmt::format("{}: {}, {}", one.name.text(), ds, to_text(one.security)));
  }
  return lines;
}

Lines tlsa_lines(const audit::DnssecFacts& dnssec) {
  Lines lines;
  for (const audit::TlsaFacts& one : dnssec.hosts) {
    lines.push_back(
        fmt::format("{}: {}, {}", one.name.text(), to_text(one.state), to_text(one.security)));
    lines.insert(lines.end(), one.records.begin(), one.records.end());
    lines.insert(lines.end(), one.problems.begin(), one.problems.end());
  }
  return lines.empty() ? Lines{"no MX host"} : lines;
}

Lines mail_lines(const audit::MailFacts& mail) {
  if (mail.state == audit::MailFacts::State::NoStore) return {"no report store"};
  const std::string window = fmt::format("{} to {}", to_text(mail.since), to_text(mail.until));
  if (mail.state == audit::MailFacts::State::Silent) return {"none that counts, " + window};
  return {fmt::format("{}: {} of own mail by known reporters, {}", window,
                      counted(mail.own, "message"), counted(mail.reporters, "reporter"))};
}

// First the records on mail from the domain, then those on mail to it.
void add_facts(std::string& out, const Facts& facts) {
  out += '\n';
  add_lines(out, "SPF", spf_lines(facts.spf));
  add_lines(out, "DKIM", dkim_lines(facts.dkim));
  add_lines(out, "DMARC", dmarc_lines(facts.dmarc));
  add_lines(out, "MX", {mx_line(facts.mx)});
  Lines mta_sts = {reading_line(facts.mta_sts)};
  if (facts.mta_sts.state == State::Valid) mta_sts.push_back(policy_line(facts.mta_sts));
  add_lines(out, "MTA-STS", mta_sts);
  add_lines(out, "TLS-RPT", {reading_line(facts.tls_rpt)});
  add_lines(out, "BIMI", {reading_line(facts.bimi)});
  if (facts.subject.dnssec == audit::ReadDnssec::Yes) {
    add_lines(out, "DNSSEC", dnssec_lines(facts.dnssec));
    add_lines(out, "TLSA", tlsa_lines(facts.dnssec));
  }
  if (facts.mail.state != audit::MailFacts::State::NotRead) {
    add_lines(out, "Reports", mail_lines(facts.mail));
  }
}

// Every point that is missing has a reason: a score that cannot be explained is ignored.
void add_parts(std::string& out, const Report& report, Colour colour) {
  out += "\n" + paint(colour, kBold, "Score") + "\n";
  for (const audit::ScorePart& part : report.parts) {
    const std::string share = fmt::format("{:>3} of {:>3}", part.points, part.of);
    out +=
        fmt::format("  {}  {:<17}  {}\n", paint(colour, hue_of_share(part.points, part.of), share),
                    part.what, printable(part.reason));
  }
}

constexpr std::size_t kRuleWidth = 13;  // Most rules' names fit.

// A requirement that fails is red only if the profile demands it; recommendations are yellow.
void add_rule_results(std::string& out, const Report& report, const audit::Profile& profile,
                      Colour colour) {
  out += "\n" + paint(colour, kBold, fmt::format("Profile {}: {}", profile.name, profile.title)) +
         "\n";
  std::size_t width = kRuleWidth;
  for (const audit::RuleResult& one : report.rule_results) width = std::max(width, one.id.size());
  for (const audit::RuleResult& one : report.rule_results) {
    const int broken = one.level == audit::RequirementLevel::Must ? kRed : kYellow;
    const int hue = one.verdict == audit::Verdict::Pass   ? kGreen
                    : one.verdict == audit::Verdict::Fail ? broken
                                                          : kCyan;
    out += fmt::format("  {}{:{}}{:<{}}  {}\n", paint(colour, hue, to_text(one.verdict)), "",
                       9 - to_text(one.verdict).size(), one.id, width, one.rule);
    out += fmt::format("{:>{}}{} [{}]\n", "", width + 13, printable(one.reason), one.source);
  }
}

// Text is sorted by severity for people; JSON keeps the order by code for comparing runs.
void add_findings(std::string& out, const Report& report, Colour colour) {
  if (report.findings.empty()) return;
  out += "\n" + paint(colour, kBold, "Findings") + "\n";
  std::vector<Finding> findings = report.findings;
  std::ranges::stable_sort(findings, {}, &Finding::severity);
  for (const Finding& one : findings) {
    const std::string label = fmt::format("{}[{}]", to_text(one.severity), one.code);
    out +=
        "  " + paint(colour, colour_of(one.severity), label) + ": " + printable(one.message) + "\n";
    if (!one.hint.empty()) out += "      hint: " + printable(one.hint) + "\n";
  }
}

// A domain that does not exist has no records to list; its findings say the rest.
std::string one_text(const Report& report, const audit::Profile* profile, Colour colour) {
  const int score = audit::score_of(report.parts);
  std::string out = paint(colour, kBold, printable(report.facts.subject.domain.text())) +
                    "  score " +
                    paint(colour, hue_of_score(score), fmt::format("{} of 100", score)) + "\n";
  if (report.facts.exists) add_facts(out, report.facts);
  add_parts(out, report, colour);
  if (profile != nullptr) add_rule_results(out, report, *profile, colour);
  add_findings(out, report, colour);
  return out;
}

std::string spf_word(const audit::SpfFacts& spf) {
  if (spf.state != State::Valid) return std::string(to_text(spf.state));
  // A record without "all" ends as neutral (RFC 7208 section 4.7), which is not the same as `?all`
  // in the record.
  const std::string end = spf.ending ? std::string(1, static_cast<char>(*spf.ending)) + "all" : "?";
  return fmt::format("{} {}/10", end, spf.tree.lookups);
}

// The percentage is part of the word: `reject 5%` is not `reject`.
std::string dmarc_word(const Facts& facts) {
  const dmarc::DiscoveredPolicy* discovered = facts.dmarc.discovered();
  if (discovered == nullptr) return std::string(to_text(facts.dmarc.state));
  std::string word(dmarc::to_text(discovered->policy));
  const int pct = facts.dmarc.record.pct.value_or(100);
  if (pct < 100) word += fmt::format(" {}%", pct);
  return word;
}

// One word for a column: the mode if the policy could be read, else how far reading it came.
std::string mta_sts_word(const audit::MtaStsFacts& mta_sts) {
  if (mta_sts.policy) return std::string(to_text(mta_sts.policy->mode));
  if (mta_sts.fetched) return "unreachable";
  if (mta_sts.state == State::Valid) return "announced";
  return mta_sts.state == State::None ? "-" : std::string(to_text(mta_sts.state));
}

// The domain comes last, since its length is the only one without a bound.
std::string row_of(const Report& report, Colour colour) {
  const Facts& facts = report.facts;
  const int score = audit::score_of(report.parts);
  const auto keys =
      std::ranges::count(facts.dkim.keys, audit::KeyState::Key, &audit::KeyFacts::state);
  const bool tls = facts.tls_rpt.state == State::Valid;
  return fmt::format("{}{:>7}{:>9}  {:<15}{:>5}  {:<15}{:<14}{:<9}{}\n",
                     paint(colour, hue_of_score(score), fmt::format("{:>5}", score)),
                     count_of(report, Severity::Error), count_of(report, Severity::Warning),
                     spf_word(facts.spf), facts.dkim.queried == 0 ? "-" : std::to_string(keys),
                     dmarc_word(facts), mta_sts_word(facts.mta_sts), tls ? "yes" : "-",
                     printable(facts.subject.domain.text()));
}

/// How many domains each code concerns, errors first: what to repair first in a large estate.
std::string totals(const AuditView& view, Colour colour) {
  std::map<std::pair<Severity, std::string>, std::size_t> domains;
  for (const Report& report : view.reports) {
    // Several findings of one code concern one domain once.
    std::set<std::pair<Severity, std::string>> seen;
    for (const Finding& one : report.findings) seen.emplace(one.severity, one.code);
    for (const auto& key : seen) ++domains[key];
  }
  std::string out;
  for (const auto& [key, count] : domains) {
    // The meaning in general and not a finding's message, which is about one domain.
    const Code* code = find_code(key.second);
    const std::string label = fmt::format("{}[{}]", to_text(key.first), key.second);
    out += fmt::format("{:>7}  {}: {}\n", count, paint(colour, colour_of(key.first), label),
                       code == nullptr ? "" : code->meaning);
  }
  return out.empty() ? out : "\nDomains by finding\n" + out;
}

}  // namespace

// One domain is explained in full, many are a table: nobody reads a thousand explanations.
std::string audit_text(const AuditView& view, Colour colour) {
  if (view.reports.size() == 1) return one_text(view.reports.front(), view.profile, colour);
  std::string out =
      paint(colour, kBold,
            fmt::format("{:>5}{:>7}{:>9}  {:<15}{:>5}  {:<15}{:<14}{:<9}{}", "score", "errors",
                        "warnings", "SPF", "DKIM", "DMARC", "MTA-STS", "TLS-RPT", "domain"));
  out += '\n';
  for (const Report& report : view.reports) out += row_of(report, colour);
  const auto wrong = std::ranges::count_if(view.reports, has_errors);
  return out + totals(view, colour) +
         fmt::format("\n{}, {} with errors.\n", counted(view.reports.size(), "domain"), wrong);
}

}  // namespace rampart
