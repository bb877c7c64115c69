/// The cryptography of DKIM, by OpenSSL.
#include "mail/dkim/crypto.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "mail/dkim/der.h"

namespace rampart::dkim {
namespace {

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Digest = std::unique_ptr<EVP_MD_CTX, Free>;

const unsigned char* bytes(std::string_view octets) {
  return reinterpret_cast<const unsigned char*>(octets.data());
}

Key load_rsa_key(std::string_view der) {
  const auto info = read_public_key(der);
  if (!info || info->kind != PublicKeyInfo::Kind::Rsa) return nullptr;
  const unsigned char* at = bytes(der);
  const long size = static_cast<long>(der.size());
  if (info->bare) return Key(d2i_PublicKey(EVP_PKEY_RSA, nullptr, &at, size));
  return Key(d2i_PUBKEY(nullptr, &at, size));
}

bool verify(EVP_PKEY* key, const EVP_MD* digest, std::string_view data,
            std::string_view signature) {
  const Digest context(EVP_MD_CTX_new());
  if (EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key) != 1) return false;
  return EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(data),
                          data.size()) == 1;
}

Error unusable() { return Error{.what = "the key cannot be used", .where = {}}; }

}  // namespace

struct Sha256::State {
  Digest context;
};

namespace {

/// Looked up once: OpenSSL else searches its providers for every hash.
const EVP_MD* sha256() {
  static EVP_MD* const kFetched = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return kFetched != nullptr ? kFetched : EVP_sha256();
}

}  // namespace

Sha256::Sha256() : state_(std::make_unique<State>(State{Digest(EVP_MD_CTX_new())})) {
  EVP_DigestInit_ex(state_->context.get(), sha256(), nullptr);
}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::add(std::string_view octets) {
  EVP_DigestUpdate(state_->context.get(), octets.data(), octets.size());
}

std::string Sha256::finish() {
  std::string digest(32, '\0');
  EVP_DigestFinal_ex(state_->context.get(), reinterpret_cast<unsigned char*>(digest.data()),
                     nullptr);
  return digest;
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
