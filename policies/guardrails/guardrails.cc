#include "policies/guardrails/guardrails.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <set>

#include "policies/guardrails/dmarc.h"
#include "policies/guardrails/names.h"
#include "policies/guardrails/spf.h"
#include "policies/model/lookup.h"
#include "policies/model/wildcards.h"

namespace rampart {
namespace {

using Findings = std::vector<Finding>;

// The names that creating `name` brings into existence: itself and its ancestors up to the first
// that exists. An ancestor without records exists once a name below it does (RFC 8020 section 2).
std::vector<Name> names_created(const Name& name, const LiveZone& zone) {
  std::vector<Name> created;
  for (Name at = name; at != zone.apex && at.is_within(zone.apex); at = at.parent()) {
    if (exists_in(at, zone)) break;
    created.push_back(at);
  }
  return created;
}

// Whether the name may be in use for mail or as a host: no host name has an underscore (RFC 1123
// section 2.1), so that no wildcard is missed below one.
bool is_host_like(const Name& name) {
  return std::ranges::none_of(name.labels(),
                              [](std::string_view label) { return label.starts_with("_"); });
}

// The zone in which the change is made, at its provider; null where it was not read.
const LiveZone* zone_of(const Change& change, const World& world) {
  for (const LiveZone& zone :
       std::ranges::equal_range(world.zones, change.zone, {}, &LiveZone::apex)) {
    if (zone.provider == change.provider) return &zone;
  }
  return nullptr;
}

// Whether a name that is created needed the records that the wildcard answered with.
enum class Loss { None, Certain, Unknown };

// What the name loses of the wildcard's records of one type. A TXT record that this plan writes
// there replaces a policy of the wildcard on purpose, but no other party's value.
Loss loss_at(const Name& created, const RecordKey& wildcard, const LiveZone& zone,
             const std::set<RecordKey>& written) {
  // Signatures and proofs of absence follow the names that exist: the signer makes them.
  if (may_join_cname(wildcard.type)) return Loss::None;
  if (wildcard.type != RecordType::TXT) return Loss::Certain;
  const LiveSet& live = zone.at(wildcard);
  const RecordKey own{created, RecordType::TXT};
  if (live.state != LiveState::Present) return Loss::Unknown;
  const bool replaced =
      written.contains(own) && std::ranges::none_of(live.set.values, [](const ParsedValue& value) {
        return value.kind() == RecordKind::Foreign;
      });
  return replaced ? Loss::None : Loss::Certain;
}

std::string hint_about(const Name& created, RecordType type, Loss loss) {
  if (loss == Loss::Unknown) {
    return fmt::format(
        "compare the wildcard's TXT values with what {} needs; a plan with --live provider reads "
        "them",
        created.text());
  }
  return fmt::format("give {} its own {} record first", created.text(),
                     type == RecordType::CNAME ? "address" : to_text(type));
}

// An error about one change, which it withholds.
Finding refusal_of(const Change& change, const Config& config, CodeName code, std::string message,
                   std::string hint) {
  const Domain* domain = find_value(config.domains, change.domain);
  return {.severity = Severity::Error,
          .code = code,
          .domain = change.domain,
          .message = std::move(message),
          .hint = std::move(hint),
          .mark = domain == nullptr ? Mark{} : domain->mark,
          .withholds = {{change.name(), change.type()}}};
}

// By domain and hint: several changes that create one name are one fault, which withholds them all.
using Shadows = std::map<std::pair<Name, std::string>, Finding>;

void add_shadows(const Change& change, const LiveZone& zone, const std::set<RecordKey>& written,
                 const Config& config, Shadows& shadows) {
  for (const Name& created : names_created(change.name(), zone)) {
    const std::optional<Name> owner = wildcard_for(created, zone);
    if (!owner || !is_host_like(created)) continue;
    for (auto at = zone.wildcards.lower_bound({*owner, RecordType{}});
         at != zone.wildcards.end() && at->name == *owner; ++at) {
      const Loss loss = loss_at(created, *at, zone, written);
      if (loss == Loss::None) continue;
      Finding finding = refusal_of(
          change, config, "shadows-wildcard",
          fmt::format("creating {} makes {} exist, so {} {} no longer answers for it",
                      change.name().text(), created.text(), owner->text(), to_text(at->type)),
          hint_about(created, at->type, loss));
      if (loss == Loss::Unknown) {
        finding.severity = Severity::Warning;
        finding.withholds.clear();
      }
      const auto [row, fresh] = shadows.try_emplace({change.domain, finding.hint}, finding);
      if (!fresh) std::ranges::copy(finding.withholds, std::back_inserter(row->second.withholds));
    }
  }
}

// RFC 4592 section 2.2: a wildcard answers only for names that do not exist.
Findings shadows_wildcard(const Plan& plan, const Config& config, const World& world) {
  std::set<RecordKey> written;
  for (const Change& change : plan.changes) {
    if (change.set.after) written.insert({change.name(), change.type()});
  }
  Shadows shadows;
  for (const Change& change : plan.changes) {
    const LiveZone* zone = zone_of(change, world);
    if (change.set.before || zone == nullptr || zone->wildcards.empty()) continue;
    add_shadows(change, *zone, written, config, shadows);
  }
  Findings found;
  for (auto& [key, finding] : shadows) found.push_back(std::move(finding));
  return found;
}

// A live value of any length may stay beside ours: only what the change adds is refused.
void check_txt_lengths(const Change& change, const LiveZone& zone, const Config& config,
                       Findings& found) {
  if (change.type() != RecordType::TXT) return;
  const HostLimits& limits = zone.limits;
  const std::string name = change.name().text();
  const SetChange set = text_of(change.set);
  const bool was_txt = set.before && set.before->type == RecordType::TXT;
  const std::set<std::string> live = was_txt ? set.before->set.values : std::set<std::string>();
  std::size_t total = 0;
  std::size_t before = 0;
  for (const std::string& value : live) before += value.size();
  for (const std::string& value : set.after->set.values) {
    total += value.size();
    const bool fits = !limits.max_txt_octets || std::ssize(value) <= *limits.max_txt_octets;
    if (fits || live.contains(value)) continue;
    found.push_back(
        refusal_of(change, config, "txt-too-long",
                   fmt::format("{} TXT has {} octets; {} takes {} at most", name, value.size(),
                               change.provider, *limits.max_txt_octets),
                   "shorten it: a 2048-bit key in place of a 4096-bit one, or a flattened SPF"));
  }
  if (!limits.max_name_octets || static_cast<int>(total) <= *limits.max_name_octets) return;
  if (total <= before) return;
  found.push_back(
      refusal_of(change, config, "txt-too-long",
                 fmt::format("the TXT values at {} have {} octets together; {} takes {} at most",
                             name, total, change.provider, *limits.max_name_octets),
                 "remove values there that nobody needs any more"));
}

// A TTL that is live already may stay: some accounts have other bounds.
void check_ttl(const Change& change, const LiveZone& zone, const Config& config, Findings& found) {
  const auto ttl = change.set.after->set.ttl;
  const auto least = zone.limits.min_ttl.value_or(std::chrono::seconds{0});
  const auto most = zone.limits.max_ttl.value_or(std::chrono::seconds{2147483647});
  const bool kept = change.set.before && change.set.before->set.ttl == ttl;
  if (kept || (ttl >= least && ttl <= most)) return;
  found.push_back(
      refusal_of(change, config, "ttl-out-of-range",
                 fmt::format("{} {} would get a TTL of {}; {} takes {} to {} seconds",
                             change.name().text(), to_text(change.type()), ttl.count(),
                             change.provider, least.count(), most.count()),
                 fmt::format("set `ttl: {}` on the record, the domain or in `defaults:`",
                             (ttl < least ? least : most).count())));
}

// What the host would refuse fails here, before anything is written: a plan that is half applied is
// harder to repair.
Findings beyond_host_limits(const Plan& plan, const Config& config, const World& world) {
  Findings found;
  for (const Change& change : plan.changes) {
    const LiveZone* zone = zone_of(change, world);
    if (!change.set.after || zone == nullptr) continue;
    check_txt_lengths(change, *zone, config, found);
    check_ttl(change, *zone, config, found);
    const std::size_t values = change.set.after->set.values.size();
    const auto most = zone->limits.max_values;
    if (!most || values <= static_cast<std::size_t>(*most)) continue;
    if (change.set.before && change.set.before->set.values.size() >= values) continue;
    found.push_back(refusal_of(
        change, config, "too-many-values",
        fmt::format("{} {} would have {} values; {} takes {} at most", change.name().text(),
                    to_text(change.type()), values, change.provider, *most),
        "remove values there that nobody needs any more"));
  }
  return found;
}

// By domain, why some servers of the zone failed while others answered: of the first set in it.
std::map<Name, std::string> failures_in(const LiveZone& zone) {
  std::map<Name, std::string> failures;
  for (const auto& [key, live] : zone.sets) {
    const bool answered = live.state == LiveState::Present || live.state == LiveState::Absent;
    if (!answered || live.detail.empty()) continue;
    for (Name at = key.name; !at.is_root(); at = at.parent()) failures.emplace(at, live.detail);
  }
  return failures;
}

// The answers of the other servers are used, so that nothing is withheld.
Findings failing_servers(const Plan&, const Config& config, const World& world) {
  Findings found;
  std::map<const LiveZone*, std::map<Name, std::string>> failures;
  for (const LiveZone& zone : world.zones) {
    if (!zone.from_provider) failures[&zone] = failures_in(zone);
  }
  for (const auto& [name, domain] : config.domains) {
    for (const LiveZone* zone : world.zones_for(domain, name)) {
      const std::string* detail = find_value(failures[zone], name);
      if (detail == nullptr) continue;
      found.push_back(finding_of(
          domain, Severity::Warning, "ns-failing",
          fmt::format("some name servers of {} do not answer: {}", zone->apex.text(), *detail),
          "repair them, or remove them from the zone's NS records and its delegation"));
    }
  }
  return found;
}

// In the order of docs/findings.md, which is also the order in which people meet them.
constexpr auto kGuardrails = std::to_array<Guardrail>({
    failing_servers,
    ramp_jump,
    reject_spf_only,
    reject_without_rua,
    too_many_domains,
    dkim_selector_removed,
    discovery_changes,
    mail_lost,
    shadows_wildcard,
    spf_guardrails,
    report_hosts,
    beyond_host_limits,
});

}  // namespace

std::span<const Guardrail> guardrails() { return kGuardrails; }

}  // namespace rampart
