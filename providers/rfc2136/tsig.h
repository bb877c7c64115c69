/// Signing DNS messages with a shared secret (RFC 8945).
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "dns/name.h"

namespace rampart {

enum class TsigAlgorithm { HmacSha256, HmacSha512 };

/// A key as both ends know it.
struct TsigKey {
  Name name = Name::root();
  TsigAlgorithm algorithm = TsigAlgorithm::HmacSha256;
  std::string secret;  ///< Raw octets.
};

/// Reads "hmac-sha256" or "hmac-sha512".
Result<TsigAlgorithm> parse_tsig_algorithm(std::string_view text);

/// The octets of a secret in base64, as key files write it; the Error never quotes it.
Result<std::string> parse_tsig_secret(std::string_view base64);

/// A signed message and its MAC, which the answer's signature covers too.
struct Signed {
  std::string wire;
  std::string mac;
};
Signed tsig_sign(std::string_view wire, const TsigKey& key, std::chrono::sys_seconds now);

/// Checks the messages that answer one request, in their order.
class TsigCheck {
 public:
  enum class State { Verified, Unsigned };

  TsigCheck(const TsigKey& key, std::string request_mac)
      : key_(key), mac_(std::move(request_mac)) {}

  /// An Error for a signature that does not hold, or one that says what is wrong with ours. After a
  /// first signed message, up to 99 may follow without (RFC 8945 section 5.3.1).
  Result<State> next(std::string_view wire, std::chrono::sys_seconds now);

 private:
  const TsigKey& key_;
  std::string mac_;
  std::string unsigned_so_far_;
  bool first_ = true;
};

}  // namespace rampart
