#include "base/lock.h"

#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <sstream>
#include <thread>

#include "base/calendar.h"
#include "base/confined_path.h"
#include "base/printable.h"

namespace rampart {
namespace {

constexpr std::chrono::milliseconds kBetweenTries{20};

/// One line of /proc/locks: "1: FLOCK  ADVISORY  WRITE 708 00:13:6553 0 EOF" (proc(5)). Lines of
/// processes that wait have "->" after the number.
struct KernelLock {
  long process = 0;
  std::string file;
};

bool read_lock(const std::string& line, KernelLock& lock) {
  std::istringstream words(line);
  std::string number;
  std::string kind;
  std::string rule;
  std::string access;
  return static_cast<bool>(words >> number >> kind >> rule >> access >> lock.process >>
                           lock.file) &&
         kind != "->";
}

/// "process 1234 (rampart), which started at ...".
std::string describe(long process) {
  const std::string folder = fmt::format("/proc/{}", process);
  std::string name;
  std::getline(std::ifstream(folder + "/comm"), name);
  struct stat status {};
  if (name.empty() || ::stat(folder.c_str(), &status) != 0) {
    return fmt::format("process {}", process);
  }
  const Time started{std::chrono::seconds{status.st_mtim.tv_sec}};
  return fmt::format("process {} ({}), which started at {}", process, printable(name),
                     to_text(started));
}

}  // namespace

std::string lock_holder(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return {};
  const std::string wanted =
      fmt::format("{:02x}:{:02x}:{}", major(status.st_dev), minor(status.st_dev), status.st_ino);
  std::ifstream locks("/proc/locks");
  for (std::string line; std::getline(locks, line);) {
    KernelLock lock;
    if (!read_lock(line, lock)) continue;
    // Processes of another container have no number here.
    const bool other = lock.process > 0 && lock.process != ::getpid();
    if (other && lock.file == wanted) {
      return describe(lock.process);
    }
  }
  return {};
}

// Tried again and again, because a lock that is waited for in the kernel has no time limit.
Result<Ok> take_lock(int fd, std::chrono::milliseconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) return system_failure("it cannot be locked");
    if (std::chrono::steady_clock::now() >= until) {
      const std::string holder = lock_holder(fmt::format("/proc/self/fd/{}", fd));
      return Error{
          fmt::format("it is locked by {}: wait until that has ended, or end it, and try again",
                      holder.empty() ? "another process" : holder)};
    }
    std::this_thread::sleep_for(kBetweenTries);
  }
  return Ok{};
}

}  // namespace rampart
