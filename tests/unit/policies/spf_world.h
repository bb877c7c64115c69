/// One domain with a few senders of its own making, and the World around it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "policies/guardrails/spf.h"
#include "policies/model/plan.h"
#include "policies/model/policy.h"

namespace rampart {

using std::chrono::days;

inline const Date kToday = std::chrono::sys_days{std::chrono::year{2026} / 11 / 21};

inline std::map<std::string, std::shared_ptr<const Sender>> test_senders() {
  std::map<std::string, std::shared_ptr<const Sender>> senders;
  const auto add = [&](const Sender& sender) {
    senders[sender.id] = std::make_shared<const Sender>(sender);
  };
  Sender office{.id = "office", .name = "Office hosts"};
  office.spf = {"ip4:192.0.2.0/28"};
  add(office);
  Sender suite{.id = "suite", .name = "Suite"};
  suite.spf = {"include:_spf.suite.example"};
  suite.builtin = true;
  suite.lookups = 4;
  suite.lookups_as_of = "2026";
  add(suite);
  Sender esp{.id = "esp", .name = "Bulk Mailer"};
  esp.spf = {"include:esp.example"};
  esp.include_needed = IncludeNeeded::No;
  esp.builtin = true;
  add(esp);
  Sender optional{.id = "optional", .name = "Either Way"};
  optional.spf = {"include:optional.example"};
  optional.include_needed = IncludeNeeded::Optional;
  add(optional);
  Sender hub{.id = "hub", .name = "Hub"};
  hub.spf = {"include:{account}.spf{nn}.hub.example"};
  hub.spf_aliases = {"include:old.hub.example"};
  hub.include_needed = IncludeNeeded::Optional;
  hub.builtin = true;
  add(hub);
  Sender filter{.id = "filter", .name = "Filter"};
  filter.spf = {"include:{region}.filter.example", "exists:%{i}.{region}.filter.example"};
  add(filter);
  return senders;
}

inline SenderUse using_sender(const std::string& id) {
  SenderUse use;
  use.sender = test_senders().at(id);
  return use;
}

inline Domain spf_domain(std::vector<SenderUse> senders) {
  Domain domain{.name = Name::literal("example.com")};
  domain.providers = {"files"};
  domain.senders = std::move(senders);
  domain.spf = SpfSpec{};
  domain.dmarc.position = {Phase::Monitor, 100};
  return domain;
}

/// A World whose zone example.com holds these TXT values at its apex.
inline World world_with(const std::vector<std::string>& apex_txt) {
  World world;
  world.now = Time(kToday);
  LiveZone zone{.apex = Name::literal("example.com"), .provider = "files"};
  zone.complete = true;
  if (!apex_txt.empty()) {
    const RecordKey key{zone.apex, RecordType::TXT};
    const RecordSet set{.values = {apex_txt.begin(), apex_txt.end()}};
    zone.sets[key] = {LiveState::Present, parse_set(key, set), ""};
  }
  world.zones = {zone};
  return world;
}

/// The findings of the guardrails on SPF whose code contains one of `kCodes`.
template <const char*... kCodes>
std::vector<Finding> rule(const Plan& plan, const Config& config, const World& world) {
  std::vector<Finding> found = spf_guardrails(plan, config, world);
  std::erase_if(
      found, [](const Finding& one) { return ((one.code.find(kCodes) == one.code.npos) && ...); });
  return found;
}

inline constexpr char kAll[] = "spf-all";
inline constexpr char kPtr[] = "spf-ptr";
inline constexpr char kLookups[] = "spf-lookups";
inline constexpr char kVoids[] = "spf-voids";
inline constexpr char kLength[] = "spf-length";
inline constexpr char kUnresolved[] = "spf-unresolved";
inline constexpr char kAuthority[] = "authority-wide";
inline constexpr char kWide[] = "spf-wide";
inline constexpr char kBroad[] = "spf-broad";
inline constexpr char kPrivate[] = "spf-private";
inline constexpr char kDangling[] = "name-dangling";
inline constexpr char kTakeover[] = "takeover";
inline constexpr char kNullMx[] = "mx-null-sender";
inline constexpr char kFragment[] = "spf-fragment-missing";
inline constexpr char kRemoved[] = "-removed";
inline constexpr Guardrail spf_all = rule<kAll>, spf_ptr = rule<kPtr>, spf_lookups = rule<kLookups>,
                           spf_voids = rule<kVoids>, spf_length = rule<kLength>,
                           spf_unresolved = rule<kUnresolved>, authority_wide = rule<kAuthority>,
                           spf_wide = rule<kWide, kBroad, kPrivate>,
                           spf_names = rule<kDangling, kTakeover, kNullMx>,
                           spf_fragment_missing = rule<kFragment>, spf_removed = rule<kRemoved>;

}  // namespace rampart
