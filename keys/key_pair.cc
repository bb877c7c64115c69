#include "keys/key_pair.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include <openssl/cms.h>  // Declares its PEM functions only behind pem.h.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <thread>

#include "base/base64.h"
#include "base/text.h"
#include "keys/openssl_values.h"
#include "mail/dkim/key.h"

namespace rampart {
namespace {

// OpenSSL's own cost for files: opening one key takes about 60 ms.
constexpr std::uint64_t kScryptCost = 1 << 14;
constexpr std::uint64_t kScryptBlock = 8;
constexpr std::uint64_t kScryptLanes = 1;
constexpr int kSeedOctets = 32;  // RFC 8032 section 5.1.5.
constexpr std::size_t kBase64OfSeed = 44;
constexpr std::size_t kBase64OfTwo = 88;  // A seed and its public key.
// OpenSSL reads a passphrase into a buffer of this size; one that is longer opens nothing.
constexpr std::size_t kMostPassphrase = PEM_BUFSIZE;

// A shared handle makes a KeyPair copyable. It is not const, because OpenSSL's functions take the
// key as non-const.
KeyPair pair_of(PkeyPtr key) {
  auto handle = std::make_shared<KeyPair::Handle>();
  handle->key = std::move(key);
  return KeyPair(std::move(handle));
}

PkeyPtr make_one(KeyAlgorithm algorithm) {
  // An error that other code left would be taken for the cause of a failure here.
  ERR_clear_error();
  if (algorithm == KeyAlgorithm::Ed25519) {
    return PkeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  }
  // RFC 8301 section 3.2: signers use at least 2048 bits.
  const std::size_t bits = algorithm == KeyAlgorithm::Rsa4096 ? 4096 : 2048;
  return PkeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", bits));
}

// Reads in place: no copy of a secret is made.
BioPtr reader(std::string_view text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string_view written(BIO* bio) {
  char* octets = nullptr;
  const long size = BIO_get_mem_data(bio, &octets);
  return {octets, static_cast<std::size_t>(std::max(size, 0L))};
}

// Without this callback OpenSSL would prompt for a passphrase at the terminal.
int give_passphrase(char* buffer, int size, int, void* secret) {
  const std::string_view text = static_cast<const Secret*>(secret)->text();
  // -1 is an error for OpenSSL; 0 would be an empty passphrase, which some versions accept.
  if (text.empty() || text.size() > static_cast<std::size_t>(size)) return -1;
  std::copy(text.begin(), text.end(), buffer);
  return static_cast<int>(text.size());
}

Result<KeyPair> open_pkcs8(std::string_view pem, const Secret& passphrase, Error wrong) {
  const BioPtr in = reader(pem);
  PkeyPtr key(in ? PEM_read_bio_PrivateKey(in.get(), nullptr, give_passphrase,
                                           const_cast<Secret*>(&passphrase))
                 : nullptr);
  ERR_clear_error();
  if (!key) return wrong;
  return pair_of(std::move(key));
}

Result<KeyPair> open_cms(std::string_view pem, const Secret& identity) {
  if (identity.empty()) {
    return Error{"it is encrypted to recipients: name the private key of one with --identity"};
  }
  const BioPtr in = reader(pem);
  const CmsPtr cms(in ? PEM_read_bio_CMS(in.get(), nullptr, nullptr, nullptr) : nullptr);
  if (!cms) return openssl_error("it is damaged");
  const Secret none;
  TRY(const auto opener,
      open_pkcs8(identity.text(), none,
                 Error{"the file of --identity contains no private key that can be read"}));
  const BioPtr out(BIO_new(BIO_s_secmem()));
  const bool opened = out && CMS_decrypt(cms.get(), opener.handle().key.get(), nullptr, nullptr,
                                         out.get(), CMS_BINARY) == 1;
  ERR_clear_error();
  if (!opened)
    return Error{"the key of --identity does not decrypt it: it is for other recipients"};
  // CMS decrypts to noise with a wrong RSA key, against Bleichenbacher's attack (RFC 3218); only
  // the failure to parse the result shows that the key was wrong.
  return open_pkcs8(written(out.get()), none,
                    Error{"the key of --identity does not decrypt it: it is for other recipients"});
}

}  // namespace

std::string_view to_text(KeyAlgorithm algorithm) {
  if (algorithm == KeyAlgorithm::Rsa2048) return "rsa2048";
  return algorithm == KeyAlgorithm::Rsa4096 ? "rsa4096" : "ed25519";
}

std::optional<KeyAlgorithm> parse_key_algorithm(std::string_view text) {
  for (const auto one : {KeyAlgorithm::Rsa2048, KeyAlgorithm::Rsa4096, KeyAlgorithm::Ed25519}) {
    if (to_text(one) == text) return one;
  }
  return std::nullopt;
}

std::string_view to_text(KeyForm form) {
  if (form == KeyForm::Plain) return "unencrypted";
  return form == KeyForm::Passphrase ? "passphrase" : "recipients";
}

std::optional<KeyForm> form_of(std::string_view pem) {
  const auto has = [pem](std::string_view label) {
    return pem.find(label) != std::string_view::npos;
  };
  if (has("-----BEGIN CMS-----")) return KeyForm::Recipients;
  // Both markers: PKCS#8 has a label of its own, PKCS#1 keeps its label and adds a header.
  if (has("-----BEGIN ENCRYPTED PRIVATE KEY-----") || has("Proc-Type: 4,ENCRYPTED")) {
    return KeyForm::Passphrase;
  }
  if (has("-----BEGIN PRIVATE KEY-----") || has("-----BEGIN RSA PRIVATE KEY-----")) {
    return KeyForm::Plain;
  }
  return std::nullopt;
}

// One RSA key takes up to a second, and a rotation of many domains needs hundreds: threads take the
// next algorithm from a shared counter.
Result<std::vector<KeyPair>> make_keys(std::span<const KeyAlgorithm> algorithms) {
  // Each thread writes its own elements, so no lock is needed.
  std::vector<PkeyPtr> keys(algorithms.size());
  std::vector<Error> errors(algorithms.size());
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i = next++; i < keys.size(); i = next++) {
      keys[i] = make_one(algorithms[i]);
      // Here and not after the threads: OpenSSL keeps the reasons of each thread apart.
      if (!keys[i]) errors[i] = openssl_error("a key could not be made");
    }
  };
  {
    // hardware_concurrency() returns 0 where it is unknown. The calling thread works too.
    const std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
    std::vector<std::jthread> others;
    for (std::size_t i = 1; i < std::min(cores, keys.size()); ++i) others.emplace_back(work);
    work();
  }
  std::vector<KeyPair> pairs;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (!keys[i]) return errors[i];
    pairs.push_back(pair_of(std::move(keys[i])));
  }
  return pairs;
}

