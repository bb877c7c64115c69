#include "mail/dkim/public_key.h"

#include <openssl/asn1.h>
#include <openssl/asn1err.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

#include <memory>

#include "base/free_by.h"
#include "base/sha256.h"

namespace rampart::dkim {
namespace {

void free_elements(ASN1_SEQUENCE_ANY* elements) { sk_ASN1_TYPE_pop_free(elements, ASN1_TYPE_free); }

using Key = std::unique_ptr<EVP_PKEY, FreeBy<EVP_PKEY_free>>;
using Digest = std::unique_ptr<EVP_MD_CTX, FreeBy<EVP_MD_CTX_free>>;
using Number = std::unique_ptr<BIGNUM, FreeBy<BN_free>>;
using Elements = std::unique_ptr<ASN1_SEQUENCE_ANY, FreeBy<free_elements>>;

const unsigned char* bytes(std::string_view octets) {
  return reinterpret_cast<const unsigned char*>(octets.data());
}

std::string_view octets_of(const ASN1_STRING* string) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
          static_cast<std::size_t>(ASN1_STRING_length(string))};
}

// The elements of the SEQUENCE that is all of `der`, or null. OpenSSL also reads BER and ignores
// what follows; only strict DER encodes back to the same octets.
Elements sequence_of(std::string_view der) {
  ERR_clear_error();
  const unsigned char* at = bytes(der);
  Elements elements(d2i_ASN1_SEQUENCE_ANY(nullptr, &at, static_cast<long>(der.size())));
  if (!elements) return nullptr;
  unsigned char* encoded = nullptr;
  const int size = i2d_ASN1_SEQUENCE_ANY(elements.get(), &encoded);
  const bool same = size >= 0 && der == std::string_view(reinterpret_cast<const char*>(encoded),
                                                         static_cast<std::size_t>(size));
  OPENSSL_free(encoded);
  return same ? std::move(elements) : nullptr;
}

// Why the last sequence_of() failed. Keys are often cut off when they are pasted; OpenSSL reports a
// length beyond the end as ASN1_R_TOO_LONG.
Error unreadable() {
  const bool cut_off = ERR_GET_REASON(ERR_peek_error()) == ASN1_R_TOO_LONG;
  ERR_clear_error();
  return Error{cut_off ? "the key's bytes end too early" : "its bytes are not a public key in DER"};
}

// The element at `index` where it has the `type` (V_ASN1_...), else null.
const ASN1_TYPE* element(const Elements& elements, int index, int type) {
  const ASN1_TYPE* found = elements ? sk_ASN1_TYPE_value(elements.get(), index) : nullptr;
  return found != nullptr && found->type == type ? found : nullptr;
}

int bits_of(const ASN1_TYPE* integer) {
  const Number number(integer == nullptr ? nullptr
                                         : ASN1_INTEGER_to_BN(integer->value.integer, nullptr));
  return number ? BN_num_bits(number.get()) : 0;
}

// RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER }. Negative numbers have
// another type (V_ASN1_NEG_INTEGER), so they are refused here.
Result<PublicKeyInfo> rsa_key(const Elements& numbers, PublicKeyInfo::Form form) {
  const int bits = bits_of(element(numbers, 0, V_ASN1_INTEGER));
  const int exponent_bits = bits_of(element(numbers, 1, V_ASN1_INTEGER));
  if (bits == 0 || exponent_bits == 0 || sk_ASN1_TYPE_num(numbers.get()) != 2) {
    return Error{"its RSA key is not a positive modulus and a positive exponent"};
  }
  return PublicKeyInfo{.kind = PublicKeyInfo::Kind::Rsa, .form = form, .bits = bits};
}

Key load_rsa_key(std::string_view der) {
  const auto info = read_public_key(der);
  if (!info || info->kind != PublicKeyInfo::Kind::Rsa) return nullptr;
  const unsigned char* at = bytes(der);
  const long size = static_cast<long>(der.size());
  return Key(info->form == PublicKeyInfo::Form::Spki
                 ? d2i_PUBKEY(nullptr, &at, size)
                 : d2i_PublicKey(EVP_PKEY_RSA, nullptr, &at, size));
}

bool verify(EVP_PKEY* key, const EVP_MD* digest, std::string_view data,
            std::string_view signature) {
  const Digest context(EVP_MD_CTX_new());
  if (EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key) != 1) return false;
  return EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(data),
                          data.size()) == 1;
}

Error unusable() { return Error{"the key cannot be used"}; }

}  // namespace

// By OpenSSL's ASN.1 alone: its key decoders take some 100 microseconds a key, which would be felt
// where every domain's keys are read several times a run.
Result<PublicKeyInfo> read_public_key(std::string_view der) {
  const Elements outer = sequence_of(der);
  if (!outer) return unreadable();
  if (element(outer, 0, V_ASN1_INTEGER)) return rsa_key(outer, PublicKeyInfo::Form::Pkcs1);
  const ASN1_TYPE* const algorithm = element(outer, 0, V_ASN1_SEQUENCE);
  const ASN1_TYPE* const bits = element(outer, 1, V_ASN1_BIT_STRING);
  if (!algorithm || !bits || sk_ASN1_TYPE_num(outer.get()) != 2) {
    return unreadable();
  }
  const Elements identifier = sequence_of(octets_of(algorithm->value.sequence));
  const ASN1_TYPE* const object = element(identifier, 0, V_ASN1_OBJECT);
  const std::string_view key = octets_of(bits->value.bit_string);
  switch (object ? OBJ_obj2nid(object->value.object) : NID_undef) {
    case NID_rsaEncryption:
      return rsa_key(sequence_of(key), PublicKeyInfo::Form::Spki);
    case NID_ED25519:
      if (key.size() != 32) return Error{"an Ed25519 key has 32 octets"};
      return PublicKeyInfo{
          .kind = PublicKeyInfo::Kind::Ed25519, .bits = 256, .raw = std::string(key)};
    default:
      return Error{"the key is neither RSA nor Ed25519"};
  }
}

Result<bool> verify_rsa(std::string_view key, std::string_view data, std::string_view signature) {
  const Key rsa = load_rsa_key(key);
  if (!rsa) return unusable();
  return verify(rsa.get(), EVP_sha256(), data, signature);
}

Result<bool> verify_ed25519(std::string_view key, std::string_view data,
                            std::string_view signature) {
  const Key raw(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes(key), key.size()));
  if (!raw) return unusable();
  Sha256 hash;
  hash.add(data);
  return verify(raw.get(), nullptr, hash.finish(), signature);
}

}  // namespace rampart::dkim
