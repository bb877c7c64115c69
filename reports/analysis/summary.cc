/// Sums up a domain's mail by source.
#include "reports/analysis/summary.h"

#include <algorithm>

#include "reports/parse/parse_values.h"

namespace rampart::reports {
namespace {

constexpr std::chrono::days kUnused{90};  ///< A sender without mail for so long is unused.
constexpr std::chrono::days kNew{7};      ///< A source first seen within these days is new, ...
constexpr std::chrono::days kKnown{30};   ///< ... if the summary covers at least these.

/// The most addresses of a wave that a summary has a row for each, those with the most messages
/// first.
constexpr std::size_t kMostListed = 1'000;

/// How many of a wave's networks are named.
constexpr std::size_t kNamedNetworks = 3;

/// The domains of MAIL FROM that a record states.
void add_envelopes(const RecordResults& results, std::set<std::string>& domains) {
  if (!results.envelope_from.empty()) domains.insert(results.envelope_from);
  for (const SpfAuth& one : results.spf) {
    if (!one.helo && !one.domain.empty()) domains.insert(one.domain);
  }
}

/// The signatures of a group.
void add_signatures(SourceSummary& row, const TrafficGroup& group) {
  const Facts& facts = *group.facts;
  OrgDomains domains;
  for (const DkimAuth& one : facts.results.dkim) {
    if (one.domain.empty()) continue;
    row.dkim_domains.insert(one.domain);
    if (one.result == AuthResult::Pass && facts.spf_aligned && !facts.dkim_aligned) {
      row.foreign_keys[one.domain] += group.messages;
    }
  }
  for (const DkimAuth* one : aligned_signatures(facts, domains)) {
    if (!one->selector.empty()) row.selectors.insert(one->selector);
  }
}

/// Whether mail shows that its service sends for the domain. A signature of another sender's
/// selector shows a forwarder.
bool is_own_mail(const Source& source, const Facts& facts, const Name& domain) {
  OrgDomains domains;
  // A name that anybody can claim shows no use of the service.
  if (source.sender == nullptr || source.sure == Sureness::Likely) return false;
  // Forwarding breaks SPF, so aligned SPF shows the first sender.
  if (facts.spf_aligned) return true;
  const auto& own = source.sender->selectors;
  const auto signatures = aligned_signatures(facts, domains);
  if (source.declared && !signatures.empty()) return true;
  const bool signed_by_it = std::ranges::any_of(signatures, [&](const DkimAuth* one) {
    return std::ranges::find(own, one->selector) != own.end();
  });
  std::set<std::string> envelopes;
  add_envelopes(facts.results, envelopes);
  return signed_by_it || std::ranges::any_of(envelopes, [&](const std::string& one) {
           return domains.aligned(one, domain.text(), dmarc::Alignment::Relaxed);
         });
}

void add(SourceSummary& row, const Analysis& analysis, std::size_t at) {
  const TrafficGroup& group = analysis.groups.groups[at];
  const Classification& classification = analysis.classifications[at];
  const bool first = row.ips.empty();
  row.first = first ? Date(group.first) : std::min<Date>(row.first, group.first);
  row.last = first ? Date(group.last) : std::max<Date>(row.last, group.last);
  row.anybodys = (first || row.anybodys) && analysis.is_anybodys(at);
  row.messages += group.messages;
  row.categories[static_cast<std::size_t>(classification.category)] += group.messages;
  row.ips[group.ip] += group.messages;
  if (classification.ignored) {
    row.ignored += group.messages;
    row.ignored_ips.insert(group.ip);
  }
  if (failed(classification.category)) {
    row.marks[static_cast<std::size_t>(classification.mark)] += group.messages;
    if (classification.marked()) row.failing_ips[group.ip] += group.messages;
  }
  const Facts& facts = *group.facts;
  const Result<Name> domain = Name::parse(analysis.range.domain);
  if (domain && classification.category != Category::Forwarded &&
      is_own_mail(row.source, facts, *domain)) {
    row.own_mail += group.messages;
  }
  if (facts.spf_aligned && !facts.dkim_aligned) row.unsigned_ips[group.ip] += group.messages;
  if (classification.lacks != 0) row.lacks = analysis.lacks[classification.lacks];
  if (const std::string host = analysis.host_of(group.ip); !host.empty()) row.hosts.insert(host);
  row.dispositions[std::string(to_text(facts.results.disposition))] += group.messages;
  add_envelopes(facts.results, row.envelope_domains);
  add_signatures(row, group);
}

/// What is left of passing and marked failing mail: forwarded and ignored mail aside.
std::optional<double> legit_rate(const Analysis& analysis) {
  std::int64_t passing = 0;
  std::int64_t marked = 0;
  for (std::size_t i = 0; i < analysis.classifications.size(); ++i) {
    const Classification& one = analysis.classifications[i];
    if (one.ignored) continue;
    const std::int64_t messages = analysis.groups.groups[i].messages;
    if (one.category == Category::Pass || one.category == Category::Partial) passing += messages;
    if (one.marked()) marked += messages;
  }
  if (passing + marked == 0) return std::nullopt;
  return static_cast<double>(passing) / static_cast<double>(passing + marked);
}

/// The groups of those addresses of unknown hosts that have no row of their own: all but the
/// largest.
std::vector<bool> unlisted_groups(const Analysis& analysis) {
  // Of each address its messages, negated, and its first group: groups are sorted by address.
  std::vector<std::pair<std::int64_t, std::uint32_t>> waves;
  const auto& groups = analysis.groups.groups;
  for (std::size_t i = 0; i < groups.size();) {
    const std::size_t first = i;
    std::int64_t messages = 0;
    bool anybodys = true;
    for (; i < groups.size() && groups[i].ip == groups[first].ip; ++i) {
      messages += groups[i].messages;
      const bool by_address = analysis.classifications[i].source == kByAddress;
      anybodys = anybodys && by_address && analysis.is_anybodys(i);
    }
    if (anybodys) waves.emplace_back(-messages, static_cast<std::uint32_t>(first));
  }
  std::vector<bool> unlisted(groups.size());
  if (waves.size() <= kMostListed) return unlisted;
  std::ranges::nth_element(waves, waves.begin() + kMostListed);
  for (std::size_t wave = kMostListed; wave < waves.size(); ++wave) {
    const std::size_t first = waves[wave].second;
    for (std::size_t i = first; i < groups.size() && groups[i].ip == groups[first].ip; ++i) {
      unlisted[i] = true;
    }
  }
  return unlisted;
}

spf::Network network_of(const spf::Ip& ip) {
  // These are the smallest networks that are commonly routed, so each mostly has one operator.
  spf::Network network{.ip = ip, .length = ip.v6 ? 48 : 24};
  const auto kept = static_cast<std::ptrdiff_t>(network.length / 8);
  std::fill(network.ip.octets.begin() + kept, network.ip.octets.end(), std::uint8_t{0});
  return network;
}

/// Adds up networks that come in order, and keeps the largest.
class NetworkTally {
 public:
  void add(const spf::Network& network, std::int64_t messages) {
    if (count_ == 0 || network != current_) {
      finish();
      ++count_;
      current_ = network;
    }
    messages_ += messages;
  }