Result<std::string> public_pem(const KeyPair& pair) {
  const BioPtr out(BIO_new(BIO_s_mem()));
  if (!out || PEM_write_bio_PUBKEY(out.get(), pair.handle().key.get()) != 1) {
    return openssl_error("the public key cannot be written");
  }
  return std::string(written(out.get()));
}

Result<Ok> check_pair(const KeyPair& pair, std::string_view pem) {
  const BioPtr in = reader(pem);
  const PkeyPtr key(in ? PEM_read_bio_PUBKEY(in.get(), nullptr, nullptr, nullptr) : nullptr);
  const bool same = key && EVP_PKEY_eq(pair.handle().key.get(), key.get()) == 1;
  ERR_clear_error();
  if (!key) return Error{"it is not a public key in PEM form"};
  if (same) return Ok{};
  return Error{"the private and the public key do not belong together"};
}

Result<Secret> plain_pem(const KeyPair& pair) {
  const BioPtr out(BIO_new(BIO_s_secmem()));
  const bool done =
      out && PEM_write_bio_PKCS8PrivateKey(out.get(), pair.handle().key.get(), nullptr, nullptr, 0,
                                           nullptr, nullptr) == 1;
  if (!done) return openssl_error("the private key cannot be written");
  return Secret(written(out.get()));
}

Result<std::string> sealed_with(const KeyPair& pair, const Secret& passphrase) {
  if (passphrase.empty()) return Error{"the passphrase is empty"};
  if (passphrase.size() > kMostPassphrase) {
    return Error{
        fmt::format("the passphrase is longer than {} octets, and no program could open the key "
                    "with it: use a shorter one",
                    kMostPassphrase)};
  }
  // By hand and not by PEM_write_bio_PKCS8PrivateKey, which offers PBKDF2 only; scrypt is harder to
  // attack with graphics cards (RFC 7914).
  const Pkcs8Ptr info(EVP_PKEY2PKCS8(pair.handle().key.get()));
  AlgorPtr method(PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), nullptr, 0, nullptr, kScryptCost,
                                        kScryptBlock, kScryptLanes));
  if (!info || !method) return openssl_error("the private key cannot be encrypted");
  const std::string_view text = passphrase.text();
  const SigPtr sealed(
      PKCS8_set0_pbe(text.data(), static_cast<int>(text.size()), info.get(), method.get()));
  if (!sealed) return openssl_error("the private key cannot be encrypted");
  static_cast<void>(method.release());  // Owned by `sealed` now.
  const BioPtr out(BIO_new(BIO_s_mem()));
  if (!out || PEM_write_bio_PKCS8(out.get(), sealed.get()) != 1) {
    return openssl_error("the private key cannot be written");
  }
  return std::string(written(out.get()));
}

