#include "base/sha256.h"

#include <fmt/format.h>
#include <openssl/evp.h>

namespace rampart {
namespace {

// Fetched once: otherwise OpenSSL searches its providers for every hash.
const EVP_MD* sha256() {
  // Never freed: it lives as long as the program.
  static EVP_MD* const kFetched = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return kFetched != nullptr ? kFetched : EVP_sha256();
}

}  // namespace

void Sha256::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  EVP_DigestInit_ex(context_.get(), sha256(), nullptr);
}

void Sha256::add(std::string_view octets) {
  EVP_DigestUpdate(context_.get(), octets.data(), octets.size());
}

std::string Sha256::finish() {
  std::string digest(32, '\0');
  EVP_DigestFinal_ex(context_.get(), reinterpret_cast<unsigned char*>(digest.data()), nullptr);
  return digest;
}

std::string sha256_hex(std::string_view octets) {
  Sha256 hash;
  hash.add(octets);
  std::string hex;
  for (const char c : hash.finish()) {
    fmt::format_to(std::back_inserter(hex), "{:02x}", static_cast<unsigned char>(c));
  }
  return hex;
}

}  // namespace rampart
