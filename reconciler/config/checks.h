/// What the words in domains.yaml must be beyond their type. Each reports at the node and says
/// whether it was content.
#pragma once

#include "reconciler/config/loader.h"

namespace rampart::config {

/// A path that stays beneath the folder and passes no symlink.
bool check_path(Loader& loader, const Node& node);

/// One SPF term for `extra:` or a sender: no version, no `all`, no modifiers.
bool check_spf_term(Loader& loader, const Node& node);

/// A domain-spec for `redirect:` and `exp:`.
bool check_spf_target(Loader& loader, const Node& node);

/// A DKIM key record.
bool check_key_record(Loader& loader, const Node& node);

/// A DNS name that something points to.
bool check_target(Loader& loader, const Node& node);

/// A selector: one or more labels of letters, digits, "-" and "_" (RFC 6376 section 3.1).
bool check_selector(Loader& loader, const Node& node);

/// A mailto: URI for DMARC reports, commas and "!" encoded (RFC 7489 section 6.2).
bool check_mailto(Loader& loader, const Node& node);

/// A reason is for a reader: it may not be blank.
bool check_reason(Loader& loader, const Node& node);

/// A mailto: or https: URI for TLS reports (RFC 8460 section 3).
bool check_report_uri(Loader& loader, const Node& node);

/// An https: URL, or nothing at all where quoted as "".
bool check_https(Loader& loader, const Node& node);

/// A recursive resolver: "127.0.0.1", "127.0.0.1:5353", "[::1]:53".
bool check_resolver(Loader& loader, const Node& node);

/// DMARC's failure options: 0, 1, d and s, with colons between (RFC 7489 section 6.3).
bool check_failure_options(Loader& loader, const Node& node);

/// The name of a provider, sender, ramp or rotation: letters, digits, "-", "_" and ".".
bool check_identifier(Loader& loader, const Node& node);

/// A sender, provider or ramp that exists.
bool check_sender(Loader& loader, const Node& node);
bool check_provider(Loader& loader, const Node& node);
bool check_ramp(Loader& loader, const Node& node);

/// A waivable code of docs/findings.md.
bool check_waiver_code(Loader& loader, const Node& node);

/// The names in braces that `text` wants filled; SPF macros (`%{d}`) and `{domain}` are none.
std::vector<std::string> placeholders(std::string_view text);

}  // namespace rampart::config
