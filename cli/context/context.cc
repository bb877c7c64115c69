#include "cli/context/context.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fnmatch.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "cli/views/json_documents.h"
#include "reconciler/plan/make_plan.h"

namespace rampart {
namespace {

/// Globs are matched against the A-labels and, for people, the Unicode form.
bool matches(const std::string& glob, const Name& name) {
  const auto hit = [&](const std::string& text) {
    return fnmatch(glob.c_str(), text.c_str(), FNM_CASEFOLD) == 0;
  };
  return hit(name.text()) || hit(name.unicode());
}

Error system_error(const std::string& path) { return {std::strerror(errno), path}; }

Result<Ok> write_all(int file, const std::string& text, const std::string& path) {
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t count = ::write(file, text.data() + at, text.size() - at);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_error(path);
    at += static_cast<std::size_t>(count);
  }
  return Ok{};
}

Result<std::vector<Server>> resolvers_of(const Context& context, const Config& config) {
  if (!context.resolvers.empty()) return context.resolvers;
  if (config.resolvers.empty()) {
    const Result<std::string> text = read_file("/etc/resolv.conf");
    return parse_resolv_conf(text ? *text : std::string());
  }
  std::vector<Server> servers;
  for (const std::string& text : config.resolvers) {
    const Result<Server> server = parse_server(text);
    if (!server) return within(config.file, server.error());
    servers.push_back(*server);
  }
  return servers;
}

}  // namespace

std::optional<std::string> Arguments::one(const std::string& name) const {
  const auto found = values.find(name);
  if (found == values.end() || found->second.empty()) return std::nullopt;
  return found->second.back();
}

std::vector<std::string> Arguments::all(const std::string& name) const {
  const auto found = values.find(name);
  return found == values.end() ? std::vector<std::string>() : found->second;
}

void progress(const Context& context, std::string_view sentence) {
  if (context.log_level >= LogLevel::Info) context.process.err << sentence << '\n' << std::flush;
}

TrafficLog traffic_log(const Context& context) {
  const auto sink = [&](LogLevel level, const std::string& word) {
    std::function<void(const std::string&)> say;
    if (context.log_level < level) return say;
    say = [&err = context.process.err, word](const std::string& line) {
      err << word + line + '\n' << std::flush;
    };
    return say;
  };
  return {.debug = sink(LogLevel::Debug, "debug: "), .trace = sink(LogLevel::Trace, "trace: ")};
}

ExitCode fail(const Context& context, const std::vector<ConfigError>& errors) {
  if (context.json()) {
    context.process.out << errors_json(errors);
    return ExitCode::Error;
  }
  for (const ConfigError& error : errors) {
    if (error.line > 0) {
      std::string text = to_text(error);
      if (!text.ends_with('\n')) text += '\n';
      context.process.err << text;
      continue;
    }
    const std::string place = error.file.empty() ? "" : error.file + ": ";
    context.process.err << "rampart: error: " << place << error.message << '\n';
    if (!error.hint.empty()) context.process.err << "  " << error.hint << '\n';
  }
  return ExitCode::Error;
}

ConfigError command_error(const std::string& code, const std::string& message,
                          const std::string& hint) {
  return {"", 0, 0, code, message, hint, ""};
}

ExitCode fail(const Context& context, const std::string& code, const Error& error) {
  ConfigError failure = command_error(code, error.what, "");
  failure.file = error.where;
  return fail(context, std::vector<ConfigError>{failure});
}

std::optional<Config> load(const Context& context) {
  auto loaded = load_config(context.config_file);
  if (const auto* errors = std::get_if<std::vector<ConfigError>>(&loaded)) {
    fail(context, *errors);
    return std::nullopt;
  }
  Config config = std::get<Config>(std::move(loaded));
  if (const Result<Ok> narrowed = narrow(config, context.domain_globs); !narrowed) {
    fail(context, "usage", narrowed.error());
    return std::nullopt;
  }
  return config;
}

void keep_matching(Config& config, const std::vector<std::string>& globs) {
  if (globs.empty()) return;
  std::erase_if(config.domains, [&](const auto& row) {
    const auto hit = [&](const std::string& glob) { return matches(glob, row.first); };
    return std::ranges::none_of(globs, hit);
  });
}

Result<Ok> narrow(Config& config, const std::vector<std::string>& globs) {
  if (globs.empty()) return Ok{};
  for (const std::string& glob : globs) {
    const auto hit = [&](const auto& row) { return matches(glob, row.first); };
    if (std::ranges::none_of(config.domains, hit)) {
      return Error{fmt::format("no domain of {} matches --domain {}", config.file, glob)};
    }
  }
  keep_matching(config, globs);
  return Ok{};
}

Plan plan_for(const Context& context, const Config& config, const World& world) {
  Plan plan = make_plan(config, world);
  // A zone that only a domain left out by --domain names would look as if nobody named it.
  if (!context.domain_globs.empty()) {
    std::erase_if(plan.findings, [](const Finding& one) { return one.code == "unmanaged"; });
  }
  return plan;
}

Result<ObserveOptions> observe_options(const Context& context, const Config& config,
                                       LiveFrom live) {
  Result<std::vector<Server>> resolvers = resolvers_of(context, config);
  if (!resolvers) return resolvers.error();
  ObserveOptions options;
  options.now = context.now;
  options.live = live;
  options.resolvers = std::move(resolvers).value();
  options.nameservers = context.nameservers;
  const auto freeze = context.process.environment.find("RAMPART_FREEZE");
  options.frozen = freeze != context.process.environment.end() && !freeze->second.empty() &&
                   freeze->second != "0";
  return options;
}

Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return system_error(path);
  // Opening a folder succeeds; only reading it fails, which `peek` tells and an iterator throws.
  file.peek();
  if (file.bad()) return system_error(path);
  return std::string{std::istreambuf_iterator<char>(file), {}};
}

Result<Ok> write_file(const std::string& path, const std::string& text) {
  std::error_code none;
  const auto kind = std::filesystem::status(path, none).type();
  // A device or a pipe is written to, never replaced.
  if (kind != std::filesystem::file_type::regular &&
      kind != std::filesystem::file_type::not_found) {
    const int device = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (device < 0) return system_error(path);
    Result<Ok> done = write_all(device, text, path);
    ::close(device);
    return done;
  }
  std::string pattern = path + ".XXXXXX";
  const int file = ::mkstemp(pattern.data());
  if (file < 0) return system_error(path);
  Result<Ok> done = write_all(file, text, path);
  if (done && (::fchmod(file, 0644) != 0 || ::fsync(file) != 0)) done = system_error(path);
  ::close(file);
  if (done && std::rename(pattern.c_str(), path.c_str()) != 0) done = system_error(path);
  if (!done) ::unlink(pattern.c_str());
  return done;
}

}  // namespace rampart
