#include "base/file_limits.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

#include "base/unique_fd.h"

namespace rampart {

namespace {

// Debian 12's header ends at the second version of the interface: later rights by their values
// (landlock(7)).
constexpr std::uint64_t kTruncate = 1ULL << 14;
constexpr std::uint64_t kDeviceControl = 1ULL << 15;

constexpr std::uint64_t kRead = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t kWrite = kRead | LANDLOCK_ACCESS_FS_WRITE_FILE |
                                 LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                                 kTruncate;
// The kernel refuses rights of folders in a rule about a file.
constexpr std::uint64_t kOfFiles = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE |
                                   LANDLOCK_ACCESS_FS_WRITE_FILE | kTruncate | kDeviceControl;

// Every right that version `abi` of the interface knows: what it does not know cannot be limited.
std::uint64_t rights_of(long abi) {
  std::uint64_t rights = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1U) - 1;
  if (abi >= 2) rights |= LANDLOCK_ACCESS_FS_REFER;
  if (abi >= 3) rights |= kTruncate;
  if (abi >= 5) rights |= kDeviceControl;
  return rights;
}

/// The rules of one ruleset.
class Rules {
 public:
  Rules(int ruleset, std::uint64_t rights) : ruleset_(ruleset), rights_(rights) {}

  // What cannot be opened now cannot be allowed: the later open fails as it would without limits.
  bool allow(const std::vector<std::string>& paths, std::uint64_t wanted) const {
    for (const std::string& path : paths) {
      const UniqueFd at(::open(path.c_str(), O_PATH | O_CLOEXEC));
      struct stat named {};
      if (!at || ::fstat(at.get(), &named) != 0) continue;
      landlock_path_beneath_attr rule{};
      rule.allowed_access = wanted & rights_ & (S_ISDIR(named.st_mode) ? ~0ULL : kOfFiles);
      rule.parent_fd = at.get();
      if (rule.allowed_access == 0) continue;
      if (::syscall(SYS_landlock_add_rule, ruleset_, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0) {
        return false;
      }
    }
    return true;
  }

 private:
  int ruleset_;
  std::uint64_t rights_;
};

}  // namespace

bool limit_files(const FileLimits& limits) {
  const long abi =
      ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (abi < 1) return false;
  landlock_ruleset_attr handled{};
  handled.handled_access_fs = rights_of(abi);
  const UniqueFd ruleset(static_cast<int>(
      ::syscall(SYS_landlock_create_ruleset, &handled, sizeof handled.handled_access_fs, 0)));
  if (!ruleset) return false;
  const Rules rules(ruleset.get(), handled.handled_access_fs);
  return rules.allow(limits.read, kRead) && rules.allow(limits.write, kWrite) &&
         rules.allow(limits.remove, LANDLOCK_ACCESS_FS_REMOVE_FILE) &&
         // The kernel asks for this: otherwise a limited process could mislead a set-user-ID
         // program.
         ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) == 0;
}

std::vector<std::string> system_files() {
  return {"/usr",
          "/lib",
          "/lib64",
          "/dev",
          "/proc/self",
          "/etc/ssl",
          "/etc/pki",
          "/etc/ca-certificates",
          "/etc/localtime",
          "/etc/hosts",
          "/etc/host.conf",
          "/etc/nsswitch.conf",
          "/etc/gai.conf",
          "/etc/ld.so.cache",
          "/etc/crypto-policies",
          "/etc/resolv.conf",
          "/etc/services"};
}

void hide_memory() {
#if !defined(__SANITIZE_ADDRESS__)  // LeakSanitizer reads the memory of its own process.
  const rlimit none{};
  (void)::setrlimit(RLIMIT_CORE, &none);
  // The limit does not hold where the kernel pipes core dumps into a program (core(5)); this does.
  (void)::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

}  // namespace rampart
