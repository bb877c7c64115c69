#include "reports/mailbox/reading_mark.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/new_file.h"

namespace rampart::reports {

// Failures are ignored: a folder that cannot be written costs this protection and no report.
ReadingMark::ReadingMark(std::string path) : path_(std::move(path)) {
  file_ = UniqueFd(::open(path_.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file_) return;
  // Two runs may share a store: what the other one is reading has not ended anything. The kernel
  // drops the lock of a killed run.
  struct stat named {};
  struct stat opened {};
  const bool ours = ::flock(file_.get(), LOCK_EX | LOCK_NB) == 0 &&
                    ::fstat(file_.get(), &opened) == 0 && ::stat(path_.c_str(), &named) == 0 &&
                    named.st_ino == opened.st_ino;
  if (!ours) {
    file_.reset();
    return;
  }
  std::array<char, 4096> text{};
  const ssize_t got = ::read(file_.get(), text.data(), text.size());
  const std::string_view left(text.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  // "2 NAME"; one digit is enough, since the count ends at two.
  if (left.size() > 2 && left[0] >= '1' && left[0] <= '9' && left[1] == ' ') {
    ended_ = left[0] - '0';
    left_ = left.substr(2);
  }
  end();
}

ReadingMark::~ReadingMark() {
  // A moved-from object has no file.
  if (file_) ::unlink(path_.c_str());
}

// Not synced: a killed process loses nothing of what it wrote, and after a power cut the mail is
// not to blame.
void ReadingMark::begin(std::string_view mail) {
  if (!file_ || ::lseek(file_.get(), 0, SEEK_SET) != 0) return;
  const int runs = left_ == mail ? std::min(ended_ + 1, 9) : 1;
  (void)write_all(file_.get(), std::to_string(runs) + ' ' + std::string(mail));
}

void ReadingMark::end() {
  if (file_) (void)!::ftruncate(file_.get(), 0);
}

}  // namespace rampart::reports
