#include "cli/commands/outputs.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <fstream>

#include "cli/context/reports.h"

namespace rampart {
namespace {

/// An option that names a file to write, and the first character of what is written there.
struct OutputOption {
  std::string_view name;
  char first;
  std::string_view kind;
};
constexpr std::array kOutputs = {
    OutputOption{"out", '{', "JSON"}, OutputOption{"save-world", '{', "JSON"},
    OutputOption{"sarif", '{', "JSON"}, OutputOption{"pr-body", '#', "Markdown"}};

/// Whether both paths are one existing file, whatever links or spellings lead to it.
bool is_same_file(const std::string& a, const std::string& b) {
  struct stat one {};
  struct stat other {};
  return ::stat(a.c_str(), &one) == 0 && ::stat(b.c_str(), &other) == 0 &&
         one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

/// What the run reads, as far as its arguments name it.
std::vector<std::string> inputs_of(const Context& context) {
  std::vector<std::string> inputs = {context.config_file};
  if (const Result<std::string> store = store_path(context)) inputs.push_back(*store);
  for (const char* name : {"world", "evidence", "PLAN", "plan", "reverse-dns-map", "base-plan"}) {
    for (const std::string& path : context.arguments.all(name)) inputs.push_back(path);
  }
  return inputs;
}

/// The first character that is no blank; nothing of an empty file or one that is not regular.
std::optional<char> first_character(const std::string& path) {
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0 || !S_ISREG(about.st_mode)) return std::nullopt;
  std::ifstream file(path, std::ios::binary);
  char first = 0;
  if (!(file >> first)) return std::nullopt;
  return first;
}

}  // namespace

// By the content and not by a list of the files that are read: a zone file or a key is lost as well
// where this run does not read it.
Result<Ok> check_outputs(const Context& context, const Command& command) {
  std::vector<std::string> others = inputs_of(context);
  for (const OutputOption& option : kOutputs) {
    const auto path = context.arguments.one(std::string(option.name));
    const auto row = std::ranges::find(command.options, option.name, &CommandOption::name);
    // Other commands write a folder, and init never replaces a file.
    const bool written = row != command.options.end() && row->value == "FILE";
    if (!path || !written || command.name == "init") continue;
    const auto refuse = [&](const std::string& why) {
      return Error{fmt::format("{}, so it is not overwritten; choose another name", why),
                   fmt::format("--{} {}", option.name, *path)};
    };
    for (const std::string& other : others) {
      if (*path == other || is_same_file(*path, other)) return refuse("this run uses the file");
    }
    const auto first = first_character(*path);
    if (first && *first != option.first) {
      return refuse(fmt::format("the file exists and is not {}", option.kind));
    }
    others.push_back(*path);
  }
  return Ok{};
}

}  // namespace rampart
