/// The stable codes of findings, holds and configuration errors. docs/findings.md explains each
/// under an anchor of the same name; a test checks that both have the same codes.
#pragma once

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <string_view>

namespace rampart {

/// One code and its meaning in a line.
struct Code {
  std::string_view code;
  std::string_view meaning;
  bool waivable = false;          ///< A `waivers:` row may turn it into a warning.
  bool withholds_domain = false;  ///< An Error of it keeps every change of its domain back.
};

/// All codes, sorted; one row a code.
inline constexpr std::array kCodes = {
    Code{"alignment-loss", "Mail that passes today would no longer be aligned.", true},
    Code{
        "authority-wide",
        "Everybody, far too many or an unknown number of hosts pass SPF by what a record includes.",
        true},
    Code{"bad-key", "A key in the YAML is not plain text."},
    Code{"bad-name", "A name in the YAML is not valid."},
    Code{"bad-selector", "A selector is not one or more valid DNS labels."},
    Code{"bad-uri", "A report address or link is not a valid URI."},
    Code{"bimi-invalid", "A published BIMI record cannot be parsed."},
    Code{"bimi-not-enforced", "A BIMI logo is not shown at this DMARC policy."},
    Code{"conflict", "Two settings contradict each other."},
    Code{"date-range-reversed", "A range of dates ends before it begins."},
    Code{"dkim-key-invalid", "A DKIM key record cannot be used."},
    Code{"dkim-key-long", "A DKIM key has more bits than verifiers must check."},
    Code{"dkim-key-revoked", "The key behind a vendor's CNAME is revoked."},
    Code{"dkim-key-short", "A DKIM key has fewer than 2048 bits."},
    Code{"dkim-key-syntax", "A DKIM key record breaks the grammar, and verifiers accept it."},
    Code{"dkim-key-unreadable", "A public key that the YAML names cannot be read."},
    Code{"dkim-key-weak", "A DKIM key has fewer than 1024 bits."},
    Code{"dkim-missing", "A sender does not sign as this domain yet."},
    Code{"dkim-not-asked", "No selector of a domain is known, so no key was checked."},
    Code{"dkim-not-found", "There is no DKIM key at a selector that was queried."},
    Code{"dkim-selector-removed", "A key in use would be removed, revoked or replaced in place.",
         true},
    Code{"dkim-several-keys", "One selector has several DKIM keys, or other values beside one."},
    Code{"dkim-testing", "A DKIM key is marked as a test."},
    Code{"dkim-unresolved", "The target of a DKIM CNAME has no key."},
    Code{"dmarc-generations-differ",
         "Receivers that follow RFC 7489 and RFC 9989 find different DMARC policies."},
    Code{"dmarc-historic-tags", "A DMARC record has tags that RFC 9989 made historic."},
    Code{"dmarc-invalid", "Receivers ignore a published DMARC record."},
    Code{"dmarc-missing", "No DMARC record governs a domain."},
    Code{"dmarc-multiple", "One name has several DMARC records."},
    Code{"dmarc-near-miss",
         "A value at `_dmarc` looks like DMARC, but some or all receivers ignore it."},
    Code{"dmarc-not-enforced", "DMARC asks receivers to deliver mail that fails."},
    Code{"dmarc-partial", "A DMARC policy is not applied in full."},
    Code{"dmarc-sub-domains", "Sub-domains are protected less than their domain."},
    Code{"dmarc-tag-invalid", "Receivers skip a part of a DMARC record."},
    Code{"dmarc-without-rua", "A DMARC record names no address for reports."},
    Code{"domain-missing", "A domain does not exist in DNS."},
    Code{"domain-twice", "A domain is listed twice."},
    Code{"duplicate-key", "A key appears twice in one map."},
    Code{"frozen", "RAMPART_FREEZE is set: only changes that loosen enforcement are written."},
    Code{"governing-changes", "A change alters which DMARC record governs a listed domain."},
    Code{"hosted-elsewhere",
         "A CNAME exists at a desired TXT name: the record is published elsewhere."},
    Code{"include-empty", "A path under `include:` matches no file."},
    Code{"key-unnamed", "The key folder has a key that no selector in the YAML names."},
    Code{"keys-first", "Enforcement waits until this domain's new keys and senders are published."},
    Code{"last-record-removed", "The last SPF or DMARC record of a domain is removed."},
    Code{"listed-twice", "An entry appears twice in one list."},
    Code{"merge-key", "A YAML merge key (`<<`) was used."},
    Code{"missing-key", "A required key is missing."},
    Code{"missing-placeholder", "A sender needs a value that is not given."},
    Code{"mta-sts-invalid", "A published MTA-STS record cannot be parsed."},
    Code{"mta-sts-missing", "A domain that receives mail does not announce MTA-STS."},
    Code{"mta-sts-mx", "An MTA-STS policy does not cover every MX."},
    Code{"mta-sts-no-mx", "No MX is known that an MTA-STS policy could name."},
    Code{"mta-sts-none-first",
         "An MTA-STS record would be removed while its policy is still served.", true},
    Code{"mta-sts-policy-first",
         "An MTA-STS policy file must be served before its id is published.", true},
    Code{"mta-sts-testing", "An MTA-STS policy is in testing mode."},
    Code{"mta-sts-unreachable", "An announced MTA-STS policy cannot be fetched or parsed."},
    Code{"multi-document", "A YAML file contains more than one document."},
    Code{"mx-invalid", "An MX record names no host that mail can be sent to."},
    Code{"mx-null-mixed", "A null MX exists beside other MX records."},
    Code{"mx-null-sender", "Hosts may send as a domain that says that it receives no mail."},
    Code{"name-dangling", "A record refers to a name that does not exist or has no address.", true},
    Code{"no-evidence", "A key stays until reports show that it may be removed."},
    Code{"not-in-plan", "A change is not in the reviewed plan that apply was given."},
    Code{"not-waivable", "A waiver names a finding that cannot be waived."},
    Code{"np-reject", "No mail needs names that do not exist, so np=reject can protect them."},
    Code{"ns-disagree", "A zone's name servers give different answers."},
    Code{"ns-failing", "One of a zone's name servers does not answer, but others do."},
    Code{"occluded", "A DNAME above a name redirects it: no record can exist there."},
    Code{"occupied", "A value of another party exists at a name that Rampart must own alone."},
    Code{"order-cycle", "Domains wait for each other in a circle."},
    Code{"order-first", "Enforcement waits for other domains that go first by `order`."},
    Code{"parked-has-mail", "A domain declared parked has a live MX."},
    Code{"path-escapes", "A path in the YAML leaves its folder."},
    Code{"pct-misplaced", "`pct` is set where it has no meaning."},
    Code{"plan-outdated", "A change of the reviewed plan is no longer planned."},
    Code{"plan-stale", "A record in a reviewed plan has been changed since."},
    Code{"profile-rule", "A domain breaks a rule of the profile that it is checked against."},
    Code{"public-suffix", "A public suffix is listed as a domain."},
    Code{"ramp-jump", "DMARC would move more than one step of its ramp at once.", true},
    Code{"ramp-order", "The steps of a ramp are not in rising order."},
    Code{"record-dangling",
         "A name where a record belongs is a CNAME to a name that does not exist."},
    Code{"record-locked", "A record is locked by its provider, or set by an included zone file."},
    Code{"record-misplaced", "A record is published at a name where no receiver looks for it."},
    Code{"record-near-miss", "A value looks like a record and is ignored."},
    Code{"reject-spf-only", "A sender can align by SPF alone under p=reject.", true},
    Code{"reject-without-rua", "A p=reject policy has no address for reports.", true},
    Code{"report-unauthorized",
         "A report address in another domain has not agreed to receive reports."},
    Code{"report-undeliverable", "A report address is in a domain that receives no mail.", true},
    Code{"rotation-twice", "Two rotations of a domain have one name."},
    Code{"secret-in-yaml", "A secret or an API address was written into the YAML."},
    Code{"selector-compromised", "A compromised key stays until another key signs."},
    Code{"selector-conflict", "Two senders need different keys at one selector."},
    Code{"selector-dangling", "A selector is a CNAME to a name that does not exist.", true},
    Code{"selector-source", "A selector has no key, or more than one."},
    Code{"selector-twice", "A selector is given twice."},
    Code{"selector-undeclared",
         "A selector is published in the zone but not declared in the YAML."},
    Code{"selector-unproven",
         "A past selector stays until it is proven that nothing signs with it."},
    Code{"sender-placeholder", "A sender's record needs a value that `with:` does not give."},
    Code{"shadows-wildcard", "Creating a name would stop a wildcard from answering for it.", true},
    Code{"spf-all", "`+all` lets everybody pass."},
    Code{"spf-broad", "A published SPF record passes a large part of the internet."},
    Code{"spf-dead-terms", "Terms of an SPF record follow `all` and are never evaluated."},
    Code{"spf-fail-early", "`all: fail` is set before DMARC enforcement."},
    Code{"spf-fragment-in-use",
         "A fragment of flattened SPF stays until no live record includes it."},
    Code{"spf-fragment-missing",
         "An SPF record includes a fragment of its own that is neither live nor planned."},
    Code{"spf-include-unneeded", "A declared sender needs no SPF term here."},
    Code{"spf-invalid", "A published SPF record cannot be parsed."},
    Code{"spf-length", "The TXT records at a name may not fit a plain UDP answer.", true},
    Code{"spf-lock-behind", "A flattened vendor authorizes addresses that spf.lock lacks."},
    Code{"spf-lock-invalid", "spf.lock cannot be read."},
    Code{"spf-lock-missing", "A term that is to be flattened is not in spf.lock."},
    Code{"spf-lookups",
         "An SPF record costs more than ten DNS lookups, or would cost more than now.", true},
    Code{"spf-lookups-near", "An SPF record needs eight to ten DNS lookups."},
    Code{"spf-missing", "A domain publishes no SPF record."},
    Code{"spf-multiple", "One name has more than one SPF record."},
    Code{"spf-near-miss", "A value at a domain looks like SPF but is ignored."},
    Code{"spf-neutral", "An SPF record neither passes nor fails the hosts that it does not name."},
    Code{"spf-private", "An SPF record names addresses for private use only."},
    Code{"spf-ptr", "An SPF record uses the ptr mechanism.", true},
    Code{"spf-sender-removed", "A sender that is still declared would no longer pass SPF.", true},
    Code{"spf-syntax", "An SPF term in the YAML is invalid."},
    Code{"spf-term-ignored",
         "A term of an SPF record has `=` in place of `:`, so receivers ignore it."},
    Code{"spf-term-invalid", "A term for the SPF record cannot be parsed."},
    Code{"spf-term-removed",
         "A term that no declared sender needs is removed from the SPF record."},
    Code{"spf-unmanaged",
         "An SPF record that another tool keeps does not admit a declared sender."},
    Code{"spf-unresolved", "A record that an SPF record includes does not exist or cannot be read.",
         true},
    Code{"spf-voids", "Too many SPF terms lead to names without a usable record.", true},
    Code{"spf-wide", "An SPF record would admit far more addresses than before.", true},
    Code{"sub-domain-loss", "A changed sp or np would hit a sub-domain's own mail.", true},
    Code{"takeover", "A record depends on a domain that does not exist, which anyone may register.",
         true},
    Code{"target-below-phase", "A DMARC target is below the phase."},
    Code{"tls-rpt-invalid", "A published TLS-RPT record cannot be parsed."},
    Code{"tls-rpt-missing", "A domain that receives mail requests no TLS reports."},
    Code{"too-deep", "Lists and maps are nested too deep."},
    Code{"too-large", "A file is too large."},
    Code{"too-many-domains", "DMARC changes in more domains than the ramp allows in one run.",
         true},
    Code{"too-many-values", "The provider does not accept this many values at one name."},
    Code{"ttl-out-of-range", "The provider does not accept a record's TTL."},
    Code{"txt-too-long", "The provider does not accept TXT values of this length."},
    Code{"unknown-code", "A waiver names a code that does not exist."},
    Code{"unknown-domain", "A domain is named that the YAML does not list."},
    Code{"unknown-key", "A key of the YAML is unknown."},
    Code{"unknown-placeholder", "A value is given that the sender does not use."},
    Code{"unknown-provider", "A provider is not declared, or its type is unknown."},
    Code{"unknown-ramp", "A ramp is neither declared nor built in."},
    Code{"unknown-sender", "A sender is neither declared nor in the catalogue."},
    Code{"unmanaged", "No domain in the YAML uses a zone of the provider."},
    Code{"unobservable", "A name could not be read; a plan changes nothing of its domain.", false,
         true},
    Code{"unreadable", "A file cannot be read."},
    Code{"waiver-expired", "A waiver's last day has passed."},
    Code{"wanted-twice", "Two domains need different records at one name."},
    Code{"weakens-inherited-policy",
         "A record of its own would weaken the policy that a sub-domain inherits.", true},
    Code{"wrong-type", "A value has the wrong type."},
    Code{"wrong-value", "A value is not allowed here."},
    Code{"yaml-syntax", "A file is not valid YAML."},
    Code{"yaml-tag", "A YAML tag was used."},
    Code{"zone-journal", "A name server keeps a journal of a zone file."},
    Code{"zone-missing", "No zone contains this domain."},
    Code{"zone-serial", "A provider does not raise the serial of a zone that it changes."},
    Code{"zone-unused", "A file looks like one of the provider's zones and is not used."},
};

/// The row of a code; null where there is none of this text.
constexpr const Code* find_code(std::string_view code) {
  const auto found = std::ranges::find(kCodes, code, &Code::code);
  return found == kCodes.end() ? nullptr : &*found;
}

/// All codes, sorted.
constexpr std::span<const Code> finding_codes() { return kCodes; }

/// A code written in the sources. A text that is not in the table does not compile.
class CodeName {
 public:
  consteval CodeName(const char* code) : row_(find_code(code)) {
    if (row_ == nullptr) throw "this code is not in kCodes";
  }

  operator std::string() const { return std::string(row_->code); }

 private:
  const Code* row_;
};

}  // namespace rampart
