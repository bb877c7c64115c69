/// Plain streams: files, text, and one after another.
#include "reports/input/byte_source.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace rampart::reports {
namespace {

constexpr std::size_t kBlock = 64 << 10;

/// An open file; standard input stays open.
struct OpenFile {
  int number = -1;
  std::size_t size = kBlock;
  std::unique_ptr<char[]> block;

  explicit OpenFile(int opened) : number(opened) {
    // Most reports are small: no more than a file's size is asked for, and its end seen in one go.
    struct stat about {};
    if (::fstat(number, &about) == 0 && S_ISREG(about.st_mode) && about.st_size >= 0) {
      size = std::min(kBlock, static_cast<std::size_t>(about.st_size) + 1);
    }
    block = std::make_unique_for_overwrite<char[]>(size);
  }
  ~OpenFile() {
    if (number > 2) ::close(number);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
};

}  // namespace

Result<Ok> Budget::check(const InputLimits& limits) const {
  if (unpacked <= limits.free_octets || unpacked / limits.ratio <= packed) return Ok{};
  return Error{fmt::format("it unpacks to more than {} times its size", limits.ratio)};
}

Result<std::string> pull_all(const ByteSource& pull, std::uint64_t most) {
  std::string all;
  for (;;) {
    const Result<std::string_view> block = pull();
    if (!block) return block.error();
    if (block->empty()) return all;
    if (all.size() + block->size() > most) {
      return Error{fmt::format("it is larger than {} MiB", most >> 20)};
    }
    all += *block;
  }
}

ByteSource pull_text(std::string_view text) {
  return [rest = text]() mutable -> Result<std::string_view> {
    const std::string_view block = rest.substr(0, kBlock);
    rest.remove_prefix(block.size());
    return block;
  };
}

ByteSource pull_after(std::string head, ByteSource rest) {
  return [head = std::move(head), rest = std::move(rest),
          first = true]() mutable -> Result<std::string_view> {
    if (first && !head.empty()) {
      first = false;
      return std::string_view(head);
    }
    return rest();
  };
}

Result<ByteSource> pull_file(const std::string& path, std::shared_ptr<Budget> budget) {
  const int number = path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (number < 0) return Error{std::strerror(errno)};
  auto file = std::make_shared<OpenFile>(number);
  return ByteSource([file, budget = std::move(budget)]() -> Result<std::string_view> {
    ssize_t count = 0;
    do {
      count = ::read(file->number, file->block.get(), file->size);
    } while (count < 0 && errno == EINTR);
    if (count < 0) return Error{std::strerror(errno)};
    budget->packed += static_cast<std::uint64_t>(count);
    return std::string_view(file->block.get(), static_cast<std::size_t>(count));
  });
}

}  // namespace rampart::reports
