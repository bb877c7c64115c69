/// How records are read and written at one host. An adapter knows DNS and its host, nothing else.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dns/record.h"
#include "providers/http/traffic_log.h"
#include "providers/model/sets.h"

namespace rampart {

/// What a host rejects, so that it fails when planning; each number is dated in its adapter.
struct Limits {
  std::optional<int> max_txt_octets = {};   ///< Of one TXT value, all its strings joined.
  std::optional<int> max_name_octets = {};  ///< Of all TXT values at one name together.
  std::optional<int> max_values = {};       ///< Of one RRset.
  std::chrono::seconds min_ttl{0};
  std::chrono::seconds max_ttl{2147483647};  ///< RFC 2181 section 8.
};

/// Why a host has no zone for a name, as far as it can tell.
struct MissingZone {
  std::string why;     ///< After the provider's name: "holds no zone for it".
  std::string advice;  ///< What to do; empty where the usual advice applies.
};

/// A file or a zone that looks like one of the host's zones and is not used.
struct UnusedZone {
  std::string what;    ///< Its path, or its name and id.
  std::string why;     ///< "its name is not in lower case".
  std::string advice;  ///< "rename it to example.org.zone".
};

/// A zone as a host holds it.
struct ZoneRead {
  RecordSets sets;
  bool complete = false;  ///< The whole zone; else only the requested names.
  std::vector<ZoneNotice> notices = {};
};

/// Proof of a write, for `wait`.
struct Receipt {
  std::string id;  ///< The host's change id, or empty.
  /// Why a record of somebody else may have been lost by this write, and what to do; empty where
  /// that is excluded or cannot be known.
  std::string doubt = {};
};

/// One host. Calls are made from one thread; adapters wait only by the clock that they are given.
class Provider {
 public:
  virtual ~Provider() = default;

  /// The zones that the credentials reach.
  virtual Result<std::vector<Name>> zones() = 0;

  /// The zones at or above any of `names` that the credentials reach; others may be among them.
  /// Made for hosts that cannot list their zones.
  virtual Result<std::vector<Name>> zones_of(std::span<const Name>) { return zones(); }

  /// Why `zones` lists no zone at or above `name`. A host whose credentials may hide zones says so:
  /// a zone that is not listed may exist all the same.
  virtual MissingZone missing_zone(const Name&) const { return {"holds no zone for it", ""}; }

  /// What `zones` found and left out.
  virtual std::vector<UnusedZone> unused_zones() const { return {}; }

  /// The listed names that several zones bear, so that the host cannot tell which of them is
  /// served.
  virtual std::vector<Name> ambiguous_zones() const { return {}; }

  /// Chooses among several zones of this name the one with these name servers, to which the name is
  /// delegated. Where they do not decide, reading and writing the zone stays an Error.
  virtual void choose_zone(const Name&, std::span<const Name>) {}

  /// Every RRset at `names` in `zone` (of any type), or the whole zone where that costs no more.
  virtual Result<ZoneRead> read(const Name& zone, std::span<const Name> names) = 0;

  /// Writes all of `changes` or none. Each `before` is what a read returned: where it is no longer
  /// live, an Error with `conflict` set and nothing written.
  virtual Result<Receipt> write(const Name& zone, std::span<const SetChange> changes) = 0;

  /// Returns when the host reports that it serves the write; at once where it reports nothing.
  virtual Result<Ok> wait(const Receipt&) { return Ok{}; }

  /// What the host rejects.
  virtual Limits limits() const = 0;
};

/// What an adapter is made from: the YAML's settings and the environment, looked up by the edge.
struct ProviderSettings {
  std::string name;    ///< As in the YAML.
  std::string folder;  ///< The YAML's folder: paths resolve under it.
  std::map<std::string, std::string> settings;
  std::map<Name, std::string> zone_ids = {};  ///< The chosen ids, where several zones have a name.
  std::map<std::string, std::string> environment = {};
  std::chrono::sys_days today = {};  ///< For date-style serials.
  TrafficLog log = {};               ///< Not set: nothing is logged.

  /// The setting `key`, or `fallback` where the YAML does not give it.
  std::string setting(const std::string& key, const std::string& fallback = "") const {
    const auto found = settings.find(key);
    return found == settings.end() ? fallback : found->second;
  }
};

}  // namespace rampart
