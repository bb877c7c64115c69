/// The contract suite: the same cases for every adapter, against a Backend that represents its
/// host.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "providers/model/provider.h"

namespace rampart::contract {

using Sets = std::map<RecordKey, RecordSet>;

/// What may go wrong between an adapter and its host, for one request.
enum class Fault {
  None,
  Throttled,            ///< 429 (or what the host says in its place), without Retry-After.
  ThrottledRetryAfter,  ///< The same with Retry-After.
  ServerError,          ///< 500; a DNS server's SERVFAIL.
  ClosedBefore,         ///< The connection closes after the request; the host never saw it.
  ClosedAfter,          ///< It closes after the host has done the work.
  Slow,                 ///< The answer comes in dribbles.
  Truncated,            ///< Half of the answer comes, then the connection closes.
  Garbage,              ///< The answer's body is noise.
};

/// What is wrong with the credentials.
enum class Credentials { Good, Wrong, Expired, Narrow };

/// A record of another party, as people and programs enter it at the host itself.
struct Foreign {
  std::string owner;  ///< Below the zone; "@" is the apex. Upper case and escapes are kept.
  std::string type;   ///< A mnemonic, perhaps one that only this host knows.
  std::string data;   ///< Presentation form, every name absolute; or as `more` says.
  long ttl = 3600;
  std::string more = {};  ///< What only this host knows of it: a JSON object; or empty.
};

/// Where a record of a type may be.
enum class Place {
  Anywhere,
  NotAtApex,
  Cut,  ///< It ends the zone at its name: NS, DS, DNAME.
};

/// A type that a host keeps, with data that may be at any name.
struct Sample {
  std::string type;
  std::string data;
  Place place = Place::Anywhere;
};

/// What becomes of our writes at a name where others keep something.
enum class Neighbour {
  Beside,   ///< Ours is written beside it.
  InTheWay  ///< Ours is refused, and nothing changes.
};

/// Records of others that only this host knows.
struct Special {
  std::string what;
  std::vector<Foreign> records;  ///< At "host" and elsewhere.
  Neighbour to_txt = Neighbour::Beside;
  std::optional<Neighbour> to_cname = Neighbour::InTheWay;  ///< None: no such case.
};

/// A host under test, and the side door by which the suite looks behind the adapter's back.
class Backend {
 public:
  virtual ~Backend() = default;

  /// Makes `zone` hold exactly `sets` beside its SOA and the NS set at its apex. The suite uses the
  /// zones of contract_zones() and no others, any number of times each.
  virtual Result<Ok> make_zone(const Name& zone, const Sets& sets) = 0;

  /// All that `zone` holds now, without its SOA and the NS set at its apex.
  virtual Result<Sets> dump(const Name& zone) = 0;

  /// What somebody else does meanwhile: puts `set` at `key`, or removes the set there.
  virtual Result<Ok> put(const Name& zone, const RecordKey& key,
                         const std::optional<RecordSet>& set) = 0;

  /// Makes `zone` hold exactly `records` beside its SOA and the NS set at its apex.
  virtual Result<Ok> plant(const Name& zone, std::span<const Foreign> records) = 0;

  /// Everything that the host keeps in `zone` in the host's own words, one line a record: read from
  /// its API, its database, a transfer or its file, by no reader of ours. Without the SOA and the
  /// NS set at the apex; sorted, but for a file, whose lines keep their order.
  virtual Result<std::vector<std::string>> raw(const Name& zone) = 0;

  /// The types that the host keeps, other than TXT and CNAME.
  virtual std::vector<Sample> samples() const = 0;

  /// The TXT data that the host keeps as it is written, each in presentation form.
  virtual std::vector<std::string> texts() const;

  /// The TTLs that others may have chosen.
  virtual std::vector<long> ttls() const { return {0, 1, 59, 60, 86401, 604800, 2147483647}; }

  /// What only this host knows.
  virtual std::vector<Special> specials() const { return {}; }

  /// A new provider, made as the tool makes it, with a clock that does not really wait. Nothing
  /// where the host knows no such difference in credentials.
  virtual std::optional<Result<std::unique_ptr<Provider>>> provider(Credentials credentials) = 0;

  /// Lets `fault` befall the `nth` request from now (1 is the next) and `count - 1` more after it,
  /// and counts requests from 0. False where the host cannot have this fault.
  virtual bool arm(Fault fault, int nth, int count) = 0;

  /// The requests since `arm`; 0 where there are none to count.
  virtual int calls() = 0;

