/// The words for the states of an audit, as JSON and CSV print them.
#include <array>

#include "policies/audit/audit.h"

namespace rampart::audit {
namespace {

// Each in the order of its enumerators.
constexpr std::array<std::string_view, 4> kSources = {"declared", "reported", "sender", "guessed"};
constexpr std::array<std::string_view, 6> kStates = {"unknown", "none",  "several",
                                                     "invalid", "valid", "unobservable"};
constexpr std::array<std::string_view, 8> kKeyStates = {
    "absent", "key", "revoked", "several", "invalid", "dangling", "unset", "unobservable"};
constexpr std::array<std::string_view, 4> kConsents = {"own", "granted", "refused", "unknown"};
constexpr std::array<std::string_view, 3> kVerdicts = {"pass", "fail", "unknown"};

template <class Enum, std::size_t kSize>
std::string_view word(const std::array<std::string_view, kSize>& words, Enum value) {
  return words.at(static_cast<std::size_t>(value));
}

}  // namespace

std::string_view to_text(Source source) { return word(kSources, source); }
std::string_view to_text(State state) { return word(kStates, state); }
std::string_view to_text(KeyState state) { return word(kKeyStates, state); }
std::string_view to_text(ReportAddress::Consent consent) { return word(kConsents, consent); }
std::string_view to_text(Verdict verdict) { return word(kVerdicts, verdict); }

}  // namespace rampart::audit
