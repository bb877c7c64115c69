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
  std::optional<int> max_txt_octets;  ///< Of one TXT value, all its strings joined.
  std::chrono::seconds min_ttl{0};
  std::chrono::seconds max_ttl{2147483647};  ///< RFC 2181 section 8.
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
};

/// One host. Calls are made from one thread; adapters never sleep.
class Provider {
 public:
  virtual ~Provider() = default;

  /// The zones that the credentials reach.
  virtual Result<std::vector<Name>> zones() = 0;

  /// The zones at or above any of `names` that the credentials reach; others may be among them.
  /// Made for hosts that cannot list their zones.
  virtual Result<std::vector<Name>> zones_of(std::span<const Name>) { return zones(); }

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
  std::map<std::string, std::string> environment;
  std::chrono::sys_days today;  ///< For date-style serials.
  TrafficLog log = {};          ///< Not set: nothing is logged.

  /// The setting `key`, or `fallback` where the YAML does not give it.
  std::string setting(const std::string& key, const std::string& fallback = "") const {
    const auto found = settings.find(key);
    return found == settings.end() ? fallback : found->second;
  }
};

}  // namespace rampart