  /// Why the host rejects `set` by its own rules beyond Limits; empty where it takes it.
  virtual std::string rejects(const TypedSet&) const { return {}; }

  /// Whether the host takes names with octets that host names do not have.
  virtual bool takes_odd_names() const { return true; }

  /// Whether what the stand-in returns of such a record is all that the host's own description of
  /// its API asks for; it matters where a validator is between.
  virtual bool describes(std::string_view) const { return true; }

  /// The host's largest page of a listing, in records; 0 where it has no pages.
  virtual int page() const { return 0; }

  /// The most changes of one set each that the host writes as one; the rest may be live without
  /// them.
  virtual std::size_t atomic_changes() const { return 100; }

  /// What must appear in no error: tokens, keys, secrets.
  virtual std::vector<std::string> secrets() const { return {}; }
};

/// "contract.example", "sub.contract.example" (delegated from the first) and
/// "xn--bcher-kva.example". "absent.example" never exists.
std::span<const Name> contract_zones();
const Name& main_zone();

/// One running case: a zone with foreign records, and its expected content at the end.
class Trial {
 public:
  explicit Trial(Backend& backend) : backend_(backend) {}

  /// Notes a failure where `holds` is false; the case goes on.
  void expect(bool holds, const std::string& what);
  const std::vector<std::string>& failures() const { return failures_; }
  /// Says why the case does not apply to this host.
  void does_not_apply(std::string why) { inapplicable_ = std::move(why); }
  const std::string& inapplicable() const { return inapplicable_; }

  Backend& backend() { return backend_; }
  Provider& provider();
  void renew(Credentials credentials = Credentials::Good);

  /// Makes the zone hold `records` and nothing else.
  void start_with(std::span<const Foreign> records);

  /// Fills the zone with foreign records and `ours`, all of which are then expected to be live.
  void start(const Sets& ours = {}, const Name& zone = main_zone());
  const Name& zone() const { return zone_; }
  Name at(std::string_view prefix) const;  ///< "@" is the apex.
  Sets& expected() { return expected_; }

  /// The set as it is expected to be live.
  std::optional<TypedSet> live_set(const Name& name, RecordType type) const;
  /// A change from the live set at the key to `after`.
  SetChange change(const Name& name, RecordType type, std::optional<TypedSet> after) const;

  /// As apply does: reads, checks that each `before` is live, writes, waits.
  Result<Ok> apply(std::span<const SetChange> changes);
  /// As `apply`, but `between` happens after the read and before the write.
  Result<Ok> apply(std::span<const SetChange> changes, const std::function<void()>& between);

  /// Applies, and expects it to succeed, to be live, and to be read so by a new provider.
  void must(std::span<const SetChange> changes);
  void must(const SetChange& change) { must(std::span(&change, 1)); }
  /// Applies and expects an Error that leaves everything as it was; returns it.
  Error must_fail(std::span<const SetChange> changes);
  Error must_fail(const SetChange& change) { return must_fail(std::span(&change, 1)); }

  /// Expects the zone to hold exactly what is expected.
  void check_zone();
  /// Expects what the adapter reads at the names of `expected` to be that.
  void check_read();
  /// Expects no secret in the error, and words in it.
  void check_error(const Error& error);
  /// Expects `changes` to be live from now on.
  void accept(std::span<const SetChange> changes);

  /// The zone as the side door shows it; a failure is noted.
  Sets dump();

 private:
  Backend& backend_;
  std::unique_ptr<Provider> provider_;
  Name zone_ = Name::root();
  Sets expected_;
  std::vector<std::string> failures_;
  std::string inapplicable_;
};

struct Case {
  std::string name;
  std::function<void(Trial&)> run;
};

/// The cases of each file.
std::vector<Case> text_cases();
std::vector<Case> set_cases();
std::vector<Case> race_cases();
std::vector<Case> name_cases();
std::vector<Case> bulk_cases();
std::vector<Case> fault_cases();
/// Those that depend on what the host knows.
std::vector<Case> foreign_cases(const Backend& backend);

// Shorthands for what cases are written with.
RecordSet texts(std::set<std::string> values, int ttl = 3600);
TypedSet txt(std::set<std::string> values, int ttl = 3600);
TypedSet cname(std::string target, int ttl = 3600);
std::string to_text(const Sets& sets);

/// A backend by its name, from the environment that run.py sets up; null where there is none.
struct BackendType {
  std::string_view name;
  std::unique_ptr<Backend> (*make)();
};
std::span<const BackendType> backend_types();

/// An environment variable that run.py must have set; ends the program without it.
std::string required(const char* variable);

}  // namespace rampart::contract
