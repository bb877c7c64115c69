/// `rampart spf check|tree`: RFC 7208 against the live DNS, with or without a YAML.

#include <fmt/format.h>

#include "cli/commands/table.h"
#include "cli/context/dns_session.h"
#include "cli/views/spf.h"
#include "reconciler/observe/spf_live.h"

namespace rampart {
namespace {

ExitCode refuse(const Context& context, const std::string& what, const std::string& hint) {
  return fail(context, {command_error("usage", what, hint)});
}

ExitCode check(Context& context, const spf::Client& client) {
  const auto config = config_if_named(context);
  if (!config) return ExitCode::Error;
  auto lookups = resolver_session(context, *config);
  if (!lookups) return fail(context, "resolver", lookups.error());
  const spf::Verdict verdict = check_live(client, lookups.value());
  context.process.out << (context.json() ? verdict_json(verdict) : verdict_text(verdict));
  return ExitCode::Ok;
}

std::map<std::string, std::string> vendors_in(const Config& config) {
  std::map<std::string, std::string> vendors;
  for (const auto& [id, sender] : config.senders) {
    for (const std::string& term : sender->spf) vendors.emplace(term, sender->name);
  }
  return vendors;
}

}  // namespace

ExitCode run_spf_check(Context& context) {
  const auto ip_text = context.arguments.one("ip");
  const auto sender = context.arguments.one("sender");
  const auto helo = context.arguments.one("helo");
  if (!ip_text)
    return refuse(context, "--ip is missing", "name the client's address: --ip 192.0.2.1");
  if (!sender && !helo) {
    return refuse(context, "--sender is missing", "name the MAIL FROM address, or --helo alone");
  }
  const auto ip = spf::Ip::parse(*ip_text);
  if (!ip) {
    return refuse(context, fmt::format("--ip {} is no IPv4 or IPv6 address", *ip_text),
                  "write it as 192.0.2.1 or 2001:db8::1");
  }
  spf::Client client{.ip = *ip, .sender = sender.value_or(""), .helo = helo.value_or("")};
  if (client.helo.empty()) {
    // Only %{h} asks for it where there is a sender.
    client.helo = client.sender.substr(client.sender.rfind('@') + 1);
  }
  client.now = context.now.time_since_epoch().count();
  return check(context, client);
}

ExitCode run_spf_tree(Context& context) {
  const std::string text = context.arguments.one("DOMAIN").value_or("");
  const auto domain = Name::parse(text);
  if (!domain) return fail(context, "usage", domain.error());
  const auto config = config_if_named(context);
  if (!config) return ExitCode::Error;
  auto lookups = resolver_session(context, *config);
  if (!lookups) return fail(context, "resolver", lookups.error());
  SpfReport report{*domain, published_spf(*domain, lookups.value()), {}, vendors_in(*config)};
  if (report.published.record) {
    report.tree = tree_live(*domain, *report.published.record, lookups.value());
  }
  context.process.out << (context.json() ? spf_tree_json(report) : spf_tree_text(report));
  return ExitCode::Ok;
}

}  // namespace rampart
