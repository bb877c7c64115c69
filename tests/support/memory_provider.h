/// Hosts for tests: one that keeps its zones in memory, and one that fails at the n-th call.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "providers/model/provider.h"

namespace rampart::testing {

/// A host's zones.
using Zones = std::map<Name, std::map<RecordKey, RecordSet>>;

/// A host that holds its zones in memory and honours the contract of Provider. The zones belong to
/// the test, so that they outlive the host.
class MemoryProvider : public Provider {
 public:
  explicit MemoryProvider(Zones& zones) : zones_(zones) {}

  Result<std::vector<Name>> zones() override {
    std::vector<Name> names;
    for (const auto& [apex, sets] : zones_) names.push_back(apex);
    return names;
  }

  Result<ZoneRead> read(const Name& zone, std::span<const Name>) override {
    const auto found = zones_.find(zone);
    if (found == zones_.end()) return Error{"no such zone", zone.text(), false, false};
    return ZoneRead{found->second, true};
  }

  Result<Receipt> write(const Name& zone, std::span<const SetChange> changes) override {
    std::map<RecordKey, RecordSet> sets = zones_[zone];
    for (const SetChange& change : changes) {
      if (change.before) {
        const auto found = sets.find({change.name, change.before->type});
        if (found == sets.end() || found->second != change.before->set) {
          return Error{"what was read is no longer live", zone.text(), false, true};
        }
        sets.erase(found);
      } else if (sets.contains({change.name, change.after->type})) {
        return Error{"something exists there already", zone.text(), false, true};
      }
      if (change.after) sets[{change.name, change.after->type}] = change.after->set;
    }
    zones_[zone] = std::move(sets);
    return Receipt{.id = "1"};
  }

  Result<Ok> wait(const Receipt&) override { return Ok{}; }

  Limits limits() const override { return {}; }

 private:
  Zones& zones_;
};

/// How the n-th call goes wrong.
enum class Fault {
  Refuse,        ///< An Error, and nothing done.
  LoseAnswer,    ///< Done, but an Error comes back.
  Conflict,      ///< An Error with `conflict`, and nothing done.
  KilledBefore,  ///< The program ends before the call does anything.
  KilledAfter,   ///< The program ends when the call has done its work.
};

/// Thrown by a fault that ends the program; the test catches it.
struct Killed {};

/// Counts the calls of all hosts of one test; `fail_at` (1-based; 0 never) names the one to spoil.
struct Calls {
  int made = 0;
  int fail_at = 0;
  Fault fault = Fault::Refuse;
};

/// Another host with one call spoilt.
class FlakyProvider : public Provider {
 public:
  FlakyProvider(std::unique_ptr<Provider> host, Calls& calls)
      : host_(std::move(host)), calls_(calls) {}

  Result<std::vector<Name>> zones() override {
    return spoil<std::vector<Name>>([&] { return host_->zones(); });
  }
  Result<ZoneRead> read(const Name& zone, std::span<const Name> names) override {
    return spoil<ZoneRead>([&] { return host_->read(zone, names); });
  }
  Result<Receipt> write(const Name& zone, std::span<const SetChange> changes) override {
    return spoil<Receipt>([&] { return host_->write(zone, changes); });
  }
  Result<Ok> wait(const Receipt& receipt) override {
    return spoil<Ok>([&] { return host_->wait(receipt); });
  }
  Limits limits() const override { return host_->limits(); }

 private:
  template <class T, class Call>
  Result<T> spoil(Call call) {
    if (++calls_.made != calls_.fail_at) return call();
    if (calls_.fault == Fault::KilledBefore) throw Killed{};
    if (calls_.fault == Fault::Refuse) return Error{"503 try later", "host", true, false};
    if (calls_.fault == Fault::Conflict) return Error{"it moved", "host", false, true};
    const Result<T> done = call();
    if (calls_.fault == Fault::KilledAfter) throw Killed{};
    return Error{"the connection was lost", "host", true, false};
  }

  std::unique_ptr<Provider> host_;
  Calls& calls_;
};

}  // namespace rampart::testing
