/// gzip and zlib streams by zlib.
#include <zlib.h>

#include <array>

#include "reports/input/byte_source.h"

namespace rampart::reports {
namespace {

/// inflateInit2: the largest window (15), and gzip and zlib headers are both accepted (32).
constexpr int kAnyHeader = 15 + 32;

class Inflater {
 public:
  Inflater(ByteSource packed, std::shared_ptr<Budget> budget, const InputLimits& limits)
      : packed_(std::move(packed)), budget_(std::move(budget)), limits_(limits) {
    ready_ = inflateInit2(&stream_, kAnyHeader) == Z_OK;
  }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  Result<std::string_view> next() {
    if (!ready_) return Error{"no memory to unpack it"};
    while (!done_) {
      if (stream_.avail_in == 0) {
        TRY_OK(refill());
        if (done_) break;
      }
      stream_.next_out = block_.data();
      stream_.avail_out = static_cast<uInt>(block_.size());
      const int code = inflate(&stream_, Z_NO_FLUSH);
      // Z_BUF_ERROR means that the input is used up, not that it is damaged.
      if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) {
        return Error{"the compressed data is damaged"};
      }
      open_ = code != Z_STREAM_END;
      if (!open_) begin_member();
      const std::size_t made = block_.size() - stream_.avail_out;
      // An empty block would end the stream for the reader.
      if (made == 0) continue;
      budget_->unpacked += made;
      TRY_OK(budget_->check(limits_));
      return std::string_view(reinterpret_cast<const char*>(block_.data()), made);
    }
    return std::string_view();
  }

 private:
  Result<Ok> refill() {
    TRY(const std::string_view block, packed_());
    if (block.empty()) {
      // The checksum at the end of a member was never reached, so its data cannot be trusted to be
      // complete.
      if (open_) return Error{"the compressed data is cut off"};
      done_ = true;
      return Ok{};
    }
    // zlib's interface predates const; it does not write to its input.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(block.data()));
    stream_.avail_in = static_cast<uInt>(block.size());
    if (!open_) begin_member();
    return Ok{};
  }

  /// RFC 1952 section 2.2: a gzip file is a sequence of members. Anything else after a member is
  /// padding, which ends the stream.
  void begin_member() {
    if (stream_.avail_in == 0) return;
    if (*stream_.next_in != 0x1f) {
      done_ = true;
      return;
    }
    inflateReset2(&stream_, kAnyHeader);
    open_ = true;
  }

  ByteSource packed_;
  std::shared_ptr<Budget> budget_;
  InputLimits limits_;
  z_stream stream_{};
  std::array<Bytef, 64 << 10> block_{};
  bool ready_ = false;
  bool open_ = true;  ///< Within a member: if the input ends here, it is truncated.
  bool done_ = false;
};

}  // namespace

ByteSource inflated_source(ByteSource packed, std::shared_ptr<Budget> budget,
                           const InputLimits& limits) {
  auto inflater = std::make_shared<Inflater>(std::move(packed), std::move(budget), limits);
  return [inflater] { return inflater->next(); };
}

}  // namespace rampart::reports
