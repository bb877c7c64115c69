/// The names of a domain's declared DKIM keys, catalogue templates filled.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policies/model/policy.h"

namespace rampart {

/// A record that a declared sender requires, placeholders filled.
struct SenderRecord {
  Name name;
  RecordType type;
  std::optional<Name> target;  ///< For a CNAME whose target is known.
  std::size_t sender = 0;      ///< Index into Domain.senders.

  bool operator==(const SenderRecord&) const = default;
};

/// The DKIM records of the domain's senders, in the YAML's order. Templates whose placeholders have
/// no value, or that do not make a DNS name, are left out.
std::vector<SenderRecord> sender_dkim_records(const Domain& domain);

/// Every selector that the YAML names for the domain, now or in `past:`, sorted, each once.
std::vector<std::string> declared_selectors(const Domain& domain);

/// Whether one of the domain's rotations makes this sender's keys.
bool rotates(const Domain& domain, const Sender& sender);

/// The name of `selector`'s key: "s1._domainkey.example.com"; nullopt where that is no DNS name.
std::optional<Name> selector_name(const Domain& domain, std::string_view selector);

/// World.keys' path of a rotation's public key: "keys/example.com/s2026a.pub".
std::string rotation_key_path(const Name& domain, std::string_view selector);

}  // namespace rampart
