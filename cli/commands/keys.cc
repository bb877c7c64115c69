/// `rampart keys`: list, generate, import, export.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/printable.h"
#include "cli/commands/table.h"
#include "cli/context/evidence.h"
#include "cli/context/key_options.h"
#include "cli/views/keys.h"
#include "keys/export.h"
#include "keys/import.h"
#include "policies/dkim/names.h"

namespace rampart {
namespace {

/// The YAML if it exists: these commands work without one. Empty: it is broken, already reported.
std::optional<std::optional<Config>> yaml_if_any(const Context& context) {
  if (::access(context.config_file.c_str(), F_OK) != 0) return std::optional<Config>();
  const std::optional<Config> config = load(context);
  return config ? std::optional(config) : std::nullopt;
}

// The selector is tested as part of a DNS name, because it becomes one; that also bounds the file's
// name.
Result<KeyPlace> place_of(const Context& context) {
  TRY(const Name domain,
      within("DOMAIN", Name::parse(context.arguments.one("DOMAIN").value_or(""))));
  const std::string selector = context.arguments.one("SELECTOR").value_or("");
  const auto name = domain.child(selector + "._domainkey");
  if (selector.empty() || !name) return Error{"`" + selector + "` is not a selector", "SELECTOR"};
  return KeyPlace{domain, selector};
}

ExitCode print_made(const Context& context, const std::vector<KeyEntry>& entries,
                    const KeyFolder& folder) {
  return print(context,
               context.json() ? made_keys_json(entries, folder) : made_keys_text(entries, folder));
}

/// The keys to make. A selector holds one key, so `both` makes two, with r and e appended.
Result<std::vector<std::pair<KeyPlace, KeyAlgorithm>>> requested_keys(const KeyPlace& place,
                                                                      const std::string& word) {
  if (word == "both") {
    return std::vector<std::pair<KeyPlace, KeyAlgorithm>>{
        {{place.domain, place.selector + "r"}, KeyAlgorithm::Rsa2048},
        {{place.domain, place.selector + "e"}, KeyAlgorithm::Ed25519}};
  }
  const auto algorithm = parse_key_algorithm(word);
  if (!algorithm) return Error{"one of rsa2048, rsa4096, ed25519, both", "--algorithm"};
  return std::vector<std::pair<KeyPlace, KeyAlgorithm>>{{place, *algorithm}};
}

/// In the order of LiveKey.
constexpr std::array kPublishedWords = {"no", "yes", "revoked", "unclear"};

/// Adds what the YAML and DNS show about a key of the folder. It is "unused" unless the YAML
/// declares it or a rotation has it in one of its states.
void fill_from(const Config& config, const World& world, KeyRow& row) {
  const auto found = config.domains.find(row.entry.place.domain);
  row.state = "unused";
  if (found == config.domains.end()) return;
  const Domain& domain = found->second;
  const std::string& selector = row.entry.place.selector;
  row.published = kPublishedWords.at(static_cast<std::size_t>(live_key(domain, world, selector)));
  const auto declared = declared_selectors(domain);
  if (std::ranges::find(declared, selector) != declared.end()) row.state = "declared";
  for (const RotationSpec& spec : domain.rotations) {
    for (const SelectorState& state : rotation_step(facts_for(domain, spec, world)).selectors) {
      if (state.selector != selector) continue;
      row.state = to_text(state.state);
      if (state.changes) row.next = to_text(std::chrono::floor<std::chrono::days>(*state.changes));
    }
  }
}

/// The selectors that may sign: live, and with a private half in the folder. A signer that uses a
/// key before its public half is live produces signatures that fail.
void add_signing(const Domain& domain, const World& world, const KeyFolder& folder,
                 std::vector<KeyPlace>& places, std::vector<std::string>& left_out) {
  std::vector<std::string> declared;
  for (const SelectorSpec& spec : domain.selectors) {
    const std::string path = rotation_key_path(domain.name, spec.selector);
    // Only keys of this folder: hosts that sign with other declared keys have those themselves.
    if (spec.public_key == path) declared.push_back(spec.selector);
  }
  for (const RotationSpec& rotation : domain.rotations) {
    if (!rotation.current) continue;
    std::ranges::copy(selectors_of(*rotation.current), std::back_inserter(declared));
  }
  for (const std::string& selector : declared) {
    const KeyPlace place{domain.name, selector};
    // Normal and not worth a message: another host may hold the private half.
    if (!folder.entry(place).private_key) continue;
    if (live_key(domain, world, selector) == LiveKey::Published) {
      places.push_back(place);
    } else {
      left_out.push_back(fmt::format("{} of {} is not exported: its public key is not live in DNS",
                                     selector, domain.name.text()));
    }
  }
}

/// opendkim signs with one algorithm for all keys, rsa-sha256, and fails on others.
void leave_out_ed25519(const KeyFolder& folder, std::vector<KeyPlace>& places,
                       std::vector<std::string>& left_out) {
  std::erase_if(places, [&](const KeyPlace& place) {
    if (folder.entry(place).algorithm != "ed25519") return false;
    left_out.push_back(fmt::format("{} of {} is not exported: opendkim cannot sign with Ed25519",
                                   place.selector, place.domain.text()));
    return true;
  });
}

/// For monitoring: a difference means that the signer uses other keys than the folder holds.
/// Prints each difference on a line of its own: a monitoring system shows the first one.
ExitCode check(const Context& context, const ExportJob& job, const KeyFolder& folder) {
  const auto differences = check_export(job, folder);
  for (const std::string& one : differences) {
    context.process.out << printable(job.out + ": " + one) << '\n';
  }
  if (differences.empty()) {
    context.process.out << printable(job.out)
                        << (job.places.empty()
                                ? ": nothing to compare: no private key stored here has its "
                                  "public key in DNS\n"
                                : " is up to date.\n");
  }
  return differences.empty() ? ExitCode::Ok : ExitCode::Error;
}

// No default folder: keys in the clear are written where the user says and nowhere else.
Result<ExportJob> job_of(const Context& context) {
  const auto out = context.arguments.one("out");
  if (!out || out->empty()) return Error{"name the folder to write to", "--out"};
  const auto format = parse_signer_format(context.format);
  if (!format) return Error{"one of opendkim, rspamd, pem", "--format"};
  return ExportJob{*format, *out, context.arguments.one("path").value_or(""), {}};
}

}  // namespace

// DNS is queried only with a YAML, which says what should be published.
ExitCode run_keys_list(Context& context) {
  VALUE_OR_EXIT(const std::optional<Config> yaml, yaml_if_any(context));
  std::vector<KeyRow> rows;
  for (KeyEntry& entry : KeyFolder(config_folder(context)).list())
    rows.push_back({std::move(entry)});
  World world;
  if (yaml) {
    TRY_OR_FAIL("usage", world, observed_world(context, *yaml, LiveFrom::Dns));
  }
  for (KeyRow& row : rows) {
    const auto made = parse_date(row.entry.made);
    if (made) row.age_days = static_cast<int>((context.today() - *made).count());
    if (yaml) fill_from(*yaml, world, row);
  }
  return print(context, context.json() ? keys_json(rows) : keys_text(rows));
}

// All keys are made before any is stored: `both` must not leave half a pair behind.
ExitCode run_keys_generate(Context& context) {
  VALUE_OR_EXIT(const std::optional<Config> yaml, yaml_if_any(context));
  TRY_OR_FAIL("usage", const KeyPlace place, place_of(context));
  TRY_OR_FAIL("usage", const auto requests,
              requested_keys(place, context.arguments.one("algorithm").value_or("rsa2048")));
  TRY_OR_FAIL("keys", const Protection protection,
              protection_for(context, yaml ? &*yaml : nullptr));
  std::vector<KeyAlgorithm> algorithms;
  for (const auto& row : requests) algorithms.push_back(row.second);
  TRY_OR_FAIL("keys", const auto pairs, make_keys(algorithms));
  OK_OR_FAIL("keys", remove_unfinished_keys(context, std::span(&place.domain, 1)));
  const KeyFolder folder(config_folder(context));
  KeyBatch batch(config_folder(context));
  std::vector<KeyEntry> entries;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const KeyPlace& at = requests[i].first;
    OK_OR_FAIL("keys", batch.store(at, pairs[i], protection, to_text(context.today())));
    entries.push_back(folder.entry(at));
  }
  OK_OR_FAIL("keys", batch.finish());
  return print_made(context, entries, folder);
}

