/// xz streams by liblzma, whose memory can be limited; that of libarchive cannot.
#include <fmt/format.h>
#include <lzma.h>

#include <algorithm>
#include <array>

#include "reports/input/byte_source.h"

namespace rampart::reports {
namespace {

/// The dictionary of `xz -9` is the largest of the presets: 64 MiB, stated whatever the size of
/// the file is.
constexpr std::uint64_t kMostStated = 72 << 20;

class XzReader {
 public:
  XzReader(ByteSource packed, std::shared_ptr<Budget> budget, const InputLimits& limits)
      : packed_(std::move(packed)), budget_(std::move(budget)), limits_(limits) {
    ready_ = lzma_stream_decoder(&stream_, kMostStated, LZMA_CONCATENATED) == LZMA_OK;
  }
  ~XzReader() {
    lzma_end(&stream_);
    budget_->window -= window_;
  }
  XzReader(const XzReader&) = delete;
  XzReader& operator=(const XzReader&) = delete;

  Result<std::string_view> next() {
    if (!ready_) return Error{"no memory to unpack it"};
    while (!done_) {
      if (stream_.avail_in == 0 && !ended_) TRY_OK(refill());
      stream_.next_out = block_.data();
      stream_.avail_out = block_.size();
      // Only LZMA_FINISH lets the decoder notice that the input is cut off.
      const lzma_ret code = lzma_code(&stream_, ended_ ? LZMA_FINISH : LZMA_RUN);
      done_ = code == LZMA_STREAM_END;
      if (code != LZMA_OK && code != LZMA_STREAM_END) return failure(code);
      const std::size_t made = block_.size() - stream_.avail_out;
      // An empty block would end the stream for the reader.
      if (made == 0) continue;
      budget_->unpacked += made;
      TRY_OK(budget_->check(limits_));
      TRY_OK(count_window());
      return std::string_view(reinterpret_cast<const char*>(block_.data()), made);
    }
    return std::string_view();
  }

 private:
  Result<Ok> refill() {
    TRY(const std::string_view block, packed_());
    ended_ = block.empty();
    stream_.next_in = reinterpret_cast<const std::uint8_t*>(block.data());
    stream_.avail_in = block.size();
    return Ok{};
  }

  /// The dictionary is allocated as stated, but only what was unpacked into it needs memory.
  Result<Ok> count_window() {
    const std::uint64_t used = std::min(lzma_memusage(&stream_), stream_.total_out);
    if (used > window_) {
      budget_->window += used - window_;
      window_ = used;
    }
    return budget_->window > limits_.window_octets ? Result<Ok>(too_large()) : Ok{};
  }

  Error too_large() const {
    return Error{
        fmt::format("unpacking it needs more than {} MiB of memory: pack it with a "
                    "smaller dictionary, as `xz -6` does",
                    limits_.window_octets >> 20)};
  }

  Error failure(lzma_ret code) const {
    if (code == LZMA_MEMLIMIT_ERROR) return too_large();
    if (code == LZMA_MEM_ERROR) return Error{"no memory to unpack it"};
    return Error{code == LZMA_BUF_ERROR ? "the compressed data is cut off"
                                        : "the compressed data is damaged"};
  }

  ByteSource packed_;
  std::shared_ptr<Budget> budget_;
  InputLimits limits_;
  lzma_stream stream_ = LZMA_STREAM_INIT;
  std::array<std::uint8_t, 64 << 10> block_{};
  std::uint64_t window_ = 0;
  bool ready_ = false;
  bool ended_ = false;  ///< The packed input.
  bool done_ = false;
};

}  // namespace

ByteSource xz_source(ByteSource packed, std::shared_ptr<Budget> budget, const InputLimits& limits) {
  auto reader = std::make_shared<XzReader>(std::move(packed), std::move(budget), limits);
  return [reader] { return reader->next(); };
}

}  // namespace rampart::reports
