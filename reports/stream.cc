/// Plain streams: files, text, and one after another.
#include "reports/stream.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace rampart::reports {
namespace {

constexpr std::size_t kBlock = 64 << 10;

/// An open file; standard input stays open.
struct OpenFile {
  int number = -1;
  std::array<char, kBlock> block{};

  explicit OpenFile(int opened) : number(opened) {}
  ~OpenFile() {
    if (number > 2) ::close(number);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
};

}  // namespace

Result<Done> Budget::check(const InputLimits& limits) const {
  if (unpacked <= limits.free_octets || unpacked / limits.ratio <= packed) return Done{};
  return Error{fmt::format("it unpacks to more than {} times its size", limits.ratio)};
}

Result<std::string> pull_all(const Pull& pull, std::uint64_t most) {
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

Pull pull_text(std::string_view text) {
  return [rest = text]() mutable -> Result<std::string_view> {
    const std::string_view block = rest.substr(0, kBlock);
    rest.remove_prefix(block.size());
    return block;
  };
}

Pull pull_after(std::string head, Pull rest) {
  return [head = std::move(head), rest = std::move(rest),
          first = true]() mutable -> Result<std::string_view> {
    if (first && !head.empty()) {
      first = false;
      return std::string_view(head);
    }
    return rest();
  };
}

Result<Pull> pull_file(const std::string& path, std::shared_ptr<Budget> budget) {
  const int number = path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (number < 0) return Error{std::strerror(errno)};
  auto file = std::make_shared<OpenFile>(number);
  return Pull([file, budget = std::move(budget)]() -> Result<std::string_view> {
    ssize_t count = 0;
    do {
      count = ::read(file->number, file->block.data(), file->block.size());
    } while (count < 0 && errno == EINTR);
    if (count < 0) return Error{std::strerror(errno)};
    budget->packed += static_cast<std::uint64_t>(count);
    return std::string_view(file->block.data(), static_cast<std::size_t>(count));
  });
}

}  // namespace rampart::reports
