/// A domain's mail by source and category, and what to do about each source (contract section 4).
#pragma once

#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "reports/analysis/sources.h"

namespace rampart::reports {

/// The outcome of messages, and for failing ones the probable reason. Pass: aligned by SPF and by
/// DKIM; Partial: by one of them.
enum class Category { Pass, Partial, Forwarded, MissingSpf, MissingDkim, Unauthorized };
constexpr std::size_t kCategories = 6;

/// "pass", "sender-missing-spf", ...
std::string_view to_text(Category category);

/// One row of a summary: a service, a host domain or an address.
struct SourceSummary {
  Source source;
  std::int64_t messages = 0;
  std::array<std::int64_t, kCategories> categories{};
  std::map<spf::Ip, std::int64_t> ips;
  std::set<std::string> selectors;  ///< Of aligned, passing signatures.
  Date first;
  Date last;
  bool unresolved = false;  ///< It fails but may belong to the domain (contract, "legit_rate").
  std::string action;       ///< What to do about it, as action_for returns it.

  std::int64_t of(Category category) const {
    return categories[static_cast<std::size_t>(category)];
  }
};

/// The summary of one domain and date range.
struct Summary {
  std::string domain;
  std::optional<Date> since;  ///< As requested, else the first day that has mail.
  std::optional<Date> until;
  std::int64_t messages = 0;
  std::int64_t verified_messages = 0;
  std::int64_t pass = 0;
  std::int64_t partial = 0;
  std::int64_t fail = 0;
  std::optional<double> pass_rate;   ///< Empty where there is no message.
  std::optional<double> legit_rate;  ///< Empty where no declared or unresolved source sent any.
  std::int64_t reporters = 0;
  std::int64_t verified_reporters = 0;
  std::int64_t rolled_up = 0;  ///< Messages of pruned rows: part of the totals, but of no source.
  std::map<std::string, std::int64_t> contradictions;  ///< By reporter.
  std::vector<SourceSummary> sources;                  ///< Most messages first.
  std::vector<std::string> unused_senders;             ///< Declared, no mail for 90 days.
  std::vector<std::string> new_sources;                ///< First seen in the last seven days.
  /// Selectors whose signatures passed and are aligned, with the sources that use them.
  std::map<std::string, std::vector<std::string>> selectors;
};

/// The categories of all groups, in the same order.
std::vector<Category> categorize_all(const TrafficGroups& groups,
                                     const std::map<spf::Ip, Source>& sources,
                                     const NamingContext& context);

/// Computes a summary. Pure.
Summary summarize(const Range& range, const TrafficGroups& groups,
                  const std::map<spf::Ip, Source>& sources, const NamingContext& context);

/// What to do about a source, one sentence; "none" where nothing is to be done.
std::string action_for(const SourceSummary& row, const NamingContext& context);

}  // namespace rampart::reports
