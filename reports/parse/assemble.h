/// Puts a report together from its elements' texts, and judges whether it is sound.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reports/parse/elements.h"
#include "reports/parse/read.h"

namespace rampart::reports {

/// Takes the elements of one report in order.
class Assembler {
 public:
  explicit Assembler(const Handlers& handlers) : handlers_(handlers) {}

  /// A container opens: a new record, signature, reason, ...
  Result<Ok> open(Element element);
  /// A container closes.
  Result<Ok> close(Element element);
  /// A leaf's whole text, blanks around it aside.
  Result<Ok> text(Element element, std::string_view text);
  /// A whole record, as if its elements had come one by one.
  Result<Ok> add(const Row& row);
  /// The root closed and nothing contradicts it.
  Result<Ok> finish();

  std::int64_t records() const { return records_; }
  /// The record that came last; there has to be one.
  Row& last() { return rows_[last_]; }

 private:
  Result<Ok> text_of_header(Element element, std::string_view text);
  Result<Ok> text_of_row(Element element, std::string_view text);
  Result<Ok> finish_row();
  Result<Ok> flush();
  Result<Ok> check_header() const;
  Row& row() { return rows_[used_]; }
  Result<Ok> next();

  const Handlers& handlers_;
  Header header_;
  RecordResults said_;  ///< Of the record in hand.
  std::vector<Row> rows_;
  std::size_t used_ = 0;
  std::size_t last_ = 0;
  std::int64_t records_ = 0;
  bool in_record_ = false;
  bool has_ip_ = false;
  bool has_count_ = false;
  bool has_policy_ = false;
};

}  // namespace rampart::reports
