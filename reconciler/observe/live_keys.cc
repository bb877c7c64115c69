/// The names at which a domain's records exist or may exist.
#include <set>

#include "mail/dmarc/dmarc.h"
#include "policies/dkim/names.h"
#include "policies/spf/flatten.h"
#include "reconciler/observe/observe.h"

namespace rampart {
namespace {

constexpr int kMostFragments = 10;  // Twice as many while they move to new names.

/// Adds `prefix`.<domain> with `types`; a prefix that makes no valid name is skipped.
void add(std::set<RecordKey>& keys, const Name& domain, std::string_view prefix,
         std::initializer_list<RecordType> types) {
  const auto name = domain.child(prefix);
  if (!name.ok()) return;
  for (const RecordType type : types) keys.insert({*name, type});
}

// TXT and CNAME both: what exists decides, not what is desired.
void add_selectors(std::set<RecordKey>& keys, const Domain& domain) {
  for (const std::string& selector : declared_selectors(domain)) {
    if (const auto name = selector_name(domain, selector)) {
      keys.insert({*name, RecordType::TXT});
      keys.insert({*name, RecordType::CNAME});
    }
  }
  for (const SenderRecord& record : sender_dkim_records(domain)) {
    keys.insert({record.name, RecordType::TXT});
    keys.insert({record.name, RecordType::CNAME});
  }
}

/// Where flattened SPF may be published; more fragments than this would break the limit of ten
/// lookups.
/// Old names are read as well as new ones, because fragments move to new names and the old ones
/// have to be removed.
void add_fragments(std::set<RecordKey>& keys, const Domain& domain) {
  if (!domain.spf || domain.spf->flatten == Flatten::Never) return;
  for (int number = 1; number <= 2 * kMostFragments; ++number) {
    keys.insert({fragment_name(domain.name, number), RecordType::TXT});
  }
}

/// Where the hosts of external report addresses authorise them (RFC 7489 section 7.1).
void add_authorizations(std::set<RecordKey>& keys, const Domain& domain) {
  std::vector<std::string> uris = domain.dmarc.rua;
  uris.insert(uris.end(), domain.dmarc.ruf.begin(), domain.dmarc.ruf.end());
  for (const std::string& uri : uris) {
    const auto host = dmarc::uri_host(uri);
    const auto name = host ? Name::parse(*host) : Result<Name>(Error{});
    if (!name.ok() || name->is_within(domain.name)) continue;
    add(keys, *name, domain.name.text() + "._report._dmarc", {RecordType::TXT, RecordType::CNAME});
  }
}

}  // namespace

// More than is desired: records that the YAML no longer declares must be seen to be removed, and MX
// or addresses decide whether a domain takes mail.
std::vector<RecordKey> live_keys(const Domain& domain) {
  constexpr auto kTxt = RecordType::TXT;
  constexpr auto kCname = RecordType::CNAME;
  std::set<RecordKey> keys;
  for (const RecordType type : {kTxt, kCname, RecordType::MX, RecordType::A, RecordType::AAAA}) {
    keys.insert({domain.name, type});
  }
  for (const std::string_view prefix : {"_dmarc", "_mta-sts", "_smtp._tls"}) {
    add(keys, domain.name, prefix, {kTxt, kCname});
  }
  if (domain.state != DomainState::Managed) {
    add(keys, domain.name, "*._domainkey", {kTxt, kCname});
  }
  if (domain.bimi) add(keys, domain.name, domain.bimi->selector + "._bimi", {kTxt, kCname});
  add_fragments(keys, domain);
  add_selectors(keys, domain);
  add_authorizations(keys, domain);
  return {keys.begin(), keys.end()};
}

}  // namespace rampart
