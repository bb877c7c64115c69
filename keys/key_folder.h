/// The key folder: `keys/<domain>/<selector>.key`, the private half, and `.pub`, the public half
/// for plans and reviews. A selector's files are never overwritten.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dns/name.h"
#include "keys/key_pair.h"
#include "keys/secure_file.h"

namespace rampart {

/// Identifies a selector.
struct KeyPlace {
  Name domain;
  std::string selector;

  bool operator==(const KeyPlace&) const = default;
};

/// How new private keys are protected.
struct Protection {
  KeyForm form = KeyForm::Recipients;
  Secret passphrase = {};                      ///< For Passphrase.
  std::vector<std::string> certificates = {};  ///< For Recipients: PEM texts.
};

/// The folder's content for one selector.
struct KeyEntry {
  KeyPlace place;
  std::string algorithm = {};               ///< "rsa2048", "ed25519", "rsa1024".
  std::string fingerprint = {};             ///< "sha256:...", as in plans.
  std::string made = {};                    ///< The day in the header: "2026-11-21", or empty.
  std::optional<KeyForm> private_key = {};  ///< Empty where the folder has no readable one.
  std::string error = {};                   ///< Why the public half could not be read.

  bool operator==(const KeyEntry&) const = default;
};

/// The folder `root`/keys; `root` is the folder of the YAML. Nothing outside is touched.
class KeyFolder {
 public:
  explicit KeyFolder(std::string root) : root_(std::move(root)) {}

  /// "conf/keys/example.com/s1.key", for messages.
  std::string path_of(const KeyPlace& place, std::string_view ending) const;

  /// Whether either half exists.
  bool has(const KeyPlace& place) const;

  /// Stores a pair: the private half first, so that no public half exists without it. `made` is
  /// the day for the header.
  Result<Ok> store(const KeyPlace& place, const KeyPair& pair, const Protection& protection,
                   const std::string& made) const;

  /// Removes what a killed run left of a batch of keys of these domains: files that the batch
  /// listed, that have the listed content, and that `is_named` does not report. Any other file is
  /// kept. Returns the paths of what was removed. Waits while another run makes keys; `is_named` is
  /// called only while no other run can.
  Result<std::vector<std::string>> remove_unfinished(
      std::span<const Name> domains, const std::function<bool(const KeyPlace&)>& is_named) const;

  /// Stores only a public half: the signing host keeps the private one. As for a pair, a private
  /// half without a public one is set aside.
  Result<Ok> store_public(const KeyPlace& place, const std::string& pem,
                          const std::string& made) const;

  /// Opens a private key and checks it against its public half.
  Result<KeyPair> open(const KeyPlace& place, const Unlock& unlock) const;

  /// The public half's PEM, header included.
  Result<std::string> public_half(const KeyPlace& place) const;

  /// All selectors, sorted by domain and selector.
  std::vector<KeyEntry> list() const;

  /// One selector's entry.
  KeyEntry entry(const KeyPlace& place) const;

 private:
  std::string root_;
};

/// Keys that one command stores together, such as both keys of a rotation, before something names
/// them. From the first `store` to `finish` the folder of all keys is locked, and a hidden file in
/// each domain's folder lists what was made. After a kill it remains, and lets the next run remove
/// those files.
class KeyBatch {
 public:
  /// For the folder `root`/keys.
  explicit KeyBatch(std::string root) : root_(std::move(root)) {}

  /// As KeyFolder::store.
  Result<Ok> store(const KeyPlace& place, const KeyPair& pair, const Protection& protection,
                   const std::string& made);

  /// Everything that belongs to the keys is written: removes the lists, and releases the folders.
  Result<Ok> finish();

 private:
  Result<Ok> begin();

  std::string root_;
  std::optional<KeyDirectory> keys_;   ///< Of all domains; locked from the first `store` on.
  std::map<Name, std::string> lists_;  ///< What was made, by domain.
};

/// A key record's algorithm and key length as one word: "rsa2048", "ed25519".
std::string algorithm_word(const std::string& record);

}  // namespace rampart
