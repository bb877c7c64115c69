#include "policies/codes.h"

#include <algorithm>
#include <array>

namespace rampart {
namespace {

// Sorted by code; one row a code.
constexpr std::array kCodes = {
    Code{"bad-key", "A YAML key is no plain text."},
    Code{"bad-name", "A name in the YAML is not what DNS, or this place, allows."},
    Code{"bad-selector", "A selector is no valid DNS label."},
    Code{"bad-uri", "A report address or link is not a valid URI."},
    Code{"bimi-not-enforced", "A BIMI logo is not shown at this DMARC policy."},
    Code{"conflict", "Two settings contradict each other."},
    Code{"date-range-reversed", "A range of dates ends before it begins."},
    Code{"dkim-key-invalid", "A DKIM key record cannot be parsed."},
    Code{"dkim-key-short", "A DKIM key has fewer than 2048 bits."},
    Code{"dkim-key-unreadable", "A public key that the YAML names cannot be read."},
    Code{"dkim-key-weak", "A DKIM key has fewer than 1024 bits."},
    Code{"dkim-missing", "A sender does not sign as this domain yet."},
    Code{"dkim-selector-removed",
         "A key in use would be removed, revoked or replaced in its place.", true},
    Code{"dkim-unresolved", "The target of a DKIM CNAME gives no key."},
    Code{"dmarc-multiple", "Several DMARC records stand at one name."},
    Code{"dmarc-near-miss", "A value at `_dmarc` looks like DMARC and is none."},
    Code{"domain-twice", "A domain is given twice."},
    Code{"duplicate-key", "A key stands twice in one map."},
    Code{"frozen", "RAMPART_FREEZE is set: nothing but loosening is written."},
    Code{"governing-changes", "A change moves a listed sub-domain under another DMARC record."},
    Code{"hosted-elsewhere", "A CNAME stands at a wanted TXT name: the record is kept elsewhere."},
    Code{"include-empty", "A path below `include:` matches no file."},
    Code{"keys-first", "Enforcement waits until this domain's new keys and senders stand."},
    Code{"last-record-removed", "The last SPF or DMARC record of a domain is removed."},
    Code{"listed-twice", "Something stands twice in one list."},
    Code{"merge-key", "A YAML merge key (`<<`) was used."},
    Code{"missing-key", "A key that must be there is not."},
    Code{"missing-placeholder", "A sender needs a value that is not given."},
    Code{"mta-sts-no-mx", "An MTA-STS policy has no MX to name."},
    Code{"mta-sts-policy-first",
         "An MTA-STS policy file must be served before its id is published."},
    Code{"multi-document", "A YAML file holds more than one document."},
    Code{"no-evidence", "Something stays until reports show that it may go."},
    Code{"not-in-plan", "A change is not in the reviewed plan that apply was given."},
    Code{"not-waivable", "A waiver names a finding that cannot be waived."},
    Code{"ns-disagree", "A zone's name servers give different answers."},
    Code{"occupied", "A value that is not ours stands at a name whose whole set would be ours."},
    Code{"parked-has-mail", "A domain declared parked has a live MX."},
    Code{"path-escapes", "A path in the YAML leaves its folder."},
    Code{"pct-misplaced", "A share is given where there is nothing to share."},
    Code{"plan-outdated", "A change of the reviewed plan is no longer planned."},
    Code{"plan-stale", "What a reviewed plan would change has been changed by somebody else."},
    Code{"public-suffix", "A public suffix is listed as a domain."},
    Code{"ramp-jump", "DMARC would climb more than one step of its ladder at once.", true},
    Code{"ramp-order", "The steps of a ramp are not a rising ladder."},
    Code{"reject-spf-only", "A sender can align by SPF alone under p=reject.", true},
    Code{"reject-without-rua", "p=reject is asked for with no address for reports.", true},
    Code{"report-unauthorized", "A report address in another domain has not agreed to reports."},
    Code{"rotation-twice", "Two rotations of a domain have one name."},
    Code{"secret-in-yaml", "A secret or an API address was written into the YAML."},
    Code{"selector-conflict", "Two senders want different keys at one selector."},
    Code{"selector-dangling", "A selector is a CNAME to a name that does not exist."},
    Code{"selector-source", "A selector has no key, or more than one."},
    Code{"selector-twice", "A selector is given twice."},
    Code{"selector-undeclared", "A selector stands in the zone but not in the YAML."},
    Code{"shadows-wildcard", "Creating a name would stop a wildcard from answering for it.", true},
    Code{"spf-lookups",
         "An SPF record costs more than ten DNS lookups, or would cost more than now.", true},
    Code{"spf-syntax", "An SPF term in the YAML is invalid."},
    Code{"target-below-phase", "A DMARC target is below the phase."},
    Code{"too-deep", "Lists and maps are nested too deep."},
    Code{"too-large", "A file is too large."},
    Code{"too-many-domains", "DMARC moves in more domains than the ramp allows in one run.", true},
    Code{"txt-too-long", "The host does not take TXT values of this length."},
    Code{"unknown-code", "A waiver names a code that does not exist."},
    Code{"unknown-key", "A key is not known here."},
    Code{"unknown-placeholder", "A value is given that the sender has no use for."},
    Code{"unknown-provider", "A provider is not declared, or of no known type."},
    Code{"unknown-ramp", "A ramp is neither declared nor built in."},
    Code{"unknown-sender", "A sender is neither declared nor in the catalogue."},
    Code{"unmanaged", "A zone or name at the provider is named by no domain."},
    Code{"unobservable", "A name could not be read; its domain is left alone."},
    Code{"unreadable", "A file cannot be read."},
    Code{"waiver-expired", "A waiver's last day has passed."},
    Code{"wanted-twice", "Two domains want different records at one name."},
    Code{"weakens-inherited-policy", "A record of its own would weaken what a sub-domain inherits.",
         true},
    Code{"wrong-type", "A value is of the wrong kind."},
    Code{"wrong-value", "A value is not one that is possible here."},
    Code{"yaml-syntax", "A file is not valid YAML."},
    Code{"yaml-tag", "A YAML tag was used."},
    Code{"zone-missing", "No zone holds this domain."},
};

}  // namespace

std::span<const Code> finding_codes() { return kCodes; }

const Code* find_code(std::string_view code) {
  const auto found = std::ranges::find(kCodes, code, &Code::code);
  return found == kCodes.end() ? nullptr : &*found;
}

}  // namespace rampart
