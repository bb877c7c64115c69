/// How far long work has come, for somebody who watches: one line on the terminal, written over.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "cli/context/context.h"

namespace rampart {

/// Silent unless standard error is a terminal. Copies share nothing.
class ProgressBar {
 public:
  /// `unit` is what is counted: "files".
  ProgressBar(const Context& context, std::string unit);

  /// Shows `done` of `of`, the octets read, the rate and the time left; a few times a second.
  void show(std::size_t done, std::size_t of, std::uint64_t octets);
  /// Leaves the line, so that what follows begins on one of its own.
  void finish();

 private:
  std::ostream* out_ = nullptr;
  std::string unit_;
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point last_;
  std::size_t width_ = 0;  ///< Of the line that stands there.
};

/// The line itself; `seconds` have passed.
std::string progress_line(std::size_t done, std::size_t of, std::uint64_t octets, double seconds);

}  // namespace rampart
