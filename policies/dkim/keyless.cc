#include "policies/dkim/keyless.h"

#include <fmt/format.h>

#include <algorithm>

#include "policies/dkim/names.h"
#include "policies/model/live.h"
#include "policies/model/lookup.h"
#include "policies/model/sender_use.h"

namespace rampart {
namespace {

// Information only: the sender works without a key, its mail just aligns by SPF alone.
void report_missing(const Domain& domain, const SenderUse& use, const std::string& what,
                    std::string hint, PolicyResult& policy_result) {
  policy_result.findings.push_back(marked(
      finding_of(
          domain, Severity::Info, "dkim-missing",
          fmt::format("{} cannot sign as {} until {}", use.sender->name, domain.name.text(), what),
          std::move(hint)),
      use.mark));
}

// Catalogue rows name selectors in two places: those that a service always uses, and the hosts of
// its templates.
bool declares_one_of(const Domain& domain, const SenderUse& use) {
  const auto declared = declared_selectors(domain);
  std::vector<std::string> wanted = use.sender->selectors;
  for (const DkimTemplate& row : use.sender->dkim) {
    wanted.push_back(row.host.substr(0, row.host.find("._domainkey")));
  }
  return std::ranges::any_of(wanted, [&](const std::string& selector) {
    const auto filled = fill(selector, domain.name, use.with);
    // If the vendor allows custom selectors, any declared one may be this sender's.
    if (!filled) return !domain.selectors.empty();
    return contains(declared, *filled);
  });
}

// Whether a key exists at the sender's selector, declared or not. An undeclared key counts as well:
// the domain signs with it, whatever the YAML knows. One that cannot be read is not shown to miss.
bool has_key(const Domain& domain, const World& world, const SenderUse& use) {
  return std::ranges::any_of(use.sender->dkim, [&](const DkimTemplate& row) {
    const auto host = fill(row.host, domain.name, use.with);
    const auto name = host ? domain.name.child(*host) : Result<Name>(Error{});
    if (!name) return false;
    const RecordKey key{*name, RecordType::TXT};
    return !live_values(domain, world, key, RecordKind::DkimKey).empty() ||
           any_unread(domain, world, key);
  });
}

// A key of its own that nobody has published.
void report_key(const Domain& domain, const World& world, const SenderUse& use,
                PolicyResult& policy_result) {
  const Sender& sender = *use.sender;
  if (sender.dkim_kind == DkimKind::Self) {
    if (!domain.selectors.empty() || rotates(domain, sender)) return;
    return report_missing(domain, use, "its key is published",
                          "declare its selector under `dkim:`, or let `rotate:` make the key",
                          policy_result);
  }
  const bool vendor_key = contains(sender.dkim, RecordType::TXT, &DkimTemplate::type);
  const bool delegated = contains(sender.dkim, RecordType::CNAME, &DkimTemplate::type);
  if (!vendor_key || delegated || declares_one_of(domain, use)) return;
  if (has_key(domain, world, use)) return;
  report_missing(domain, use, "its key is published",
                 "take the key from the vendor's page and declare it as `txt:` under `dkim:`",
                 policy_result);
}

// A CNAME template that lacks a value for a placeholder. One filled alternative is enough: rows
// list every region or variant of a service, and a domain uses one.
void report_unfilled(const Domain& domain, const SenderUse& use, PolicyResult& policy_result) {
  const auto fills = [&](const DkimTemplate& row) {
    return fill(row.host, domain.name, use.with) && fill(row.target, domain.name, use.with);
  };
  const auto is_cname = [](const DkimTemplate& row) {
    return row.type == RecordType::CNAME && !row.target.empty();
  };
  const bool any_cname = std::ranges::any_of(use.sender->dkim, is_cname);
  const bool any_filled = std::ranges::any_of(
      use.sender->dkim, [&](const DkimTemplate& row) { return is_cname(row) && fills(row); });
  if (!any_cname || any_filled || declares_one_of(domain, use)) return;
  report_missing(domain, use, "its CNAMEs are published; `with:` lacks values for their names",
                 fmt::format("copy them from its web page; `rampart senders show {}` lists them",
                             use.sender->id),
                 policy_result);
}

// A filled host or target that is no DNS name, such as one that is too long for this domain: the
// record is not published, and nothing may pass over that in silence.
void report_nameless(const Domain& domain, const SenderUse& use, PolicyResult& policy_result) {
  for (const DkimTemplate& row : use.sender->dkim) {
    const auto host = fill(row.host, domain.name, use.with);
    const auto target = fill(row.target, domain.name, use.with);
    const bool bad_host = host && !domain.name.child(*host);
    const bool bad_target = target && !target->empty() && !Name::parse(*target);
    if (!bad_host && !bad_target) continue;
    policy_result.findings.push_back(marked(
        finding_of(domain, Severity::Warning, "sender-placeholder",
                   fmt::format("`{}` is not a DNS name, so a DKIM record of {} is not "
                               "published for {}",
                               bad_host ? *host : *target, use.sender->name, domain.name.text()),
                   "correct the values of `with:`, or declare the selector under `dkim:`"),
        use.mark));
  }
}

}  // namespace

void report_keyless(const Domain& domain, const World& world, const SenderUse& use,
                    PolicyResult& policy_result) {
  report_key(domain, world, use, policy_result);
  report_unfilled(domain, use, policy_result);
  report_nameless(domain, use, policy_result);
}

}  // namespace rampart
