/// Signing DNS messages with a shared secret (RFC 8945).
#include "providers/rfc2136/tsig.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>

#include "base/base64.h"
#include "providers/rfc2136/wire.h"

namespace rampart {
namespace {

constexpr std::uint16_t kTsig = 250;
constexpr std::uint16_t kAnyClass = 255;
constexpr std::uint16_t kFudge = 300;
constexpr std::size_t kMostSecret = 1024;

/// One MAC: its name and the digest that it is made with.
struct Mac {
  std::string_view name;
  const EVP_MD* (*digest)();
};

// In the order of TsigAlgorithm.
constexpr std::array kMacs = {Mac{"hmac-sha1", EVP_sha1}, Mac{"hmac-sha224", EVP_sha224},
                              Mac{"hmac-sha256", EVP_sha256}, Mac{"hmac-sha384", EVP_sha384},
                              Mac{"hmac-sha512", EVP_sha512}};

const Mac& mac_of(TsigAlgorithm algorithm) { return kMacs[static_cast<std::size_t>(algorithm)]; }

// Algorithms are identified by domain names on the wire (RFC 8945 section 6).
Name algorithm_name(TsigAlgorithm algorithm) {
  return Name::literal(std::string(mac_of(algorithm).name));
}

// One-shot HMAC: a message is never larger than 64 KiB.
std::string hmac(const TsigKey& key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned size = 0;
  HMAC(mac_of(key.algorithm).digest(), key.secret.data(), static_cast<int>(key.secret.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), out.data(), &size);
  return {reinterpret_cast<const char*>(out.data()), size};
}

// 48 bits (RFC 8945 section 4.2).
void append_time(std::string& out, std::uint64_t time) {
  append_u16(out, static_cast<unsigned>(time >> 32));
  append_u32(out, static_cast<std::uint32_t>(time));
}

/// The fields of a TSIG record (RFC 8945 section 4.2).
struct Tsig {
  std::size_t start = 0;  ///< Where the record begins in its message.
  std::string algorithm;  ///< Wire form, lower case.
  std::uint64_t time = 0;
  std::uint16_t fudge = kFudge;
  std::string mac;
  std::uint16_t original_id = 0;
  std::uint16_t error = 0;
  std::string other;
};

/// What a MAC covers in addition to the message (RFC 8945 section 4.3.3).
std::string variables(const TsigKey& key, const Tsig& tsig) {
  std::string out = key.name.wire();
  append_u16(out, kAnyClass);
  append_u32(out, 0);
  out += algorithm_name(key.algorithm).wire();
  append_time(out, tsig.time);
  append_u16(out, tsig.fudge);
  append_u16(out, tsig.error);
  append_u16(out, static_cast<unsigned>(tsig.other.size()));
  return out + tsig.other;
}

// Later messages of a transfer are signed with the time alone (RFC 8945 section 5.3.1).
std::string timers(const Tsig& tsig) {
  std::string out;
  append_time(out, tsig.time);
  append_u16(out, tsig.fudge);
  return out;
}

// The request's MAC is part of what the response signs, with its length in front.
std::string with_length(const std::string& mac) {
  std::string out;
  append_u16(out, static_cast<unsigned>(mac.size()));
  return out + mac;
}

/// `wire` with another id and one record fewer or more in its last section. A MAC covers the
/// message as it was before the TSIG record was added.
std::string with_header(std::string_view wire, std::uint16_t id, int additional) {
  std::string out;
  append_u16(out, id);
  out += wire.substr(2, 8);
  append_u16(out, static_cast<unsigned>(read_u16(wire, 10) + additional));
  return out += wire.substr(12);
}

// Every length is checked before it is used, since the message is not trusted yet.
std::optional<Tsig> read_fields(std::string_view wire, const RecordPosition& position) {
  const auto algorithm = read_plain_name(wire, position.rdata);
  if (!algorithm) return std::nullopt;
  std::size_t at = position.rdata + algorithm->size();
  const std::size_t end = position.rdata + position.rdata_size;
  Tsig tsig{.start = position.start, .algorithm = *algorithm};
  if (at + 10 > end) return std::nullopt;
  tsig.time = static_cast<std::uint64_t>(read_u16(wire, at)) << 32 | read_u32(wire, at + 2);
  tsig.fudge = static_cast<std::uint16_t>(read_u16(wire, at + 6));
  const std::size_t mac = read_u16(wire, at + 8);
  at += 10;
  if (at + mac + 6 > end) return std::nullopt;
  tsig.mac = wire.substr(at, mac);
  at += mac;
  tsig.original_id = static_cast<std::uint16_t>(read_u16(wire, at));
  tsig.error = static_cast<std::uint16_t>(read_u16(wire, at + 2));
  const std::size_t other = read_u16(wire, at + 4);
  if (at + 6 + other != end) return std::nullopt;
  tsig.other = wire.substr(at + 6, other);
  return tsig;
}

/// The server's complaint about our signature (RFC 8945 section 5.2). Three codes have a cause that
/// a person can repair, so that they are worded; the others are shown as numbers.
Error server_complaint(const TsigKey& key, unsigned error) {
  const std::string name = key.name.text();
  switch (error) {
    case 16:
      return Error{.what = fmt::format("the server does not accept the signature of TSIG key {}: "
                                       "its secret or algorithm differs (BADSIG)",
                                       name)};
    case 17:
      return Error{.what = fmt::format("the server does not know TSIG key {} (BADKEY)", name)};
    case 18:
      return Error{.what = "the server's clock and ours differ too much (BADTIME): set the clock"};
    default:
      return Error{.what = fmt::format("TSIG error {} for key {}", error, name)};
  }
}

// Retryable, since the usual cause is somebody else's packet or a server that is being restarted.
Error not_trusted(std::string_view why) {
  return Error{.what = fmt::format("the response is not trusted: {}", why), .retryable = true};
}

}  // namespace

std::vector<std::string_view> tsig_algorithms() {
  std::vector<std::string_view> names;
  for (const Mac& mac : kMacs) names.push_back(mac.name);
  return names;
}

Result<TsigAlgorithm> parse_tsig_algorithm(std::string_view text) {
  const auto found = std::ranges::find(kMacs, text, &Mac::name);
  if (found != kMacs.end()) return static_cast<TsigAlgorithm>(found - kMacs.begin());
  return Error{.what = fmt::format("\"{}\" is not a supported TSIG algorithm: use {}", text,
                                   fmt::join(tsig_algorithms(), ", "))};
}

// Limited in length, so that a file which was pasted by mistake is refused.
Result<std::string> parse_tsig_secret(std::string_view base64) {
  // The decoder's own Error would quote a character of the secret.
  if (auto raw = decode_base64(base64); raw && !raw->empty() && base64.size() <= kMostSecret) {
    return raw;
  }
  return Error{.what = "the TSIG secret is not base64"};
}

Signed tsig_sign(std::string_view wire, const TsigKey& key, std::chrono::sys_seconds now) {
  Tsig tsig;
  tsig.time = static_cast<std::uint64_t>(now.time_since_epoch().count());
  const std::string mac = hmac(key, std::string(wire) + variables(key, tsig));
  std::string rdata = algorithm_name(key.algorithm).wire();
  append_time(rdata, tsig.time);
  append_u16(rdata, tsig.fudge);
  rdata += with_length(mac);
  append_u16(rdata, read_u16(wire, 0));
  append_u32(rdata, 0);  // No error, no other data.
  const auto id = static_cast<std::uint16_t>(read_u16(wire, 0));
  std::string out = with_header(wire, id, 1);
  append_record(out, {key.name, static_cast<RecordType>(kTsig)}, kAnyClass, 0, rdata);
  return {std::move(out), mac};
}

// MAC before time: an attacker must learn nothing from the order of our checks.
Result<TsigCheck::State> TsigCheck::next(std::string_view wire, std::chrono::sys_seconds now) {
  const auto last = last_record(wire);
  if (!last) return not_trusted("it is malformed");
  if (last->type != kTsig) {
    unsigned_so_far_ += wire;
    return State::Unsigned;
  }
  const std::optional<Tsig> tsig = read_fields(wire, *last);
  if (!tsig) return not_trusted("its signature is malformed");
  // BADSIG and BADKEY come unsigned: the server could not compute a MAC that we would verify.
  if (tsig->mac.empty() && tsig->error != 0) return server_complaint(key_, tsig->error);
  if (last->owner != key_.name.wire() || tsig->algorithm != algorithm_name(key_.algorithm).wire()) {
    return not_trusted("it is signed with another key");
  }
  const std::string message = with_header(wire.substr(0, tsig->start), tsig->original_id, -1);
  const std::string expected = hmac(key_, with_length(mac_) + unsigned_so_far_ + message +
                                              (first_ ? variables(key_, *tsig) : timers(*tsig)));
  if (tsig->mac.size() != expected.size() ||
      CRYPTO_memcmp(tsig->mac.data(), expected.data(), expected.size()) != 0) {
    return not_trusted("its signature does not verify");
  }
  if (tsig->error != 0) return server_complaint(key_, tsig->error);
  // Last, since only a verified time means anything (RFC 8945 section 5.2.3).
  const auto ours = static_cast<std::int64_t>(now.time_since_epoch().count());
  if (std::abs(ours - static_cast<std::int64_t>(tsig->time)) > tsig->fudge) {
    return not_trusted("its signing time differs too much from our clock");
  }
  mac_ = tsig->mac;
  unsigned_so_far_.clear();
  first_ = false;
  return State::Verified;
}

}  // namespace rampart
