/// Reads aggregate reports as they stream by: RFC 7489 and RFC 9990 with every deviation that is
/// seen in the wild, and none that could hide a cut or a forged number. Rows are handed on in
/// batches, so that memory does not grow with the report.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "reports/parse/record_cache.h"
#include "reports/parse/report.h"

namespace rampart::reports {

/// Who takes what is read. An Error from either stops reading and is returned.
struct Handlers {
  /// Some rows; the header is complete but for what may stand behind them.
  std::function<Result<Ok>(const Header&, std::span<const Row>)> rows;
  /// One report is complete and sound. Until then its rows do not count.
  std::function<Result<Ok>(const Header&)> report;
};

/// How many rows a batch holds at most.
constexpr std::size_t kBatch = 1024;

/// Reads one stream, which may hold several reports one after the other.
class Reader {
 public:
  /// Readers may share their shapes, which makes many small reports quicker.
  explicit Reader(Handlers handlers, std::shared_ptr<RecordCache> cache = nullptr);
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  /// The next octets, in pieces of any size. After an Error nothing more may be fed.
  Result<Ok> feed(std::string_view octets);

  /// The end of the stream. An Error where a report is cut off or there was none.
  Result<Ok> finish();

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace rampart::reports