Result<std::string> sealed_for(const KeyPair& pair, std::span<const std::string> certificates) {
  if (certificates.empty()) return Error{"there is no recipient"};
  const CertificatesPtr stack(sk_X509_new_null());
  for (const std::string& pem : certificates) {
    const BioPtr in = reader(pem);
    X509Ptr one(in ? PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr) : nullptr);
    ERR_clear_error();
    if (!one) return Error{"a recipient's file contains no certificate in PEM form"};
    // Ownership moves to the stack only where the push succeeded.
    if (sk_X509_push(stack.get(), one.get()) > 0) static_cast<void>(one.release());
  }
  TRY(const auto plain, plain_pem(pair));
  const BioPtr in = reader(plain.text());
  const CmsPtr cms(CMS_encrypt(stack.get(), in.get(), EVP_aes_256_cbc(), CMS_BINARY));
  const BioPtr out(BIO_new(BIO_s_mem()));
  if (!cms || !out || PEM_write_bio_CMS(out.get(), cms.get()) != 1) {
    return openssl_error("the private key cannot be encrypted to the recipients");
  }
  return std::string(written(out.get()));
}

// The forms are recognised by their labels; guessing by trial would report the wrong reason.
Result<KeyPair> open_key(std::string_view pem, const Unlock& unlock) {
  const auto form = form_of(pem);
  if (!form) return Error{"it contains no private key in PEM form"};
  // Each form names the option or variable that opens it; one error for all would leave the user
  // guessing.
  if (*form == KeyForm::Recipients) return open_cms(pem, unlock.identity);
  if (*form == KeyForm::Plain) return open_pkcs8(pem, unlock.passphrase, Error{"it is damaged"});
  if (unlock.passphrase.empty()) {
    return Error{"it is encrypted: give its passphrase in RAMPART_KEY_PASSPHRASE"};
  }
  return open_pkcs8(pem, unlock.passphrase,
                    Error{"the passphrase in RAMPART_KEY_PASSPHRASE does not decrypt it"});
}

Result<Secret> base64_seed(const KeyPair& pair) {
  Secret seed = Secret::of_size(kSeedOctets);
  std::size_t size = seed.size();
  auto* octets = reinterpret_cast<unsigned char*>(seed.octets());
  if (EVP_PKEY_get_raw_private_key(pair.handle().key.get(), octets, &size) != 1) {
    return openssl_error("the key has no seed");
  }
  // Not encode_base64 of base: its std::string would leave the seed in freed memory.
  Secret text = Secret::of_size(4 * ((kSeedOctets + 2) / 3));
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.octets()), octets, kSeedOctets);
  return text;
}

std::optional<KeyPair> pair_of_seed(std::string_view text) {
  text = trim(text);
  const bool with_public = text.size() == kBase64OfTwo;
  if (text.size() != kBase64OfSeed && !with_public) return std::nullopt;
  // The padding that 32 and 64 octets have: another text of this length holds more or fewer.
  const std::size_t padding = text.size() - (text.find_last_not_of('=') + 1);
  if (padding != (with_public ? 2U : 1U)) return std::nullopt;
  Secret octets = Secret::of_size(text.size());
  auto* raw = reinterpret_cast<unsigned char*>(octets.octets());
  // EVP_DecodeBlock counts the padding as octets, so 32 octets give 33.
  const int size = EVP_DecodeBlock(raw, reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  PkeyPtr key(size > kSeedOctets
                  ? EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, raw, kSeedOctets)
                  : nullptr);
  std::array<unsigned char, kSeedOctets> half{};
  std::size_t length = half.size();
  // The public key that follows a seed must be that of the seed: other 64 octets are no key.
  const bool agrees = key && EVP_PKEY_get_raw_public_key(key.get(), half.data(), &length) == 1 &&
                      (!with_public || std::equal(half.begin(), half.end(), raw + kSeedOctets));
  ERR_clear_error();
  if (!agrees) return std::nullopt;
  return pair_of(std::move(key));
}

// A seed and a public key look the same: 32 octets.
bool may_be_public(std::string_view text) { return trim(text).size() == kBase64OfSeed; }

// OpenSSL parses the key, instead of PEM lines added around `p=`: what it cannot read, no signer
// could use.
Result<std::string> pem_of_record(std::string_view record) {
  TRY(const auto parsed, dkim::parse_key(record));
  TRY(const auto octets, decode_base64(parsed.key));
  const auto* bytes = reinterpret_cast<const unsigned char*>(octets.data());
  const auto size = static_cast<long>(octets.size());
  PkeyPtr key;
  if (parsed.type == "ed25519") {
    key.reset(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes, octets.size()));
  } else {
    // RFC 6376 section 3.6.1 asks for SubjectPublicKeyInfo; some generators publish the bare PKCS#1
    // key, and receivers accept it.
    const unsigned char* at = bytes;
    key.reset(d2i_PUBKEY(nullptr, &at, size));
    at = bytes;
    if (!key) key.reset(d2i_PublicKey(EVP_PKEY_RSA, nullptr, &at, size));
  }
  ERR_clear_error();
  if (!key) return Error{"the record contains no key that can be read"};
  return public_pem(pair_of(std::move(key)));
}

}  // namespace rampart
