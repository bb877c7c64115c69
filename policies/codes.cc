#include "policies/codes.h"

#include <algorithm>
#include <array>

namespace rampart {
namespace {

// Sorted by code; one row a code.
constexpr std::array kCodes = {
    Code{"dkim-key-invalid", "A DKIM key record cannot be parsed."},
};

}  // namespace

std::span<const Code> finding_codes() { return kCodes; }

const Code* find_code(std::string_view code) {
  const auto found = std::ranges::find(kCodes, code, &Code::code);
  return found == kCodes.end() ? nullptr : &*found;
}

}  // namespace rampart
