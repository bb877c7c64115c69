/// Reading public keys in DER.
#include "mail/dkim/der.h"

#include <bit>

namespace rampart::dkim {
namespace {

using namespace std::string_view_literals;

// 1.2.840.113549.1.1.1 (RFC 8017 appendix A.1) and 1.3.101.112 (RFC 8410 section 3).
constexpr std::string_view kRsaEncryption = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"sv;
constexpr std::string_view kEd25519 = "\x2b\x65\x70"sv;

int bit_length(std::string_view integer) {
  while (!integer.empty() && integer.front() == '\0') integer.remove_prefix(1);
  if (integer.empty()) return 0;
  const auto top = static_cast<unsigned char>(integer.front());
  return static_cast<int>(integer.size() - 1) * 8 + std::bit_width(top);
}

bool is_positive(std::string_view integer) {
  return bit_length(integer) > 0 && (static_cast<unsigned char>(integer.front()) & 0x80) == 0;
}

// RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER } (RFC 8017 appendix A.1.1).
Result<PublicKeyInfo> read_rsa(std::string_view sequence) {
  DerReader reader(sequence);
  const auto modulus = reader.read(DerTag::Integer);
  if (!modulus) return modulus.error();
  const auto exponent = reader.read(DerTag::Integer);
  if (!exponent) return exponent.error();
  if (!reader.at_end()) return Error{"something follows the RSA exponent"};
  if (!is_positive(*modulus) || !is_positive(*exponent)) {
    return Error{"the RSA numbers are not positive"};
  }
  return PublicKeyInfo{.kind = PublicKeyInfo::Kind::Rsa, .bits = bit_length(*modulus), .raw = {}};
}

Result<PublicKeyInfo> read_rsa_bits(std::string_view bits) {
  DerReader reader(bits);
  const auto sequence = reader.read(DerTag::Sequence);
  if (!sequence) return sequence.error();
  if (!reader.at_end()) return Error{"something follows the RSA key"};
  return read_rsa(*sequence);
}

Result<PublicKeyInfo> read_info(std::string_view sequence) {
  DerReader reader(sequence);
  const auto algorithm = reader.read(DerTag::Sequence);
  if (!algorithm) return algorithm.error();
  auto bits = reader.read(DerTag::BitString);
  if (!bits) return bits.error();
  if (!reader.at_end()) return Error{"something follows the key's bits"};
  // The first octet counts the unused bits of the last one; whole octets leave none.
  if (bits->empty() || bits->front() != '\0') return Error{"the key's bits are not whole octets"};
  const auto octets = bits->substr(1);
  DerReader inner(*algorithm);
  const auto oid = inner.read(DerTag::ObjectId);
  if (!oid) return oid.error();
  if (*oid == kRsaEncryption) return read_rsa_bits(octets);
  if (*oid != kEd25519) return Error{"the key is neither RSA nor Ed25519"};
  if (octets.size() != 32) return Error{"an Ed25519 key has 32 octets"};
  return PublicKeyInfo{.kind = PublicKeyInfo::Kind::Ed25519, .bits = 256, .raw = octets};
}

}  // namespace

bool DerReader::sees(DerTag tag) const {
  return !rest_.empty() &&
         static_cast<std::uint8_t>(rest_.front()) == static_cast<std::uint8_t>(tag);
}

Result<std::string_view> DerReader::read(DerTag tag) {
  if (!sees(tag)) return Error{"its bytes are no public key in DER"};
  if (rest_.size() < 2) return Error{"the key's bytes end too early"};
  std::size_t length = static_cast<unsigned char>(rest_[1]);
  std::size_t header = 2;
  if (length >= 0x80) {
    const std::size_t count = length & 0x7f;
    if (count == 0 || count > 3 || rest_.size() < 2 + count) {
      return Error{"the key's bytes have a length that is no DER"};
    }
    length = 0;
    for (std::size_t i = 0; i < count; ++i) {
      length = (length << 8) | static_cast<unsigned char>(rest_[2 + i]);
    }
    header += count;
  }
  if (rest_.size() - header < length) return Error{"the key's bytes end too early"};
  const auto content = rest_.substr(header, length);
  rest_.remove_prefix(header + length);
  return content;
}

Result<PublicKeyInfo> read_public_key(std::string_view der) {
  DerReader reader(der);
  const auto sequence = reader.read(DerTag::Sequence);
  if (!sequence) return sequence.error();
  if (!reader.at_end()) return Error{"something follows the key"};
  if (!DerReader(*sequence).sees(DerTag::Integer)) return read_info(*sequence);
  auto key = read_rsa(*sequence);
  if (key) key.value().bare = true;
  return key;
}

}  // namespace rampart::dkim
