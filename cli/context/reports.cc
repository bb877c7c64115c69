#include "cli/context/reports.h"

#include <fmt/format.h>

#include <filesystem>
#include <memory>

namespace rampart {

Result<std::string> store_path(const Context& context) {
  constexpr std::string_view kScheme = "sqlite:";
  if (context.store.empty()) {
    return (std::filesystem::path(context.config_file).parent_path() / "rampart.db").string();
  }
  if (!context.store.starts_with(kScheme) || context.store.size() == kScheme.size()) {
    return Error{fmt::format("the store {} is none that this rampart knows: name it sqlite:PATH",
                             context.store),
                 "--store"};
  }
  return context.store.substr(kScheme.size());
}

namespace {

bool has_config(const Context& context) {
  std::error_code none;
  return context.arguments.has("config") || std::filesystem::exists(context.config_file, none);
}

}  // namespace

std::optional<Config> config_or_empty(const Context& context) {
  return has_config(context) ? config_or_catalogue(context) : Config();
}

std::optional<Config> config_or_catalogue(const Context& context) {
  if (!has_config(context)) return builtin_config();
  auto loaded = load_config(context.config_file);
  if (const auto* errors = std::get_if<std::vector<ConfigError>>(&loaded)) {
    fail(context, *errors);
    return std::nullopt;
  }
  return std::get<Config>(std::move(loaded));
}

Result<reports::ReverseDnsMap> host_owners(const Context& context) {
  const auto file = context.arguments.one("reverse-dns-map");
  if (!file) return reports::ReverseDnsMap();
  const Result<std::string> text = read_file(*file);
  if (!text) return text.error();
  return reports::parse_reverse_dns_map(*text, *file);
}

Result<reports::Resolve> resolve_for(const Context& context, const Config& config) {
  const Result<ObserveOptions> options = observe_options(context, config, LiveFrom::Dns);
  if (!options) return options.error();
  std::vector<Server> servers = options->resolvers;
  if (context.resolvers.empty() && !context.nameservers.empty()) servers = context.nameservers;
  auto history = std::make_shared<ServerHistory>();
  return reports::Resolve([servers, history, limits = options->limits](
                              Answers& answers, std::span<const Question> questions) {
    ask_into(answers, questions, servers, limits, *history);
  });
}

}  // namespace rampart
