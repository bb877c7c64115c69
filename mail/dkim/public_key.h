/// Public keys of DKIM as octets: what they are, and whether a signature was made with them.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace rampart::dkim {

/// What a SubjectPublicKeyInfo (RFC 5280 section 4.1) or a PKCS#1 RSAPublicKey (RFC 8017
/// appendix A.1.1) contains.
struct PublicKeyInfo {
  enum class Kind { Rsa, Ed25519 };
  enum class Form { Spki, Pkcs1 };
  Kind kind = Kind::Rsa;
  Form form = Form::Spki;
  int bits = 0;       ///< RSA modulus length in bits; 256 for Ed25519.
  std::string raw{};  ///< Ed25519's 32 octets; empty for RSA.
};

/// Reads either form. Strict DER (X.690): other encodings of the same key, and octets that follow
/// it, are Errors.
Result<PublicKeyInfo> read_public_key(std::string_view der);

/// Whether `signature` belongs to `data`: RSA with SHA-256 and PKCS#1 v1.5 padding (RFC 6376
/// section 3.3). `key` is DER in either form; an Error where it cannot be used.
Result<bool> verify_rsa(std::string_view key, std::string_view data, std::string_view signature);

/// As verify_rsa, for Ed25519 over the SHA-256 of `data` (RFC 8463 section 3); `key` is the 32 raw
/// octets.
Result<bool> verify_ed25519(std::string_view key, std::string_view data,
                            std::string_view signature);

}  // namespace rampart::dkim
