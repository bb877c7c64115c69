/// `rampart init`: a domains.yaml from the records that exist.

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>

#include "base/counted.h"
#include "base/new_file.h"
#include "cli/commands/table.h"
#include "cli/context/evidence.h"
#include "mail/dmarc/org_domain.h"
#include "providers/catalog.h"
#include "reconciler/init/init.h"

namespace rampart {
namespace {

/// The name that a provider of each type gets in a new YAML.
struct TypeName {
  std::string_view type;
  std::string_view name;
};
constexpr std::array<TypeName, 5> kNames = {{{"zonefile", "files"},
                                             {"route53", "aws"},
                                             {"cloudflare", "cf"},
                                             {"rfc2136", "bind"},
                                             {"powerdns", "pdns"}}};

std::string name_for(std::string_view type) {
  const auto found = std::ranges::find(kNames, type, &TypeName::type);
  return std::string(found == kNames.end() ? type : found->name);
}

/// `TYPE:key=value,key=value`.
/// Only settings that the type knows: a secret typed here would end up in the file and in the
/// shell's history.
Result<ProviderSpec> parse_provider(const std::string& text) {
  const auto colon = text.find(':');
  ProviderSpec spec{.type = text.substr(0, colon)};
  spec.name = name_for(spec.type);
  const ProviderType* type = find_provider_type(spec.type);
  if (type == nullptr) return Error{fmt::format("unknown provider type `{}`", spec.type)};
  std::string_view rest = std::string_view(text).substr(colon + 1);
  while (!rest.empty()) {
    const auto end = std::min(rest.find(','), rest.size());
    const std::string_view pair = rest.substr(0, end);
    const auto equals = pair.find('=');
    const std::string key(pair.substr(0, equals));
    const ProviderSetting* setting = type->setting(key);
    if (equals == pair.npos || setting == nullptr || setting->form == SettingForm::ZoneIds) {
      return Error{fmt::format("{} has no setting `{}`", spec.type, key)};
    }
    spec.settings[key] = std::string(pair.substr(equals + 1));
    if (setting->check != nullptr) TRY_OK(within(key, setting->check(spec.settings[key])));
    const bool word = std::ranges::find(setting->words, spec.settings[key]) != setting->words.end();
    if (setting->form == SettingForm::Word && !word) {
      return Error{fmt::format("`{}` is not a value of `{}`: write one of {}", spec.settings[key],
                               key, fmt::join(setting->words, ", "))};
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  // Checked here, so that the message shows the option's form and not the YAML's.
  if (!type->required.empty() && !spec.settings.contains(std::string(type->required))) {
    return Error{fmt::format("{} needs `{}`: write {}:{}=...", spec.type, type->required, spec.type,
                             type->required)};
  }
  return spec;
}

/// A provider of the existing YAML.
/// From the existing YAML, for the domains that are added to it later.
Result<ProviderSpec> named_provider(const Context& context, const std::string& name) {
  auto loaded = load_config(context.config_file);
  if (const auto* errors = std::get_if<std::vector<ConfigError>>(&loaded)) {
    return Error{
        fmt::format("{} cannot be read: {}", context.config_file, errors->front().message)};
  }
  const auto& providers = std::get<Config>(loaded).providers;
  const auto found = providers.find(name);
  if (found == providers.end()) {
    return Error{fmt::format("{} declares no provider {}", context.config_file, name)};
  }
  return found->second;
}

/// The provider that these name servers belong to, as far as their names show.
ProviderSpec guess_provider(const ZoneServers& servers, std::string& note) {
  const auto any = [&](std::string_view piece) {
    return std::ranges::any_of(servers.servers, [&](const auto& row) {
      return row.first.find(piece) != std::string::npos;
    });
  };
  if (any(".awsdns-")) {
    note = "The name servers belong to Route 53; credentials come from the environment.";
    return {.name = "aws", .type = "route53"};
  }
  if (any(".ns.cloudflare.com")) {
    note = "The name servers belong to Cloudflare; the token comes from CLOUDFLARE_API_TOKEN.";
    return {.name = "cf", .type = "cloudflare"};
  }
  note = "A guess: set the provider that hosts the zones before you apply.";
  ProviderSpec spec{.name = "bind", .type = "rfc2136"};
  spec.settings["server"] =
      servers.servers.empty() ? "127.0.0.1" : to_text(servers.servers.front().second);
  return spec;
}

// Repeated names are dropped quietly: lists are pasted from several sources.
Result<std::vector<Name>> names_given(const Context& context) {
  std::vector<Name> names;
  for (const std::string& text : context.arguments.all("DOMAIN")) {
    TRY(const Name name, within(text, Name::parse(text)));
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  }
  return names;
}

/// Every zone at the provider.
/// Only with --provider: DNS has no way to list the zones of an organization.
Result<std::vector<Name>> all_zones(const Context& context, const InitRequest& request) {
  const Providers providers = providers_for(context, probe_config(request, builtin_config()));
  const auto& provider = providers.at(request.provider.name);
  if (!provider.ok()) return provider.error();
  return provider.value()->zones();
}

/// The domains that reports cover.
/// A set, because a report has a row for each source and day.
std::vector<Name> names_in(const std::optional<Evidence>& evidence) {
  std::set<Name> names;
  if (!evidence) return {};
  for (const EvidenceRow& row : evidence->rows) names.insert(row.policy_domain);
  return {names.begin(), names.end()};
}

std::vector<std::string> selectors_in(const std::optional<Evidence>& evidence) {
  std::set<std::string> selectors;
  if (!evidence) return {};
  for (const EvidenceRow& row : evidence->rows) {
    selectors.insert(row.selectors.begin(), row.selectors.end());
  }
  return {selectors.begin(), selectors.end()};
}

/// What to read, from the command line. Reports are optional without --from-reports: then they only
/// contribute selectors.
/// Domains come from the command line, else from reports, else from the provider: the narrowest
/// source that was given.
Result<InitRequest> request_of(const Context& context, const ObserveOptions& options) {
  InitRequest request;
  request.file = context.arguments.one("out").value_or(context.config_file);
  TRY(std::vector<Name> names, names_given(context));
  auto evidence = evidence_for(context, builtin_config());
  const bool from_reports = context.arguments.has("from-reports");
  if (!evidence && from_reports) return evidence.error();
  std::optional<Evidence> seen = evidence ? std::move(evidence).value() : std::optional<Evidence>();
  if (from_reports && !seen) return Error{"--from-reports needs a report store or --evidence"};
  request.selectors = selectors_in(seen);
  if (const auto text = context.arguments.one("provider")) {
    const bool typed = text->find(':') != std::string::npos;
    TRY(request.provider,
        within("--provider", typed ? parse_provider(*text) : named_provider(context, *text)));
  }
  if (names.empty() && from_reports) names = names_in(seen);
  if (names.empty() && !request.provider.type.empty()) {
    TRY(names, all_zones(context, request));
  }
  if (names.empty()) return Error{"no domain is given: run, for example, rampart init example.com"};
  request.names = std::move(names);
  if (request.provider.type.empty()) {
    const Name zone = dmarc::org_domain_psl(request.names.front());
    request.provider =
        guess_provider(find_servers(std::vector{zone}, options).at(zone), request.provider_note);
  }
  // Not otherwise: senders that reports show are suggestions, and a plan without changes was
  // promised.
  if (from_reports) request.evidence = std::move(seen);
  return request;
}

/// Writes a new file; an existing one is never replaced.
/// It gets its name only when it is complete, so that a killed run or a full disk leaves nothing
/// that the next run would refuse to replace. The check in run_init only spares the queries of a
/// run that would fail here.
Result<Ok> write_new(const std::string& path, const std::string& text) {
  struct stat status {};
  // A device or a pipe has its name already.
  if (::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) return write_file(path, text);
  NewFile file(AT_FDCWD, fmt::format("{}.{}.new", path, ::getpid()));
  TRY_OK(within(path, file.create(0666)));
  TRY_OK(within(path, file.write(text)));
  return within(path, file.publish(path));
}

}  // namespace

ExitCode run_init(Context& context) {
  Config catalogue = builtin_config();
  const LiveFrom live = context.arguments.has("provider") ? LiveFrom::Provider : LiveFrom::Dns;
  TRY_OR_FAIL("resolver", const ObserveOptions options, observe_options(context, catalogue, live));
  TRY_OR_FAIL("usage", const InitRequest request, request_of(context, options));
  std::error_code none;
  const auto out = context.arguments.one("out");
  if (out && std::filesystem::exists(*out, none)) {
    return fail(context, "exists",
                Error{"the file exists already and is not replaced: choose another name", *out});
  }
  // Without --provider only name servers are queried: the guessed provider has no credentials.
  const auto observe_live = [&](const Config& config) {
    return observe(config, live == LiveFrom::Dns ? Providers() : providers_for(context, config),
                   options);
  };
  TRY_OR_FAIL("init", const InitOutcome outcome, make_init(request, catalogue, observe_live));
  const std::string left =
      outcome.left_out == 0
          ? "nothing is left unmanaged"
          : fmt::format("{} with unmanaged records, see the comments", outcome.left_out);
  const std::string unread =
      outcome.unread == 0 ? "" : fmt::format("{} could not be read; ", outcome.unread);
  progress(context, fmt::format("{}; {}{}.", counted(outcome.domains, "domain"), unread, left));
  if (!out) return print(context, outcome.yaml);
  OK_OR_FAIL("unwritable", write_new(*out, outcome.yaml));
  progress(context, "wrote " + *out);
  return ExitCode::Ok;
}

}  // namespace rampart
