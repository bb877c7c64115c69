/// Record values with their parse: made once where a value is read or desired, then shared by every
/// pass that looks at it.
#pragma once

#include <compare>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"
#include "dns/record.h"
#include "mail/dkim/key.h"
#include "mail/dmarc/dmarc.h"
#include "mail/records/kind.h"
#include "mail/spf/spf.h"
#include "mail/transport/transport.h"

namespace rampart {

/// A DKIM key record as verifiers read it, and what its p= holds; `shape` is an Error where the key
/// is revoked or cannot be decoded. `strict`: it also satisfies the grammar.
struct ParsedKey {
  dkim::KeyRecord record;
  Result<dkim::KeyShape> shape;
  bool strict = true;
};

/// A DMARC record as receivers read it (RFC 9989 section 4.8), and whether it also satisfies the
/// strict grammar.
struct ParsedDmarc {
  dmarc::Lenient lenient;
  std::optional<dmarc::Record> strict;
};

/// One value of a record set, and what it was read as. Immutable; copies share one parse. Values
/// are equal and sorted by their text, and convert to it where only the text matters.
class ParsedValue {
 public:
  /// Reads `text` as what it is at `key` (`kind_of`).
  ParsedValue(const RecordKey& key, std::string text) : ParsedValue(kind_of(key, text), text) {}
  /// Reads `text` as a value of this kind, wherever it is to be published.
  ParsedValue(RecordKind kind, std::string text);

  const std::string& text() const;
  operator const std::string&() const { return text(); }
  RecordKind kind() const;

  /// The record of the value's kind; null for other kinds, and where it cannot be parsed.
  const spf::Record* spf() const;
  const ParsedKey* key() const;
  const ParsedDmarc* dmarc() const;
  const MtaStsRecord* mta_sts() const;
  const TlsRptRecord* tls_rpt() const;
  const BimiRecord* bimi() const;
  /// Why a value of a known kind cannot be parsed; null where it can, or has nothing to parse.
  const Error* error() const;

  friend bool operator==(const ParsedValue& a, const ParsedValue& b) {
    return a.content_ == b.content_ || a.text() == b.text();
  }
  friend std::strong_ordering operator<=>(const ParsedValue& a, const ParsedValue& b) {
    return a.text() <=> b.text();
  }
  friend bool operator==(const ParsedValue& a, std::string_view b) { return a.text() == b; }
  friend std::strong_ordering operator<=>(const ParsedValue& a, std::string_view b) {
    return a.text() <=> b;
  }

 private:
  struct Content;
  template <class Record>
  const Record* as() const;

  std::shared_ptr<const Content> content_;  ///< Never null.
};

/// Whether two values have the same meaning: the same kind, and the same tags or terms (SPF by
/// term, DMARC and DKIM by tag). Report authorizations all mean the same; a value that cannot be
/// parsed equals only its own text.
bool same_meaning(const ParsedValue& a, const ParsedValue& b);

using ParsedValues = std::set<ParsedValue, std::less<>>;

/// A RecordSet whose values are parsed.
struct ParsedSet {
  std::chrono::seconds ttl{3600};
  ParsedValues values;

  bool operator==(const ParsedSet&) const = default;
};

/// A TypedSet whose values are parsed.
struct ParsedTypedSet {
  RecordType type;
  ParsedSet set;

  bool operator==(const ParsedTypedSet&) const = default;
};

/// A SetChange whose values are parsed.
struct ParsedChange {
  Name name;
  std::optional<ParsedTypedSet> before;
  std::optional<ParsedTypedSet> after;

  bool operator==(const ParsedChange&) const = default;
};

/// Parses every value of a set that is (or is to be) published at `key`.
ParsedSet parse_set(const RecordKey& key, const RecordSet& set);
ParsedChange parse_change(const SetChange& change);

/// The text alone, for providers and files.
RecordSet text_of(const ParsedSet& set);
SetChange text_of(const ParsedChange& change);

}  // namespace rampart
