/// Remembers which mail is being read, so that a mail that ends the process, by its memory for
/// example, ends two runs and not every one.
#pragma once

#include <string>
#include <string_view>

#include "base/unique_fd.h"

namespace rampart::reports {

/// A small file beside the store. It names the mail that is being read, and how many runs in a row
/// ended while they read it, this one included; it is empty between mails. One ended run is no
/// sign: somebody may have stopped it. Without a file, or while another run holds it, nothing is
/// remembered and nothing is skipped.
class ReadingMark {
 public:
  ReadingMark() = default;
  explicit ReadingMark(std::string path);
  ReadingMark(ReadingMark&&) = default;
  ReadingMark& operator=(ReadingMark&&) = default;
  /// Removes the file: this run ended by itself.
  ~ReadingMark();

  /// Whether the last two runs ended while they read this mail.
  bool ended_two_runs(std::string_view mail) const { return ended_ >= 2 && left_ == mail; }

  /// From now on this mail is being read.
  void begin(std::string_view mail);
  /// It was read to its end.
  void end();

 private:
  std::string path_;
  UniqueFd file_;
  std::string left_;  ///< What the last run was reading when it ended.
  int ended_ = 0;     ///< How many runs ended while they read that.
};

}  // namespace rampart::reports
