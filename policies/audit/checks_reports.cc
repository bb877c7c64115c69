/// The checks that reports answer: alignment, and how long keys have been in use.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/counted.h"
#include "policies/audit/parts.h"
#include "policies/audit/rule_table.h"
#include "policies/ramp/legit.h"
#include "policies/ramp/step_gates.h"

namespace rampart::audit {
namespace {

std::string window_words(const MailFacts& mail) {
  return fmt::format("{} to {}", rampart::to_text(mail.since), rampart::to_text(mail.until));
}

/// Why reports settle nothing; empty where there is mail enough to decide by. Silence is neither
/// good nor bad: a domain may have no reports, or no mail.
std::optional<Check> without_mail(const MailFacts& mail) {
  switch (mail.state) {
    case MailFacts::State::NotRead:
      return unknown("no reports were read");
    case MailFacts::State::NoStore:
      return unknown("there is neither a report store nor an evidence file (--store, --evidence)");
    case MailFacts::State::Silent:
      return unknown(fmt::format("no verified report of a reporter that counts covers {}",
                                 window_words(mail)));
    case MailFacts::State::Seen:
      break;
  }
  if (mail.own >= kFewestMessages && mail.rate) return std::nullopt;
  return unknown(fmt::format("known reporters saw {} of its own from {}, and {} are needed",
                             counted(mail.own, "message"), window_words(mail), kFewestMessages));
}

std::string figures(const MailFacts& mail) {
  return fmt::format("{} of the domain's own mail is aligned ({} by {})", percent(*mail.rate),
                     window_words(mail), counted(mail.reporters, "reporter"));
}

/// Passing, marked and unanswered mail with `part` of it, as a share.
double share_of(std::int64_t part, const MailFacts& mail) {
  const std::int64_t all = mail.aligned + mail.failing + mail.unanswered;
  return all == 0 ? 0 : static_cast<double>(part) / static_cast<double>(all);
}

/// One selector's key, by the day on which reports first show it.
Check age_of(const std::string& selector, const MailFacts& mail, Date oldest) {
  const auto seen = mail.selectors.find(selector);
  if (seen == mail.selectors.end()) return unknown(selector + " is in no report");
  const std::string since =
      fmt::format("{} has signed since {}", selector, rampart::to_text(seen->second));
  if (seen->second < oldest) return failed(since + " or earlier");
  // Only reports from before could have shown an older use.
  return mail.selectors_since < oldest
             ? passed(since)
             : unknown(fmt::format("{}, and reports go back to {} only", since,
                                   rampart::to_text(*mail.selectors_since)));
}

}  // namespace

// A source that could not be looked up may be the domain's own or not: it must make the verdict
// neither better nor worse.
Check mail_aligned(const Facts& facts) {
  const MailFacts& mail = facts.mail;
  if (sends_nothing(facts)) return passed("nothing may send as the domain");
  if (auto open = without_mail(mail)) return *std::move(open);
  if (*mail.rate + kRounding >= kLeastAligned) {
    return mail.doubt.empty() ? passed(figures(mail)) : unknown(mail.doubt);
  }
  if (mail.unanswered > 0 && share_of(mail.aligned + mail.unanswered, mail) >= kLeastAligned) {
    return unknown(fmt::format("{}; the sources of {} could not be looked up", figures(mail),
                               counted(mail.unanswered, "failing message")));
  }
  return failed(fmt::format("{}; {} is required; most fail from {}", figures(mail),
                            percent(kLeastAligned), fmt::join(mail.failed, ", ")));
}

// Reports show alignment, and the rule asks for less: SPF may pass for another domain. So full
// alignment settles it, and less leaves it open.
Check mail_both_aligned(const Facts& facts) {
  const MailFacts& mail = facts.mail;
  if (sends_nothing(facts)) return passed("nothing may send as the domain");
  if (auto open = without_mail(mail)) return *std::move(open);
  const double both = share_of(mail.both, mail);
  std::string text =
      fmt::format("{} is aligned by SPF and by DKIM ({})", percent(both), window_words(mail));
  if (both >= kLeastAligned && mail.doubt.empty()) return passed(std::move(text));
  return unknown(text + "; reports are read for alignment, and SPF may pass for another domain");
}

// DNS shows no age. A key is as old as its first signature, at least: a selector names one key, and
// a new key gets a new one.
Check dkim_key_age(const Facts& facts) {
  if (sends_nothing(facts)) return passed("nothing may send as the domain");
  const MailFacts& mail = facts.mail;
  if (mail.state == MailFacts::State::NotRead || mail.state == MailFacts::State::NoStore) {
    return *without_mail(mail);
  }
  const auto keys = usable_keys(facts.dkim);
  if (keys.empty()) return unknown("no usable key is known");
  if (!mail.selectors_since) return unknown("no report states which selectors signed");
  const Date oldest = mail.until - kMostKeyAge;
  std::vector<std::string> good;
  std::optional<Check> open;
  for (const KeyFacts* key : keys) {
    Check check = age_of(key->query.selector, mail, oldest);
    if (check.verdict == Verdict::Fail) return check;
    if (check.verdict == Verdict::Pass) {
      good.push_back(std::move(check.reason));
    } else if (!open) {
      open = std::move(check);
    }
  }
  return open ? *std::move(open) : passed(fmt::format("{}", fmt::join(good, "; ")));
}

}  // namespace rampart::audit
