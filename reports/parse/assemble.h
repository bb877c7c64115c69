/// Assembles a report from the texts of its elements, and checks that it is complete.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reports/parse/elements.h"
#include "reports/parse/read.h"

namespace rampart::reports {

/// Receives the elements of one report in order. After an Error it may not be used any more.
class Assembler {
 public:
  /// `handlers` must outlive it.
  explicit Assembler(const Handlers& handlers) : handlers_(handlers) {}

  /// A container begins: a record, a signature, a reason, ...
  Result<Ok> open(Element element);
  /// A container ends.
  Result<Ok> close(Element element);
  /// The whole text of a leaf, trimmed.
  Result<Ok> text(Element element, std::string_view text);
  /// A whole record, as if its elements had been received one by one.
  Result<Ok> add(const Row& row);
  /// The root element ended.
  Result<Ok> finish();

  /// Records so far, for error messages.
  std::int64_t records() const { return records_; }
  /// The last record; there must be one.
  Row& last() { return rows_[last_]; }

 private:
  Result<Ok> text_of_header(Element element, std::string_view text);
  Result<Ok> text_of_row(Element element, std::string_view text);
  void skip_record(std::string why);
  void text_of_results(Element element, std::string_view text);
  Result<Ok> finish_row();
  Result<Ok> flush();
  Result<Ok> check_header() const;
  Row& row() { return rows_[used_]; }
  Result<Ok> end_row();

  const Handlers& handlers_;
  Header header_;
  RecordResults results_;  ///< Of the current record.
  std::vector<Row> rows_;  ///< The batch; its elements are reused.
  std::size_t used_ = 0;
  std::size_t last_ = 0;
  std::int64_t records_ = 0;
  bool in_record_ = false;
  bool has_ip_ = false;
  bool has_count_ = false;
  std::optional<std::string> bad_ip_;  ///< What the current record has in place of an address.
  bool has_policy_ = false;
};

}  // namespace rampart::reports
