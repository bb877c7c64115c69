/// Names sources, from the most certain way to the least.
#include "reports/analysis/sources.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "mail/dmarc/org_domain.h"

namespace rampart::reports {
namespace {

constexpr std::array<std::string_view, 5> kNamedBy = {"dkim", "envelope", "spf", "ptr", "address"};

bool is_below(const std::string& host, const std::string& domain) {
  // With the dot, or "evil-example.com" would be in "example.com".
  return host == domain || (host.size() > domain.size() && host.ends_with(domain) &&
                            host[host.size() - domain.size() - 1] == '.');
}

std::string organization_of_host(const std::string& host) {
  const Result<Name> name = Name::parse(host);
  return name ? dmarc::org_domain_psl(*name).text() : host;
}

/// Whether a host is in a domain that the YAML names. Only the owner of a domain controls names
/// that lead back to an address, so that an outsider's host is never in it.
bool yaml_names(const std::string& host, const NamingContext& context) {
  Result<Name> name = Name::parse(host);
  if (host.empty() || !name) return false;
  if (name->is_within(context.name)) return true;
  for (Name at = *name; at != Name::root(); at = at.parent()) {
    if (context.config.domains.contains(at)) return true;
  }
  return false;
}

}  // namespace

std::string_view to_text(NamedBy named_by) { return kNamedBy[static_cast<std::size_t>(named_by)]; }

std::string_view to_text(Sureness sure) { return sure == Sureness::Proved ? "proved" : "likely"; }

/// Made at the first use: it asks for the SPF records of a hundred services, and many runs never
/// need them.
const CatalogueNetworks& NamingCache::catalogue() {
  if (!catalogue_) {
    catalogue_ =
        std::make_unique<CatalogueNetworks>(catalogue_networks(config_, senders_, answers_));
  }
  return *catalogue_;
}

SourceNamer::SourceNamer(const NamingContext& context, NamingCache& cache, const HostNames& hosts)
    : context_(context),
      cache_(cache),
      hosts_(hosts),
      declared_(context.domain),
      networks_(declared_networks(context.domain, cache.answers())) {}

/// Declared networks come before the catalogue's, and networks before host names: the YAML's owner
/// vouches for the first, and the owner of an address alone for the last.
AddressFacts SourceNamer::facts_of(const spf::Ip& ip) const {
  AddressFacts facts;
  if (const auto host = hosts_.names.find(ip); host != hosts_.names.end()) {
    facts.host = host->second;
  }
  if (const auto lacks = hosts_.unanswered.find(ip); lacks != hosts_.unanswered.end()) {
    facts.lacks_host = lacks->second;
  }
  facts.own = networks_.own.contains(ip);
  facts.own_host = yaml_names(facts.host, context_);
  facts.sender_by = NamedBy::Spf;
  facts.sender = networks_.networks.find(ip);
  if (facts.sender != nullptr) return facts;
  // The domain's own terms need no lookup, so nothing is missing for an address in them.
  if (!facts.own) facts.lacks_record = networks_.lacks;
  const SenderIndex::Senders& by_host = cache_.senders().by_host(facts.host);
  facts.sender = cache_.catalogue().find(ip, by_host);
  if (facts.sender != nullptr) return facts;
  facts.sender_by = NamedBy::Ptr;
  facts.sender = declared_.preferred(by_host);
  return facts;
}

bool SourceNamer::has_network(const spf::Ip& ip) const {
  return networks_.own.contains(ip) || networks_.networks.find(ip) != nullptr ||
         cache_.catalogue().own.find(ip) != nullptr;
}

bool SourceNamer::is_anybodys(const spf::Ip& ip) const {
  if (!networks_.lacks.empty() || has_network(ip) || hosts_.unanswered.contains(ip)) return false;
  const bool ignores = context_.domain != nullptr && !context_.domain->ignored_sources.empty();
  // The usual case of a botnet, decided without looking anything else up.
  if (!ignores && !hosts_.names.contains(ip)) return true;
  const AddressFacts facts = facts_of(ip);
  return !facts.own_host && facts.sender == nullptr &&
         ignoring(context_, name_by_address(ip, facts), facts, ip) == nullptr;
}

Source SourceNamer::service(const Sender* sender, NamedBy named_by, Sureness sure) const {
  return {.label = sender->id,
          .sender = sender,
          .declared = declared_.has(sender),
          .named_by = named_by,
          .sure = sure,
          .owner = {}};
}

Source SourceNamer::name_by_address(const spf::Ip& ip, const AddressFacts& address) const {
  if (address.sender != nullptr) {
    return service(address.sender, address.sender_by, Sureness::Proved);
  }
  Source source;
  source.named_by = address.host.empty() ? NamedBy::Address : NamedBy::Ptr;
  source.label =
      address.host.empty() ? "ip:" + ip.text() : "ptr:" + organization_of_host(address.host);
  const HostOwner* owner = context_.owners ? owner_of(*context_.owners, address.host) : nullptr;
  if (owner != nullptr) source.owner = *owner;
  return source;
}

Source SourceNamer::name(const spf::Ip& ip, const AddressFacts& address, const FactsTraits& traits,
                         const Sender* only_signer) const {
  if (!traits.signers.empty()) {
    // Where several senders share a selector, the mail is of one of them, and the address may show
    // of which.
    const auto& signers = traits.signers;
    const bool known = std::ranges::find(signers, address.sender) != signers.end();
    return service(known ? address.sender : signers.front(), NamedBy::Dkim, Sureness::Proved);
  }
  if (traits.signed_as != nullptr) {
    return service(traits.signed_as, NamedBy::Dkim, Sureness::Proved);
  }
  if (traits.envelope_passed) {
    return service(traits.envelope, NamedBy::Envelope, Sureness::Proved);
  }
  // Only for hosts of no known service: a network proves more than a selector or a MAIL FROM that
  // anybody can write.
  if (address.sender == nullptr) {
    // Some reporters omit selectors: the address's other mail shows whose signature it is.
    if (traits.dkim_aligned && traits.selectors.empty() && only_signer != nullptr) {
      return service(only_signer, NamedBy::Dkim, Sureness::Likely);
    }
    if (traits.envelope != nullptr) {
      return service(traits.envelope, NamedBy::Envelope, Sureness::Likely);
    }
  }
  return name_by_address(ip, address);
}

const IgnoredSource* ignoring(const NamingContext& context, const Source& source,
                              const AddressFacts& address, const spf::Ip& ip) {
  if (context.domain == nullptr || context.domain->ignored_sources.empty()) return nullptr;
  const auto& ignored = context.domain->ignored_sources;
  const std::string address_text = ip.text();
  const auto found = std::ranges::find_if(ignored, [&](const IgnoredSource& one) {
    const std::string& text = one.source;
    // The YAML may name a source as any output shows it: label, host domain, or address, with or
    // without its prefix.
    return text == source.label || "ptr:" + text == source.label || text == address_text ||
           text == "ip:" + address_text ||
           (!address.host.empty() &&
            is_below(address.host, text.starts_with("ptr:") ? text.substr(4) : text));
  });
  return found == ignored.end() ? nullptr : &*found;
}

}  // namespace rampart::reports
