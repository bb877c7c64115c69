/// A domain's mail by source and category, and what to do about each source (contract section 4).
#pragma once

#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "reports/analysis/analysis.h"

namespace rampart::reports {

/// One row of a summary: a service, a host domain or an address.
struct SourceSummary {
  Source source;
  std::int64_t messages = 0;
  std::array<std::int64_t, kCategories> categories{};
  std::array<std::int64_t, kMarkKinds> marks{};  ///< Failing messages by their mark.
  std::int64_t ignored = 0;  ///< Messages that `sources: {ignore: [...]}` leaves out.
  std::map<spf::Ip, std::int64_t> ips;
  std::set<spf::Ip> ignored_ips;
  /// Messages that show that the service sends for the domain, rather than forwards its mail:
  /// aligned by SPF, signed as the domain with a selector of the service, or failed with its MAIL
  /// FROM.
  std::int64_t own_mail = 0;
  std::set<std::string> hosts;                       ///< Forward-confirmed.
  std::set<std::string> dkim_domains;                ///< d= of all signatures, whatever the result.
  std::set<std::string> envelope_domains;            ///< Of MAIL FROM.
  std::set<std::string> selectors;                   ///< Of aligned, passing signatures.
  std::map<std::string, std::int64_t> dispositions;  ///< Messages by "none", "quarantine", ...
  /// Addresses whose mail fails with the mark, or passes by SPF alone, with the messages.
  std::map<spf::Ip, std::int64_t> failing_ips;
  std::map<spf::Ip, std::int64_t> unsigned_ips;
  /// d= of passing signatures, with the messages that pass by SPF alone.
  std::map<std::string, std::int64_t> foreign_keys;
  std::string lacks;  ///< A lookup without an answer that could change its name.
  Date first;
  Date last;
  bool unresolved = false;  ///< It fails but may belong to the domain (contract, "legit_rate").
  bool anybodys = false;    ///< All of it is unmarked mail of unknown hosts: a part of a wave.
  std::string action;       ///< What to do about it, as action_for returns it.

  std::int64_t of(Category category) const {
    return categories[static_cast<std::size_t>(category)];
  }
  /// Failing messages that are not excused as forwarded.
  std::int64_t failing() const {
    return of(Category::MissingSpf) + of(Category::MissingDkim) + of(Category::Unauthorized);
  }
  /// Failing messages that bear the domain's mark.
  std::int64_t marked() const {
    return failing() - marks[static_cast<std::size_t>(MarkKind::None)];
  }
  /// Messages that are aligned by SPF, by DKIM or by both.
  std::int64_t passing() const { return of(Category::Pass) + of(Category::Partial); }
};

/// The unmarked mail of unknown hosts: spoofing, whose size an outsider decides.
struct Wave {
  std::int64_t messages = 0;
  std::int64_t addresses = 0;
  std::int64_t networks = 0;         ///< Of 24 bits (IPv4) and 48 bits (IPv6).
  std::vector<std::string> largest;  ///< The networks with the most messages.
  std::optional<Date> first;
  std::optional<Date> last;
  std::int64_t unlisted_addresses = 0;  ///< Those that Summary::sources has no row for.
  std::int64_t unlisted_messages = 0;
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
  std::optional<double> legit_rate;  ///< Empty where nothing passes and nothing marked fails.
  std::int64_t reporters = 0;
  std::int64_t verified_reporters = 0;
  std::int64_t rolled_up = 0;  ///< Messages of pruned rows: part of the totals, but of no source.
  std::map<std::string, std::int64_t> contradictions;  ///< By reporter.
  std::vector<SourceSummary> sources;                  ///< Most messages first.
  Wave wave;
  std::vector<std::string> unused_senders;  ///< Declared, no mail for 90 days.
  std::vector<std::string> new_sources;     ///< First seen in the last seven days.
  /// Selectors whose signatures passed and are aligned, with the sources that use them.
  std::map<std::string, std::vector<std::string>> selectors;
};

/// Computes a summary. Pure.
Summary summarize(const Analysis& analysis, const NamingContext& context);

/// What to do about a source, one sentence; "none" where nothing is to be done.
std::string action_for(const SourceSummary& row, const NamingContext& context);

}  // namespace rampart::reports
