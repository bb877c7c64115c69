/// Sums a domain's mail by source and by reporter.
#include "policies/ramp/legit.h"

#include <algorithm>
#include <map>

#include "policies/model/sender_use.h"

namespace rampart {
namespace {

bool passes(const EvidenceRow& row) {
  return row.outcome == DmarcOutcome::Both || row.outcome == DmarcOutcome::DkimOnly ||
         row.outcome == DmarcOutcome::SpfOnly;
}

// Written without its prefix in the YAML, since people copy a host name or an address.
bool is_ignored(const Domain& domain, const std::string& source) {
  return std::ranges::any_of(domain.ignored_sources, [&](const IgnoredSource& one) {
    return source == one.source || source == "ptr:" + one.source || source == "ip:" + one.source;
  });
}

void add(SourceTally& tally, const EvidenceRow& row) {
  tally.messages += row.messages;
  if (row.outcome == DmarcOutcome::Both || row.outcome == DmarcOutcome::DkimOnly)
    tally.by_dkim += row.messages;
  if (passes(row)) {
    tally.passing += row.messages;
    return;
  }
  if (row.outcome == DmarcOutcome::Forwarded) {
    tally.forwarded += row.messages;
    return;
  }
  tally.failing_days.insert(row.day);
  if (!row.lacks.empty()) {
    tally.lacks = row.lacks;
    tally.lacking += row.messages;
  }
  (row.marked          ? tally.marked
   : row.lacks.empty() ? tally.unmarked
                       : tally.unanswered) += row.messages;
}

// What one reporter showed before the window: its past share of the domain's mail is its weight.
struct PastMail {
  std::int64_t messages = 0;
  std::set<Date> days;

  double a_day() const {
    return days.empty() ? 0 : static_cast<double>(messages) / static_cast<double>(days.size());
  }
};

std::map<std::string, PastMail> past_mail(const LegitRows& rows) {
  std::map<std::string, PastMail> past;
  for (const EvidenceRow* row : rows.past) {
    // What anybody can send does not make a reporter weigh more.
    if (!passes(*row) && !row->marked) continue;
    PastMail& mail = past[rows.reporters.at(row->reporter).group];
    mail.messages += row->messages;
    mail.days.insert(row->day);
  }
  return past;
}

// A reporter without a past weighs what it claims now, but no more than all others together: a
// claim alone must not outvote them. Where nobody has a past, all claims count as they are.
void weigh(LegitTally& sum, const LegitRows& rows) {
  const auto past = past_mail(rows);
  const auto claimed = [](const ReporterTally& one) { return static_cast<double>(one.counted); };
  double others = 0;
  double all_claims = 0;
  for (const ReporterTally& one : sum.reporters) {
    const auto found = past.find(one.group);
    if (found != past.end()) others += found->second.a_day();
    if (found != past.end()) all_claims += claimed(one);
  }
  double total = 0;
  for (ReporterTally& one : sum.reporters) {
    const auto found = past.find(one.group);
    if (found != past.end()) {
      one.share = found->second.a_day();
    } else if (others == 0 || all_claims == 0) {
      one.share = claimed(one);
    } else {
      one.share = std::min(others, others * claimed(one) / all_claims);
    }
    total += one.share;
  }
  for (ReporterTally& one : sum.reporters) one.share = total == 0 ? 0 : one.share / total;
}

double share(std::int64_t part, std::int64_t all) {
  return all == 0 ? 0 : static_cast<double>(part) / static_cast<double>(all);
}

enum class Whose { All, KnownAlone };

std::optional<double> joined(const std::vector<ReporterTally>& reporters, Whose whose) {
  double rate = 0;
  double shares = 0;
  for (const ReporterTally& one : reporters) {
    const auto its = one.rate();
    if (!its || (whose == Whose::KnownAlone && !one.known)) continue;
    rate += one.share * *its;
    shares += one.share;
  }
  if (shares == 0) return std::nullopt;
  return rate / shares;
}

}  // namespace

std::optional<double> ReporterTally::rate() const {
  if (counted == 0) return std::nullopt;
  return static_cast<double>(passing) / static_cast<double>(counted);
}

std::optional<double> LegitTally::legit_rate() const {
  const auto all = joined(reporters, Whose::All);
  const auto known = joined(reporters, Whose::KnownAlone);
  if (!all || !known) return std::nullopt;
  return std::min(*all, *known);
}

double LegitTally::failing_share(const SourceTally& source) const {
  return share(source.failing(), passing + marked + source.failing() - source.marked);
}

double LegitTally::lacking_share() const { return share(lacking, passing + marked + unanswered); }

double LegitTally::unresolved_share() const {
  std::int64_t part = unanswered;
  std::int64_t known = passing + marked;
  for (const SourceTally& one : sources) {
    if (!one.undeclared_service()) continue;
    part += one.failing() - one.unanswered;
    known -= one.marked;
  }
  return share(part, known + part);
}

LegitTally tally_of(const Domain& domain, const Config& config, const LegitRows& rows) {
  LegitTally sum;
  std::map<std::string, SourceTally> sources;
  std::map<std::string, ReporterTally> reporters;
  for (const EvidenceRow* row : rows.rows) {
    sum.messages += row->messages;
    const auto [at, added] = sources.try_emplace(row->source);
    SourceTally& source = at->second;
    if (added) {
      source.source = row->source;
      source.declared = declares(domain, row->source);
      source.service = config.senders.contains(row->source);
      source.ignored = is_ignored(domain, row->source);
    }
    add(source, *row);
    const CountingReporter& by = rows.reporters.at(row->reporter);
    ReporterTally& reporter = reporters[by.group];
    reporter.group = by.group;
    reporter.known = reporter.known || by.known;
    reporter.messages += row->messages;
    if (source.ignored) continue;
    if (passes(*row)) reporter.passing += row->messages;
    const bool fails = row->outcome == DmarcOutcome::Fail && (row->marked || !row->lacks.empty());
    if (passes(*row) || fails) reporter.counted += row->messages;
    if (by.known && (passes(*row) || row->marked)) sum.own += row->messages;
  }
  for (auto& [name, source] : sources) {
    if (!source.ignored) {
      sum.passing += source.passing;
      sum.marked += source.marked;
      sum.unanswered += source.unanswered;
      sum.lacking += source.lacking;
      sum.unmarked += source.unmarked;
    }
    sum.sources.push_back(std::move(source));
  }
  for (auto& [group, reporter] : reporters) sum.reporters.push_back(std::move(reporter));
  weigh(sum, rows);
  return sum;
}

}  // namespace rampart
