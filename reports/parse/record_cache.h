/// Records that are alike but for their address and their count: the first of a shape is parsed,
/// the others are recognised by their octets. Reporters write a few shapes over and over.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "reports/parse/report.h"

namespace rampart::reports {

/// `<record>`, as all reporters write it but those who prefix their elements.
constexpr std::string_view kRecordStart = "<record>";
constexpr std::string_view kRecordEnd = "</record>";

/// A record cut into its address, its count and all the rest.
struct SplitRecord {
  spf::Ip ip;
  std::int64_t count = 0;
  std::string_view before;   ///< Up to the address.
  std::string_view between;  ///< From there to the count.
  std::string_view behind;   ///< From the count on.
};

/// Cuts the octets from `<record>` to `</record>`; nothing where they are not of the usual form.
std::optional<SplitRecord> cut_record(std::string_view octets);

/// Whether what the record says depends on its octets alone: it has no comments, instructions,
/// prefixes or attributes, and one address and one count.
bool is_plain_record(const SplitRecord& record);

/// The shapes that were met, up to a bound.
class RecordCache {
 public:
  /// The row of a record whose shape is known.
  std::optional<Row> find(const SplitRecord& record);

  /// Keeps the shape of a record that was parsed; the row gets the shape's number.
  void insert(const SplitRecord& record, Row& row);

 private:
  struct Known {
    std::shared_ptr<const RecordResults> results;
    std::uint64_t number = 0;
  };

  void make_key(const SplitRecord& record);

  std::unordered_map<std::string, Known> known_;
  std::size_t octets_ = 0;
  std::uint64_t last_number_ = 0;  ///< Numbers are never given twice.
  std::string key_;
};

}  // namespace rampart::reports
