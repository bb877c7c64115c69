/// SPF records compiled for repeated evaluation: parsed once, addresses as numbers, includes linked
/// to the records they name.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dns/answers.h"
#include "mail/spf/ip_set.h"
#include "mail/spf/macro.h"
#include "mail/spf/spf.h"

namespace rampart::spf {

/// The addresses that an a or mx term refers to, in one family.
struct ResolvedHosts {
  std::vector<Address> addresses;
  std::string failure;    ///< Not empty where an answer failed after these addresses.
  bool too_many = false;  ///< More than ten MX names (RFC 7208 section 4.6.4).
  bool is_void = false;   ///< The name, or one of its MX names, has no address at all.
};

struct CompiledRecord;

/// The domain that a term refers to.
struct Target {
  MacroString spec;
  bool dynamic = false;  ///< Depends on the message, not on the record's domain alone.
  bool uses_p = false;
  std::optional<Name> name;  ///< Where not dynamic; empty also where it is not a valid name.
  CompiledRecord* compiled = nullptr;  ///< The record at `name`, linked on first use.
  std::array<std::unique_ptr<const ResolvedHosts>, 2> hosts;  ///< IPv4, IPv6: cached once complete.
};

/// A directive in evaluation order.
struct CompiledDirective {
  Mechanism mechanism = Mechanism::All;
  Qualifier qualifier = Qualifier::Pass;
  Family family = Family::V4;      ///< ip4 and ip6.
  Address network = 0;             ///< ip4 and ip6, host bits cleared.
  std::array<Address, 2> hosts{};  ///< By Family: the host bits of ip4, ip6, a and mx.
  Target* target = nullptr;        ///< All others but `all`.

  /// The host bits of addresses of the family.
  Address hosts_of(Family of) const { return hosts[static_cast<std::size_t>(of)]; }
};

/// The SPF record at one domain, as far as it is known.
struct CompiledRecord {
  enum class State { Unasked, None, TempError, PermError, Ready };
  explicit CompiledRecord(Name name) : domain(std::move(name)) {}

  Name domain;
  std::string raw;  ///< The domain as octets, for macros.
  State state = State::Unasked;
  bool is_void = false;  ///< For None: there is no TXT at all.
  std::string problem;   ///< For the errors and None: the end of a sentence.
  std::string text;      ///< The record as published, for Ready and for invalid ones.
  Record record;
  std::vector<CompiledDirective> steps;
  std::vector<std::unique_ptr<Target>> targets;
  Target* redirect = nullptr;  ///< Null also where `all` makes it irrelevant.
  Target* exp = nullptr;
};

/// All compiled records of one answers table. The table may grow between calls; an answer never
/// changes.
class RecordCache {
 public:
  explicit RecordCache(const Answers& answers) : answers_(answers) {}
  RecordCache(const RecordCache&) = delete;
  RecordCache& operator=(const RecordCache&) = delete;

  const Answers& answers() const { return answers_; }

  /// The record of a domain; Unasked where its TXT question has no answer yet.
  CompiledRecord& at(const Name& domain);

  /// The record of a domain as written in a message; null where that is not a valid name.
  CompiledRecord* at_text(std::string_view domain);

  /// The record of a static target; its name must be set.
  CompiledRecord& of(Target& target);

 private:
  void refresh(CompiledRecord& compiled);

  const Answers& answers_;
  std::map<Name, std::unique_ptr<CompiledRecord>> records_;
  std::map<std::string, CompiledRecord*, std::less<>> by_text_;
};

/// Compiles a record that need not be published.
std::unique_ptr<CompiledRecord> compile(const Name& domain, const Record& record);

/// A name from expanded octets (no escapes in them): nullopt where it is malformed.
std::optional<Name> name_from_octets(std::string_view octets);

/// The name's labels as octets with dots between them.
std::string octets_of(const Name& name);

/// The addresses of a or mx at `name` in one family. Questions without an answer are appended to
/// `unknown`; the result is incomplete then.
ResolvedHosts address_hosts(const Name& name, Family family, const Answers& answers,
                            std::vector<Question>& unknown);
ResolvedHosts mx_hosts(const Name& name, Family family, const Answers& answers,
                       std::vector<Question>& unknown);

/// The exchanges of an MX answer by preference, then name; none for a null MX (RFC 7505).
std::vector<Name> exchanges_of(const std::vector<std::string>& values);

}  // namespace rampart::spf
