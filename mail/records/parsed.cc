#include "mail/records/parsed.h"

#include <utility>
#include <variant>

namespace rampart {
namespace {

// What a value can hold; monostate for kinds without tags or terms (CNAME targets, the null MX,
// report authorizations, foreign values).
using AnyRecord = std::variant<std::monostate, spf::Record, ParsedKey, ParsedDmarc, MtaStsRecord,
                               TlsRptRecord, BimiRecord, Error>;

template <class Record>
AnyRecord either(Result<Record> result) {
  if (!result) return std::move(result).error();
  return std::move(result).value();
}

// The shape is an Error for a revoked key, which is still a valid record. Live keys are read as
// verifiers do: a key that they accept must not look like one that this plan adds.
AnyRecord read_key(const std::string& text) {
  auto read = dkim::parse_key_leniently(text);
  if (!read) return std::move(read).error();
  dkim::LenientKey key = std::move(read).value();
  // The key's bytes are read once here; guardrails, audit and rotation all look at the shape.
  auto shape = key.record.revoked() ? Result<dkim::KeyShape>(Error{"the key is revoked"})
                                    : dkim::shape_of(key.record);
  return ParsedKey{std::move(key.record), std::move(shape), key.slips.empty()};
}

// Live records are read as receivers do, but only a record that satisfies the strict grammar can
// be left in place of a desired one.
AnyRecord read_dmarc(const std::string& text) {
  auto lenient = dmarc::parse_lenient(text);
  if (!lenient) return std::move(lenient).error();
  const auto strict = dmarc::parse(text);
  return ParsedDmarc{std::move(lenient).value(),
                     strict ? std::optional(strict.value()) : std::nullopt};
}

AnyRecord read(RecordKind kind, const std::string& text) {
  switch (kind) {
    case RecordKind::Spf:
      return either(spf::parse(text));
    case RecordKind::DkimKey:
      return read_key(text);
    case RecordKind::Dmarc:
      return read_dmarc(text);
    case RecordKind::MtaSts:
      return either(parse_mta_sts(text));
    case RecordKind::TlsRpt:
      return either(parse_tls_rpt(text));
    case RecordKind::Bimi:
      return either(parse_bimi(text));
    case RecordKind::DkimCname:
    case RecordKind::ReportAuthorization:
    case RecordKind::NullMx:
    case RecordKind::Foreign:
      break;
  }
  return {};
}

template <class Record, class Same>
bool both(const Record* a, const Record* b, Same same) {
  return a != nullptr && b != nullptr && same(*a, *b);
}

}  // namespace

struct ParsedValue::Content {
  std::string text;
  RecordKind kind;
  AnyRecord record;
};

// Shared and immutable: copies of a World and of its changes are cheap.
ParsedValue::ParsedValue(RecordKind kind, std::string text) {
  AnyRecord record = read(kind, text);
  content_ = std::make_shared<const Content>(std::move(text), kind, std::move(record));
}

template <class Record>
const Record* ParsedValue::as() const {
  return std::get_if<Record>(&content_->record);
}

const std::string& ParsedValue::text() const { return content_->text; }
RecordKind ParsedValue::kind() const { return content_->kind; }
const spf::Record* ParsedValue::spf() const { return as<spf::Record>(); }
const ParsedKey* ParsedValue::key() const { return as<ParsedKey>(); }
const ParsedDmarc* ParsedValue::dmarc() const { return as<ParsedDmarc>(); }
const MtaStsRecord* ParsedValue::mta_sts() const { return as<MtaStsRecord>(); }
const TlsRptRecord* ParsedValue::tls_rpt() const { return as<TlsRptRecord>(); }
const BimiRecord* ParsedValue::bimi() const { return as<BimiRecord>(); }
const Error* ParsedValue::error() const { return as<Error>(); }

bool same_meaning(const ParsedValue& a, const ParsedValue& b) {
  // Before the kinds, so that foreign values are equal to themselves.
  if (a.text() == b.text()) return true;
  if (a.kind() != b.kind()) return false;
  const auto equal = [](const auto& left, const auto& right) { return left == right; };
  switch (a.kind()) {
    case RecordKind::Spf:
      return both(a.spf(), b.spf(), spf::same_meaning);
    case RecordKind::DkimKey:
      return both(a.key(), b.key(), [](const ParsedKey& left, const ParsedKey& right) {
        return left.strict && right.strict && dkim::same_meaning(left.record, right.record);
      });
    case RecordKind::Dmarc:
      return both(a.dmarc(), b.dmarc(), [](const ParsedDmarc& left, const ParsedDmarc& right) {
        return left.strict && right.strict && dmarc::same_meaning(*left.strict, *right.strict);
      });
    case RecordKind::MtaSts:
      return both(a.mta_sts(), b.mta_sts(), equal);
    case RecordKind::TlsRpt:
      return both(a.tls_rpt(), b.tls_rpt(), equal);
    case RecordKind::Bimi:
      return both(a.bimi(), b.bimi(), equal);
    case RecordKind::ReportAuthorization:  // The desired one is bare; a live rua override remains.
      return true;
    case RecordKind::DkimCname:
    case RecordKind::NullMx:
    case RecordKind::Foreign:
      break;
  }
  return false;
}

ParsedSet parse_set(const RecordKey& key, const RecordSet& set) {
  ParsedSet parsed{set.ttl, {}};
  for (const std::string& value : set.values) {
    // Both sets have the same order, so each value belongs at the end.
    parsed.values.emplace_hint(parsed.values.end(), key, value);
  }
  return parsed;
}

ParsedChange parse_change(const SetChange& change) {
  const auto side = [&](const std::optional<TypedSet>& set) -> std::optional<ParsedTypedSet> {
    if (!set) return std::nullopt;
    return ParsedTypedSet{set->type, parse_set({change.name, set->type}, set->set)};
  };
  return {change.name, side(change.before), side(change.after)};
}

RecordSet text_of(const ParsedSet& set) {
  RecordSet texts{set.ttl, {}};
  for (const ParsedValue& value : set.values) texts.values.insert(texts.values.end(), value.text());
  return texts;
}

SetChange text_of(const ParsedChange& change) {
  const auto side = [](const std::optional<ParsedTypedSet>& set) -> std::optional<TypedSet> {
    if (!set) return std::nullopt;
    return TypedSet{set->type, text_of(set->set)};
  };
  return {change.name, side(change.before), side(change.after)};
}

}  // namespace rampart