  /// Ends the last network, and sets what a wave shows of all.
  void set(Wave& wave) {
    finish();
    wave.networks = count_;
    for (const auto& [messages, network] : largest_) wave.largest.push_back(spf::to_text(network));
  }

 private:
  void finish() {
    if (count_ > 0) largest_.emplace(-messages_, current_);
    if (largest_.size() > kNamedNetworks) largest_.erase(std::prev(largest_.end()));
    messages_ = 0;
  }

  std::int64_t count_ = 0;
  spf::Network current_;
  std::int64_t messages_ = 0;
  std::set<std::pair<std::int64_t, spf::Network>> largest_;
};

Wave wave_of(const Analysis& analysis, const std::vector<bool>& unlisted) {
  Wave wave;
  NetworkTally networks;
  const spf::Ip* last = nullptr;
  for (std::size_t i = 0; i < analysis.classifications.size(); ++i) {
    if (!analysis.is_anybodys(i)) continue;
    const TrafficGroup& group = analysis.groups.groups[i];
    const bool is_new = last == nullptr || *last != group.ip;
    last = &group.ip;
    wave.messages += group.messages;
    wave.addresses += is_new ? 1 : 0;
    networks.add(network_of(group.ip), group.messages);
    wave.first = std::min<Date>(wave.first.value_or(group.first), group.first);
    wave.last = std::max<Date>(wave.last.value_or(group.last), group.last);
    if (!unlisted[i]) continue;
    wave.unlisted_messages += group.messages;
    wave.unlisted_addresses += is_new ? 1 : 0;
  }
  networks.set(wave);
  return wave;
}

/// One row a name and sureness: likely mail of a service is not mixed with its proved mail.
std::vector<SourceSummary> rows_of(const Analysis& analysis, const std::vector<bool>& unlisted) {
  std::map<std::pair<std::string, Sureness>, SourceSummary> rows;
  for (std::size_t i = 0; i < analysis.classifications.size(); ++i) {
    if (unlisted[i]) continue;
    const Source source = analysis.source_of(i);
    SourceSummary& row = rows[{source.label, source.sure}];
    // Of several ways, the most certain one is shown.
    if (row.ips.empty() || source.named_by < row.source.named_by) row.source = source;
    add(row, analysis, i);
  }
  std::vector<SourceSummary> order;
  order.reserve(rows.size());
  for (auto& [key, row] : rows) order.push_back(std::move(row));
  std::ranges::stable_sort(order, std::greater<>(), &SourceSummary::messages);
  return order;
}

void add_totals(Summary& summary, const Analysis& analysis) {
  const TrafficGroups& groups = analysis.groups;
  for (std::size_t i = 0; i < groups.groups.size(); ++i) {
    const std::int64_t messages = groups.groups[i].messages;
    const Category category = analysis.classifications[i].category;
    summary.messages += messages;
    if (groups.groups[i].trust == Trust::Verified) summary.verified_messages += messages;
    if (category == Category::Pass) summary.pass += messages;
    if (category == Category::Partial) summary.partial += messages;
  }
  // Sums of pruned days have no source and no category, but their mail belongs to the totals.
  for (const DailySum& sum : groups.daily) {
    summary.messages += sum.messages;
    summary.rolled_up += sum.messages;
    if (sum.trust == Trust::Verified) summary.verified_messages += sum.messages;
    if (sum.dkim_aligned && sum.spf_aligned) {
      summary.pass += sum.messages;
    } else if (sum.dkim_aligned || sum.spf_aligned) {
      summary.partial += sum.messages;
    }
  }
  summary.fail = summary.messages - summary.pass - summary.partial;
  if (summary.messages > 0) {
    summary.pass_rate =
        static_cast<double>(summary.pass + summary.partial) / static_cast<double>(summary.messages);
  }
}

/// The range as requested; an open end becomes the first or last day that has mail.
void add_range(Summary& summary, const Range& range, const TrafficGroups& groups) {
  std::set<Date> days;
  for (const TrafficGroup& group : groups.groups) days.insert({group.first, group.last});
  for (const DailySum& sum : groups.daily) days.insert(sum.day);
  constexpr Date kFirst{std::chrono::days(0)};
  if (range.since > kFirst) {
    summary.since = range.since;
  } else if (!days.empty()) {
    summary.since = *days.begin();
  }
  if (range.until < Date::max()) {
    summary.until = range.until;
  } else if (!days.empty()) {
    summary.until = *days.rbegin();
  }
}

/// Adds new sources and unused senders, as far as the range permits: a summary of a few days cannot
/// know what happened before.
void add_notes(Summary& summary, const Range& range, const NamingContext& context) {
  const Date today = std::chrono::floor<std::chrono::days>(context.now);
  for (const SourceSummary& row : summary.sources) {
    for (const std::string& selector : row.selectors) {
      summary.selectors[selector].push_back(row.source.label);
    }
    if (!row.anybodys && row.first > today - kNew && range.since <= today - kKnown) {
      summary.new_sources.push_back(row.source.label);
    }
  }
  if (context.domain == nullptr || !context.domain->senders) return;
  // A sender of a monthly invoice has no mail in a shorter range, and is not unused.
  if (range.since > today - kUnused || range.until < today - std::chrono::days(1)) return;
  for (const SenderUse& use : *context.domain->senders) {
    const bool seen = std::ranges::any_of(summary.sources, [&](const SourceSummary& row) {
      return row.source.sender == use.sender.get() && row.last > today - kUnused;
    });
    if (!seen) summary.unused_senders.push_back(use.sender->id);
  }
}

}  // namespace

Summary summarize(const Analysis& analysis, const NamingContext& context) {
  Summary summary;
  summary.domain = analysis.range.domain;
  add_totals(summary, analysis);
  add_range(summary, analysis.range, analysis.groups);
  const std::vector<bool> unlisted = unlisted_groups(analysis);
  summary.wave = wave_of(analysis, unlisted);
  summary.sources = rows_of(analysis, unlisted);
  for (SourceSummary& row : summary.sources) {
    row.unresolved = row.ignored < row.messages &&
                     ((!row.source.declared && row.marked() > 0) || !row.lacks.empty());
    row.action = action_for(row, context);
  }
  summary.legit_rate = legit_rate(analysis);
  summary.reporters = static_cast<std::int64_t>(analysis.groups.reporters.size());
  summary.verified_reporters = static_cast<std::int64_t>(analysis.groups.verified_reporters.size());
  summary.contradictions = analysis.groups.contradictions;
  add_notes(summary, analysis.range, context);
  return summary;
}

}  // namespace rampart::reports
