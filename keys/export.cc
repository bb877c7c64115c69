#include "keys/export.h"

#include <fmt/format.h>

#include <filesystem>
#include <map>

#include "keys/secure_file.h"

namespace rampart {
namespace {

// The mode of keys and tables: tables name the paths of private keys. The signer must run as the
// owner, or as root, to read them.
constexpr unsigned kMode = 0600;

// The name is part of the signer's tables, so it must not change between exports.
std::string key_file(const KeyPlace& place) { return place.selector + ".pem"; }

std::string signer_path(const ExportJob& job, const KeyPlace& place) {
  // The tables are read on the mail host, which may hold the files at another place than this one.
  std::string folder = job.installed_at;
  if (folder.empty()) folder = std::filesystem::absolute(job.out).lexically_normal().string();
  while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
  return fmt::format("{}/{}/{}", folder, place.domain.text(), key_file(place));
}

// KeyTable and SigningTable as opendkim.conf(5) describes them; the latter for `refile:`.
std::map<std::string, std::string> opendkim_tables(const ExportJob& job) {
  std::map<std::string, std::string> tables{{"KeyTable", ""}, {"SigningTable", ""}};
  for (const KeyPlace& place : job.places) {
    const std::string domain = place.domain.text();
    const std::string key = fmt::format("{}._domainkey.{}", place.selector, domain);
    tables["KeyTable"] +=
        fmt::format("{} {}:{}:{}\n", key, domain, place.selector, signer_path(job, place));
    tables["SigningTable"] += fmt::format("*@{} {}\n", domain, key);
  }
  return tables;
}

// Maps for `selector_map` and `path_map`, which hold one selector per domain, and `domain {}`
// blocks, which can hold several.
std::map<std::string, std::string> rspamd_tables(const ExportJob& job) {
  std::map<std::string, std::string> tables{
      {"dkim_selectors.map", ""}, {"dkim_paths.map", ""}, {"dkim_domains.conf", ""}};
  std::map<Name, std::string> blocks;
  for (const KeyPlace& place : job.places) {
    const std::string domain = place.domain.text();
    std::string& block = blocks[place.domain];
    // The maps get the first selector of each domain, the blocks get all of them.
    if (block.empty()) {
      tables["dkim_selectors.map"] += fmt::format("{} {}\n", domain, place.selector);
      tables["dkim_paths.map"] += fmt::format("{} {}\n", domain, signer_path(job, place));
    }
    block += fmt::format("      {{ selector = \"{}\"; path = \"{}\"; }},\n", place.selector,
                         signer_path(job, place));
  }
  std::string& text = tables["dkim_domains.conf"];
  text = "domain {\n";
  for (const auto& [domain, block] : blocks) {
    text += fmt::format("  {} {{\n    selectors [\n{}    ]\n  }}\n", domain.text(), block);
  }
  text += "}\n";
  return tables;
}

std::map<std::string, std::string> tables_of(const ExportJob& job) {
  // `pem` has no tables: it is for signers that are configured by hand.
  if (job.format == SignerFormat::OpenDkim) return opendkim_tables(job);
  if (job.format == SignerFormat::Rspamd) return rspamd_tables(job);
  return {};
}

// A private key as the signer reads it: PKCS#8, but rspamd wants an Ed25519 key's seed.
Result<Secret> signer_text(const ExportJob& job, const KeyPair& pair) {
  auto seed = base64_seed(pair);
  if (job.format == SignerFormat::Rspamd && seed) return seed;
  return plain_pem(pair);
}

// `replace` and not `create`: an export is repeated after each rotation.
Result<Ok> write_key(const ExportJob& job, const KeyPlace& place, const KeyFolder& folder,
                     const Unlock& unlock) {
  TRY(const auto pair, folder.open(place, unlock));
  TRY(const auto pem, signer_text(job, pair));
  TRY(const auto out, KeyDirectory::make(job.out, place.domain.text()));
  return out.replace(key_file(place), pem.text(), kMode);
}

// Returns the first difference as a sentence: further ones of the same key have the same cause.
std::string check_key(const ExportJob& job, const KeyPlace& place, const KeyFolder& folder) {
  const std::string shown = place.domain.text() + "/" + key_file(place);
  const auto out = KeyDirectory::open(job.out, place.domain.text());
  const auto pem = out ? out->read(key_file(place)) : Result<Secret>(Error{});
  if (!pem) return fmt::format("{} is missing", shown);
  // The file is recognised by its content: a seed where --format now means PEM is no difference.
  const auto seeded = pair_of_seed(pem->text());
  const auto pair = seeded ? Result<KeyPair>(*seeded) : open_key(pem->text(), Unlock{});
  if (!pair) return fmt::format("{}: {}", shown, pair.error().what);
  // Compared by the public halves: the check needs neither passphrase nor identity.
  const auto half = folder.public_half(place);
  if (!half) return sentence(half.error());
  const auto same = check_pair(*pair, *half);
  return same ? "" : fmt::format("{} holds another key", shown);
}

}  // namespace

std::optional<SignerFormat> parse_signer_format(std::string_view text) {
  if (text == "opendkim") return SignerFormat::OpenDkim;
  if (text == "rspamd") return SignerFormat::Rspamd;
  if (text == "pem") return SignerFormat::Pem;
  return std::nullopt;
}

// Keys before tables: a signer that reloads in between must not find a table that names missing
// files.
Result<std::vector<std::string>> export_keys(const ExportJob& job, const KeyFolder& folder,
                                             const Unlock& unlock) {
  // A failure here is reported by the first write, with the path.
  std::error_code failed;
  std::filesystem::create_directories(job.out, failed);
  std::vector<std::string> written;
  for (const KeyPlace& place : job.places) {
    TRY_OK(write_key(job, place, folder, unlock));
    written.push_back(place.domain.text() + "/" + key_file(place));
  }
  TRY(const auto out, KeyDirectory::open(job.out, ""));
  for (const auto& [name, text] : tables_of(job)) {
    TRY_OK(out.replace(name, text, kMode));
    written.push_back(name);
  }
  return written;
}

std::vector<std::string> check_export(const ExportJob& job, const KeyFolder& folder) {
  std::vector<std::string> differences;
  for (const KeyPlace& place : job.places) {
    const std::string difference = check_key(job, place, folder);
    if (!difference.empty()) differences.push_back(difference);
  }
  // A missing folder is no error of its own: every file is reported as missing.
  const auto out = KeyDirectory::open(job.out, "");
  for (const auto& [name, text] : tables_of(job)) {
    const auto there = out ? out->read(name) : Result<Secret>(Error{});
    if (!there) {
      differences.push_back(fmt::format("{} is missing", name));
    } else if (there->text() != text) {
      differences.push_back(fmt::format("{} differs", name));
    }
  }
  return differences;
}

}  // namespace rampart
