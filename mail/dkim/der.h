/// As much of DER (X.690) as a public key needs: reading nested tag-length-value elements.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace rampart::dkim {

/// The tags of a public key.
enum class DerTag : std::uint8_t {
  Integer = 0x02,
  BitString = 0x03,
  Null = 0x05,
  ObjectId = 0x06,
  Sequence = 0x30,
};

/// Reads elements one after another; lengths are checked against what is there.
class DerReader {
 public:
  explicit DerReader(std::string_view octets) : rest_(octets) {}

  bool at_end() const { return rest_.empty(); }

  /// Whether the next element has this tag.
  bool sees(DerTag tag) const;

  /// The content of the next element, which must have this tag.
  Result<std::string_view> read(DerTag tag);

 private:
  std::string_view rest_;
};

/// What a SubjectPublicKeyInfo (RFC 5280 section 4.1) or a PKCS#1 RSAPublicKey says.
struct PublicKeyInfo {
  enum class Kind { Rsa, Ed25519, Other };
  Kind kind = Kind::Other;
  int bits = 0;          ///< RSA modulus length in bits; 256 for Ed25519.
  std::string_view raw;  ///< Ed25519's 32 octets.
  bool bare = false;     ///< PKCS#1 without SubjectPublicKeyInfo around it.
};

/// Reads either form; views into `der`.
Result<PublicKeyInfo> read_public_key(std::string_view der);

}  // namespace rampart::dkim
