/// Signing DNS messages with a shared secret (RFC 8945).
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "dns/name.h"

namespace rampart {

/// The supported MACs (RFC 8945 section 6).
enum class TsigAlgorithm { HmacSha1, HmacSha224, HmacSha256, HmacSha384, HmacSha512 };

/// A key shared with the server.
struct TsigKey {
  Name name = Name::root();
  TsigAlgorithm algorithm = TsigAlgorithm::HmacSha256;
  std::string secret;  ///< Raw octets.
};

/// Their names in the YAML and on the wire, in the order of the enumerators. hmac-md5 is left out:
/// RFC 8945 section 6 says that it must not be used.
std::vector<std::string_view> tsig_algorithms();

/// Reads one of these names.
Result<TsigAlgorithm> parse_tsig_algorithm(std::string_view text);

/// The octets of a secret in base64 (RFC 4648 section 4), as key files hold it; the Error never
/// quotes it.
Result<std::string> parse_tsig_secret(std::string_view base64);

/// A signed message and its MAC; the response's signature covers that MAC too.
struct Signed {
  std::string wire;
  std::string mac;
};

/// `wire` with a TSIG record added (RFC 8945 section 5.1).
Signed tsig_sign(std::string_view wire, const TsigKey& key, std::chrono::sys_seconds now);

/// Checks the messages that answer one request, in their order.
class TsigCheck {
 public:
  /// Whether a message carried a signature of its own.
  enum class State { Verified, Unsigned };

  TsigCheck(const TsigKey& key, std::string request_mac)
      : key_(key), mac_(std::move(request_mac)) {}

  /// Checks the next message. An Error for a signature that does not verify, or for one by which
  /// the server rejects ours. After a first signed message, up to 99 unsigned ones may follow (RFC
  /// 8945 section 5.3.1): they are covered by the next signature.
  Result<State> next(std::string_view wire, std::chrono::sys_seconds now);

 private:
  const TsigKey& key_;
  std::string mac_;
  std::string unsigned_so_far_;
  bool first_ = true;
};

}  // namespace rampart
