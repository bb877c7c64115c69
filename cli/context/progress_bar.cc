#include "cli/context/progress_bar.h"

#include <fmt/format.h>

#include <algorithm>

namespace rampart {
namespace {

/// Between two updates: fast enough for the eye, and no cost beside the work.
constexpr std::chrono::milliseconds kBetween{200};

// Seconds only while they matter: an estimate of 4,213 s suggests a precision that it lacks.
std::string time_left(double seconds) {
  const auto whole = static_cast<long>(std::min(seconds, 1e6));
  return whole < 100 ? fmt::format("{} s", whole) : fmt::format("{} min", whole / 60);
}

}  // namespace

// The rate is that of the whole run, which jumps less than one of the last second.
std::string progress_line(std::size_t done, std::size_t of, std::uint64_t octets, double seconds) {
  const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
  std::string line =
      fmt::format("{} of {}, {:.1f} MB", done, of, static_cast<double>(octets) / 1e6);
  if (rate <= 0) return line;
  line += fmt::format(", {:.0f}/s", rate);
  if (done < of) line += ", " + time_left(static_cast<double>(of - done) / rate) + " left";
  return line;
}

// Only on a terminal: in a log file every update would be a line.
ProgressBar::ProgressBar(const Context& context, std::string unit)
    : unit_(std::move(unit)), start_(std::chrono::steady_clock::now()), last_(start_) {
  if (context.process.err_terminal && context.log_level >= LogLevel::Info) {
    out_ = &context.process.err;
  }
}

// A few updates a second: drawing each file would cost more than reading it.
void ProgressBar::show(std::size_t done, std::size_t of, std::uint64_t octets) {
  if (out_ == nullptr) return;
  const auto now = std::chrono::steady_clock::now();
  if (now - last_ < kBetween && done < of) return;
  last_ = now;
  std::string line =
      unit_ + ": " +
      progress_line(done, of, octets, std::chrono::duration<double>(now - start_).count());
  const std::size_t width = line.size();
  // Blanks cover the rest of a longer line before.
  line.resize(std::max(width, width_), ' ');
  width_ = width;
  *out_ << '\r' << line << std::flush;
}

void ProgressBar::finish() {
  if (out_ != nullptr && width_ > 0) *out_ << '\n' << std::flush;
  width_ = 0;
}

}  // namespace rampart
