#include "keys/import.h"

#include <algorithm>

#include "base/text.h"
#include "dns/escape.h"
#include "mail/dkim/key.h"

namespace rampart {
namespace {

// Several files may describe one key, such as a private key and the zone fragment that its
// generator wrote. Two different keys would leave open which one is published.
Result<Ok> merge(const std::string& path, const std::string& pem, ImportedKey& key) {
  const auto added = dkim::key_from_pem(pem);
  if (!added) return within(path, added.error());
  if (key.public_pem.empty()) {
    key.public_pem = pem;
    return Ok{};
  }
  const auto known = dkim::key_from_pem(key.public_pem);
  if (known && known->key == added->key) return Ok{};
  return Error{"its key differs from that of the other files", path};
}

// The public key of one file that shows by its form what it is. From the most certain form to the
// least: PEM labels, then a seed with its public key, then any text that reads as a record. No
// error quotes the file, which may be a private key.
Result<std::string> public_half_of(std::string_view text, const Unlock& unlock, ImportedKey& key) {
  if (form_of(text)) {
    TRY(key.pair, open_key(text, unlock));
    return public_pem(*key.pair);
  }
  if (auto seeded = pair_of_seed(text)) {
    key.pair = std::move(seeded);
    return public_pem(*key.pair);
  }
  if (text.find("-----BEGIN PUBLIC KEY-----") != text.npos) return std::string(text);
  if (const auto record = record_in(text)) return pem_of_record(*record);
  return Error{"it contains neither a key in PEM form nor a TXT record"};
}

// 32 octets alone are a seed or a public key. Taken for a seed, a public key would become the
// "private" key of another one, which no receiver accepts. So the other files must show which it
// is.
Result<Ok> add_bare_octets(const KeyFile& file, ImportedKey& key) {
  if (key.public_pem.empty()) {
    return Error{
        "its 32 octets may be a private key (an Ed25519 seed) or a public one (the `p=` of a "
        "record): for a private key, name the file with its public key or its TXT record too; for "
        "a public key, write `v=DKIM1; k=ed25519; p=` in front of it",
        file.path};
  }
  const auto known = dkim::key_from_pem(key.public_pem);
  if (known && known->key == trim(file.text.text())) return Ok{};
  auto seeded = pair_of_seed(file.text.text());
  TRY(const auto pem, within(file.path, public_pem(*seeded)));
  TRY_OK(merge(file.path, pem, key));
  key.pair = std::move(seeded);
  return Ok{};
}

}  // namespace

// Not the zone-file parser: opendkim-genkey and others write fragments without SOA or origin, and
// some users pass the bare record. The quoted strings, comments aside, are joined.
std::optional<std::string> record_in(std::string_view text) {
  std::string joined;
  bool quoted = false;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '"') {
      quoted = !quoted;
    } else if (c == ';' && !quoted) {
      at = std::min(text.find('\n', at), text.size());  // A comment; it may contain quotes.
    } else if (quoted) {
      const auto next = read_octet(text, at, joined);
      if (!next) return std::nullopt;
      at = *next;
      continue;
    }
    ++at;
  }
  // No quotes at all: the bare text of a record, as DNS hosts show it.
  if (joined.empty()) {
    const std::string_view bare = trim(text);
    for (std::size_t at = 0; at < bare.size();) {
      const auto next = read_octet(bare, at, joined);
      if (!next) return std::nullopt;
      at = *next;
    }
  }
  const auto record = dkim::parse_key(joined);
  if (!record || record->revoked()) return std::nullopt;
  return dkim::print_key(*record);
}

// All files are read before anything is written: a mistake in one of them must not leave half of a
// key in the folder.
Result<ImportedKey> read_key_files(std::span<const KeyFile> files, const Unlock& unlock) {
  ImportedKey key;
  std::vector<const KeyFile*> bare;
  for (const KeyFile& file : files) {
    const std::string_view text = file.text.text();
    if (pair_of_seed(text) && may_be_public(text)) {
      bare.push_back(&file);
      continue;
    }
    TRY(const auto pem, within(file.path, public_half_of(text, unlock, key)));
    TRY_OK(merge(file.path, pem, key));
  }
  for (const KeyFile* file : bare) TRY_OK(add_bare_octets(*file, key));
  if (key.public_pem.empty()) return Error{"no file was named"};
  return key;
}

}  // namespace rampart
