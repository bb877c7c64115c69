#include "base/new_file.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

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
  REQUIRE(name == Name::Free ? file.publish("a") : file.replace("a"));
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

}  // namespace
}  // namespace rampart
