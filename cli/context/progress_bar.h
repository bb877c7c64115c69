/// Progress of long work, for a person at a terminal: one line that is overwritten.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "cli/context/context.h"

namespace rampart {

/// Silent unless standard error is a terminal. Copies share nothing.
class ProgressBar {
 public:
  /// `unit` names what is counted: "files".
  ProgressBar(const Context& context, std::string unit);

  /// Shows `done` of `of`, the octets read, the rate and the time left; a few times a second.
  void show(std::size_t done, std::size_t of, std::uint64_t octets);
  /// Ends the line, so that further output starts on a new one.
  void finish();

 private:
  std::ostream* out_ = nullptr;
  std::string unit_;
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point last_;
  std::size_t width_ = 0;  ///< Of the line shown now, in columns.
};

/// The line itself: "120 of 400, 3.1 MB, 60/s, 5 s left", after `seconds` of work.
std::string progress_line(std::size_t done, std::size_t of, std::uint64_t octets, double seconds);

}  // namespace rampart
