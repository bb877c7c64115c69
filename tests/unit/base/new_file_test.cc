#include "base/new_file.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <thread>

#include "base/replace_file.h"

namespace rampart {
namespace {

namespace fs = std::filesystem;

/// A folder that is removed at the end.
class Folder {
 public:
  Folder() : path_(fs::temp_directory_path() / ("rampart-new-file-" + std::to_string(::getpid()))) {
    fs::create_directory(path_);
    fd_ = UniqueFd(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  int fd() const { return fd_.get(); }
  std::string path(const std::string& name) const { return path_ / name; }

  std::set<std::string> names() const {
    std::set<std::string> out;
    for (const auto& entry : fs::directory_iterator(path_)) out.insert(entry.path().filename());
    return out;
  }

  std::string text(const std::string& name) const {
    std::ifstream file(path_ / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }

 private:
  fs::path path_;
  UniqueFd fd_;
};

enum class Name { Free, Any };

void write_as(const Folder& folder, const std::string& text, Name name) {
  NewFile file(folder.fd(), ".a.new");
  REQUIRE(file.create(0600));
  REQUIRE(file.write(text));
  const Result<Ok> done = name == Name::Free ? file.publish("a") : file.replace("a");
  REQUIRE(done);
}

TEST_CASE("a new file gets its name, and takes that of another one only by replace") {
  const Folder folder;
  write_as(folder, "one", Name::Free);
  CHECK(folder.text("a") == "one");
  write_as(folder, "two", Name::Any);
  CHECK(folder.text("a") == "two");
  {
    NewFile file(folder.fd(), ".a.new");
    REQUIRE(file.create(0600));
    REQUIRE(file.write("three"));
    CHECK_FALSE(file.publish("a"));
  }
  CHECK(folder.text("a") == "two");
  CHECK(folder.names() == std::set<std::string>{"a"});
}

TEST_CASE("replace gives a name that is free as well, by a path too") {
  const Folder folder;
  write_as(folder, "one", Name::Any);
  NewFile file(AT_FDCWD, folder.path(".b.new"));
  REQUIRE(file.create(0640));
  REQUIRE(file.write("two"));
  REQUIRE(file.replace(folder.path("b")));
  CHECK(folder.text("b") == "two");
  CHECK(folder.names() == std::set<std::string>{"a", "b"});
}

TEST_CASE("what was not finished leaves nothing, and what a killed run left goes with the next") {
  const Folder folder;
  {
    NewFile file(folder.fd(), ".a.new");
    REQUIRE(file.create(0600));
    REQUIRE(file.write("half"));
  }
  CHECK(folder.names().empty());
  const pid_t child = ::fork();
  if (child == 0) {
    NewFile file(folder.fd(), ".a.new");
    const bool written = file.create(0600) && file.write("half");
    ::_exit(written ? 0 : 1);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(status == 0);
  CHECK_FALSE(folder.names().contains("a"));
  std::ofstream(folder.path(".a.new")) << "left by a kill between two system calls";
  write_as(folder, "whole", Name::Any);
  CHECK(folder.text("a") == "whole");
  CHECK(folder.names() == std::set<std::string>{"a"});
}

TEST_CASE("what another program writes in the same moment is never replaced") {
  const Folder folder;
  std::ofstream(folder.path("a")) << "0";
  const UniqueFd open(::open(folder.path("").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  std::atomic<bool> done = false;
  std::atomic<int> written = 0;
  std::string lost;
  std::string failed;
  // Writes 1, 2, 3, ... by renames, and looks that each is still there, with what we appended.
  std::thread other([&] {
    for (int number = 1; !done; ++number) {
      const std::string text = std::to_string(number);
      std::ofstream(folder.path("other")) << text;
      fs::rename(folder.path("other"), folder.path("a"));
      ++written;
      // Ours may be in its place for a moment, until it was seen what was replaced: looked at again
      // and again, and once seen it is not lost.
      bool seen = false;
      for (int wait = 0; wait < 5000 && !seen; ++wait) {
        seen = folder.text("a").starts_with(text);
        if (!seen) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
      if (!seen) lost += text + " ";
      // Time for the other side to succeed now and then.
      std::this_thread::sleep_for(std::chrono::milliseconds(number % 8));
    }
  });
  int replaced = 0;
  int conflicts = 0;
  for (int round = 0; round < 3000 && (round < 300 || replaced == 0 || conflicts == 0); ++round) {
    const std::string before = folder.text("a");
    const Result<Ok> outcome = replace_file(open, "a", before, before.substr(0, 20) + "x");
    ++(outcome ? replaced : conflicts);
    if (!outcome && !outcome.error().conflict) failed += outcome.error().what;
  }
  done = true;
  other.join();
  CHECK(lost == "");
  CHECK(failed.empty());
  CHECK(replaced > 0);
  CHECK(conflicts > 0);
  CHECK(written > 10);
}

TEST_CASE("two files change places, and back") {
  const Folder folder;
  std::ofstream(folder.path("a")) << "old";
  {
    NewFile file(folder.fd(), ".a.new");
    REQUIRE(file.create(0600));
    REQUIRE(file.write("new"));
    const Result<bool> exchanged = file.exchange("a");
    REQUIRE(exchanged);
    if (*exchanged) {
      CHECK(folder.text("a") == "new");
      CHECK(folder.text(".a.new") == "old");
      REQUIRE(file.exchange("a"));
    }
    CHECK(folder.text("a") == "old");
  }
  CHECK(folder.names() == std::set<std::string>{"a"});
}

TEST_CASE("a file whose name cannot be synced does not remain") {
  const Folder folder;
  // Names can be made through such a descriptor, but fsync refuses it.
  const UniqueFd path_only(::open(folder.path("").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  REQUIRE(path_only);
  for (const Name name : {Name::Free, Name::Any}) {
    NewFile file(path_only.get(), ".a.new");
    REQUIRE(file.create(0600));
    REQUIRE(file.write("text"));
    const auto done = name == Name::Free ? file.publish("a") : file.replace("a");
    REQUIRE_FALSE(done);
    CHECK(done.error().what.find("cannot be synced") != std::string::npos);
  }
  CHECK(folder.names().empty());
}

}  // namespace
}  // namespace rampart
