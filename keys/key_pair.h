/// Key pairs for DKIM: generated, read, and written in protected forms.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "keys/secret.h"

namespace rampart {

enum class KeyAlgorithm { Rsa2048, Rsa4096, Ed25519 };

/// "rsa2048", "rsa4096", "ed25519".
std::string_view to_text(KeyAlgorithm algorithm);
std::optional<KeyAlgorithm> parse_key_algorithm(std::string_view text);

/// A private key with its public half.
class KeyPair {
 public:
  struct Handle;  ///< OpenSSL's key.

  explicit KeyPair(std::shared_ptr<Handle> handle) : handle_(std::move(handle)) {}
  Handle& handle() const { return *handle_; }

 private:
  std::shared_ptr<Handle> handle_;
};

/// Generates one pair for each algorithm, in that order, on all cores.
Result<std::vector<KeyPair>> make_keys(std::span<const KeyAlgorithm> algorithms);

/// The public half, SubjectPublicKeyInfo as PEM.
Result<std::string> public_pem(const KeyPair& pair);

/// Checks that `pem` is the pair's public half.
Result<Ok> check_pair(const KeyPair& pair, std::string_view pem);

/// The form of a private key in its file.
enum class KeyForm {
  Plain,       ///< PKCS#8, unencrypted.
  Passphrase,  ///< PKCS#8, AES-256 with a key by scrypt (RFC 7914) from a passphrase.
  Recipients,  ///< CMS (RFC 5652), AES-256 with a key for each recipient's certificate.
};

/// "unencrypted", "passphrase", "recipients".
std::string_view to_text(KeyForm form);

/// The form of a private key's PEM text; nullopt where it is not a private key.
std::optional<KeyForm> form_of(std::string_view pem);

/// The private key as PEM, unencrypted (PKCS#8).
Result<Secret> plain_pem(const KeyPair& pair);
/// The private key as PEM, encrypted with a passphrase. An Error where the passphrase is empty or
/// longer than 1,024 octets, with which OpenSSL could not open the key again.
Result<std::string> sealed_with(const KeyPair& pair, const Secret& passphrase);
/// The private key as PEM, encrypted so that the key of any of `certificates` (PEM texts) opens it.
Result<std::string> sealed_for(const KeyPair& pair, std::span<const std::string> certificates);

/// Secrets that open a private key.
struct Unlock {
  Secret passphrase;
  Secret identity;  ///< The PEM private key of a recipient.
};

/// Reads a private key in any form (and the older PKCS#1). An Error never quotes the file.
Result<KeyPair> open_key(std::string_view pem, const Unlock& unlock);

/// An Ed25519 key's 32 octets in Base64, as rspamd and dkimpy read them; an Error for other keys.
Result<Secret> base64_seed(const KeyPair& pair);

/// The pair whose base64_seed() is `text`, blanks around it aside. 64 octets are read too, if they
/// are a seed followed by its public key. nullopt for other text. See may_be_public().
std::optional<KeyPair> pair_of_seed(std::string_view text);

/// Whether a text that pair_of_seed() reads may as well be an Ed25519 public key: any 32 octets are
/// a seed (RFC 8032 section 5.1.5).
bool may_be_public(std::string_view text);

/// The PEM public key of a DKIM key record's `p=`.
Result<std::string> pem_of_record(std::string_view record);

}  // namespace rampart
