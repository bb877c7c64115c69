/// A cache of parsed records. Reporters repeat a few records that differ only in address and count:
/// the first is parsed, the others are recognised by their octets.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "reports/parse/report.h"

namespace rampart::reports {

/// The tags as nearly all reporters write them; prefixed ones are parsed the ordinary way.
constexpr std::string_view kRecordStart = "<record>";
constexpr std::string_view kRecordEnd = "</record>";

/// A record split into its address, its count and the text around them.
struct SplitRecord {
  spf::Ip ip;
  std::int64_t count = 0;
  std::string_view before;   ///< Up to the address.
  std::string_view between;  ///< From the address to the count.
  std::string_view after;    ///< From the count on.
};

/// Splits the octets from `<record>` to `</record>`; nothing where they have another form.
std::optional<SplitRecord> split_record(std::string_view octets);

/// Whether the record's results depend on its octets alone: it has no comments, processing
/// instructions, prefixes or attributes, and exactly one address and one count.
bool is_plain_record(const SplitRecord& record);

/// The results of parsed records by the text around address and count, up to a limit.
class RecordCache {
 public:
  /// The row of a record that is cached, apart from address and count.
  std::optional<Row> find(const SplitRecord& record);

  /// Caches a record that was parsed into `row`; sets the row's results_id.
  void insert(const SplitRecord& record, Row& row);

 private:
  struct Known {
    std::shared_ptr<const RecordResults> results;
    std::uint64_t id = 0;
  };

  void make_key(const SplitRecord& record);

  std::unordered_map<std::string, Known> known_;
  std::size_t octets_ = 0;
  std::uint64_t last_id_ = 0;  ///< Ids are never reused, not even after the cache was cleared.
  std::string key_;            ///< Reused by make_key.
};

}  // namespace rampart::reports
