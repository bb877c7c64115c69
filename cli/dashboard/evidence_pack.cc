/// The folder of an evidence pack: checked, then written.
#include "cli/dashboard/evidence_pack.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "cli/context/context.h"

namespace rampart {
namespace {

namespace fs = std::filesystem;

/// A file of a pack, and the text near its beginning by which an earlier one is recognised.
struct PackFile {
  std::string_view name;
  std::string_view mark;
};
constexpr std::array kPackFiles = {
    PackFile{"index.html", "<meta name=\"generator\" content=\"rampart\">"},
    PackFile{"evidence.json", "\"evidence_pack_version\""}};

constexpr std::size_t kMarkWithin = 1000;

// The name alone is no proof: a dashboard has an index.html too, but also other files.
bool is_of_a_pack(const fs::directory_entry& entry) {
  std::error_code none;
  if (entry.symlink_status(none).type() != fs::file_type::regular) return false;
  const std::string name = entry.path().filename().string();
  const auto file = std::ranges::find(kPackFiles, name, &PackFile::name);
  if (file == kPackFiles.end()) return false;
  const Result<std::string> text = read_file(entry.path().string());
  return text && text->substr(0, kMarkWithin).find(file->mark) != std::string::npos;
}

}  // namespace

// A link is refused as well: what it names may be changed by somebody else between check and write.
Result<Ok> check_pack_folder(const std::string& folder) {
  const auto refuse = [&](const std::string& why) {
    return Error{why + "; choose an empty or new folder", "--evidence-pack " + folder};
  };
  // "DIR/" would be looked at behind a link.
  std::string path = folder;
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  std::error_code error;
  const fs::file_type type = fs::symlink_status(path, error).type();
  if (type == fs::file_type::not_found) return Ok{};
  if (type == fs::file_type::symlink) return refuse("it is a link");
  if (type != fs::file_type::directory) return refuse("it is no folder");
  fs::directory_iterator entries(path, error);
  if (error) return Error{error.message(), folder};
  for (const fs::directory_entry& entry : entries) {
    if (!is_of_a_pack(entry)) {
      return refuse(
          fmt::format("{} in it is not of an evidence pack", entry.path().filename().string()));
    }
  }
  return Ok{};
}

// The texts are made before anything is written: a pack is whole, or the one before it stays.
Result<Ok> write_pack(const std::string& folder, const AuditView& view, const PackOrigin& origin) {
  const std::string page = evidence_pack_page(view, origin);
  const std::string data = evidence_pack_json(view, origin);
  TRY_OK(check_pack_folder(folder));
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return Error{error.message(), folder};
  TRY_OK(write_file((fs::path(folder) / "evidence.json").string(), data));
  return write_file((fs::path(folder) / "index.html").string(), page);
}

}  // namespace rampart
