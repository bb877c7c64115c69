/// What a process may still open after limit_files, each case in a process of its own.
#include "base/file_limits.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <functional>

using namespace rampart;
namespace fs = std::filesystem;

namespace {

/// A folder with keys/key, input/mail and store, removed at the end.
struct Folder {
  Folder() {
    std::string name = (fs::temp_directory_path() / "limits.XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
    for (const char* one : {"keys", "input", "quarantine"}) fs::create_directory(path / one);
    for (const char* one : {"keys/key", "input/mail", "store"}) std::ofstream(path / one) << "x";
  }
  ~Folder() { fs::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string at(const std::string& name) const { return (path / name).string(); }
  fs::path path;
};

bool opens(const std::string& path, int flags) {
  const int file = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
  if (file >= 0) ::close(file);
  return file >= 0;
}

// The exit code of a child that runs `what`: limits hold until a process ends.
int in_child(const std::function<int()>& what) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(what());
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  return WEXITSTATUS(status);
}

constexpr int kNotByThisKernel = 100;

}  // namespace

TEST_CASE("within limits, a process reads its inputs, writes its store, and nothing else") {
  const Folder at;
  const FileLimits limits{.read = {at.at("input"), at.at("missing")},
                          .write = {at.at("store"), at.at("quarantine")},
                          .remove = {at.path.string()}};
  // The number of the first line that fails; 0 where all hold.
  const int failed = in_child([&] {
    if (!limit_files(limits)) return kNotByThisKernel;
    if (!opens(at.at("input/mail"), O_RDONLY)) return 1;
    if (opens(at.at("input/mail"), O_WRONLY)) return 2;
    if (opens(at.at("input/new"), O_WRONLY | O_CREAT)) return 3;
    if (!opens(at.at("store"), O_RDWR)) return 4;
    if (!opens(at.at("quarantine/new"), O_RDWR | O_CREAT)) return 5;
    if (opens(at.at("keys/key"), O_RDONLY)) return 6;
    if (opens(at.at("keys/key"), O_WRONLY)) return 7;
    if (opens(at.at("new"), O_WRONLY | O_CREAT)) return 8;
    if (opens("/etc/passwd", O_RDONLY)) return 9;
    if (::execl("/bin/true", "true", nullptr) == 0) return 10;
    if (::symlink("/etc/passwd", at.at("quarantine/link").c_str()) == 0) return 11;
    return ::unlink(at.at("store").c_str()) == 0 ? 0 : 12;
  });
  if (failed == kNotByThisKernel) {
    WARN("this kernel has no Landlock");
    SUCCEED();
    return;
  }
  CHECK(failed == 0);
}

TEST_CASE("a process that hid its memory writes no core dump") {
#if !defined(__SANITIZE_ADDRESS__)
  CHECK(in_child([] {
          hide_memory();
          rlimit cores{};
          ::getrlimit(RLIMIT_CORE, &cores);
          return cores.rlim_max == 0 && ::prctl(PR_GET_DUMPABLE) == 0 ? 0 : 1;
        }) == 0);
#else
  SUCCEED("LeakSanitizer needs the memory");
#endif
}
