#include "cli/context/git.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <vector>

extern "C" char** environ;

namespace rampart {
namespace {

/// An open file that closes itself.
class File {
 public:
  explicit File(int number) : number_(number) {}
  ~File() { close(); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int number() const { return number_; }
  void close() {
    if (number_ >= 0) ::close(number_);
    number_ = -1;
  }

 private:
  int number_;
};

Error git_error(const std::string& what) { return {what, "git"}; }

std::string read_to_end(int file) {
  std::string text;
  char part[16384];
  for (;;) {
    const ssize_t count = ::read(file, part, sizeof part);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return text;
    text.append(part, static_cast<std::size_t>(count));
  }
}

/// A file in memory that holds `text`: the child reads it at its own pace, so no pipe can fill up.
int memory_file(const std::string& text) {
  const int file = ::memfd_create("git-input", MFD_CLOEXEC);
  if (file < 0) return file;
  std::size_t at = 0;
  while (at < text.size()) {
    const ssize_t count = ::write(file, text.data() + at, text.size() - at);
    if (count <= 0) break;
    at += static_cast<std::size_t>(count);
  }
  ::lseek(file, 0, SEEK_SET);
  return file;
}

Result<pid_t> spawn(const std::vector<std::string>& words, int in, int out) {
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  const int failed = posix_spawnp(&child, "git", &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return git_error(std::string("cannot be run: ") + std::strerror(failed));
  return child;
}

/// Runs git in `folder` with `input` and gives what it printed; an Error where it failed.
Result<std::string> git(const std::string& folder, std::vector<std::string> words,
                        const std::string& input) {
  words.insert(words.begin(), {"git", "-C", folder});
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return git_error(std::strerror(errno));
  File from(ends[0]);
  File to(ends[1]);
  const File in(memory_file(input));
  const Result<pid_t> child = spawn(words, in.number(), to.number());
  to.close();
  if (!child) return child.error();
  std::string text = read_to_end(from.number());
  int status = 0;
  while (::waitpid(*child, &status, 0) < 0 && errno == EINTR) {
  }
  if (status != 0) return git_error("\"" + words[3] + "\" failed in " + folder);
  return text;
}

bool is_yaml(std::string_view path) { return path.ends_with(".yaml") || path.ends_with(".yml"); }

/// Object ids and paths from `git ls-tree -z`: "<mode> blob <id>\t<path>\0".
std::vector<std::pair<std::string, std::string>> yaml_blobs(std::string_view listing) {
  std::vector<std::pair<std::string, std::string>> blobs;
  while (!listing.empty()) {
    const std::string_view row = listing.substr(0, listing.find('\0'));
    listing.remove_prefix(std::min(listing.size(), row.size() + 1));
    const std::size_t tab = row.find('\t');
    // A symbolic link (mode 120000) is no file that the YAML may be read through.
    if (tab == std::string_view::npos || !row.starts_with("100")) continue;
    const std::string_view path = row.substr(tab + 1);
    const std::size_t id = row.rfind(' ', tab) + 1;
    if (is_yaml(path)) blobs.emplace_back(row.substr(id, tab - id), path);
  }
  return blobs;
}

/// The contents from `git cat-file --batch`: "<id> blob <size>\n<bytes>\n", in the order asked.
Result<std::vector<std::string>> blob_texts(std::string_view batch) {
  std::vector<std::string> texts;
  while (!batch.empty()) {
    const std::size_t end = batch.find('\n');
    const std::string_view header = batch.substr(0, end);
    const std::size_t space = header.rfind(' ');
    if (end == std::string_view::npos || space == std::string_view::npos) break;
    std::size_t size = 0;
    const auto read = std::from_chars(header.data() + space + 1, header.data() + end, size);
    if (read.ec != std::errc() || batch.size() < end + 1 + size) break;
    texts.emplace_back(batch.substr(end + 1, size));
    batch.remove_prefix(std::min(batch.size(), end + 1 + size + 1));
  }
  if (!batch.empty()) return git_error("gave an answer that cannot be read");
  return texts;
}

}  // namespace

Result<std::map<std::string, std::string>> files_at(const std::string& ref,
                                                    const std::string& config_file) {
  const std::filesystem::path parent = std::filesystem::path(config_file).parent_path();
  const std::string folder = parent.empty() ? "." : parent.string();
  // The ref becomes an object id first, so that no later word of the user's can be an option.
  Result<std::string> commit =
      git(folder, {"rev-parse", "--verify", "--quiet", "--end-of-options", ref + "^{commit}"}, "");
  if (!commit) return Error{"there is no commit \"" + ref + "\"", "--base"};
  const std::string id = commit->substr(0, commit->find('\n'));
  Result<std::string> listing = git(folder, {"ls-tree", "-r", "-z", id, "--", "."}, "");
  if (!listing) return listing.error();
  const auto blobs = yaml_blobs(*listing);
  std::string wanted;
  for (const auto& blob : blobs) wanted += blob.first + "\n";
  Result<std::string> batch = git(folder, {"cat-file", "--batch"}, wanted);
  if (!batch) return batch.error();
  const Result<std::vector<std::string>> texts = blob_texts(*batch);
  if (!texts) return texts.error();
  if (texts->size() != blobs.size()) return git_error("left files out of its answer");
  std::map<std::string, std::string> files;
  for (std::size_t i = 0; i < blobs.size(); ++i) {
    files[(parent / blobs[i].second).string()] = (*texts)[i];
  }
  return files;
}

bool would_be_committed(const std::string& folder, const std::string& path) {
  std::error_code failed;
  std::filesystem::path at = std::filesystem::canonical(folder, failed);
  if (failed) at = std::filesystem::absolute(folder);
  bool inside = false;
  for (; !inside; at = at.parent_path()) {
    inside = std::filesystem::exists(at / ".git", failed);
    if (at == at.parent_path()) break;
  }
  // Where git itself cannot be asked, the file counts as one that it would take up.
  return inside && !git(folder, {"check-ignore", "--quiet", "--no-index", "--", path}, "");
}

}  // namespace rampart
