// Every broken file of tests/broken with its whole message, and the good ones of tests/valid.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "policies/model/codes.h"
#include "reconciler/config/config.h"
#include "tests/support/places.h"

using namespace rampart;

namespace {

namespace fs = std::filesystem;

const fs::path kTests = fs::path(source_dir()) / "tests";

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<fs::path> yaml_files(const fs::path& folder) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".yaml") found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::vector<ConfigError> errors_of(const fs::path& path) {
  const auto loaded = load_config(path.string());
  const auto* errors = std::get_if<std::vector<ConfigError>>(&loaded);
  return errors ? *errors : std::vector<ConfigError>{};
}

// The whole message, with paths as they are beside the file.
std::string message_of(const fs::path& path) {
  std::string text;
  for (const ConfigError& error : errors_of(path)) text += to_text(error);
  const std::string prefix = path.parent_path().string() + "/";
  for (auto at = text.find(prefix); at != std::string::npos; at = text.find(prefix, at)) {
    text.erase(at, prefix.size());
  }
  return text;
}

void check_broken(const fs::path& path) {
  INFO(path.filename().string());
  const std::string message = message_of(path);
  CHECK_FALSE(message.empty());
  const fs::path golden = fs::path(path).replace_extension(".expected");
  if (std::getenv("UPDATE_GOLDEN")) std::ofstream(golden, std::ios::binary) << message;
  CHECK(message == read(golden));
}

}  // namespace

TEST_CASE("every broken file gets its whole message") {
  const std::vector<fs::path> files = yaml_files(kTests / "broken");
  CHECK(files.size() >= 60);
  for (const fs::path& path : files) check_broken(path);
}

TEST_CASE("errors are sorted by place, each once, and their codes are explained") {
  for (const fs::path& path : yaml_files(kTests / "broken")) {
    INFO(path.filename().string());
    const std::vector<ConfigError> errors = errors_of(path);
    std::set<std::tuple<std::string, int, int, std::string>> seen;
    for (const ConfigError& error : errors) {
      CHECK(find_code(error.code) != nullptr);
      CHECK(seen.insert({error.file, error.line, error.column, error.message}).second);
    }
    CHECK(std::is_sorted(errors.begin(), errors.end(), [](const auto& a, const auto& b) {
      return std::tie(a.file, a.line, a.column) < std::tie(b.file, b.line, b.column);
    }));
  }
}

TEST_CASE("no message repeats a secret") {
  for (const fs::path& path : yaml_files(kTests / "broken")) {
    const std::string message = message_of(path);
    INFO(message);
    for (const char* secret : {"s3cr3t", "hunter2", "abc123", "c2VjcmV0", "collector.example"}) {
      CHECK(message.find(secret) == std::string::npos);
    }
  }
}

TEST_CASE("every valid file loads") {
  const std::vector<fs::path> files = yaml_files(kTests / "valid");
  CHECK_FALSE(files.empty());
  for (const fs::path& path : files) {
    INFO(message_of(path));
    CHECK(errors_of(path).empty());
  }
  CHECK(errors_of(kTests / "../examples/domains.yaml").empty());
}
