#include "policies/guardrails/guardrails.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "policies/guardrails/dmarc.h"
#include "policies/guardrails/spf.h"
#include "policies/model/lookup.h"
#include "policies/model/wildcards.h"

namespace rampart {
namespace {

using Findings = std::vector<Finding>;

// The names that creating `name` brings into existence: itself and its ancestors that are empty so
// far, up to the apex. An ancestor without records exists once a name below it does (RFC 8020). The
// search ends at the first ancestor that exists: everything above it exists as well.
std::vector<Name> names_created(const Name& name, const LiveZone& zone) {
  std::vector<Name> created;
  for (Name at = name; at != zone.apex && at.is_within(zone.apex); at = at.parent()) {
    if (exists_in(at, zone)) break;
    created.push_back(at);
  }
  return created;
}

// Whether a wildcard's mail or hosts could be in use at this name: not below an underscore. No host
// name has an underscore (RFC 1123 section 2.1), so no wildcard is missed there.
bool is_host_like(const Name& name) {
  return std::ranges::none_of(name.labels(),
                              [](std::string_view label) { return label.starts_with("_"); });
}

// A zone at two providers has two wildcards' sets, so the provider decides as well.
const LiveZone* zone_of(const Change& change, const World& world) {
  for (const LiveZone& zone :
       std::ranges::equal_range(world.zones, change.zone, {}, &LiveZone::apex)) {
    if (zone.provider == change.provider) return &zone;
  }
  return nullptr;
}

// Several changes that create one name are one fault, which withholds all of them. One finding for
// one wildcard keeps the report short, where a first plan creates dozens of names.
void add_shadow(Findings& found, Finding finding) {
  const auto same = std::ranges::find_if(found, [&](const Finding& other) {
    return other.domain == finding.domain && other.hint == finding.hint;
  });
  if (same == found.end()) return found.push_back(std::move(finding));
  same->withholds.insert(same->withholds.end(), finding.withholds.begin(), finding.withholds.end());
}

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

Findings shadowed_by(const Change& change, const LiveZone& zone,
                     const std::set<RecordKey>& written) {
  Findings found;
  for (const Name& created : names_created(change.name(), zone)) {
    const std::optional<Name> owner = wildcard_for(created, zone);
    if (!owner || !is_host_like(created)) continue;
    for (auto at = zone.wildcards.lower_bound({*owner, RecordType{}});
         at != zone.wildcards.end() && at->name == *owner; ++at) {
      const Loss loss = loss_at(created, *at, zone, written);
      if (loss == Loss::None) continue;
      Finding finding{.severity = loss == Loss::Certain ? Severity::Error : Severity::Warning,
                      .code = "shadows-wildcard",
                      .domain = change.domain,
                      .message = fmt::format(
                          "creating {} makes {} exist, so {} {} no longer answers for it",
                          change.name().text(), created.text(), owner->text(), to_text(at->type)),
                      .hint = hint_about(created, at->type, loss)};
      if (loss == Loss::Certain) finding.withholds = {{change.name(), change.type()}};
      found.push_back(std::move(finding));
    }
  }
  return found;
}

// RFC 4592 section 2.2: a wildcard answers only for names that do not exist.
Findings shadows_wildcard(const Plan& plan, const Config& config, const World& world) {
  Findings found;
  std::set<RecordKey> written;
  for (const Change& change : plan.changes) {
    if (change.set.after) written.insert({change.name(), change.type()});
  }
  for (const Change& change : plan.changes) {
    const LiveZone* zone = zone_of(change, world);
    if (change.set.before || zone == nullptr || zone->wildcards.empty()) continue;
    const auto domain = config.domains.find(change.domain);
    for (Finding& finding : shadowed_by(change, *zone, written)) {
      if (domain != config.domains.end()) finding.mark = domain->second.mark;
      add_shadow(found, std::move(finding));
    }
  }
  return found;
}

// An error about one change, which it withholds.
Finding refused_by_host(const Change& change, const Config& config, CodeName code,
                        std::string message, std::string hint) {
  const auto domain = config.domains.find(change.domain);
  return {.severity = Severity::Error,
          .code = code,
          .domain = change.domain,
          .message = std::move(message),
          .hint = std::move(hint),
          .mark = domain == config.domains.end() ? Mark{} : domain->second.mark,
          .withholds = {{change.name(), change.type()}}};
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
    if (live.contains(value) || !limits.max_txt_octets ||
        std::ssize(value) <= *limits.max_txt_octets)
      continue;
    found.push_back(refused_by_host(
        change, config, "txt-too-long",
        fmt::format("{} TXT has {} octets; {} takes {} at most", name, value.size(),
                    change.provider, *limits.max_txt_octets),
        "shorten it: a 2048-bit key in place of a 4096-bit one, or a flattened SPF"));
  }
  if (!limits.max_name_octets || static_cast<int>(total) <= *limits.max_name_octets) return;
  if (total <= before) return;
  found.push_back(refused_by_host(
      change, config, "txt-too-long",
      fmt::format("the TXT values at {} have {} octets together; {} takes {} at most", name, total,
                  change.provider, *limits.max_name_octets),
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
      refused_by_host(change, config, "ttl-out-of-range",
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
    found.push_back(refused_by_host(
        change, config, "too-many-values",
        fmt::format("{} {} would have {} values; {} takes {} at most", change.name().text(),
                    to_text(change.type()), values, change.provider, *most),
        "remove values there that nobody needs any more"));
  }
  return found;
}

// A server that fails beside others that answer: their answers are used, and it is reported.
Findings failing_servers(const Plan&, const Config& config, const World& world) {
  Findings found;
  for (const auto& [name, domain] : config.domains) {
    for (const LiveZone* zone : world.zones_for(domain, name)) {
      if (zone->from_provider) continue;
      const auto failing = std::ranges::find_if(zone->sets, [&](const auto& entry) {
        const LiveState state = entry.second.state;
        const bool answered = state == LiveState::Present || state == LiveState::Absent;
        return answered && !entry.second.detail.empty() && entry.first.name.is_within(name);
      });
      if (failing == zone->sets.end()) continue;
      found.push_back(
          finding_of(domain, Severity::Warning, "ns-failing",
                     fmt::format("some name servers of {} do not answer: {}", zone->apex.text(),
                                 failing->second.detail),
                     "repair them, or remove them from the zone's NS records and its delegation"));
    }
  }
  return found;
}

// In the order of docs/findings.md, which is also the order in which people meet them.
constexpr std::array kGuardrails = {
    Guardrail{failing_servers},   Guardrail{ramp_jump},
    Guardrail{reject_spf_only},   Guardrail{reject_without_rua},
    Guardrail{too_many_domains},  Guardrail{dkim_selector_removed},
    Guardrail{discovery_changes}, Guardrail{shadows_wildcard},
    Guardrail{spf_rules},         Guardrail{spf_fragment_missing},
    Guardrail{spf_removed},       Guardrail{spf_wide},
    Guardrail{authority_wide},    Guardrail{beyond_host_limits},
};

}  // namespace

std::span<const Guardrail> guardrails() { return kGuardrails; }

}  // namespace rampart
