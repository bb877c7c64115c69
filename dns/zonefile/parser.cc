#include "dns/zonefile/parser.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/text.h"
#include "dns/rdata.h"
#include "dns/zonefile/generate.h"

namespace rampart {
namespace {

constexpr std::uint32_t kMostTtl = 2147483647;  // RFC 2181 section 8.

// No type and no class begins with a digit, so this is what distinguishes a TTL from them.
bool starts_with_digit(const ZoneWord& word) {
  return !word.quoted && !word.text.empty() && is_digit(word.text[0]);
}

// An edit would leave the signatures of the old values behind, and validating resolvers would
// reject the whole set.
bool is_signature(RecordType type) {
  constexpr std::array kSigned{RecordType::RRSIG, RecordType::NSEC, RecordType::NSEC3,
                               RecordType::NSEC3PARAM};
  return std::ranges::find(kSigned, type) != kSigned.end();
}

Result<std::chrono::seconds> read_ttl(const ZoneWord& word) {
  const std::optional<std::uint32_t> period = read_period(word.text);
  if (word.quoted || !period || *period > kMostTtl) {
    return at_line(word.line, "this is not a TTL; write seconds up to 2147483647, or 1h30m");
  }
  return std::chrono::seconds(*period);
}

// The last field of a SOA's value.
std::chrono::seconds soa_minimum(std::string_view value) {
  const std::string_view last = value.substr(value.rfind(' ') + 1);
  return std::chrono::seconds(read_period(last).value_or(0));
}

// A file may include itself, and a few directives can make millions of records.
constexpr int kMostIncludes = 64;
constexpr int kDeepestInclude = 8;
constexpr std::size_t kMostIncludedOctets = 256U << 20U;
constexpr std::size_t kMostGenerated = 262'144;

// What all files of one zone share.
struct Sources {
  const ZoneIncludes& read;
  std::map<std::string, std::string> included;
  int includes = 0;
  std::size_t octets = 0;
  std::size_t generated = 0;
};

class Parser {
 public:
  Parser(const Name& apex, std::string_view text, Sources& sources)
      : apex_(apex), context_{apex, {}, {}}, sources_(sources) {
    parts_.text = text;
  }

  Result<ZoneParts> run() {
    TRY_OK(read_statements());
    TRY_OK(check_whole());
    return std::move(parts_);
  }

 private:
  Result<Ok> read_statements() {
    TRY(parts_.statements, lex_zone(parts_.text));
    for (std::size_t i = 0; i < parts_.statements.size(); ++i) {
      TRY_OK(read_statement(i));
      // After the statement: the editor writes new records behind it, where its directives apply.
      parts_.contexts.push_back(context_);
    }
    return Ok{};
  }

  Result<Ok> read_statement(std::size_t index) {
    const ZoneStatement& statement = parts_.statements[index];
    if (statement.words.empty()) return Ok{};
    const ZoneWord& first = statement.words[0];
    if (!statement.indented && !first.quoted && first.text.starts_with('$')) {
      return read_directive(statement);
    }
    return read_record(index);
  }

  Result<Ok> read_directive(const ZoneStatement& statement) {
    const ZoneWord& word = statement.words[0];
    if (same_ignoring_case(word.text, "$INCLUDE")) return read_include(statement);
    if (same_ignoring_case(word.text, "$GENERATE")) return read_generate(statement);
    const bool is_origin = same_ignoring_case(word.text, "$ORIGIN");
    if (!is_origin && !same_ignoring_case(word.text, "$TTL")) {
      return at_line(word.line,
                     "unknown directive; $ORIGIN, $TTL, $INCLUDE and $GENERATE are supported");
    }
    if (statement.words.size() != 2) {
      return at_line(word.line, "the directive takes exactly one value");
    }
    return is_origin ? read_origin(statement.words[1]) : read_default_ttl(statement.words[1]);
  }

  Result<Ok> read_origin(const ZoneWord& word) {
    const Result<Name> name = read_zone_name(word, context_.origin);
    if (!name) return at_line(word.line, name.error().what);
    context_.origin = *name;
    return Ok{};
  }

  Result<Ok> read_default_ttl(const ZoneWord& word) {
    TRY(context_.default_ttl, read_ttl(word));
    context_.unclear_after.clear();
    return Ok{};
  }

  // RFC 1035 section 5.1: the file is read with an origin of its own, and this file's origin and
  // owner apply again after it.
  Result<Ok> read_include(const ZoneStatement& statement) {
    const ZoneWord& word = statement.words[0];
    if (statement.words.size() < 2 || statement.words.size() > 3) {
      return at_line(word.line, "$INCLUDE takes a file and at most an origin");
    }
    const std::string name(statement.words[1].text);
    if (!sources_.read) {
      return at_line(word.line, "$INCLUDE is not supported here; put the records into this file");
    }
    if (depth_ == kDeepestInclude || ++sources_.includes > kMostIncludes) {
      return at_line(word.line, "$INCLUDE is nested too deeply or used too often");
    }
    ZoneContext inner = context_;
    if (statement.words.size() == 3) {
      const Result<Name> origin = read_zone_name(statement.words[2], context_.origin);
      if (!origin) return at_line(word.line, origin.error().what);
      inner.origin = *origin;
    }
    const Result<std::string> text = text_of(name);
    if (!text) return at_line(word.line, "$INCLUDE " + name + ": " + sentence(text.error()));
    return borrow(*text, inner, "$INCLUDE " + name, statement, [&name](const ZoneEntry& entry) {
      return name + " line " + std::to_string(entry.first_line);
    });
  }