// A public half alone is enough to publish: the signing host may keep the private one.
ExitCode run_keys_import(Context& context) {
  VALUE_OR_EXIT(const std::optional<Config> yaml, yaml_if_any(context));
  TRY_OR_FAIL("usage", const KeyPlace place, place_of(context));
  TRY_OR_FAIL("keys", const Unlock unlock, unlock_for(context));
  std::vector<KeyFile> files;
  for (const std::string& path : context.arguments.all("FILE")) {
    TRY_OR_FAIL("unreadable", std::string text, read_file(path));
    files.push_back({path, Secret(text)});
    // The copy in `text` must not stay in freed memory.
    wipe(text.data(), text.size());
  }
  TRY_OR_FAIL("keys", const auto key, read_key_files(files, unlock));
  const KeyFolder folder(config_folder(context));
  const std::string today = to_text(context.today());
  if (key.pair) {
    OK_OR_FAIL("keys", remove_unfinished_keys(context, std::span(&place.domain, 1)));
    TRY_OR_FAIL("keys", const Protection protection,
                protection_for(context, yaml ? &*yaml : nullptr));
    OK_OR_FAIL("keys", folder.store(place, *key.pair, protection, today));
  } else {
    OK_OR_FAIL("keys", folder.store_public(place, key.public_pem, today));
  }
  return print_made(context, {folder.entry(place)}, folder);
}

// Live DNS decides which keys are written, whatever the YAML says.
ExitCode run_keys_export(Context& context) {
  VALUE_OR_EXIT(const Config config, load(context));
  TRY_OR_FAIL("usage", ExportJob job, job_of(context));
  TRY_OR_FAIL("usage", const World world, observed_world(context, config, LiveFrom::Dns));
  const KeyFolder folder(config.folder);
  std::vector<std::string> left_out;
  for (const auto& [name, domain] : config.domains) {
    if (domain.state == DomainState::Managed) {
      add_signing(domain, world, folder, job.places, left_out);
    }
  }
  if (job.format == SignerFormat::OpenDkim) leave_out_ed25519(folder, job.places, left_out);
  for (const std::string& one : left_out) progress(context, one);
  // Before the keys are unlocked: a monitoring host compares fingerprints and needs no passphrase.
  if (context.arguments.has("check")) return check(context, job, folder);
  // An error and not an empty export, after which the signer would sign nothing.
  if (job.places.empty()) {
    return fail(context, "keys",
                Error{"nothing to export: no private key stored here has its public key in DNS"});
  }
  TRY_OR_FAIL("keys", const Unlock unlock, unlock_for(context));
  TRY_OR_FAIL("keys", const auto written, export_keys(job, folder, unlock));
  for (const std::string& path : written) {
    context.process.out << printable(job.out + '/' + path) << '\n';
  }
  return ExitCode::Ok;
}

}  // namespace rampart
