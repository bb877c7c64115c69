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

#include "base/new_file.h"
#include "base/unique_fd.h"

extern "C" char** environ;

namespace rampart {
namespace {

Error git_error(const std::string& what) { return {what, "git"}; }

// A failed read ends the text; the exit code of git then shows whether it is complete.
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
Result<UniqueFd> memory_file(const std::string& text) {
  UniqueFd file(::memfd_create("git-input", MFD_CLOEXEC));
  if (!file) return git_error(std::strerror(errno));
  TRY_OK(within("git", write_all(file.get(), text)));
  ::lseek(file.get(), 0, SEEK_SET);
  return file;
}

/// posix_spawnp, not a shell: no word of the user's is ever interpreted.
Result<pid_t> spawn(const std::vector<std::string>& words, int in, int out) {
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  // Standard error is dropped: git's own words would mix with ours, and the exit code suffices.
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

/// Runs git in `folder` with `input` and returns its standard output; an Error if it failed.
/// `-C` rather than a change of the working directory, which all threads share.
Result<std::string> git(const std::string& folder, std::vector<std::string> words,
                        const std::string& input) {
  words.insert(words.begin(), {"git", "-C", folder});
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return git_error(std::strerror(errno));
  const UniqueFd from(ends[0]);
  UniqueFd to(ends[1]);
  TRY(const UniqueFd in, memory_file(input));
  TRY(const pid_t child, spawn(words, in.get(), to.get()));
  // The pipe ends for the reader only when the last write end is closed, this copy included.
  to.reset();
  std::string text = read_to_end(from.get());
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (status != 0) return git_error("\"" + words[3] + "\" failed in " + folder);
  return text;
}

// Both endings, as glob patterns under `include:` may name either.
bool is_yaml(std::string_view path) { return path.ends_with(".yaml") || path.ends_with(".yml"); }

/// Object ids and paths from `git ls-tree -z`: "<mode> blob <id>\t<path>\0".
/// With -z, because git quotes unusual names otherwise and quoting rules depend on its
/// configuration.
std::vector<std::pair<std::string, std::string>> blobs_in(std::string_view listing,
                                                          const std::set<std::string>& others) {
  std::vector<std::pair<std::string, std::string>> blobs;
  while (!listing.empty()) {
    const std::string_view row = listing.substr(0, listing.find('\0'));
    listing.remove_prefix(std::min(listing.size(), row.size() + 1));
    const std::size_t tab = row.find('\t');
    // Symbolic links (mode 120000) are skipped: the YAML is never read through one.
    if (tab == std::string_view::npos || !row.starts_with("100")) continue;
    const std::string_view path = row.substr(tab + 1);
    const std::size_t id = row.rfind(' ', tab) + 1;
    const bool wanted = is_yaml(path) || others.contains(std::string(path));
    if (wanted) blobs.emplace_back(row.substr(id, tab - id), path);
  }
  return blobs;
}

/// The contents from `git cat-file --batch`: "<id> blob <size>\n<bytes>\n", in the order requested.
/// By size and not by line: a file may hold anything, even a line that looks like a header.
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
  if (!batch.empty()) return git_error("printed output that cannot be parsed");
  return texts;
}

}  // namespace

// From the object store, so that neither the index nor the work tree can differ from what the ref
// says. Two processes are enough for any number of files.
Result<std::map<std::string, std::string>> files_at(const std::string& ref,
                                                    const std::string& config_file,
                                                    const std::set<std::string>& others) {
  const std::filesystem::path parent = std::filesystem::path(config_file).parent_path();
  const std::string folder = parent.empty() ? "." : parent.string();
  // The ref is resolved to an object id first, so that git never takes it for an option.
  const Result<std::string> commit =
      git(folder, {"rev-parse", "--verify", "--quiet", "--end-of-options", ref + "^{commit}"}, "");
  if (!commit && !git(folder, {"rev-parse", "--git-dir"}, "")) {
    return Error{"the folder of " + config_file + " is in no git repository", "--base"};
  }
  if (!commit) return Error{"there is no commit \"" + ref + "\"", "--base"};
  const std::string id = commit->substr(0, commit->find('\n'));
  TRY(const std::string listing, git(folder, {"ls-tree", "-r", "-z", id, "--", "."}, ""));
  const auto blobs = blobs_in(listing, others);
  std::string wanted;
  for (const auto& blob : blobs) wanted += blob.first + "\n";
  TRY(const std::string batch, git(folder, {"cat-file", "--batch"}, wanted));
  TRY(const auto texts, blob_texts(batch));
  if (texts.size() != blobs.size()) return git_error("left files out of its output");
  std::map<std::string, std::string> files;
  for (std::size_t i = 0; i < blobs.size(); ++i) {
    files[(parent / blobs[i].second).string()] = texts[i];
  }
  return files;
}

// The work tree is searched for by hand first: most folders are in none, and git need not run.
bool would_be_committed(const std::string& folder, const std::string& path) {
  std::error_code failed;
  std::filesystem::path at = std::filesystem::canonical(folder, failed);
  if (failed) at = std::filesystem::absolute(folder);
  bool inside = false;
  for (; !inside; at = at.parent_path()) {
    inside = std::filesystem::exists(at / ".git", failed);
    if (at == at.parent_path()) break;
  }
  // If git cannot be run, assume the worse: the file would be committed.
  return inside && !git(folder, {"check-ignore", "--quiet", "--no-index", "--", path}, "");
}

}  // namespace rampart