  Result<std::string> text_of(const std::string& name) {
    const auto known = sources_.included.find(name);
    if (known != sources_.included.end()) return known->second;
    TRY(std::string text, sources_.read(name));
    sources_.octets += text.size();
    if (sources_.octets > kMostIncludedOctets) {
      return Error{.what = "the included files are too large together"};
    }
    sources_.included.emplace(name, text);
    return text;
  }

  // No server but BIND reads it; the records are ordinary ones all the same.
  Result<Ok> read_generate(const ZoneStatement& statement) {
    const int line = statement.words[0].line;
    const Result<std::string> lines =
        generated_lines(std::span(statement.words).subspan(1), kMostGenerated - sources_.generated);
    if (!lines) return at_line(line, "$GENERATE: " + lines.error().what);
    sources_.generated += static_cast<std::size_t>(std::ranges::count(*lines, '\n'));
    return borrow(*lines, context_, "$GENERATE", statement,
                  [line](const ZoneEntry&) { return "$GENERATE on line " + std::to_string(line); });
  }

  // Reads records that are not lines of this file.
  Result<Ok> borrow(std::string_view text, const ZoneContext& context, const std::string& what,
                    const ZoneStatement& statement, auto&& from) {
    Parser inner(apex_, text, sources_);
    inner.context_ = context;
    inner.depth_ = depth_ + 1;
    inner.last_ttl_ = last_ttl_;
    const Result<Ok> read = inner.read_statements();
    if (!read) return at_line(statement.first_line, what + ": " + read.error().what);
    for (ZoneRecord& record : inner.parts_.records) {
      if (record.entry.key.type == RecordType::SOA) {
        return at_line(statement.first_line,
                       what + ": the SOA must be in the zone's own file, which is edited");
      }
      record.entry.from = from(record.entry);
      record.entry.first_line = statement.first_line;
      record.entry.last_line = statement.last_line;
      parts_.borrowed.push_back(std::move(record.entry));
    }
    std::ranges::move(inner.parts_.borrowed, std::back_inserter(parts_.borrowed));
    // Servers differ on whether a TTL that is set there is in force here.
    const ZoneContext& end = inner.context_;
    const bool same = end.default_ttl == context_.default_ttl && end.unclear_after.empty();
    if (!same || (!context_.default_ttl && inner.last_ttl_ != last_ttl_)) {
      context_.unclear_after = what;
    }
    return Ok{};
  }

  Result<Ok> read_record(std::size_t index) {
    const ZoneStatement& statement = parts_.statements[index];
    TRY(const Name owner, read_owner(statement));
    ZoneRecord record{.statement = index,
                      .owner = {},
                      .ttl = {},
                      .zone_class = {},
                      .type = statement.indented ? 0U : 1U,
                      .entry = {.key = {owner, RecordType::A},
                                .ttl = {},
                                .value = {},
                                .first_line = statement.first_line,
                                .last_line = statement.last_line,
                                .from = {}}};
    if (!statement.indented) record.owner = 0;
    // RFC 1035 section 5.1: TTL and class in either order, then the type, then its data.
    for (const auto step : {&Parser::read_ttl_and_class, &Parser::read_type, &Parser::read_value,
                            &Parser::read_effective_ttl}) {
      TRY_OK((this->*step)(statement, record));
    }
    owner_ = owner;
    parts_.records.push_back(std::move(record));
    return Ok{};
  }

  Result<Name> read_owner(const ZoneStatement& statement) const {
    const int line = statement.words[0].line;
    // A line that begins with a blank belongs to the owner before it, also across $ORIGIN.
    if (statement.indented) {
      if (owner_) return *owner_;
      return at_line(line, "the line begins with a blank, but no record before it has a name");
    }
    Result<Name> name = read_zone_name(statement.words[0], context_.origin);
    if (!name) return at_line(line, name.error().what);
    if (!name->is_within(apex_)) {
      // Name servers ignore such a record with a warning that is easily missed; nearly always a
      // final dot is wrong.
      return at_line(line, "the name is outside the zone " + apex_.text() +
                               "; is a final dot missing or too many?");
    }
    return name;
  }

  Result<Ok> read_ttl_and_class(const ZoneStatement& statement, ZoneRecord& record) {
    for (; record.type < statement.words.size(); ++record.type) {
      const ZoneWord& word = statement.words[record.type];
      if (starts_with_digit(word) && !record.ttl) {
        TRY(record.entry.ttl, read_ttl(word));
        record.ttl = record.type;
      } else if (!record.zone_class &&
                 (same_ignoring_case(word.text, "IN") || same_ignoring_case(word.text, "CLASS1"))) {
        record.zone_class = record.type;
      } else {
        break;
      }
    }
    return Ok{};
  }

