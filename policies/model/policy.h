/// What a policy returns: the records that a domain should publish, what is held and what is wrong.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "dns/answers.h"
#include "mail/records/kind.h"
#include "policies/model/codes.h"
#include "policies/model/config.h"
#include "policies/model/world.h"

namespace rampart {

/// The TTL of a new record where the YAML names none.
inline constexpr std::chrono::seconds kNewTtl{3600};

/// The order of writing: loosen, add keys, admit senders, tighten DMARC, only then remove.
enum class Stage { Relax, Publish, Authorize, Enforce, Retire };

/// "relax", "publish", "authorize", "enforce", "retire".
std::string_view to_text(Stage stage);

/// How much a finding matters, the gravest first.
enum class Severity { Error, Warning, Info };

/// "error", "warning", "info".
std::string_view to_text(Severity severity);

/// A fact about the user's mail. An Error withholds changes; a fault that is already published is a
/// Warning. Codes are listed in policies/model/codes.h and explained in docs/findings.md.
struct Finding {
  Severity severity = Severity::Warning;
  std::string code;
  std::optional<Name> domain;
  std::string message;
  std::string hint;
  Mark mark;
  std::vector<RecordKey> withholds;  ///< The keys whose changes an Error keeps back.

  bool operator==(const Finding&) const = default;
};

/// A Finding about `domain`, marked where the YAML declares the domain. Fields that this leaves out
/// are set on the result.
Finding finding_of(const Domain& domain, Severity severity, CodeName code, std::string message,
                   std::string hint = "");

/// `finding` marked at a more exact place of the YAML.
Finding marked(Finding finding, const Mark& mark);

/// `finding`, so that it withholds the changes at `keys`.
Finding withholding(Finding finding, std::vector<RecordKey> keys);

/// Why something stays as it is for now.
struct Hold {
  Name domain;
  std::string code;
  std::string reason;

  bool operator==(const Hold&) const = default;
};

/// The desired value at a key, for one kind of record.
struct DesiredRecord {
  RecordKey key;
  RecordKind kind;
  std::optional<ParsedValue> value = {};         ///< Empty: no value of this kind may exist there.
  std::optional<std::chrono::seconds> ttl = {};  ///< From the YAML; empty: a live one stays.
  std::optional<std::chrono::seconds> new_ttl = {};  ///< Of a new record, where not kNewTtl.
  Stage stage = Stage::Publish;  ///< When to write it, by what it does to the live records.
  std::string reason = {};       ///< "because ...", one sentence.

  bool operator==(const DesiredRecord&) const = default;
};

/// The record that publishes `value` at `key`, and the one that removes what is ours there.
DesiredRecord publication(const RecordKey& key, ParsedValue value, std::string reason);
DesiredRecord removal(const RecordKey& key, RecordKind kind, std::string reason);

/// A policy's result for one domain.
struct PolicyResult {
  std::vector<DesiredRecord> desired_records;
  std::vector<Hold> holds;
  std::vector<Finding> findings;
  std::vector<Question> unknown;  ///< What must be resolved before the result is final.

  /// Adds all that `other` holds.
  void append(PolicyResult other);
};

}  // namespace rampart
