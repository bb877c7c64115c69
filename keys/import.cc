#include "keys/import.h"

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

}  // namespace

// Not the zone-file parser: opendkim-genkey and others write fragments without SOA or origin, and
// some users pass the bare record. The quoted strings, comments aside, are joined.
std::optional<std::string> record_in(std::string_view text) {
  std::string joined;
  bool quoted = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '"') {
      quoted = !quoted;
    } else if (c == ';' && !quoted) {
      at = std::min(text.find('\n', at), text.size());  // A comment; it may contain quotes.
    } else if (quoted) {
      if (c == '\\' && at + 1 < text.size()) ++at;
      joined += text[at];
    }
  }
  // No quotes at all: the bare text of a record, as DNS hosts show it.
  if (joined.empty()) joined = text;
  const auto record = dkim::parse_key(joined);
  if (!record || record->revoked()) return std::nullopt;
  return dkim::print_key(*record);
}

// All files are read before anything is written: a mistake in one of them must not leave half of a
// key in the folder.
Result<ImportedKey> read_key_files(std::span<const KeyFile> files, const Unlock& unlock) {
  ImportedKey key;
  for (const KeyFile& file : files) {
    const std::string_view text = file.text.text();
    Result<std::string> pem =
        Error{"it contains neither a key in PEM form nor a TXT record", file.path};
    // From the most certain form to the least: PEM labels, then a seed by its length, then any text
    // that reads as a record.
    if (form_of(text)) {
      auto pair = open_key(text, unlock);
      if (!pair) return within(file.path, pair.error());
      pem = public_pem(*pair);
      key.pair = *pair;
    } else if (auto seeded = pair_of_seed(text)) {
      pem = public_pem(*seeded);
      key.pair = std::move(seeded);
    } else if (text.find("-----BEGIN PUBLIC KEY-----") != text.npos) {
      pem = std::string(text);
    } else if (const auto record = record_in(text)) {
      pem = pem_of_record(*record);
    }
    // An error never quotes the file, which may be a private key.
    if (!pem) return pem.error();
    TRY_OK(merge(file.path, *pem, key));
  }
  if (key.public_pem.empty()) return Error{"no file was named"};
  return key;
}

}  // namespace rampart
