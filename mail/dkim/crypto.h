/// The cryptography of DKIM: hashing a stream and checking a signature.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rampart::dkim {

/// SHA-256 of a stream.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void add(std::string_view octets);

  /// The 32 octets; nothing may be added after.
  std::string finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Whether a signature belongs to the data. An Error where the key cannot be used at all.
/// `key` is DER (SubjectPublicKeyInfo or PKCS#1) for RSA with SHA-256 and PKCS#1 v1.5 padding
/// (RFC 6376 section 3.3), the 32 raw octets for Ed25519 over the SHA-256 (RFC 8463 section 3).
Result<bool> verify_rsa(std::string_view key, std::string_view data, std::string_view signature);
Result<bool> verify_ed25519(std::string_view key, std::string_view data,
                            std::string_view signature);

}  // namespace rampart::dkim
