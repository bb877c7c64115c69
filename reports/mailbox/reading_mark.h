/// Remembers which mail is being read, so that a mail that ends the process, by its memory for
/// example, is met once and not by every run.
#pragma once

#include <string>
#include <string_view>

#include "base/unique_fd.h"

namespace rampart::reports {

/// A small file beside the store. It names the mail that is being read and is empty between mails.
/// Without a file, or while another run holds it, nothing is remembered and nothing is skipped.
class ReadingMark {
 public:
  ReadingMark() = default;
  explicit ReadingMark(std::string path);
  ReadingMark(ReadingMark&&) = default;
  ReadingMark& operator=(ReadingMark&&) = default;
  /// Removes the file: this run ended by itself.
  ~ReadingMark();

  /// Whether the last run ended while it read this mail.
  bool ended_last_run(std::string_view mail) const { return !left_.empty() && left_ == mail; }

  /// From now on this mail is being read.
  void begin(std::string_view mail);
  /// It was read to its end.
  void end();

 private:
  std::string path_;
  UniqueFd file_;
  std::string left_;  ///< What the last run was reading when it ended.
};

}  // namespace rampart::reports
