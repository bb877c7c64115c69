/// Sums a domain's mail by source and by reporter.
#include "policies/ramp/legit.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <map>

#include "policies/model/lookup.h"
#include "policies/model/sender_use.h"
#include "policies/ramp/step_gates.h"

namespace rampart {
namespace {

// Each message is counted once among passing, forwarded, marked, unanswered and unmarked. `lacking`
// overlaps with marked: the missing answer could give the source of marked mail another name.
void add(SourceTally& tally, const EvidenceRow& row) {
  tally.messages += row.messages;
  if (row.dkim_aligned()) tally.by_dkim += row.messages;
  if (!row.fails()) {
    (row.passes() ? tally.passing : tally.forwarded) += row.messages;
    return;
  }
  tally.failing_days.insert(row.day);
  if (!row.lacks.empty()) {
    tally.lacks = row.lacks;
    tally.lacking += row.messages;
  }
  if (row.marked) {
    tally.marked += row.messages;
  } else {
    (row.lacks.empty() ? tally.unmarked : tally.unanswered) += row.messages;
  }
}

// The domain's own mail that one reporter saw before the window: the messages per day are its
// weight. Per day and not in total, so that a reporter that joined late does not weigh too little.
struct PastMail {
  std::int64_t messages = 0;
  std::int64_t passing = 0;
  std::set<Date> days;

  double a_day() const {
    return days.empty() ? 0 : static_cast<double>(messages) / static_cast<double>(days.size());
  }
};

std::map<std::string, PastMail> past_mail(const Domain& domain, const LegitRows& rows) {
  std::map<std::string, PastMail> past;
  for (const EvidenceRow* row : rows.past) {
    // Neither a wave of other mail nor an ignored source must make a reporter weigh more.
    if (!row->is_own() || ignores(domain, row->source)) continue;
    PastMail& mail = past[rows.reporters.at(row->reporter).group];
    mail.messages += row->messages;
    if (row->passes()) mail.passing += row->messages;
    mail.days.insert(row->day);
  }
  return past;
}

// Sums over the reporters with a past: their weights, and what they count in this window.
struct SettledMail {
  double weight = 0;
  double counted = 0;

