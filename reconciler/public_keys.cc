/// Public keys from files that the YAML or the key folder names.
#include "reconciler/public_keys.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "mail/dkim_key.h"
#include "policies/dkim_names.h"

namespace rampart {
namespace {

// Far more than any public key needs.
constexpr std::size_t kMostOctets = 64 * 1024;

/// A file descriptor, closed at the end of its life.
class File {
 public:
  explicit File(int fd) : fd_(fd) {}
  File(File&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  File& operator=(File&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

/// The path's parts; empty where one of them leads elsewhere.
std::vector<std::string> parts_of(const std::string& path) {
  std::vector<std::string> parts;
  std::size_t start = 0;
  while (start <= path.size()) {
    const std::size_t end = std::min(path.find('/', start), path.size());
    const std::string part = path.substr(start, end - start);
    start = end + 1;
    if (part == ".") continue;
    if (part.empty() || part == ".." || part.find('\0') != std::string::npos) return {};
    parts.push_back(part);
  }
  return parts;
}

std::string reason(int error) {
  if (error == ENOENT) return "there is no such file";
  if (error == ELOOP || error == ENOTDIR) return "the way to it is a symbolic link or no folder";
  return std::strerror(error);
}

Result<std::string> contents(int fd, const std::string& path) {
  struct stat status {};
  if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
    return Error{"it is not an ordinary file", path};
  }
  std::string text;
  std::array<char, 4096> buffer;
  while (text.size() <= kMostOctets) {
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0) return Error{std::strerror(errno), path};
    if (got == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return Error{"it is too long for a public key", path};
}

PublicKey read_key(const std::string& folder, const std::string& path) {
  const auto text = read_beneath(folder, path);
  if (!text.ok()) return {"", sentence(text.error())};
  const auto record = dkim::key_from_pem(*text);
  if (!record.ok()) return {"", path + ": it is not a public key in PEM form (RSA or Ed25519)"};
  return {dkim::print_key(*record), ""};
}

}  // namespace

Result<std::string> read_beneath(const std::string& folder, const std::string& path) {
  const std::vector<std::string> parts = parts_of(path);
  if (parts.empty()) return Error{"the path leads out of the YAML's folder", path};
  File at(::open(folder.empty() ? "." : folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  for (std::size_t index = 0; index < parts.size(); ++index) {
    if (at.get() < 0) break;
    // Not blocking: a named pipe must not keep a plan waiting.
    const int flags = index + 1 < parts.size() ? O_PATH | O_DIRECTORY : O_RDONLY | O_NONBLOCK;
    at = File(::openat(at.get(), parts[index].c_str(), flags | O_NOFOLLOW | O_CLOEXEC));
  }
  if (at.get() < 0) return Error{reason(errno), path};
  return contents(at.get(), path);
}

std::map<std::string, PublicKey> read_public_keys(const Config& config) {
  std::map<std::string, PublicKey> keys;
  const auto add = [&](const std::string& path) {
    if (!keys.contains(path)) keys.emplace(path, read_key(config.folder, path));
  };
  for (const auto& [name, domain] : config.domains) {
    for (const SelectorSpec& spec : domain.selectors) {
      if (spec.public_key) add(*spec.public_key);
    }
    for (const RotationSpec& rotation : domain.rotations) {
      for (const auto& selector : {rotation.current, rotation.next}) {
        if (selector) add(rotation_key_path(name, *selector));
      }
      for (const std::string& selector : rotation.past) add(rotation_key_path(name, selector));
    }
  }
  return keys;
}

}  // namespace rampart
