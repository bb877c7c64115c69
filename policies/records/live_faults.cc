#include "policies/records/live_faults.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "mail/dmarc/dmarc.h"
#include "policies/model/lookup.h"
#include "policies/rules/dkim.h"
#include "policies/rules/dmarc.h"
#include "policies/rules/names.h"
#include "policies/rules/spf.h"
#include "policies/rules/strays.h"
#include "policies/rules/transport.h"

namespace rampart {
namespace {

// The names below a domain where a record of its own belongs.
struct Place {
  std::string_view prefix;
  RecordKind kind;
};

constexpr std::array<Place, 4> kPlaces = {{{"_dmarc", RecordKind::Dmarc},
                                           {"_mta-sts", RecordKind::MtaSts},
                                           {"_smtp._tls", RecordKind::TlsRpt},
                                           {"default._bimi", RecordKind::Bimi}}};

// Reads one zone; a set that is not known to exist has no values, and so no faults.
class Reader {
 public:
  Reader(const Domain& domain, const LiveZone& zone) : domain_(domain), zone_(zone) {}

  std::vector<LiveFault> read() {
    read_spf();
    for (const auto& [prefix, kind] : kPlaces) {
      const auto name = domain_.name.child(prefix);
      if (name) read_place({*name, RecordType::TXT}, kind);
    }
    read_mx();
    return std::move(faults_);
  }

 private:
  ParsedValues values_at(const RecordKey& key) const {
    LiveSet live = zone_.at(key);
    return live.state == LiveState::Present ? std::move(live.set.values) : ParsedValues();
  }

  // Those of this kind that somebody reads: the others count neither as one record nor as several.
  std::vector<ParsedValue> records_at(const RecordKey& key, RecordKind kind) const {
    std::vector<ParsedValue> records;
    for (const ParsedValue& value : values_at(key)) {
      if (value.kind() == kind && is_read(key, value.text())) records.push_back(value);
    }
    return records;
  }

  void add(const RecordKey& key, std::optional<rules::Fault> fault) {
    if (fault) faults_.push_back({key, std::move(*fault)});
  }

  // A record that receivers reject as a whole has one fault: its terms are of no effect.
  void read_spf() {
    const RecordKey key{domain_.name, RecordType::TXT};
    const auto records = records_at(key, RecordKind::Spf);
    if (records.size() > 1) {
      add(key, rules::spf_multiple(
                   domain_.name,
                   fmt::format("publishes {} SPF records (RFC 7208 section 4.5)", records.size())));
    }
    if (records.size() != 1) return;
    const ParsedValue& value = records.front();
    if (value.spf() == nullptr) {
      add(key, rules::spf_invalid(domain_.name,
                                  "publishes an invalid SPF record: " + sentence(*value.error())));
      return;
    }
    const spf::Record& record = *value.spf();
    const auto all =
        std::ranges::find(record.directives, spf::Mechanism::All, &spf::Directive::mechanism);
    const bool everybody = all != record.directives.end() && all->qualifier == spf::Qualifier::Pass;
    rules::SpfFacts facts{.domain = domain_.name, .pass_all = everybody ? 1 : 0};
    facts.ptr_terms =
        std::ranges::count(record.directives, spf::Mechanism::Ptr, &spf::Directive::mechanism);
    for (rules::Fault& fault : rules::spf_limits(facts)) add(key, std::move(fault));
    add(key, rules::spf_term_ignored(domain_.name, record));
    add(key, rules::spf_dead_terms(record));
  }

  void read_place(const RecordKey& key, RecordKind kind) {
    const auto records = records_at(key, kind);
    if (kind == RecordKind::Dmarc) return read_dmarc(key, records);
    if (records.size() > 1) {
      add(key, rules::transport_invalid(kind, domain_.name, "is published several times"));
    } else if (records.size() == 1 && records.front().error() != nullptr) {
      add(key, rules::transport_invalid(kind, domain_.name,
                                        "is invalid: " + sentence(*records.front().error())));
    }
  }

