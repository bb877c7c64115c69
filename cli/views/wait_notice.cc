#include "cli/views/wait_notice.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/counted.h"

namespace rampart {
namespace {

/// Between two lines of one wait: a job of five minutes then has ten.
constexpr std::chrono::seconds kBetweenLines{30};

std::ptrdiff_t count_unanswered(std::span<const DomainVerification> waiting) {
  return std::ranges::count_if(waiting, &DomainVerification::unanswered);
}

}  // namespace

std::optional<std::string> WaitNotice::line(std::chrono::milliseconds waited,
                                            std::span<const DomainVerification> waiting) {
  if (printed_ && waited - *printed_ < kBetweenLines) return std::nullopt;
  const std::string after =
      printed_
          ? fmt::format("after {} s, ", std::chrono::floor<std::chrono::seconds>(waited).count())
          : "";
  printed_ = waited;
  const std::string domains = counted(waiting.size(), "domain");
  // Silence needs another remedy than a server that lags behind.
  if (count_unanswered(waiting) == std::ssize(waiting)) {
    return fmt::format("{}no name server answers for {}; querying again", after, domains);
  }
  return fmt::format("{}changes of {} are not on every server yet; querying again", after, domains);
}

std::string waiting_note(std::span<const DomainVerification> waiting) {
  const std::ptrdiff_t unanswered = count_unanswered(waiting);
  std::string note;
  if (unanswered > 0) {
    note += fmt::format(
        "No name server answered for {}: the changes are written, and whether they are visible is "
        "unknown. Check that the name servers can be reached from here.\n",
        counted(unanswered, "domain"));
  }
  return note + "Next: run `rampart verify` in a few minutes.\n";
}

}  // namespace rampart
