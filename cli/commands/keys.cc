/// `rampart keys`: list, generate, import, export.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "cli/commands/table.h"
#include "cli/context/evidence.h"
#include "cli/context/key_options.h"
#include "cli/views/keys.h"
#include "keys/export.h"
#include "keys/import.h"
#include "policies/dkim/names.h"

namespace rampart {
namespace {

using std::chrono::days;
using std::chrono::floor;

/// The YAML where there is one: these commands work without it, but a broken one is an error.
struct Yaml {
  std::optional<Config> config;
  bool broken = false;
};

Yaml yaml_if_any(const Context& context) {
  if (::access(context.config_file.c_str(), F_OK) != 0) return {};
  Yaml yaml{load(context)};
  yaml.broken = !yaml.config;
  return yaml;
}

Result<KeyPlace> place_of(const Context& context) {
  const auto domain = Name::parse(context.arguments.one("DOMAIN").value_or(""));
  if (!domain) return within("DOMAIN", domain.error());
  const std::string selector = context.arguments.one("SELECTOR").value_or("");
  const auto name = domain->child(selector + "._domainkey");
  if (selector.empty() || !name) return Error{"`" + selector + "` is no selector", "SELECTOR"};
  return KeyPlace{*domain, selector};
}

ExitCode say_made(const Context& context, const std::vector<KeyEntry>& entries,
                  const KeyFolder& folder) {
  context.process.out << (context.json() ? made_keys_json(entries, folder)
                                         : made_keys_text(entries, folder));
  return ExitCode::Ok;
}

/// A selector and its algorithm; two where `both` are asked for.
Result<std::vector<std::pair<KeyPlace, KeyAlgorithm>>> wanted_keys(const KeyPlace& place,
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

std::string published_word(LiveKey live) {
  if (live == LiveKey::Stands) return "yes";
  if (live == LiveKey::Absent) return "no";
  return live == LiveKey::Revoked ? "revoked" : "unclear";
}

void fill_from(const Config& config, const World& world, KeyRow& row) {
  const auto found = config.domains.find(row.entry.place.domain);
  row.state = "unused";
  if (found == config.domains.end()) return;
  const Domain& domain = found->second;
  const std::string& selector = row.entry.place.selector;
  row.published = published_word(live_key(domain, world, selector));
  const auto declared = declared_selectors(domain);
  if (std::ranges::find(declared, selector) != declared.end()) row.state = "declared";
  for (const RotationSpec& spec : domain.rotations) {
    for (const SelectorState& state : rotation_step(facts_for(domain, spec, world)).selectors) {
      if (state.selector != selector) continue;
      row.state = to_text(state.state);
      if (state.changes) row.next = to_text(floor<days>(*state.changes));
    }
  }
}

Result<World> observed(const Context& context, const Config& config,
                       const ObserveOptions& options) {
  const Providers providers =
      make_providers(config, context.process.environment, context.now, traffic_log(context));
  return observe_with_evidence(context, config, providers, options);
}

bool has_private(const KeyFolder& folder, const KeyPlace& place) {
  return folder.entry(place).private_key.has_value();
}

/// The selectors that may sign: live, and with a private half in the folder.
void add_signing(const Domain& domain, const World& world, const KeyFolder& folder,
                 std::vector<KeyPlace>& places, std::vector<std::string>& left_out) {
  std::vector<std::string> wanted;
  for (const SelectorSpec& spec : domain.selectors) {
    const std::string path = rotation_key_path(domain.name, spec.selector);
    if (spec.public_key == path) wanted.push_back(spec.selector);
  }
  for (const RotationSpec& rotation : domain.rotations) {
    if (!rotation.current) continue;
    std::ranges::copy(selectors_of(*rotation.current), std::back_inserter(wanted));
  }
  for (const std::string& selector : wanted) {
    const KeyPlace place{domain.name, selector};
    if (!has_private(folder, place)) continue;
    if (live_key(domain, world, selector) == LiveKey::Stands) {
      places.push_back(place);
    } else {
      left_out.push_back(fmt::format("{} of {} is not exported: its public key is not live",
                                     selector, domain.name.text()));
    }
  }
}

/// opendkim signs with one algorithm for all keys, rsa-sha256: it fails on any other.
void leave_out_ed25519(const KeyFolder& folder, std::vector<KeyPlace>& places,
                       std::vector<std::string>& left_out) {
  std::erase_if(places, [&](const KeyPlace& place) {
    if (folder.entry(place).algorithm != "ed25519") return false;
    left_out.push_back(fmt::format("{} of {} is not exported: opendkim cannot sign with Ed25519",
                                   place.selector, place.domain.text()));
    return true;
  });
}

ExitCode check(const Context& context, const ExportJob& job, const KeyFolder& folder) {
  const auto differences = check_export(job, folder);
  for (const std::string& one : differences) context.process.out << job.out << ": " << one << '\n';
  if (differences.empty()) context.process.out << job.out << " is up to date.\n";
  return differences.empty() ? ExitCode::Ok : ExitCode::Error;
}

Result<ExportJob> job_of(const Context& context) {
  const auto out = context.arguments.one("out");
  if (!out || out->empty()) return Error{"name the folder to write to", "--out"};
  const auto format = parse_signer_format(context.format);
  if (!format) return Error{"one of opendkim, rspamd, pem", "--format"};
  return ExportJob{*format, *out, context.arguments.one("path").value_or(""), {}};
}

}  // namespace

ExitCode run_keys_list(Context& context) {
  const Yaml yaml = yaml_if_any(context);
  if (yaml.broken) return ExitCode::Error;
  std::vector<KeyRow> rows;
  for (KeyEntry& entry : KeyFolder(config_folder(context)).list())
    rows.push_back({std::move(entry)});
  World world;
  if (yaml.config) {
    const auto options = observe_options(context, *yaml.config, LiveFrom::Dns);
    if (!options) return fail(context, "usage", options.error());
    Result<World> seen = observed(context, *yaml.config, *options);
    if (!seen) return fail(context, "usage", seen.error());
    world = std::move(seen).value();
  }
  for (KeyRow& row : rows) {
    const auto made = parse_date(row.entry.made);
    if (made) row.age_days = static_cast<int>((floor<days>(context.now) - *made).count());
    if (yaml.config) fill_from(*yaml.config, world, row);
  }
  context.process.out << (context.json() ? keys_json(rows) : keys_text(rows));
  return ExitCode::Ok;
}

ExitCode run_keys_generate(Context& context) {
  const Yaml yaml = yaml_if_any(context);
  if (yaml.broken) return ExitCode::Error;
  const auto place = place_of(context);
  if (!place) return fail(context, "usage", place.error());
  const auto wanted = wanted_keys(*place, context.arguments.one("algorithm").value_or("rsa2048"));
  if (!wanted) return fail(context, "usage", wanted.error());
  const auto protection = protection_for(context, yaml.config ? &*yaml.config : nullptr);
  if (!protection) return fail(context, "keys", protection.error());
  std::vector<KeyAlgorithm> algorithms;
  for (const auto& row : *wanted) algorithms.push_back(row.second);
  const auto pairs = make_keys(algorithms);
  if (!pairs) return fail(context, "keys", pairs.error());
  const KeyFolder folder(config_folder(context));
  std::vector<KeyEntry> entries;
  for (std::size_t i = 0; i < wanted->size(); ++i) {
    const KeyPlace& at = (*wanted)[i].first;
    const auto done = folder.store(at, (*pairs)[i], *protection, to_text(floor<days>(context.now)));
    if (!done) return fail(context, "keys", done.error());
    entries.push_back(folder.entry(at));
  }
  return say_made(context, entries, folder);
}

ExitCode run_keys_import(Context& context) {
  const Yaml yaml = yaml_if_any(context);
  if (yaml.broken) return ExitCode::Error;
  const auto place = place_of(context);
  if (!place) return fail(context, "usage", place.error());
  const auto unlock = unlock_for(context);
  if (!unlock) return fail(context, "keys", unlock.error());
  std::vector<KeyFile> files;
  for (const std::string& path : context.arguments.all("FILE")) {
    Result<std::string> text = read_file(path);
    if (!text) return fail(context, "unreadable", text.error());
    files.push_back({path, Secret(*text)});
    wipe(text.value().data(), text->size());
  }
  const auto key = read_key_files(files, *unlock);
  if (!key) return fail(context, "keys", key.error());
  const KeyFolder folder(config_folder(context));
  const std::string today = to_text(floor<days>(context.now));
  Result<Ok> done = Ok{};
  if (key->pair) {
    const auto protection = protection_for(context, yaml.config ? &*yaml.config : nullptr);
    if (!protection) return fail(context, "keys", protection.error());
    done = folder.store(*place, *key->pair, *protection, today);
  } else {
    done = folder.store_public(*place, key->public_pem, today);
  }
  if (!done) return fail(context, "keys", done.error());
  return say_made(context, {folder.entry(*place)}, folder);
}

ExitCode run_keys_export(Context& context) {
  const std::optional<Config> config = load(context);
  if (!config) return ExitCode::Error;
  auto made = job_of(context);
  if (!made) return fail(context, "usage", made.error());
  ExportJob& job = made.value();
  const auto options = observe_options(context, *config, LiveFrom::Dns);
  if (!options) return fail(context, "usage", options.error());
  const Result<World> world = observed(context, *config, *options);
  if (!world) return fail(context, "usage", world.error());
  const KeyFolder folder(config->folder);
  std::vector<std::string> left_out;
  for (const auto& [name, domain] : config->domains) {
    if (domain.state == DomainState::Managed) {
      add_signing(domain, *world, folder, job.places, left_out);
    }
  }
  if (job.format == SignerFormat::OpenDkim) leave_out_ed25519(folder, job.places, left_out);
  for (const std::string& one : left_out) progress(context, one);
  if (context.arguments.has("check")) return check(context, job, folder);
  if (job.places.empty()) return fail(context, "keys", Error{"no key with a private half is live"});
  const auto unlock = unlock_for(context);
  if (!unlock) return fail(context, "keys", unlock.error());
  const auto written = export_keys(job, folder, *unlock);
  if (!written) return fail(context, "keys", written.error());
  for (const std::string& path : *written) context.process.out << job.out << '/' << path << '\n';
  return ExitCode::Ok;
}

}  // namespace rampart
