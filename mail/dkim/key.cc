#include "mail/dkim/key.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "base/base64.h"
#include "base/sha256.h"
#include "base/sorting.h"
#include "base/text.h"
#include "mail/dkim/public_key.h"

namespace rampart::dkim {
namespace {

using List = std::vector<std::string>;

// An empty item is no word of the list; all verifiers skip it.
List read_list(const Tag& tag, List& slips) {
  List items;
  bool gap = false;
  for (const std::string_view item : split(tag.value, ':')) {
    if (item.empty()) {
      gap = true;
    } else {
      items.emplace_back(item);
    }
  }
  if (gap) slips.push_back(fmt::format("`{}=` has an empty item", tag.name));
  return items;
}

std::string join(const List& items) { return fmt::format("{}", fmt::join(items, ":")); }

// RFC 6376 section 3.6.1: blanks inside p= are ignored.
Result<std::string> parse_public(std::string_view value) {
  std::string key = without_spaces(value);
  // What people paste around the key, each with its own remedy.
  if (key.find("-----") != std::string::npos) {
    return Error{
        "`p=` has the BEGIN and END lines of a PEM file: only the base64 text between "
        "them belongs there"};
  }
  if (key.find_first_of("\"'") != std::string::npos) {
    return Error{"`p=` has quotes, which are not part of a key: remove them"};
  }
  // Checked now, although the text is kept: a key that cannot be decoded must fail when it is read.
  const auto octets = decode_base64(key);
  if (!octets) return Error{"`p=` is not base64: " + octets.error().what};
  return key;
}

// RFC 6376 section 3.6.1 and RFC 8463 section 4; values are case-sensitive (section 3.2).
Result<std::string> parse_type(const std::string& value) {
  if (value == "rsa" || value == "ed25519") return value;
  return Error{fmt::format("`k={}` is not a key type in use; it is `rsa` or `ed25519`", value)};
}

// Unknown tags are kept in order, because a later standard may define them (RFC 6376 section 3.2).
Result<Ok> read_tag(const Tag& tag, LenientKey& key) {
  KeyRecord& record = key.record;
  if (tag.name == "h") {
    record.hashes = read_list(tag, key.slips);
  } else if (tag.name == "k") {
    TRY(record.type, parse_type(tag.value));
  } else if (tag.name == "p") {
    TRY(record.key, parse_public(tag.value));
  } else if (tag.name == "s") {
    record.services = read_list(tag, key.slips);
  } else if (tag.name == "t") {
    record.flags = read_list(tag, key.slips);
  } else if (tag.name == "v") {
    record.version = tag.value;
  } else if (tag.name == "n") {
    record.notes = tag.value;
  } else {
    record.unknown.push_back(tag);
  }
  return Ok{};
}

// RFC 6376 section 3.2: a tag-list ends with a tag or one `;`, not with blanks after that.
bool has_blank_tail(std::string_view text) {
  const auto last = text.rfind(';');
  return last != std::string_view::npos && last + 1 < text.size() &&
         trim(text.substr(last + 1)).empty();
}

// The tag is optional, but receivers ignore a key with any other version.
Result<Ok> check_version(const std::vector<Tag>& tags, List& slips) {
  const auto found = std::ranges::find(tags, "v", &Tag::name);
  if (found == tags.end()) return Ok{};
  if (found->value != "DKIM1") {
    return Error{fmt::format("the version is `{}`, it must be exactly `DKIM1`", found->value)};
  }
  if (found != tags.begin()) {
    slips.emplace_back("`v=` must be the first tag (RFC 6376 section 3.6.1)");
  }
  return Ok{};
}

// Defaults filled in and order removed, so that == compares meanings.
KeyRecord meaning(const KeyRecord& record) {
  KeyRecord plain = record;
  plain.version = "DKIM1";
  plain.services = sorted(record.services.value_or(List{"*"}));
  if (record.hashes) plain.hashes = sorted(*record.hashes);
  plain.flags = sorted(record.flags);
  std::ranges::sort(plain.unknown, {}, &Tag::name);
  return plain;
}

// The most frequent mistake, a key published under the wrong k=, gets its own message.
Result<KeyShape> rsa_shape(std::string_view octets) {
  const auto info = read_public_key(octets);
  if (!info && octets.size() == 32) {
    return Error{"it has k=rsa but 32 octets, as an Ed25519 key has: write k=ed25519"};
  }
  if (!info) return info.error();
  if (info->kind != PublicKeyInfo::Kind::Rsa) {
    return Error{"it has k=rsa but contains an Ed25519 key"};
  }
  return KeyShape{.algorithm = "rsa", .bits = info->bits, .fingerprint = {}};
}

Result<KeyShape> ed25519_shape(std::string_view octets) {
  // RFC 8032 section 5.1.5: every 32 octets are taken for a key, so there is nothing more to check
  // here.
  if (octets.size() == 32) return KeyShape{.algorithm = "ed25519", .bits = 256, .fingerprint = {}};
  const auto info = read_public_key(octets);
  if (info && info->kind == PublicKeyInfo::Kind::Ed25519) {
    return Error{"an Ed25519 key is published as its 32 raw octets (RFC 8463 section 4)"};
  }
  return Error{fmt::format("an Ed25519 key has 32 octets, this one {}", octets.size())};
}

constexpr std::string_view kPemBegin = "-----BEGIN ";

// The base64 lines between the first BEGIN line's label and its END line.
struct Pem {
  std::string label;
  std::string body;
};

Result<Pem> read_pem(std::string_view text) {
  // Anything may precede it: `openssl` and certificate tools write explanations there.
  const auto begin = text.find(kPemBegin);
  if (begin == std::string_view::npos) return Error{"it is not a PEM file: no BEGIN line"};
  text.remove_prefix(begin + kPemBegin.size());
  const auto dashes = text.find("-----");
  if (dashes == std::string_view::npos) return Error{"its BEGIN line does not end"};
  const std::string label(text.substr(0, dashes));
  text.remove_prefix(dashes + 5);
  const auto end = text.find("-----END " + label + "-----");
  if (end == std::string_view::npos) return Error{"its END line is missing"};
  return Pem{label, without_spaces(text.substr(0, end))};
}

}  // namespace

Result<LenientKey> parse_key_leniently(std::string_view text) {
  if (trim(text).starts_with('"')) {
    return Error{
        "the value begins with a quote: zone files put quotes around a text, and they are not "
        "part of it"};
  }
  TRY(auto reading, read_tags(text));
  LenientKey key{.record = {}, .slips = std::move(reading.slips)};
  if (has_blank_tail(text)) key.slips.emplace_back("blanks follow the last `;`");
  TRY_OK(check_version(reading.tags, key.slips));
  for (const Tag& tag : reading.tags) {
    TRY_OK(read_tag(tag, key));
  }
  if (!find_tag(reading.tags, "p")) return Error{"`p=` is missing (RFC 6376 section 3.6.1)"};
  return key;
}

// RFC 6376 section 3.6.1. Strict: a record that only some receivers can read is a fault for its
// owner.
Result<KeyRecord> parse_key(std::string_view text) {
  TRY(auto key, parse_key_leniently(text));
  if (!key.slips.empty()) return Error{key.slips.front()};
  return std::move(key.record);
}

std::string print_key(const KeyRecord& record) {
  std::vector<Tag> tags;
  if (record.version) tags.push_back({"v", *record.version});
  if (record.hashes) tags.push_back({"h", join(*record.hashes)});
  tags.push_back({"k", record.type});
  if (record.notes) tags.push_back({"n", *record.notes});
  if (record.services) tags.push_back({"s", join(*record.services)});
  if (!record.flags.empty()) tags.push_back({"t", join(record.flags)});
  // Last among the known tags, because it is long: the others remain visible where a host cuts the
  // text.
  tags.push_back({"p", record.key});
  tags.insert(tags.end(), record.unknown.begin(), record.unknown.end());
  return print_tags(tags);
}

bool same_meaning(const KeyRecord& a, const KeyRecord& b) { return meaning(a) == meaning(b); }

Result<KeyShape> shape_of(const KeyRecord& record) {
  if (record.revoked()) return Error{"the key is revoked (`p=` is empty)"};
  TRY(const auto octets, decode_base64(record.key));
  auto shape = record.type == "ed25519" ? ed25519_shape(octets) : rsa_shape(octets);
  // 16 hex digits are enough to tell two keys apart by eye.
  if (shape) shape.value().fingerprint = "sha256:" + sha256_hex(octets).substr(0, 16);
  return shape;
}

Result<KeyRecord> key_from_pem(std::string_view pem) {
  TRY(const auto file, read_pem(pem));
  // The text of the file is never quoted: it is a secret in the wrong place.
  if (file.label.ends_with("PRIVATE KEY")) {
    return Error{"it contains a private key; name the file with the public key"};
  }
  if (file.label != "PUBLIC KEY") {
    return Error{
        fmt::format("it contains `{}`; a key is read from `PUBLIC KEY` (SPKI)", file.label)};
  }
  TRY(const auto der, decode_base64(file.body));
  TRY(const auto info, read_public_key(der));
  if (info.form == PublicKeyInfo::Form::Pkcs1)
    return Error{"it contains PKCS#1, although it is labelled SPKI"};
  KeyRecord record;
  record.version = "DKIM1";
  // RFC 8463 section 4: Ed25519 keys are published raw, RSA keys in SPKI.
  const bool rsa = info.kind == PublicKeyInfo::Kind::Rsa;
  record.type = rsa ? "rsa" : "ed25519";
  record.key = rsa ? file.body : encode_base64(info.raw);
  return record;
}

}  // namespace rampart::dkim
