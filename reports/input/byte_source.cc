/// Plain streams: files, text, and one stream after another.
#include "reports/input/byte_source.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/unique_fd.h"

namespace rampart::reports {
namespace {

constexpr std::size_t kBlock = 64 << 10;

/// A file and the block that it is read into.
struct FileReader {
  UniqueFd owned;  ///< Empty for standard input, which stays open.
  int fd = STDIN_FILENO;
  std::size_t size = kBlock;
  std::unique_ptr<char[]> block;

  /// Most reports are small: one octet more than the file's size means a small buffer, and its end
  /// is found by the second read.
  void allocate() {
    struct stat about {};
    if (::fstat(fd, &about) == 0 && S_ISREG(about.st_mode) && about.st_size >= 0) {
      size = std::min(kBlock, static_cast<std::size_t>(about.st_size) + 1);
    }
    block = std::make_unique_for_overwrite<char[]>(size);
  }
};

/// Refuses a pipe with a name in the file system: nobody may ever write to it. The pipe of a
/// shell's `<(command)` has none, and ends when the command does.
Result<Ok> check_kind(const std::string& path, int fd) {
  struct stat about {};
  if (::fstat(fd, &about) != 0) return Error{std::strerror(errno)};
  // Opening a folder to read succeeds; only reading it fails.
  if (S_ISDIR(about.st_mode)) return Error{std::strerror(EISDIR)};
  std::error_code unnamed;
  if (S_ISFIFO(about.st_mode) && !std::filesystem::canonical(path, unnamed).empty() && !unnamed) {
    return Error{
        "it is a named pipe, which may never end: write its content to standard input (-)"};
  }
  // From here on, reading may wait as usual.
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) & ~O_NONBLOCK);
  return Ok{};
}

}  // namespace

Result<Ok> Budget::check(const InputLimits& limits) const {
  // A division, because a product could overflow.
  if (unpacked <= limits.free_octets || unpacked / limits.ratio <= packed) return Ok{};
  return Error{fmt::format("it unpacks to more than {} times its size", limits.ratio)};
}

Result<std::string> read_all(const ByteSource& source, std::uint64_t most) {
  std::string all;
  for (;;) {
    TRY(const std::string_view block, source());
    if (block.empty()) return all;
    if (all.size() + block.size() > most) {
      return Error{fmt::format("it is larger than {} MiB", most >> 20)};
    }
    all += block;
  }
}

/// In blocks, as from a file, so that a large text is fed to parsers in pieces and refused early.
ByteSource text_source(std::string_view text) {
  return [rest = text]() mutable -> Result<std::string_view> {
    const std::string_view block = rest.substr(0, kBlock);
    rest.remove_prefix(block.size());
    return block;
  };
}

ByteSource joined_source(std::string head, ByteSource rest) {
  return [head = std::move(head), rest = std::move(rest),
          first = true]() mutable -> Result<std::string_view> {
    if (first && !head.empty()) {
      first = false;
      return std::string_view(head);
    }
    return rest();
  };
}

Result<ByteSource> file_source(const std::string& path, std::shared_ptr<Budget> budget) {
  auto file = std::make_shared<FileReader>();
  if (path != "-") {
    // Without O_NONBLOCK, opening a pipe waits until somebody writes to it.
    file->owned = UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file->owned) return Error{std::strerror(errno)};
    file->fd = file->owned.get();
    TRY_OK(check_kind(path, file->fd));
  }
  file->allocate();
  return ByteSource([file, budget = std::move(budget)]() -> Result<std::string_view> {
    ssize_t count = 0;
    do {
      count = ::read(file->fd, file->block.get(), file->size);
    } while (count < 0 && errno == EINTR);
    if (count < 0) return Error{std::strerror(errno)};
    budget->packed += static_cast<std::uint64_t>(count);
    return std::string_view(file->block.get(), static_cast<std::size_t>(count));
  });
}

}  // namespace rampart::reports
