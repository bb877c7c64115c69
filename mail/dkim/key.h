/// The DKIM key record (RFC 6376 section 3.6.1, RFC 8463).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "mail/syntax/tags.h"

namespace rampart::dkim {

/// Verifiers must refuse RSA keys below this size, and signers should use the recommended one
/// (RFC 8301 section 3.2).
inline constexpr int kMinRsaBits = 1024;
inline constexpr int kRecommendedRsaBits = 2048;
/// The longest RSA key that verifiers must be able to check (RFC 8301 section 3.2).
inline constexpr int kMaxRsaBits = 4096;

/// A key record's tags. Absent and empty differ; unknown tags are kept in order.
struct KeyRecord {
  std::optional<std::string> version;  ///< `v=`, exactly "DKIM1" and first where present.
  std::optional<std::vector<std::string>> hashes;  ///< `h=`
  std::string type = "rsa";                        ///< `k=`
  std::optional<std::string> notes;                ///< `n=`
  std::string key;  ///< `p=`, base64 without blanks; empty = revoked.
  std::optional<std::vector<std::string>> services;  ///< `s=`
  std::vector<std::string> flags;                    ///< `t=`
  std::vector<Tag> unknown;

  bool operator==(const KeyRecord&) const = default;
  bool revoked() const { return key.empty(); }
};

/// Reads a key record by the grammar; an Error names the tag.
Result<KeyRecord> parse_key(std::string_view text);

/// A key record as verifiers read it.
struct LenientKey {
  KeyRecord record;
  std::vector<std::string> slips;  ///< Where it breaks the grammar, each as a clause.
};

/// Reads a key record as the verifiers in wide use do: blanks after the last `;`, empty items of a
/// list, line breaks, odd names of unknown tags and a version that is not first are slips. An Error
/// names what makes them refuse the record.
Result<LenientKey> parse_key_leniently(std::string_view text);

/// "v=DKIM1; k=rsa; p=...": v first, `k=rsa` written, p last of the known tags.
std::string print_key(const KeyRecord& record);

/// The same tags with the same values, in any order; an absent v, k or s equals its default.
bool same_meaning(const KeyRecord& a, const KeyRecord& b);

/// The kind of key that p= contains.
struct KeyShape {
  std::string algorithm;    ///< "rsa" or "ed25519".
  int bits = 0;             ///< RSA modulus length; 256 for Ed25519.
  std::string fingerprint;  ///< "sha256:<first 16 hex digits of SHA-256 over the decoded p=>".
};

/// Reads the key bytes: SubjectPublicKeyInfo or PKCS#1 DER for rsa, 32 raw octets for ed25519.
Result<KeyShape> shape_of(const KeyRecord& record);

/// The key record to publish for a PEM public key (SPKI, RSA or Ed25519); for Ed25519 p= is the raw
/// 32 octets.
Result<KeyRecord> key_from_pem(std::string_view pem);

}  // namespace rampart::dkim
