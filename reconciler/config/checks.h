/// Checks of scalars in domains.yaml beyond their type: URIs, SPF terms, keys, paths, references.
/// Each reports a mistake at the node and returns whether the value is valid.
#pragma once

#include "reconciler/config/loader.h"

namespace rampart::config {

/// A path that stays under the YAML's folder and goes through no symlink.
bool check_path(Loader& loader, const Node& node);

/// That `path`, a match of the pattern at `node`, goes through no symlink.
bool check_no_symlink(Loader& loader, const Node& node, const std::string& path);

/// One SPF term for `extra:` or a sender: no version, no `all`, no modifiers.
bool check_spf_term(Loader& loader, const Node& node);

/// A domain-spec for `redirect:` and `exp:`.
bool check_spf_target(Loader& loader, const Node& node);

/// A DKIM key record.
bool check_key_record(Loader& loader, const Node& node);

/// A DNS name that a record points to.
bool check_target(Loader& loader, const Node& node);

/// A selector: one or more labels of letters, digits, "-" and "_" (RFC 6376 section 3.1).
bool check_selector(Loader& loader, const Node& node);

/// A mailto: URI for DMARC reports, commas and "!" encoded (RFC 7489 section 6.2).
bool check_mailto(Loader& loader, const Node& node);

/// A reason, which must not be blank.
bool check_reason(Loader& loader, const Node& node);

/// A mailto: or https: URI for TLS reports (RFC 8460 section 3).
bool check_report_uri(Loader& loader, const Node& node);

/// An https: URL, or an empty string.
bool check_https(Loader& loader, const Node& node);

/// A recursive resolver: "127.0.0.1", "127.0.0.1:5353", "[::1]:53".
bool check_resolver(Loader& loader, const Node& node);

/// The domain that signs a reporter's mail: a host name in lower case, in a built-in list also
/// with a leading "*.".
bool check_reporter(Loader& loader, const Node& node);

/// DMARC's failure options: 0, 1, d and s, separated by colons (RFC 7489 section 6.3).
bool check_failure_options(Loader& loader, const Node& node);

/// The name of a provider, sender, ramp or rotation: letters, digits, "-", "_" and ".".
bool check_identifier(Loader& loader, const Node& node);

/// A sender, provider or ramp that exists.
bool check_sender(Loader& loader, const Node& node);
bool check_provider(Loader& loader, const Node& node);
bool check_ramp_name(Loader& loader, const Node& node);

/// An MX host of an MTA-STS policy, which may begin with `*.` (RFC 8461 section 4.1).
bool check_mx_pattern(Loader& loader, const Node& node);

/// The id of an MTA-STS policy: 1 to 32 letters and digits (RFC 8461 section 3.1).
bool check_policy_id(Loader& loader, const Node& node);

/// A code of docs/findings.md that can be waived.
bool check_waiver_code(Loader& loader, const Node& node);

/// The names of the placeholders in braces that a `with:` must fill. SPF macros (`%{d}`), {domain}
/// and {domain_dashes} are not among them.
std::vector<std::string> placeholders(std::string_view text);

}  // namespace rampart::config
