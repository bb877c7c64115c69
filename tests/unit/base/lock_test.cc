/// Locks: who waits gets one in the end, or learns who holds it.
#include "base/lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>

#include "base/unique_fd.h"

namespace rampart {
namespace {

using std::chrono::milliseconds;

TEST_CASE("a held lock is named by its process, and is free when that ends") {
  std::string path = "/tmp/rampart-lock-XXXXXX";
  const UniqueFd file(::mkstemp(path.data()));
  REQUIRE(file.get() >= 0);
  std::array<int, 2> ready{};
  REQUIRE(::pipe(ready.data()) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    // An open file description of its own, or the lock would be shared with the parent.
    const UniqueFd own(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    const char octet = take_lock(own.get(), milliseconds{0}) ? 'y' : 'n';
    (void)!::write(ready[1], &octet, 1);
    ::pause();
    ::_exit(0);
  }
  char octet = 0;
  REQUIRE(::read(ready[0], &octet, 1) == 1);
  REQUIRE(octet == 'y');
  const Result<Ok> held = take_lock(file.get(), milliseconds{50});
  REQUIRE_FALSE(held);
  CHECK(held.error().what.find(fmt::format("locked by process {} (unit_base)", child)) !=
        std::string::npos);
  CHECK(lock_holder(path).find("started at 20") != std::string::npos);
  ::kill(child, SIGKILL);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(take_lock(file.get(), milliseconds{1000}));
  // A lock of our own is no answer to who is in the way.
  CHECK(lock_holder(path).empty());
  ::close(ready[0]);
  ::close(ready[1]);
  ::unlink(path.c_str());
}

TEST_CASE("nobody is named for a file that is not there, or that nobody locks") {
  CHECK(lock_holder("/nowhere/at/all").empty());
  CHECK(lock_holder("/etc/passwd").empty());
}

}  // namespace
}  // namespace rampart
