/// SHA-256 (FIPS 180-4), by OpenSSL.
#pragma once

#include <memory>
#include <string>
#include <string_view>

extern "C" struct evp_md_ctx_st;

namespace rampart {

/// The SHA-256 of `octets` as 64 lower-case hex digits.
std::string sha256_hex(std::string_view octets);

/// The SHA-256 of octets that arrive in pieces.
class Sha256 {
 public:
  Sha256();

  void add(std::string_view octets);

  /// The 32 octets of the hash; nothing may be added afterwards.
  std::string finish();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

}  // namespace rampart
