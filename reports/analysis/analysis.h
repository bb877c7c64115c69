/// A domain's traffic groups with their sources and categories: the input of every view of reports.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "reports/analysis/sources.h"

namespace rampart::reports {

/// The outcome of messages, and for failing ones the probable reason. Pass: aligned by SPF and by
/// DKIM; Partial: by one of them.
enum class Category : std::uint8_t {
  Pass,
  Partial,
  Forwarded,
  MissingSpf,
  MissingDkim,
  Unauthorized
};
constexpr std::size_t kCategories = 6;

/// "pass", "sender-missing-spf", ...
std::string_view to_text(Category category);

/// Whether mail of this category failed without being excused as forwarded.
bool failed(Category category);

/// Why failing mail may be the domain's own: its mark (contract section 4). The first that applies.
enum class MarkKind : std::uint8_t {
  None,          ///< It may come from anybody.
  OwnAddress,    ///< Its address is in the ip4 and ip6 terms that the YAML itself has.
  OwnHost,       ///< Its forward-confirmed host is in a domain of the YAML.
  OwnDomain,     ///< Its MAIL FROM or one of its d= is in the domain's organization.
  PassedBefore,  ///< Its address also sends mail that passes aligned.
};
constexpr std::size_t kMarkKinds = 5;

/// The index of a source that is named by its address: it has no entry of its own, because an
/// outsider may use millions of them.
constexpr std::uint32_t kByAddress = 0xffffffff;

/// What one traffic group is.
struct Classification {
  std::uint32_t source = kByAddress;  ///< In Analysis::sources.
  std::uint32_t label = kByAddress;   ///< In Analysis::labels: the name that evidence carries.
  std::uint32_t lacks = 0;            ///< In Analysis::lacks.
  Category category = Category::Unauthorized;
  MarkKind mark = MarkKind::None;  ///< Of failing mail.
  bool ignored = false;            ///< `sources: {ignore: [...]}` names its source or its address.
  bool friendly = false;  ///< Its address may be a friend's: never to be listed as a threat.

  bool marked() const { return mark != MarkKind::None; }
};

/// The analysis of one domain and date range.
struct Analysis {
  Range range;
  TrafficGroups groups;
  HostNames hosts;
  std::vector<Source> sources;
  std::vector<std::string> labels;
  std::vector<std::string> lacks;               ///< What got no answer; the first is empty.
  std::vector<Classification> classifications;  ///< Of groups.groups, in the same order.

  /// Whether a group is failing mail of an unknown host that may come from anybody, and of which
  /// nothing is unknown for lack of an answer.
  bool is_anybodys(std::size_t group) const;
  /// The source of a group, built where it is named by its address.
  Source source_of(std::size_t group) const;
  /// The host of an address, or empty.
  std::string host_of(const spf::Ip& ip) const;
};

/// Reads the range, looks host names up, and names every source.
Result<Analysis> analyse(Store& store, const Range& range, const NamingContext& context);

/// As analyse, from groups and host names that are at hand. The groups must be sorted by address.
Analysis analyse_groups(const Range& range, TrafficGroups groups, HostNames hosts,
                        const NamingContext& context, NamingCache& cache);
/// Classifies the groups of an analysis, sorted by address, with a namer of its host names.
void classify(Analysis& analysis, const SourceNamer& namer);

/// The context for naming the sources of `domain` under this YAML.
NamingContext naming_of(const Config& config, const Name& domain, Time now, const Resolve& resolve);

}  // namespace rampart::reports
