/// What was observed: zones, answers, keys and evidence. A plan is a function of Config and World.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "dns/answers.h"
#include "mail/records/parsed.h"
#include "policies/model/config.h"
#include "policies/model/evidence.h"
#include "policies/model/served_policy.h"
#include "policies/model/spf_lock.h"

namespace rampart {

/// What is known about the records at one key.
enum class LiveState {
  Present,
  Absent,        ///< Certain: every queried server confirmed it, or the provider's zone lacks it.
  Unobservable,  ///< No server answered; never treated as absent.
  Disagree,      ///< Authoritative servers differ; `detail` names them.
};

/// The records published at one key.
struct LiveSet {
  LiveState state = LiveState::Absent;
  ParsedSet set;       ///< For Present; for Disagree the first server's.
  std::string detail;  ///< For Unobservable and Disagree.

  bool operator==(const LiveSet&) const = default;
};

/// What a host accepts; what is not set has no limit.
struct HostLimits {
  std::optional<int> max_txt_octets;   ///< Of one TXT value.
  std::optional<int> max_name_octets;  ///< Of all TXT values at one name together.
  std::optional<int> max_values;       ///< Of one RRset.
  std::optional<std::chrono::seconds> min_ttl;
  std::optional<std::chrono::seconds> max_ttl;

  bool operator==(const HostLimits&) const = default;
};

/// A file or a zone at a provider that is not used, and why: a file that is named almost as a zone.
struct UnusedZoneNote {
  std::string provider;
  std::string what;
  std::string why;
  std::string advice;

  bool operator==(const UnusedZoneNote&) const = default;
};

/// Why a domain has no zone of its own, and what to do; the usual advice where that is empty.
struct ZoneMissing {
  std::string why = {};
  std::string advice = {};

  bool operator==(const ZoneMissing&) const = default;
};

/// One zone at one provider, as far as it was read.
struct LiveZone {
  Name apex;
  std::string provider;               ///< Config.providers key.
  bool from_provider = false;         ///< Read from the provider; else from its name servers.
  bool complete = false;              ///< `sets` lists the whole zone.
  std::map<RecordKey, LiveSet> sets;  ///< Synthesised (wildcard) answers are Absent here.
  std::set<RecordKey> wildcards;      ///< Wildcard owners that exist: (*.example.com, MX).
  std::string error;                  ///< Not empty: nothing here could be read, and why.
  HostLimits limits = {};             ///< What this host accepts.
  std::vector<ZoneNotice> notices;    ///< What a change of this zone must heed.

  /// The records at `key`: Absent where a complete listing lacks it, Unobservable where it was not
  /// queried or the zone has an error.
  LiveSet at(const RecordKey& key) const;
};

/// A public key from the key folder or a `public_key:` path.
struct PublicKey {
  PublicKey() = default;
  /// `text` is the key record to publish, "v=DKIM1; k=rsa; p=..."; empty if it could not be read.
  PublicKey(const std::string& text, std::string problem) : error(std::move(problem)) {
    if (!text.empty()) record.emplace(RecordKind::DkimKey, text);
  }

  std::optional<ParsedValue> record;  ///< Empty if it could not be read.
  std::string error;                  ///< Why it could not be read.

  bool operator==(const PublicKey&) const = default;
};

/// Everything that is not in the YAML. A plan is a function of (Config, World) alone.
struct World {
  Time now;
  std::vector<LiveZone> zones;               ///< Sorted by (apex, provider).
  std::map<Name, ZoneMissing> zone_missing;  ///< Domains without a zone of their own, and why.
  Answers answers;                           ///< Through the resolver.
  std::optional<Evidence> evidence;          ///< From verified reports; empty: there is no store.
  std::map<std::string, PublicKey> keys;     ///< By path as the YAML (or the key folder) names it.
  std::map<Name, SpfLock> spf_locks;         ///< `spf.lock` beside the YAML.
  std::string spf_lock_problem;              ///< Not empty: why that file cannot be read.
  std::map<Name, ServedPolicy> served_policies;  ///< Of the domains whose web servers were queried.
  std::vector<UnusedZoneNote> unused_zones = {};  ///< Sorted by (provider, what).
  std::vector<Name> unmanaged_zones;  ///< Zones at the providers without a domain of the YAML.
  bool frozen = false;     ///< RAMPART_FREEZE: only changes that loosen enforcement are written.
  bool normalize = false;  ///< Live records that differ in form alone are rewritten.

  /// The zones (one a provider) that hold `name` for `domain`: the longest apex at each.
  std::vector<const LiveZone*> zones_for(const Domain& domain, const Name& name) const;
};

}  // namespace rampart