  void read_dmarc(const RecordKey& key, const std::vector<ParsedValue>& records) {
    if (records.size() > 1) add(key, rules::dmarc_multiple(domain_.name));
    if (records.size() != 1) return;
    const auto read = dmarc::parse_lenient(records.front().text());
    if (!read) return add(key, rules::dmarc_invalid(domain_.name, sentence(read.error())));
    for (const std::string& problem : read->problems) {
      add(key, rules::dmarc_tag_invalid(domain_.name, problem));
    }
    check_report_uris(key, "rua", read->record.rua);
    check_report_uris(key, "ruf", read->record.ruf);
    add(key, rules::dmarc_historic_tags(domain_.name, read->record));
  }

  void check_report_uris(const RecordKey& key, std::string_view tag,
                         const std::vector<std::string>& uris) {
    for (const std::string& uri : uris) {
      if (const auto problem = rules::report_uri_problem(tag, uri)) {
        add(key, rules::dmarc_tag_invalid(domain_.name, *problem));
      }
    }
  }

  void read_mx() {
    const RecordKey key{domain_.name, RecordType::MX};
    const ParsedValues values = values_at(key);
    const bool null = std::ranges::any_of(
        values, [](const ParsedValue& value) { return value.text().ends_with(" ."); });
    if (null && values.size() > 1) add(key, rules::null_mx_mixed(domain_.name));
  }

  const Domain& domain_;
  const LiveZone& zone_;
  std::vector<LiveFault> faults_;
};

// Decoding a key costs far more than all other rules together, and the value holds it decoded: only
// what may have a fault other than its length is read again.
rules::KeyReading reading_of(const ParsedValue& value) {
  const ParsedKey* key = value.key();
  const bool plain = key != nullptr && key->strict && key->shape && key->record.flags.empty() &&
                     !key->record.hashes && !key->record.services;
  if (!plain) return rules::read_key(value.text());
  rules::KeyReading reading;
  reading.shape = *key->shape;
  return reading;
}

}  // namespace

std::vector<LiveFault> record_faults(const Domain& domain, const LiveZone& zone) {
  return Reader(domain, zone).read();
}

// A misspelt key is one that cannot be used, for that is what verifiers make of it.
std::vector<LiveFault> key_faults(const RecordKey& key, const LiveSet& live) {
  rules::Faults faults;
  if (live.state != LiveState::Present) return {};
  std::vector<ParsedValue> records;
  for (const ParsedValue& value : live.set.values) {
    if (value.kind() == RecordKind::DkimKey) records.push_back(value);
  }
  if (records.empty()) {
    for (const ParsedValue& value : live.set.values) {
      const auto slip = own_near_miss(key, value.text());
      if (slip && faults.empty()) faults.push_back(rules::key_invalid(key.name, *slip));
    }
  } else if (records.size() > 1) {
    faults.push_back(rules::several_keys(key.name));
  } else {
    const std::size_t others = live.set.values.size() - records.size();
    faults =
        rules::faults_of(key.name, reading_of(records.front()), rules::KeyHolder::Domain, others);
  }
  std::vector<LiveFault> found;
  for (rules::Fault& fault : faults) found.push_back({key, std::move(fault)});
  return found;
}

// Only a target that certainly does not exist is a fault; the target is queried where a CNAME is
// known to exist.
PolicyResult dangling_records(const Domain& domain, const World& world) {
  PolicyResult result;
  for (const auto& [prefix, kind] : kPlaces) {
    const auto name = domain.name.child(prefix);
    if (!name) continue;
    for (const LiveZone* zone : world.zones_for(domain, *name)) {
      const LiveSet live = zone->at({*name, RecordType::CNAME});
      if (live.state != LiveState::Present || live.set.values.empty()) continue;
      const auto target = Name::parse(live.set.values.begin()->text());
      if (!target) continue;
      using rules::NameState;
      const rules::NameReading reading =
          rules::read_name(*target, RecordType::TXT, world.answers, result.unknown);
      if (reading.state != NameState::Missing && reading.state != NameState::Unregistered) continue;
      result.findings.push_back(
          to_finding(rules::record_dangling(*name, *target), domain.name, domain.mark));
      auto taken = rules::takeover(rules::record_reference(domain.name, *name), reading);
      if (!taken) continue;
      // Live already: no change of a plan causes it.
      taken->severity = Severity::Warning;
      result.findings.push_back(to_finding(std::move(*taken), domain.name, domain.mark));
    }
  }
  return result;
}

}  // namespace rampart
