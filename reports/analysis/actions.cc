/// The action for a source: what is true of its mail, and what to do about it.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/counted.h"
#include "policies/dkim/names.h"
#include "policies/model/sender_use.h"
#include "reports/analysis/summary.h"

namespace rampart::reports {
namespace {

/// From this share of passing mail on, a service is set up: what fails is broken on the way, or is
/// another customer's.
constexpr double kWorkingShare = 0.9;

/// How many addresses an action names.
constexpr std::size_t kNamedAddresses = 3;

std::int64_t of(const SourceSummary& row, MarkKind kind) {
  return row.marks[static_cast<std::size_t>(kind)];
}

/// The addresses with the most messages: "192.0.2.11, 192.0.2.12 and 3 more".
std::string addresses_text(const std::map<spf::Ip, std::int64_t>& ips) {
  std::vector<std::pair<std::int64_t, spf::Ip>> order;
  // Negated, so that one ascending sort gives the most messages first and then the lowest address.
  for (const auto& [ip, messages] : ips) order.emplace_back(-messages, ip);
  std::ranges::sort(order);
  std::vector<std::string> names;
  for (const auto& [messages, ip] : order) {
    if (names.size() < kNamedAddresses) names.push_back(ip.text());
  }
  const std::string text = fmt::format("{}", fmt::join(names, ", "));
  const std::size_t rest = order.size() - names.size();
  return rest == 0 ? text : fmt::format("{} and {} more", text, rest);
}

/// A declaration of the addresses, for `senders:` of the YAML. Only a few addresses: a longer list
/// is better written as a network, by a person who knows it.
std::string declaration_of(const std::map<spf::Ip, std::int64_t>& ips) {
  std::vector<std::string> terms;
  for (const auto& [ip, messages] : ips) {
    if (terms.size() == kNamedAddresses) break;
    terms.push_back(fmt::format("\"{}:{}\"", ip.v6 ? "ip6" : "ip4", ip.text()));
  }
  return fmt::format("`NAME: {{spf: [{}], dkim: self}}`", fmt::join(terms, ", "));
}

/// The values that the YAML has for the placeholders of a service.
const std::map<std::string, std::string>& values_of(const Sender& sender,
                                                    const NamingContext& context) {
  static const std::map<std::string, std::string> none;
  if (context.domain == nullptr || !context.domain->senders) return none;
  const auto use = std::ranges::find_if(
      *context.domain->senders, [&](const SenderUse& one) { return one.sender.get() == &sender; });
  return use == context.domain->senders->end() ? none : use->with;
}

std::string dkim_steps(const Sender& sender, const NamingContext& context) {
  const auto& with = values_of(sender, context);
  std::string records;
  for (const DkimTemplate& one : sender.dkim) {
    const auto host = fill(one.host, context.name, with);
    const auto target = filled_target(sender, one, context.name, with);
    // Half a record is of no use: the service shows the whole one.
    if (!host || !target) return fmt::format("with the records that {} shows", sender.name);
    if (!records.empty()) records += ", ";
    records +=
        fmt::format("{} {}{}", *host, to_text(one.type), target->empty() ? "" : " " + *target);
  }
  return records.empty() ? std::string("as the service's documentation describes")
                         : "with its records: " + records;
}

/// For a service that works, and some of whose mail fails.
std::string broken(const SourceSummary& row) {
  const Sender& sender = *row.source.sender;
  const std::int64_t claims = of(row, MarkKind::OwnDomain);
  // Mail that names the domain was sent for it, and lost its signature later. Mail without such a
  // claim may be another customer's.
  if (claims >= of(row, MarkKind::PassedBefore)) {
    return fmt::format(
        "no DNS change: {} of {} messages of {} pass; the signatures of the rest broke on the way, "
        "as mailing lists and groups break them",
        row.passing(), row.passing() + row.failing(), sender.name);
  }
  return fmt::format(
      "no DNS change: {0} of {1} messages of {2} pass; the rest has neither a signature nor a MAIL "
      "FROM of the domain: another customer sent it (report it to {2}), or one of your accounts "
      "there is not set up for the domain",
      row.passing(), row.passing() + row.failing(), sender.name);
}

/// For mail of a service that fails with the domain's mark.
std::string missing(const SourceSummary& row, const NamingContext& context) {
  const Sender& sender = *row.source.sender;
  // Most of the marked mail comes from the domain's own hosts, so the missing signature is theirs,
  // whatever the service's name says.
  if (of(row, MarkKind::OwnAddress) * 2 >= row.marked()) {
    return fmt::format("sign with DKIM at {}: {}", addresses_text(row.failing_ips),
                       counted(row.marked(), "message of the domain's own hosts fails",
                               "messages of the domain's own hosts fail"));
  }
  const auto all = static_cast<double>(row.passing() + row.marked());
  if (static_cast<double>(row.passing()) >= kWorkingShare * all) return broken(row);
  // DKIM is named before SPF, because it survives forwarding and needs no SPF lookup.
  const bool dkim = row.of(Category::MissingDkim) > 0;
  if (!row.source.declared) {
    const std::string then =
        dkim ? fmt::format(", and set up DKIM at {}, {}", sender.name, dkim_steps(sender, context))
             : std::string();
    return fmt::format("if it is yours, add to the domain's senders: {}{}", sender.id, then);
  }
  if (dkim) return fmt::format("set up DKIM at {}, {}", sender.name, dkim_steps(sender, context));
  return fmt::format("publish the SPF record that the YAML declares: it must authorize {}",
                     sender.name);
}

/// For mail of a service that bears no mark: anybody may have an account there.
std::string foreign_customer(const SourceSummary& row) {
  return fmt::format(
      "no DNS change: nothing ties {} to the domain, so another customer of {} sent {} there{}",
      counted(row.failing(), "message"), row.source.sender->name,
      row.failing() == 1 ? "it: report it" : "them: report them",
      row.source.declared ? "" : ", and do not add the service to the domain's senders");
}

/// For failing mail of unknown hosts.
std::string unknown(const SourceSummary& row) {
  // In the order of certainty: an address in the YAML is the domain's own, a claim in MAIL FROM
  // proves nothing.
  if (of(row, MarkKind::OwnAddress) > 0) {
    return fmt::format("sign with DKIM at {}: the address is in the domain's own SPF terms",
                       addresses_text(row.failing_ips));
  }
  if (of(row, MarkKind::OwnHost) > 0) {
    return fmt::format(
        "its host {} is in a domain of the YAML: declare it under `senders:` as {}, or ignore it "
        "with a reason",
        fmt::join(row.hosts, ", "), declaration_of(row.failing_ips));
  }
  if (of(row, MarkKind::PassedBefore) > of(row, MarkKind::OwnDomain)) {
    return fmt::format(
        "find out what changed at {}: other mail from there passes; if it is yours, declare it "
        "under `senders:` as {}",
        addresses_text(row.failing_ips), declaration_of(row.failing_ips));
  }
  if (of(row, MarkKind::OwnDomain) > 0) {
    return fmt::format(
        "it claims the domain in MAIL FROM or in a signature: if a system of yours is at {}, "
        "declare it under `senders:` as {}; otherwise it is spoofing, and DNS needs no change",
        addresses_text(row.failing_ips), declaration_of(row.failing_ips));
  }
  // Without an answer from DNS, the mail may as well come from the domain's own host.
  if (!row.lacks.empty()) {
    return fmt::format("unknown: DNS did not answer for {}; look again when it does", row.lacks);
  }
  return "no DNS change: likely spoofing; `rampart reports threats` lists the addresses";
}

/// For SPF-only mail of a source that can sign; empty where it is too little to act on.
std::string unsigned_part(const SourceSummary& row, const NamingContext& context) {
  const Sender* sender = row.source.sender;
  // A signature for another domain shows that the host can sign, so the remedy is a setting and not
  // new software.
  const auto key =
      std::ranges::max_element(row.foreign_keys, {}, [](const auto& one) { return one.second; });
  if (key != row.foreign_keys.end()) {
    return fmt::format(
        "turn on DKIM for the domain: {} signed for another domain (d={}), and {} by SPF alone",
        counted(key->second, "message is", "messages are"), key->first,
        key->second == 1 ? "passes" : "pass");
  }
  if (sender != nullptr && sender->builtin && row.selectors.empty()) {
    return fmt::format("enable DKIM at {}, {}: SPF alone breaks when mail is forwarded",
                       sender->name, dkim_steps(*sender, context));
  }
  // Single messages without a signature are results that a receiver could not get.
  std::map<spf::Ip, std::int64_t> hosts = row.unsigned_ips;
  std::erase_if(hosts, [&](const auto& one) { return one.second * 2 < row.ips.at(one.first); });
  if (hosts.empty()) return {};
  std::int64_t messages = 0;
  for (const auto& [ip, count] : hosts) messages += count;
  return fmt::format("sign with DKIM at {}: {} by SPF alone, which breaks when mail is forwarded",
                     addresses_text(hosts),
                     counted(messages, "message from there passes", "messages from there pass"));
}

/// For mail that is aligned by one method only. Many services support just one: then nothing is
/// wrong.
std::string partial(const SourceSummary& row, const NamingContext& context) {
  const Sender* sender = row.source.sender;
  if (sender != nullptr && row.selectors.empty() && sender->dkim_aligns == Aligns::No) {
    return "none, by design";
  }
  if (!row.unsigned_ips.empty()) {
    std::string text = unsigned_part(row, context);
    if (!text.empty()) return text;
  }
  if (sender == nullptr) return "none: DKIM passes";
  if (sender->spf_aligns != Aligns::Yes) return "none, by design";
  // Where other mail of it passes by both, forwarding took the SPF of this.
  if (row.of(Category::Pass) > row.of(Category::Partial)) return "none";
  return fmt::format("optional: set a bounce domain of your own at {}, so that SPF aligns too",
                     sender->name);
}

/// For mail that fails, or nothing where none does.
std::string failing(const SourceSummary& row, const NamingContext& context) {
  if (row.failing() == 0) return {};
  if (row.source.sender == nullptr) return unknown(row);
  if (row.marked() > 0) return missing(row, context);
  if (row.source.sure == Sureness::Proved) return foreign_customer(row);
  return fmt::format(
      "no DNS change: its MAIL FROM claims {} without proof, so it is likely spoofing; `rampart "
      "reports threats` lists the addresses",
      row.source.sender->name);
}

}  // namespace

std::string action_for(const SourceSummary& row, const NamingContext& context) {
  if (row.messages > 0 && row.ignored == row.messages) return "none: the YAML ignores it";
  const bool service = row.source.sender != nullptr;
  // Failing mail first: it is what a stricter policy would lose.
  std::string text = failing(row, context);
  if (!text.empty()) {
    const std::string more = row.unsigned_ips.empty() ? "" : unsigned_part(row, context);
    return more.empty() ? text : text + "; " + more;
  }
  const bool undeclared = service && !row.source.declared && context.domain != nullptr;
  // Only for mail that shows use by the domain. A service's name alone is often a forwarder or
  // another customer.
  if (undeclared && row.own_mail > 0) {
    return fmt::format("if you use it, add to the domain's senders: {}", row.source.sender->id);
  }
  const std::int64_t forwarded = row.of(Category::Forwarded);
  if (forwarded > 0 && (!service || forwarded > row.passing())) {
    return "none: forwarding; never add its addresses to SPF";
  }
  if (row.of(Category::Partial) > 0) return partial(row, context);
  if (forwarded > 0) return "none: forwarding; never add its addresses to SPF";
  return "none";
}

}  // namespace rampart::reports
