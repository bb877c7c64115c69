/// The outcome of an ingest, as it grows.
#pragma once

#include "reports/ingest.h"

namespace rampart::reports {

/// Counts, and lists of limited length.
class Outcome {
 public:
  /// `now` decides which days a report can have.
  explicit Outcome(Time now) : now_(now) {}

  const Ingested& value() const { return value_; }
  Ingested& value() { return value_; }
  /// How much was refused so far, listed or not.
  std::int64_t refusals() const { return refusals_; }

  /// `input` is the input as it was named.
  void refuse(const std::string& location, const Error& error, const std::string& input);
  /// What must be known of a report that is stored: records that were left out, impossible days.
  void remark_on(const std::string& location, const Header& header);
  /// A report of impossible days is kept, so that a corrected clock of ours can show it, but the
  /// commands leave those days out unless --since or --until name them.
  void remark_on_days(const std::string& location, Time begin, Time end);

 private:
  void remark(const std::string& location, std::string text);

  Time now_;
  Ingested value_;
  std::int64_t refusals_ = 0;
};

}  // namespace rampart::reports