  void add(const ReporterTally& one) {
    weight += one.share;
    counted += static_cast<double>(one.counted);
  }
  bool compares() const { return weight > 0 && counted > 0; }
};

// Weighs reporters without a past by the messages of this window, on the scale of the settled ones.
// Each weighs at most as much as those together, and all at most `most`. Returns their sum. Where
// no settled reporter compares, the messages of this window are the weights.
double weigh_new(const std::vector<ReporterTally*>& reporters, const SettledMail& settled,
                 double most) {
  double total = 0;
  for (ReporterTally* one : reporters) {
    one->share = static_cast<double>(one->counted);
    if (settled.compares()) {
      one->share = std::min(settled.weight, settled.weight * one->share / settled.counted);
    }
    total += one->share;
  }
  if (!settled.compares() || total <= most) return total;
  for (ReporterTally* one : reporters) one->share *= most / total;
  return most;
}

// Gives each reporter its weight: the mail per day that it saw before the window. All new reporters
// together weigh no more than those with a past: what they report now must not outvote them. Known
// reporters are weighed among themselves first, and unknown ones get what is left: otherwise the
// claims of an unknown new reporter would shrink the weight of a known one that sees failures.
void set_shares(const Domain& domain, LegitTally& sum, const LegitRows& rows) {
  const auto past = past_mail(domain, rows);
  SettledMail all;
  SettledMail known;
  std::vector<ReporterTally*> new_known;
  std::vector<ReporterTally*> new_unknown;
  for (ReporterTally& one : sum.reporters) {
    const PastMail* mail = find_value(past, one.group);
    if (mail == nullptr) {
      (one.known ? new_known : new_unknown).push_back(&one);
      continue;
    }
    one.share = mail->a_day();
    if (mail->days.size() >= kPastForGrowth) {
      one.past_passing =
          static_cast<double>(mail->passing) / static_cast<double>(mail->days.size());
    }
    all.add(one);
    if (one.known) known.add(one);
  }
  const SettledMail& scale = known.compares() ? known : all;
  const double by_known = weigh_new(new_known, scale, scale.weight);
  weigh_new(new_unknown, all, std::max(0.0, all.weight - by_known));
  double total = 0;
  for (const ReporterTally& one : sum.reporters) total += one.share;
  for (ReporterTally& one : sum.reporters) one.share = total == 0 ? 0 : one.share / total;
}

double share(std::int64_t part, std::int64_t all) {
  return all == 0 ? 0 : static_cast<double>(part) / static_cast<double>(all);
}

/// A part of a reporter's mail, and the mail that it is a part of.
struct Part {
  std::int64_t part = 0;
  std::int64_t whole = 0;
};

// The largest of three shares: over all reporters, over the sum of the known ones, and the one that
// most known reporters reach. The claims of one reporter cannot make all three look small.
double most_cautious(Part all, const std::vector<ReporterTally>& reporters,
                     const std::function<Part(const ReporterTally&)>& part_of) {
  Part known;
  std::vector<double> shares;
  for (const ReporterTally& one : reporters) {
    if (!one.known) continue;
    const Part part = part_of(one);
    known.part += part.part;
    known.whole += part.whole;
    if (part.whole >= kMessagesForRate) shares.push_back(share(part.part, part.whole));
  }
  std::ranges::sort(shares, std::ranges::greater());
  const double most = shares.empty() ? 0 : shares[shares.size() / 2];
  return std::max({share(all.part, all.whole), share(known.part, known.whole), most});
}

enum class Whose { All, KnownAlone };

// The mean of the reporters' rates by their weights; empty where none has a rate and a weight.
std::optional<double> mean_rate(const std::vector<ReporterTally>& reporters, Whose whose) {
  double rate = 0;
  double shares = 0;
  for (const ReporterTally& one : reporters) {
    const auto own_rate = one.rate();
    if (!own_rate || (whose == Whose::KnownAlone && !one.known)) continue;
    rate += one.share * *own_rate;
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

int LegitTally::reporters_with_mail() const {
  return static_cast<int>(
      std::ranges::count_if(reporters, [](const ReporterTally& one) { return one.messages > 0; }));
}

std::optional<double> LegitTally::legit_rate() const {
  const auto all = mean_rate(reporters, Whose::All);
  const auto known = mean_rate(reporters, Whose::KnownAlone);
  if (!all || !known) return std::nullopt;
  return std::min(*all, *known);
}

std::optional<double> LegitTally::capped_rate() const {
  double rate = 0;
  double shares = 0;
  bool grown = false;
  for (const ReporterTally& one : reporters) {
    if (!one.known || one.counted == 0) continue;
    const auto failing = static_cast<double>(one.counted - one.passing);
    auto most = static_cast<double>(one.passing);
    if (one.past_passing > 0) {
      const double cap = kMostGrowth * one.past_passing * static_cast<double>(one.days.size());
      grown = grown || most > cap;
      most = std::min(most, cap);
    }
    rate += one.share * most / (most + failing);
    shares += one.share;
  }
  if (!grown || shares == 0) return std::nullopt;
  return rate / shares;
}

double LegitTally::failing_share(const SourceTally& source) const {
  return most_cautious({source.failing(), passing + marked + source.failing() - source.marked},
                       reporters, [&source](const ReporterTally& by) -> Part {
                         const FailingMail* mail = find_value(source.by_known, by.group);
                         const FailingMail seen = mail == nullptr ? FailingMail() : *mail;
                         const std::int64_t own_mail = by.counted - by.unanswered;
                         return {seen.failing, own_mail + seen.failing - seen.marked};
                       });
}

double LegitTally::lacking_share() const {
  return most_cautious({lacking, passing + marked + unanswered}, reporters,
                       [](const ReporterTally& by) -> Part {
                         return {by.lacking, by.counted};
                       });
}

// Marked mail of undeclared services moves from the resolved part to the unresolved one, and
// unanswered mail is in the sum over all sources already: no message is counted twice.
double LegitTally::unresolved_share() const {
  std::int64_t unresolved = unanswered;
  std::int64_t resolved = passing + marked;
  for (const SourceTally& one : sources) {
    if (!one.undeclared_service()) continue;
    unresolved += one.failing() - one.unanswered;
    resolved -= one.marked;
  }
  return share(unresolved, resolved + unresolved);
}

// The weighted mean alone can be high because of one large reporter, or of a flood of passing mail.
// Both reasons can only hold a step.
std::string why_doubtful(const LegitTally& tally, double least) {
  std::vector<std::string> below;
  std::size_t known = 0;
  for (const ReporterTally& one : tally.reporters) {
    if (!one.known || one.counted < kMessagesForRate) continue;
    ++known;
    if (*one.rate() + kRounding < least) below.push_back(one.group);
  }
  if (2 * below.size() > known) {
    return fmt::format("for most known reporters, less than {} of the domain's own mail passes: {}",
                       percent(least), fmt::join(below, ", "));
  }
  const auto capped = tally.capped_rate();
  if (!capped || *capped + kRounding >= least) return "";
  return fmt::format(
      "legit_rate is only {} if each reporter's passing mail is capped at {} times its earlier "
      "volume: the sharp rise may be replayed signed mail",
      percent(*capped), kMostGrowth);
}

// An ignored source keeps a row, so that views can show it, but adds to no figure except the total
// of messages.
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
      source.ignored = ignores(domain, row->source);
    }
    add(source, *row);
    const CountingReporter& by = rows.reporters.at(row->reporter);
    ReporterTally& reporter = reporters[by.group];
    reporter.group = by.group;
    reporter.known = reporter.known || by.known;
    reporter.messages += row->messages;
    if (source.ignored) continue;
    if (row->passes()) reporter.passing += row->messages;
    // Forged mail on further days must not raise the cap on growth.
    if (row->is_own()) reporter.days.insert(row->day);
    const bool lacks = row->fails() && !row->lacks.empty();
    if (row->is_own() || lacks) reporter.counted += row->messages;
    if (lacks) reporter.lacking += row->messages;
    if (lacks && !row->is_own()) reporter.unanswered += row->messages;
    if (by.known && row->fails()) {
      FailingMail& mail = source.by_known[by.group];
      mail.failing += row->messages;
      if (row->marked) mail.marked += row->messages;
      if (lacks) mail.lacking += row->messages;
    }
    if (by.known && row->is_own()) sum.own += row->messages;
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
  set_shares(domain, sum, rows);
  return sum;
}

}  // namespace rampart