  Result<Ok> read_type(const ZoneStatement& statement, ZoneRecord& record) {
    if (record.type >= statement.words.size()) {
      return at_line(statement.first_line, "the record's type is missing");
    }
    const ZoneWord& word = statement.words[record.type];
    // Chaosnet and Hesiod classes.
    if (same_ignoring_case(word.text, "CH") || same_ignoring_case(word.text, "HS")) {
      return at_line(word.line, "only class IN is supported");
    }
    const std::optional<RecordType> type = parse_record_type(word.text);
    if (word.quoted || !type) {
      return at_line(word.line, "there is no record type where one is expected");
    }
    if (is_signature(*type)) {
      return at_line(word.line, "the file is signed (" + to_text(*type) +
                                    "); give the unsigned file and let the server or signer sign");
    }
    record.entry.key.type = *type;
    return Ok{};
  }

  Result<Ok> read_value(const ZoneStatement& statement, ZoneRecord& record) {
    const std::span<const ZoneWord> data = std::span(statement.words).subspan(record.type + 1);
    Result<std::string> value = canonical_rdata(record.entry.key.type, data, context_.origin);
    if (!value) {
      return at_line(statement.words[record.type].line,
                     to_text(record.entry.key.type) + ": " + value.error().what);
    }
    // The serial must be found and replaced as a word of its own.
    if (record.entry.key.type == RecordType::SOA && value->starts_with("\\#")) {
      return at_line(statement.first_line, "write the SOA's fields out, without \\#");
    }
    record.entry.value = std::move(value).value();
    return Ok{};
  }

  // Without a TTL of its own a record takes $TTL (RFC 2308 section 4), else that of the record
  // before (RFC 1035 section 5.1), else the SOA's minimum, as name servers do.
  Result<Ok> read_effective_ttl(const ZoneStatement& statement, ZoneRecord& record) {
    if (!record.ttl) {
      if (!context_.unclear_after.empty()) {
        return at_line(statement.first_line, "servers differ on which TTL applies after " +
                                                 context_.unclear_after +
                                                 "; write a $TTL line behind it");
      }
      if (!context_.default_ttl && !last_ttl_) {
        if (record.entry.key.type != RecordType::SOA) {
          return at_line(statement.first_line, "no TTL is known here; add a $TTL line at the top");
        }
        // Then it also holds for later records, as BIND does for files without $TTL.
        context_.default_ttl = soa_minimum(record.entry.value);
      }
      record.entry.ttl = context_.default_ttl ? *context_.default_ttl : *last_ttl_;
    }
    last_ttl_ = record.entry.ttl;
    return Ok{};
  }

  // Conditions on the file as a whole, after all records are read: their order is free.
  Result<Ok> check_whole() const {
    const ZoneEntry* soa = nullptr;
    std::map<Name, const ZoneEntry*> cnames;
    for (const ZoneEntry* entry : all_entries()) {
      const RecordKey& key = entry->key;
      if (key.type == RecordType::CNAME) cnames.try_emplace(key.name, entry);
      if (key.type != RecordType::SOA) continue;
      if (key.name != apex_) {
        return at_line(entry->first_line, "the SOA is not at " + apex_.text());
      }
      if (soa != nullptr) return at_line(entry->first_line, "the zone has a second SOA");
      soa = entry;
    }
    if (soa == nullptr) return Error{.what = "the zone has no SOA record"};
    return check_cnames(cnames);
  }

  std::vector<const ZoneEntry*> all_entries() const {
    std::vector<const ZoneEntry*> entries;
    for (const ZoneRecord& record : parts_.records) entries.push_back(&record.entry);
    for (const ZoneEntry& entry : parts_.borrowed) entries.push_back(&entry);
    return entries;
  }

  // RFC 2181 section 10.1: a name with a CNAME has no other record, not even another CNAME, except
  // for a few types of DNSSEC.
  Result<Ok> check_cnames(const std::map<Name, const ZoneEntry*>& cnames) const {
    for (const ZoneEntry* entry : all_entries()) {
      const auto found = cnames.find(entry->key.name);
      if (found == cnames.end() || may_join_cname(entry->key.type)) continue;
      const ZoneEntry& cname = *found->second;
      if (entry->key == cname.key && entry->value == cname.value) continue;
      return at_line(entry->first_line, cname.key.name.text() + " has a CNAME (line " +
                                            std::to_string(cname.first_line) +
                                            "), and then the name may have no other record");
    }
    return Ok{};
  }

  Name apex_;
  ZoneContext context_;
  ZoneParts parts_;
  std::optional<Name> owner_;
  std::optional<std::chrono::seconds> last_ttl_;
  Sources& sources_;
  int depth_ = 0;
};

}  // namespace

Result<ZoneParts> parse_zone_parts(const Name& apex, std::string_view text,
                                   const ZoneIncludes& includes) {
  Sources sources{.read = includes};
  TRY(ZoneParts parts, Parser(apex, text, sources).run());
  parts.included = std::move(sources.included);
  return parts;
}

}  // namespace rampart
