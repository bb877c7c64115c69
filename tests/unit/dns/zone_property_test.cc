// Laws over thousands of generated names, texts and zone files. RC_PARAMS chooses another seed.
#include <rapidcheck.h>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <sstream>

#include "dns/rdata.h"
#include "dns/txt.h"
#include "dns/zonefile/zone_file.h"

using rampart::Name;
using rampart::RecordKey;
using rampart::RecordSet;
using rampart::RecordType;

namespace {

// The same files every time, unless somebody asks for others.
const int kConfigured = setenv("RC_PARAMS", "seed=20261121 max_success=1500", 0);

const Name kApex = Name::literal("example.com");
constexpr std::chrono::sys_days kToday = std::chrono::year{2026} / 11 / 21;

int below(int limit) { return *rc::gen::inRange(0, limit); }

std::string one_of(std::initializer_list<const char*> choices) {
  return choices.begin()[below(static_cast<int>(choices.size()))];
}

std::string octets(int most) {
  return *rc::gen::container<std::string>(static_cast<std::size_t>(below(most + 1)),
                                          rc::gen::arbitrary<char>());
}

std::string text_value() {
  switch (below(4)) {
    case 0:
      return "v=spf1 include:" + std::to_string(below(9)) + ".example -all";
    case 1:
      return octets(12);
    case 2:
      return "k=" + std::string(static_cast<std::size_t>(below(600)), 'p');
    default:
      return "site=" + std::to_string(below(5));
  }
}

/// A TXT's data in one of the layouts that people write.
std::string text_data() {
  switch (below(5)) {
    case 0:
      return "( " + rampart::quote_txt(text_value()) + "\n    \"tail\" ; inside (\n )";
    case 1:
      return "plain" + std::to_string(below(5));
    case 2:
      return "(" + rampart::quote_txt(text_value()) + ")";
    default:
      return rampart::quote_txt(text_value());
  }
}

std::string record_text(bool may_inherit) {
  const std::string blank = one_of({" ", "\t", "   "});
  const std::string owner =
      one_of({"@", "www", "WWW.example.com.", "_dmarc", "s1._domainkey", "*.w", "b\\.c", ""});
  std::string line = owner.empty() && !may_inherit ? "own" : owner;
  line += owner.empty() ? one_of({"\t", "      ", " "}) : blank;
  const std::string ttl = one_of({"", "", "60 ", "1h\t"});
  line += below(2) == 0 ? ttl + one_of({"", "IN "}) : one_of({"", "in  "}) + ttl;
  switch (below(5)) {
    case 0:
      return line + "A" + blank + "192.0.2." + std::to_string(below(4));
    case 1:
      return line + "MX" + blank + std::to_string(below(3)) + " mx";
    case 2:
      return line + "TYPE65280 \\# 1 0" + std::to_string(below(4));
    default:
      return line + "TXT" + blank + text_data();
  }
}

/// A whole zone file; with `$TTL` at the top or TTLs inherited from line to line.
std::string zone_text(bool default_ttl) {
  std::string text = default_ttl ? one_of({"$TTL 3600\n", "$TTL 1h ; c\n"}) : std::string();
  text += one_of({"@ 900 IN SOA ns host 7 2 3 4 5\n",
                  "@ 900 SOA ns host ( 2026112003 ; serial\n 2 3\n 4 5 )\n",
                  "example.com. 900 IN SOA ns. host. 4294967295 2 3 4 5\n"});
  const int items = below(12);
  bool may_inherit = true;  // A CNAME excludes other records.
  for (int i = 0; i < items; ++i) {
    switch (below(8)) {
      case 0:
        text += one_of({"; a comment\n", "\n", "   ; \"(\n"});
        break;
      case 1:
        text += one_of({"$ORIGIN sub.example.com.\n", "$ORIGIN example.com.\n", "$origin deep\n"});
        break;
      case 2:
        text += one_of({"c1 CNAME t.example.\n", "c2.example.com. 60 CNAME t.example.\n"});
        may_inherit = false;
        break;
      default:
        text += record_text(may_inherit) + one_of({"", " ; note", "\t"}) + "\n";
        may_inherit = true;
    }
  }
  if (below(4) == 0) text.pop_back();
  if (below(4) != 0) return text;
  std::string dos;
  for (const char c : text) dos += c == '\n' ? std::string("\r\n") : std::string(1, c);
  return dos;
}

/// A desired set for `key`: some of the live values, and a new one.
rampart::ZoneEdit edit_of(const RecordKey& key, const RecordSet& live) {
  if (below(4) == 0) return {key, {}};
  RecordSet set{live.ttl, {}};
  if (below(3) == 0) set.ttl = std::chrono::seconds(below(3) * 300);
  for (const std::string& value : live.values) {
    if (below(3) != 0) set.values.insert(value);
  }
  if (key.type == RecordType::TXT) {
    for (int i = below(3); i > 0; --i) set.values.insert(text_value());
  }
  return set.values.empty() ? rampart::ZoneEdit{key, {}} : rampart::ZoneEdit{key, set};
}

std::vector<rampart::ZoneEdit> edits_of(const std::map<RecordKey, RecordSet>& sets) {
  std::map<RecordKey, RecordSet> candidates = sets;
  for (const char* name : {"new.example.com", "s2._domainkey.example.com", "sub.example.com"}) {
    candidates.try_emplace({Name::literal(name), RecordType::TXT});
  }
  std::vector<rampart::ZoneEdit> edits;
  for (const auto& [key, set] : candidates) {
    const bool editable = key.type != RecordType::SOA && key.type != RecordType::CNAME;
    if (editable && below(3) == 0) edits.push_back(edit_of(key, set));
  }
  return edits;
}

std::map<RecordKey, RecordSet> expected(std::map<RecordKey, RecordSet> sets,
                                        const std::vector<rampart::ZoneEdit>& edits) {
  for (const rampart::ZoneEdit& edit : edits) {
    sets.erase(edit.key);
    if (edit.set) sets.insert({edit.key, *edit.set});
  }
  std::erase_if(sets, [](const auto& set) { return set.first.type == RecordType::SOA; });
  return sets;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

/// The lines that no edit concerns: whatever is no record, and records of other sets. Records that
/// take their owner from the line before may be given it, so they are left out, as are those that
/// take their TTL from there.
std::vector<std::string> untouched(const rampart::ZoneFile& file,
                                   const std::vector<rampart::ZoneEdit>& edits, bool default_ttl) {
  std::vector<std::string> lines = lines_of(file.text);
  std::vector<bool> kept(lines.size(), true);
  for (const rampart::ZoneEntry& entry : file.entries) {
    const auto first = static_cast<std::size_t>(entry.first_line - 1);
    const bool edited = std::ranges::find(edits, entry.key, &rampart::ZoneEdit::key) != edits.end();
    const bool inherits = lines[first].starts_with(' ') || lines[first].starts_with('\t');
    if (!edited && !inherits && default_ttl && entry.key.type != RecordType::SOA) continue;
    for (auto i = first; i < static_cast<std::size_t>(entry.last_line); ++i) kept[i] = false;
  }
  std::vector<std::string> left;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (kept[i]) left.push_back(lines[i]);
  }
  return left;
}

/// Whether `part` is a subsequence of `whole`.
bool survives(const std::vector<std::string>& part, const std::vector<std::string>& whole) {
  auto at = whole.begin();
  for (std::string line : part) {
    at = std::find_if(at, whole.end(), [&line](const std::string& other) {
      return other == line || other == line + "\r";  // The last line may have had no break.
    });
    if (at == whole.end()) return false;
    ++at;
  }
  return true;
}

void check_edit_law(bool default_ttl) {
  const std::string text = zone_text(default_ttl);
  const auto file = rampart::parse_zone_file(kApex, text);
  RC_LOG() << text;
  RC_ASSERT(file.ok());
  const auto edits = edits_of(file->sets());
  const auto after = rampart::edit_zone_file(*file, edits, kToday);
  if (!after.ok()) RC_LOG() << sentence(after.error());
  RC_ASSERT(after.ok());
  RC_LOG() << *after;
  const auto read = rampart::parse_zone_file(kApex, *after);
  RC_ASSERT(read.ok());
  RC_ASSERT(expected(read->sets(), {}) == expected(file->sets(), edits));
  RC_ASSERT((*after == text) == (expected(file->sets(), {}) == expected(file->sets(), edits)));
  RC_ASSERT(*after == text || static_cast<std::int32_t>(read->serial - file->serial) > 0);
  RC_ASSERT(survives(untouched(*file, edits, default_ttl), lines_of(*after)));
  RC_ASSERT(*rampart::edit_zone_file(*read, edits, kToday) == *after);
}

}  // namespace

