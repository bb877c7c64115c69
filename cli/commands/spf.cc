/// `rampart spf check|tree`: RFC 7208 against the live DNS, with or without a YAML.

#include <fmt/format.h>

#include "cli/commands/table.h"
#include "cli/context/dns_session.h"
#include "cli/views/spf.h"
#include "policies/spf/cases.h"
#include "reconciler/observe/spf_live.h"

namespace rampart {
namespace {

ExitCode check(Context& context, const spf::Client& client) {
  VALUE_OR_EXIT(const auto config, config_if_named(context));
  TRY_OR_FAIL("resolver", DnsSession lookups, resolver_session(context, config));
  const spf::Verdict verdict = check_live(client, lookups);
  return print(context, context.json() ? verdict_json(verdict) : verdict_text(verdict));
}

/// Names by term. If two services share an include, its owner names it.
void add_vendors(const spf::TreeNode& node, const Config& config,
                 std::map<std::string, std::string>& vendors) {
  const Sender* sender = sender_of_term(node.term, config);
  if (sender != nullptr) vendors.emplace(node.term, sender->name);
  for (const spf::TreeNode& child : node.children) add_vendors(child, config, vendors);
}

}  // namespace

// RFC 7208 section 2.4: with an empty MAIL FROM the HELO name is checked, so one of both is
// required.
ExitCode run_spf_check(Context& context) {
  const auto ip_text = context.arguments.one("ip");
  const auto sender = context.arguments.one("sender");
  const auto helo = context.arguments.one("helo");
  if (!ip_text)
    return usage_error(context, "--ip is missing", "name the client's address: --ip 192.0.2.1");
  if (!sender && !helo) {
    return usage_error(context, "--sender is missing",
                       "name the MAIL FROM address, or --helo alone");
  }
  const auto ip = spf::Ip::parse(*ip_text);
  if (!ip) {
    return usage_error(context, fmt::format("--ip {} is not an IPv4 or IPv6 address", *ip_text),
                       "write it as 192.0.2.1 or 2001:db8::1");
  }
  spf::Client client{
      .ip = *ip, .sender = spf::address_in(sender.value_or("")), .helo = helo.value_or("")};
  if (client.helo.empty()) {
    // With a sender, HELO matters to the macro %{h} alone.
    client.helo = client.sender.substr(client.sender.rfind('@') + 1);
  }
  client.now = context.now.time_since_epoch().count();
  return check(context, client);
}

// A domain without a usable record is a result, with exit code 0: the text names the problem.
ExitCode run_spf_tree(Context& context) {
  const std::string text = context.arguments.one("DOMAIN").value_or("");
  TRY_OR_FAIL("usage", const Name domain, Name::parse(text));
  VALUE_OR_EXIT(const auto config, config_if_named(context));
  TRY_OR_FAIL("resolver", DnsSession lookups, resolver_session(context, config));
  SpfReport report{domain, published_spf(domain, lookups), {}, {}};
  if (report.published.record) {
    report.tree = tree_live(domain, *report.published.record, lookups);
    add_vendors(report.tree.root, config, report.vendors);
  }
  return print(context, context.json() ? spf_tree_json(report) : spf_tree_text(report));
}

}  // namespace rampart
