#include "keys/export.h"

#include <fmt/format.h>

#include <filesystem>
#include <map>

#include "keys/secure_file.h"
#include "mail/dkim/key.h"

namespace rampart {
namespace {

// New files are for their owner alone: tables name the paths of private keys. Of a file that is
// replaced, what an administrator set is kept, except that others never read a key: opendkim
// refuses such keys too (RequireSafeKeys).
constexpr ReplacedFile kKeyFile{.mode = 0600, .kept = 0770};
constexpr ReplacedFile kTable{.mode = 0600, .kept = 0777};

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

// Whether the signer reads this key as a seed: rspamd, an Ed25519 key.
bool is_read_as_seed(const ExportJob& job, const KeyPair& pair) {
  return job.format == SignerFormat::Rspamd && base64_seed(pair).ok();
}

// A private key as the signer reads it.
Result<Secret> signer_text(const ExportJob& job, const KeyPair& pair) {
  return is_read_as_seed(job, pair) ? base64_seed(pair) : plain_pem(pair);
}

// `replace` and not `create`: an export is repeated after each rotation.
Result<Ok> write_key(const ExportJob& job, const KeyPlace& place, const KeyFolder& folder,
                     const Unlock& unlock) {
  TRY(const auto pair, folder.open(place, unlock));
  TRY(const auto pem, signer_text(job, pair));
  TRY(const auto out, KeyDirectory::make_for_reader(job.out, place.domain.text()));
  return out.replace(key_file(place), pem.text(), kKeyFile);
}

// Why a file of the export, `name` below its folder, cannot be compared. Only a file that does not
// exist is missing: one that this user may not read can be current.
std::string why_unread(const ExportJob& job, const std::string& name, const Error& error) {
  std::error_code failed;
  const auto status = std::filesystem::symlink_status(job.out + "/" + name, failed);
  if (status.type() == std::filesystem::file_type::not_found) {
    return fmt::format("{} is missing", name);
  }
  return fmt::format("{}: {}", name, error.what);
}

// Returns the first difference as a sentence: further ones of the same key have the same cause.
std::string check_key(const ExportJob& job, const KeyPlace& place, const KeyFolder& folder) {
  const std::string shown = place.domain.text() + "/" + key_file(place);
  const auto out = KeyDirectory::open(job.out, place.domain.text());
  const auto pem = out ? out->read(key_file(place)) : Result<Secret>(out.error());
  if (!pem) return why_unread(job, shown, pem.error());
  const auto seeded = pair_of_seed(pem->text());
  const auto pair = seeded ? Result<KeyPair>(*seeded) : open_key(pem->text(), Unlock{});
  if (!pair) return fmt::format("{}: {}", shown, pair.error().what);
  // Compared by the public halves: the check needs neither passphrase nor identity.
  const auto half = folder.public_half(place);
  if (!half) return sentence(half.error());
  if (const auto record = dkim::key_from_pem(*half); !record) {
    return sentence(within(folder.path_of(place, ".pub"), record.error()));
  }
  if (!check_pair(*pair, *half)) return fmt::format("{} holds another key", shown);
  const bool wants_seed = is_read_as_seed(job, *pair);
  if (wants_seed == seeded.has_value()) return "";
  return fmt::format("{} has the right key as {}, but this format needs {}: export it again", shown,
                     wants_seed ? "PEM" : "a seed", wants_seed ? "its seed" : "PEM");
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
    TRY_OK(out.replace(name, text, kTable));
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
    const auto there = out ? out->read(name) : Result<Secret>(out.error());
    if (!there) {
      differences.push_back(why_unread(job, name, there.error()));
    } else if (there->text() != text) {
      differences.push_back(fmt::format("{} differs", name));
    }
  }
  return differences;
}

}  // namespace rampart