TEST_CASE("an edit gives exactly the wanted sets and keeps every other line") {
  CHECK(rc::check("with $TTL", [] { check_edit_law(true); }));
  CHECK(rc::check("with TTLs inherited", [] { check_edit_law(false); }));
}

TEST_CASE("text of any octets survives printing and reading") {
  CHECK(rc::check("TXT", [] {
    const std::string value = octets(600);
    RC_ASSERT(*rampart::unquote_txt(rampart::quote_txt(value)) == value);
    RC_ASSERT(*rampart::canonical_rdata(RecordType::TXT,
                                        rampart::print_rdata(RecordType::TXT, value)) == value);
    RC_ASSERT(rampart::printable(value).find('\x1b') == std::string::npos);
  }));
}

TEST_CASE("a name of any octets survives printing and reading") {
  CHECK(rc::check("names", [] {
    std::string escaped;
    for (int labels = 1 + below(4); labels > 0; --labels) {
      for (const char c : "x" + octets(40)) {
        const int octet = static_cast<unsigned char>(c);
        escaped += "\\" +
                   std::string(octet < 10    ? "00"
                               : octet < 100 ? "0"
                                             : "") +
                   std::to_string(octet);
      }
      escaped += '.';
    }
    const auto name = Name::parse(escaped);
    RC_ASSERT(name.ok());
    RC_ASSERT(*Name::parse(name->text()) == *name);
    RC_ASSERT(*Name::parse(name->text() + ".") == *name);
    RC_ASSERT(name->is_within(name->parent()));
    const std::string relative = name->relative_to(name->parent());
    RC_ASSERT(*name->parent().child(relative) == *name);
    const std::string mx = "10 " + name->text();
    RC_ASSERT(*rampart::canonical_rdata(RecordType::MX, rampart::print_rdata(RecordType::MX, mx)) ==
              mx);
  }));
}
