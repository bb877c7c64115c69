/// `rampart render`: the desired records for another tool that manages the zone, and MTA-STS policy
/// files.

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "cli/commands/table.h"
#include "cli/context/dns_session.h"
#include "cli/views/render.h"
#include "providers/catalog.h"
#include "reconciler/documents/spf_lock_file.h"
#include "reconciler/observe/public_keys.h"

namespace rampart {
namespace {

/// Far more than the nesting that SPF's ten lookups allow.
constexpr int kRounds = 20;

/// A file to write into `--out`, or to print.
struct OutFile {
  std::string path;
  std::string text;
};

/// The zones of zonefile providers: reading them needs no network and no credentials.
struct FileZones {
  std::vector<Name> zones;
  std::map<RecordKey, RecordSet> mx;
};

/// A provider that cannot be read is skipped: rendering needs zone files only to place names, and
/// `--zone` can do that too.
/// MX records of zone files are read as well, since `mx: auto` needs them and the files are the
/// authority.
FileZones file_zones(const Context& context, const Config& config) {
  FileZones found;
  const Providers providers = providers_for(context, config);
  for (const auto& [name, spec] : config.providers) {
    const ProviderType* type = find_provider_type(spec.type);
    const auto& made = providers.at(name);
    if (type == nullptr || !type->reads_files || !made.ok()) continue;
    const auto zones = made.value()->zones();
    if (!zones) continue;
    for (const Name& zone : *zones) {
      found.zones.push_back(zone);
      const auto read = made.value()->read(zone, {});
      if (!read) continue;
      for (const auto& [key, set] : read->sets) {
        if (key.type == RecordType::MX) found.mx.emplace(key, set);
      }
    }
  }
  return found;
}

// Zones that are named win over those of files: the output may be for a zone that is split off
// later.
Result<std::vector<Name>> named_zones(const Context& context) {
  std::vector<Name> zones;
  for (const std::string& text : context.arguments.all("zone")) {
    const auto zone = Name::parse(text);
    if (!zone) return Error{zone.error().what, "--zone"};
    zones.push_back(*zone);
  }
  return zones;
}

/// Puts the MX records of zone files into the world: a record that no file holds does not exist.
void add_mx(const FileZones& files, World& world) {
  for (LiveZone& zone : world.zones) {
    for (auto& [key, live] : zone.sets) {
      const auto found = files.mx.find(key);
      const auto inside = [&](const Name& apex) { return key.name.is_within(apex); };
      if (found != files.mx.end()) {
        live = {LiveState::Present, parse_set(key, found->second), ""};
      } else if (key.type == RecordType::MX && std::ranges::any_of(files.zones, inside)) {
        live = {};
      }
    }
  }
}

/// Resolves what `mx: auto` and `flatten: auto` need; without those it queries nothing.
Result<Ok> resolve(const Context& context, const Config& config, World& world) {
  for (int round = 0; round < kRounds; ++round) {
    const std::vector<Question> open = rendering_questions(for_rendering(config), world);
    if (open.empty()) break;
    TRY(DnsSession lookups, resolver_session(context, config));
    lookups.resolve(open);
    world.answers.merge(lookups.answers);
  }
  return Ok{};
}

/// A world without live records: the output is what the YAML declares, whatever is published.
Result<World> rendering_world(const Context& context, const Config& config) {
  TRY(std::vector<Name> zones, named_zones(context));
  const FileZones files = file_zones(context, config);
  std::ranges::copy(files.zones, std::back_inserter(zones));
  World world = empty_world(config, zones, context.now);
  world.keys = read_public_keys(config);
  take_spf_locks(config.folder, world);
  add_mx(files, world);
  TRY_OK(resolve(context, config, world));
  return world;
}

/// A partial output would be dangerous: the other tool would delete what is missing from it.
ExitCode refuse(const Context& context, const std::vector<Finding>& faults) {
  std::vector<ConfigError> errors;
  for (const Finding& one : faults) {
    errors.push_back(
        {one.mark.file, one.mark.line, one.mark.column, one.code, one.message, one.hint, ""});
  }
  progress(context,
           "Nothing was rendered: another tool would delete the records that are missing from "
           "the output.");
  return fail(context, errors);
}

/// Unchanged files are not written: their time stamps drive the other tool's builds.
ExitCode write_files(const Context& context, const std::vector<OutFile>& files,
                     const std::string& folder) {
  for (const OutFile& file : files) {
    const std::filesystem::path path = std::filesystem::path(folder) / file.path;
    std::error_code error;
    std::filesystem::create_directories(path.parent_path(), error);
    if (error) {
      return fail(context, "unwritable", Error{error.message(), path.parent_path().string()});
    }
    const auto same = read_file(path.string());
    if (same && *same == file.text) continue;
    OK_OR_FAIL("unwritable", write_file(path.string(), file.text));
    progress(context, "wrote " + path.string());
  }
  return ExitCode::Ok;
}

// Printed one after another for a quick look; tools want one file per zone.
ExitCode write_or_print(const Context& context, const std::vector<OutFile>& files) {
  if (const auto folder = context.arguments.one("out")) return write_files(context, files, *folder);
  bool first = true;
  for (const OutFile& file : files) {
    context.process.out << (first ? "" : "\n") << file.text;
    first = false;
  }
  return ExitCode::Ok;
}

/// Turns SPF records into remarks, for tools in which one source owns all TXT values of a name.
/// The record stays visible as a comment: somebody has to add it elsewhere by hand.
void move_spf_to_remarks(RenderedZone& zone) {
  const auto is_spf = [](const std::string& value) { return value.starts_with("v=spf1"); };
  std::erase_if(zone.sets, [&](const RenderedSet& one) {
    const bool leaves =
        one.key.type == RecordType::TXT && std::ranges::any_of(one.set.values, is_spf);
    if (!leaves) return false;
    zone.remarks.push_back(
        fmt::format("{} TXT \"{}\", because of --leave-spf: add it where the "
                    "other values of that name are kept.",
                    one.key.name.text(), *one.set.values.begin()));
    return true;
  });
}

// All or nothing: the first value that the format cannot express ends the run before any file is
// written.
ExitCode render_records(const Context& context, const Config& config, const World& world,
                        const RenderForm& form) {
  Rendering rendering = render(config, world);
  if (!rendering.faults.empty()) return refuse(context, rendering.faults);
  const std::string source = std::filesystem::path(config.file).filename().string();
  std::vector<OutFile> files;
  for (RenderedZone& zone : rendering.zones) {
    if (context.arguments.has("leave-spf")) move_spf_to_remarks(zone);
    TRY_OR_FAIL("unrenderable", const std::string text, render_file(form, zone, source));
    files.push_back({zone.apex.text() + std::string(form.suffix), text});
  }
  return write_or_print(context, files);
}

// The paths are those of the web server (RFC 8461 section 3.3), so that a folder can be served as
// it is.
ExitCode render_mta_sts(const Context& context, const Config& config, const World& world) {
  const RenderedPolicies rendered = render_policies(config, world);
  if (!rendered.faults.empty()) return refuse(context, rendered.faults);
  if (!context.arguments.has("out") && rendered.policies.size() > 1) {
    return usage_error(context, "several policies cannot be printed one after another",
                       "write them into a folder with --out DIR, or select one domain with "
                       "--domain");
  }
  std::vector<OutFile> files;
  for (const auto& [domain, text] : rendered.policies) {
    files.push_back({domain.text() + "/.well-known/mta-sts.txt", text});
  }
  if (files.empty()) progress(context, "No domain declares mta_sts.");
  return write_or_print(context, files);
}

}  // namespace

ExitCode run_render(Context& context) {
  VALUE_OR_EXIT(const Config config, load(context));
  TRY_OR_FAIL("usage", const World world, rendering_world(context, config));
  if (context.format == "mta-sts") return render_mta_sts(context, config, world);
  const auto& forms = render_forms();
  const auto form = std::ranges::find(forms, context.format, &RenderForm::name);
  return render_records(context, config, world, *form);
}

}  // namespace rampart
