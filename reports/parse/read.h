/// Reads aggregate reports as streams: RFC 7489 and RFC 9990 with every deviation seen in practice,
/// except those that could hide a truncated report or a forged number. Rows are delivered in
/// batches, so memory does not grow with the report.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "reports/parse/record_cache.h"
#include "reports/parse/report.h"

namespace rampart::reports {

/// Receives what is read. An Error from either function stops reading and is returned.
struct Handlers {
  /// A batch of rows. The header has everything that precedes them in the report.
  std::function<Result<Ok>(const Header&, std::span<const Row>)> rows;
  /// A report is complete and valid. Until then its rows may be of a broken report.
  std::function<Result<Ok>(const Header&)> report;
};

/// The most rows in a batch.
constexpr std::size_t kBatch = 1024;

/// Reads one stream, which may hold several reports one after the other.
class Reader {
 public:
  /// Readers may share a cache, which makes many small reports quicker to read.
  explicit Reader(Handlers handlers, std::shared_ptr<RecordCache> cache = nullptr);
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  /// The next octets, in pieces of any size. May not be called after an Error.
  Result<Ok> feed(std::string_view octets);

  /// The end of the stream. An Error where a report is truncated or there was none.
  Result<Ok> finish();

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace rampart::reports
