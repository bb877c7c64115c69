/// Names sources, from the most certain way to the least.
#include "reports/analysis/sources.h"

#include <fmt/format.h>

#include <algorithm>

#include "mail/dmarc/org_domain.h"
#include "mail/spf/tree.h"
#include "policies/dkim/names.h"
#include "policies/model/sender_use.h"
#include "policies/spf/record.h"

namespace rampart::reports {
namespace {

/// Each round resolves one level of nested includes; RFC 7208 section 4.6.4 permits ten lookups.
constexpr int kIncludeRounds = 12;

bool is_below(const std::string& host, const std::string& domain) {
  return host == domain || (host.size() > domain.size() && host.ends_with(domain) &&
                            host[host.size() - domain.size() - 1] == '.');
}

/// Whether the catalogue knows the service by this host name. A template ("{...}") matches none:
/// its values are not known here.
bool has_host(const Sender& sender, const std::string& host) {
  return std::ranges::any_of(sender.rdns, [&](const std::string& one) {
    return one.find('{') == one.npos && is_below(host, one);
  });
}

const SenderUse* use_of(const Domain* domain, const Sender* sender) {
  if (domain == nullptr || !domain->senders) return nullptr;
  const auto found = std::ranges::find_if(
      *domain->senders, [&](const SenderUse& use) { return use.sender.get() == sender; });
  return found == domain->senders->end() ? nullptr : &*found;
}

/// The service that runs a host. Declared senders are tried first: several services of the
/// catalogue may share hosts.
const Sender* sender_by_host(const NamingContext& context, const std::string& host) {
  if (host.empty()) return nullptr;
  if (context.domain != nullptr && context.domain->senders) {
    for (const SenderUse& use : *context.domain->senders) {
      if (has_host(*use.sender, host)) return use.sender.get();
    }
  }
  for (const auto& [id, sender] : context.config.senders) {
    if (has_host(*sender, host)) return sender.get();
  }
  return nullptr;
}

std::string org_of(const std::string& host) {
  const Result<Name> name = Name::parse(host);
  return name ? dmarc::org_domain_psl(*name).text() : host;
}

/// What the mail of all addresses of one host domain shows; an address without a host is a group of
/// its own.
struct HostGroup {
  bool fails = false;  ///< Some mail is aligned by neither method.
  std::set<const SenderUse*> signers;
  bool foreign_signer = false;  ///< An aligned selector that no declared sender has.
};

std::string host_group_key(const spf::Ip& ip, const std::map<spf::Ip, std::string>& hosts) {
  const auto host = hosts.find(ip);
  return host == hosts.end() ? ip.text() : org_of(host->second);
}

std::map<std::string, HostGroup> host_groups_of(const TrafficGroups& groups,
                                                const std::map<spf::Ip, std::string>& hosts,
                                                const NamingContext& context) {
  std::map<std::string, HostGroup> hosts_by_key;
  OrgDomains domains;
  for (const TrafficGroup& group : groups.groups) {
    HostGroup& host_group = hosts_by_key[host_group_key(group.ip, hosts)];
    const Facts& facts = *group.facts;
    if (!facts.dkim_aligned && !facts.spf_aligned) host_group.fails = true;
    bool known = false;
    bool stated = false;
    for (const DkimAuth* one : aligned_signatures(facts, domains)) {
      const SenderUse* use = sender_of_selector(context, one->selector);
      if (use != nullptr) host_group.signers.insert(use);
      known = known || use != nullptr;
      stated = stated || !one->selector.empty();
    }
    // Some reporters omit selectors: a signature without one is not a foreign one.
    host_group.foreign_signer = host_group.foreign_signer || (stated && !known);
  }
  return hosts_by_key;
}

Source service(const NamingContext& context, const Sender* sender, std::string host) {
  const bool declared = use_of(context.domain, sender) != nullptr;
  return {sender->id, sender, declared, std::move(host), false};
}

}  // namespace

const SenderUse* sender_of_selector(const NamingContext& context, const std::string& selector) {
  if (context.domain == nullptr || selector.empty()) return nullptr;
  const Domain& domain = *context.domain;
  if (!domain.senders) return nullptr;
  // Rotations come first: they name selectors that the catalogue cannot know.
  const auto use_named = [&](const std::string& id) -> const SenderUse* {
    const auto found = std::ranges::find_if(
        *domain.senders, [&](const SenderUse& use) { return use.sender->id == id; });
    return found == domain.senders->end() ? nullptr : &*found;
  };
  for (const RotationSpec& one : domain.rotations) {
    const bool matches = one.current == selector || one.next == selector ||
                         std::ranges::find(one.past, selector) != one.past.end();
    if (matches) return use_named(one.sender);
  }
  for (const SenderUse& use : *domain.senders) {
    const auto is = [&](const std::string& text) {
      const auto filled = fill(text, domain.name, use.with);
      return filled && (*filled == selector || *filled == selector + "._domainkey");
    };
    const auto is_template = [&](const DkimTemplate& one) { return is(one.host); };
    if (std::ranges::any_of(use.sender->selectors, is) ||
        std::ranges::any_of(use.sender->dkim, is_template)) {
      return &use;
    }
  }
  return nullptr;
}

std::vector<std::pair<const SenderUse*, spf::IpSet>> admitted_by_senders(
    const NamingContext& context, Answers& answers) {
  std::vector<std::pair<const SenderUse*, spf::IpSet>> admitted;
  if (context.domain == nullptr || !context.domain->senders) return admitted;
  std::vector<std::pair<const SenderUse*, spf::Record>> records;
  for (const SenderUse& use : *context.domain->senders) {
    std::string text = "v=spf1";
    for (const std::string& term : terms_of(use, context.name)) text += " " + term;
    const auto record = spf::parse(text + " -all");
    if (record) records.emplace_back(&use, *record);
  }
  for (int round = 0; round < kIncludeRounds && context.resolve; ++round) {
    std::set<Question> unknown;
    for (const auto& [use, record] : records) {
      const spf::Tree tree = spf::tree_of(context.name, record, answers);
      unknown.insert(tree.unknown.begin(), tree.unknown.end());
    }
    if (unknown.empty()) break;
    context.resolve(answers, std::vector<Question>(unknown.begin(), unknown.end()));
  }
  for (const auto& [use, record] : records) {
    admitted.emplace_back(use, spf::admitted_by(context.name, record, answers).pass);
  }
  return admitted;
}

const IgnoredSource* ignoring(const NamingContext& context, const Source& source,
                              const spf::Ip& ip) {
  if (context.domain == nullptr) return nullptr;
  const auto& ignored = context.domain->ignored_sources;
  const auto found = std::ranges::find_if(ignored, [&](const IgnoredSource& one) {
    const std::string& text = one.source;
    return text == source.label || "ptr:" + text == source.label || text == ip.text() ||
           "ip:" + text == source.label || (!source.host.empty() && is_below(source.host, text));
  });
  return found == ignored.end() ? nullptr : &*found;
}

std::map<spf::Ip, Source> name_sources(const TrafficGroups& groups,
                                       const std::map<spf::Ip, std::string>& hosts,
                                       const NamingContext& context, Answers& answers) {
  const auto admitted = admitted_by_senders(context, answers);
  const auto hosts_by_key = host_groups_of(groups, hosts, context);
  std::map<spf::Ip, Source> sources;
  for (const TrafficGroup& group : groups.groups) {
    if (sources.contains(group.ip)) continue;
    const auto known_host = hosts.find(group.ip);
    const std::string host = known_host == hosts.end() ? "" : known_host->second;
    const auto admits = std::ranges::find_if(
        admitted, [&](const auto& one) { return one.second.contains(group.ip); });
    const HostGroup& host_group = hosts_by_key.at(host_group_key(group.ip, hosts));
    Source source;
    if (admits != admitted.end()) {
      source = service(context, admits->first->sender.get(), host);
    } else if (const Sender* sender = sender_by_host(context, host)) {
      source = service(context, sender, host);
    } else if (!host_group.fails && !host_group.foreign_signer && host_group.signers.size() == 1) {
      // Mail through a forwarder has our signatures too, but some of it fails.
      source = service(context, (*host_group.signers.begin())->sender.get(), host);
    } else {
      source.label = host.empty() ? "ip:" + group.ip.text() : "ptr:" + org_of(host);
      source.host = host;
    }
    source.ignored = ignoring(context, source, group.ip) != nullptr;
    const HostOwner* owner = context.owners ? owner_of(*context.owners, source.host) : nullptr;
    if (owner != nullptr) source.owner = *owner;
    sources.emplace(group.ip, std::move(source));
  }
  return sources;
}

}  // namespace rampart::reports
