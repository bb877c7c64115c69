#include "policies/codes.h"

#include <algorithm>
#include <array>

namespace rampart {
namespace {

// Sorted by code; one row a code.
constexpr std::array kCodes = {
    Code{"dkim-key-invalid", "A DKIM key record cannot be parsed."},
    Code{"frozen", "RAMPART_FREEZE is set: nothing but loosening is written."},
    Code{"hosted-elsewhere", "A CNAME stands at a wanted TXT name: the record is kept elsewhere."},
    Code{"keys-first", "Enforcement waits until this domain's new keys and senders stand."},
    Code{"not-in-plan", "A change is not in the reviewed plan that apply was given."},
    Code{"ns-disagree", "A zone's name servers give different answers."},
    Code{"occupied", "A value that is not ours stands at a name whose whole set would be ours."},
    Code{"plan-outdated", "A change of the reviewed plan is no longer planned."},
    Code{"plan-stale", "What a reviewed plan would change has been changed by somebody else."},
    Code{"shadows-wildcard", "Creating a name would stop a wildcard from answering for it.", true},
    Code{"txt-too-long", "The host does not take TXT values of this length."},
    Code{"unmanaged", "A zone or name at the provider is named by no domain."},
    Code{"unobservable", "A name could not be read; its domain is left alone."},
    Code{"waiver-expired", "A waiver's last day has passed."},
    Code{"wanted-twice", "Two domains want different records at one name."},
    Code{"zone-missing", "No zone holds this domain."},
};

}  // namespace

std::span<const Code> finding_codes() { return kCodes; }

const Code* find_code(std::string_view code) {
  const auto found = std::ranges::find(kCodes, code, &Code::code);
  return found == kCodes.end() ? nullptr : &*found;
}

}  // namespace rampart
