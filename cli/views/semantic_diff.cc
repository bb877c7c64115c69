/// Differences that a person can review: terms and tags, not two lines of 400 characters.
#include "cli/views/semantic_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "base/counted.h"
#include "base/text.h"
#include "dns/txt.h"
#include "mail/dkim/key.h"
#include "mail/records/kind.h"
#include "mail/spf/spf.h"
#include "mail/syntax/tags.h"

namespace rampart {
namespace {

using DiffLines = std::vector<DiffLine>;

/// Keys and other long tags show this many characters of each end.
constexpr std::size_t kEnds = 12;

// Both ends are shown: keys of one size begin alike, and differ in the middle and at the end.
std::string elided(std::string_view text) {
  if (text.size() <= 3 * kEnds) return printable(text);
  return printable(text.substr(0, kEnds)) + "..." + printable(text.substr(text.size() - kEnds));
}

/// "rsa 2048 bits sha256:...", or nothing if the key cannot be parsed.
std::optional<std::string> key_words(std::string_view record) {
  const Result<dkim::LenientKey> key = dkim::parse_key_leniently(record);
  if (!key) return std::nullopt;
  // RFC 6376 section 3.6.1: an empty p= revokes the key, so it has no size.
  if (key->record.revoked()) return "revoked";
  const Result<dkim::KeyShape> shape = dkim::shape_of(key->record);
  if (!shape) return std::nullopt;
  return fmt::format("{} {} bits {}", shape->algorithm, shape->bits, shape->fingerprint);
}

/// A tag; a list of addresses has one row per address, so that an added address is one line.
struct Row {
  std::string name;
  std::string value;

  bool operator==(const Row&) const = default;
};

bool is_list(std::string_view name) { return name == "rua" || name == "ruf"; }

std::vector<Row> rows_of(const std::vector<Tag>& tags) {
  std::vector<Row> rows;
  for (const Tag& tag : tags) {
    std::string_view rest = tag.value;
    while (is_list(tag.name) && rest.find(',') != rest.npos) {
      rows.push_back({tag.name, std::string(trim(rest.substr(0, rest.find(','))))});
      rest.remove_prefix(rest.find(',') + 1);
    }
    rows.push_back({tag.name, std::string(trim(rest))});
  }
  return rows;
}

std::string tag_value(const Row& row, std::string_view record) {
  // In DMARC, "p" is a short policy; only in DKIM is it a long key.
  if (row.name != "p" || row.value.size() <= 3 * kEnds) {
    return row.value.empty() ? "(empty)" : printable(row.value);
  }
  const std::optional<std::string> words = key_words(record);
  return words ? fmt::format("{} ({})", elided(row.value), *words) : elided(row.value);
}

/// Differences of two tag lists; nothing if either cannot be parsed.
/// A tag that occurs once on each side is one changed line; addresses in a list are added and
/// removed one by one.
std::optional<DiffLines> tag_diff(const std::string& before, const std::string& after) {
  const auto old_tags = parse_tags(before);
  const auto new_tags = parse_tags(after);
  if (!old_tags || !new_tags) return std::nullopt;
  const std::vector<Row> old_rows = rows_of(*old_tags);
  const std::vector<Row> new_rows = rows_of(*new_tags);
  const auto single = [](const std::vector<Row>& rows, const Row& like) {
    const auto found = std::ranges::find(rows, like.name, &Row::name);
    return is_list(like.name) || found == rows.end() ? nullptr : &*found;
  };
  DiffLines lines;
  for (const Row& row : old_rows) {
    if (std::ranges::find(new_rows, row) != new_rows.end() || single(new_rows, row)) continue;
    lines.push_back({'-', fmt::format("{}: {}", printable(row.name), tag_value(row, before))});
  }
  for (const Row& row : new_rows) {
    if (std::ranges::find(old_rows, row) != old_rows.end()) continue;
    const Row* old = single(old_rows, row);
    const std::string value = tag_value(row, after);
    if (old) {
      lines.push_back(
          {'~', fmt::format("{}: {} -> {}", printable(row.name), tag_value(*old, before), value)});
    } else {
      lines.push_back({'+', fmt::format("{}: {}", printable(row.name), value)});
    }
  }
  return lines;
}

// Modifiers come last whatever their place in the record, as their order has no meaning (RFC 7208
// section 6).
std::vector<std::string> terms_of(const spf::Record& record) {
  std::vector<std::string> terms;
  for (const spf::Directive& directive : record.directives) {
    const std::string term = spf::print(directive);
    // Alone in a line, the short form would read like a word.
    terms.push_back(term == "all" ? "+all" : term);
  }
  for (const spf::Modifier& modifier : record.modifiers) {
    terms.push_back(modifier.name + "=" + modifier.value);
  }
  return terms;
}

/// `terms` without those of `others`. Duplicates count: a term given twice is matched twice.
std::vector<std::string> missing_in(std::vector<std::string> others,
                                    const std::vector<std::string>& terms) {
  std::vector<std::string> missing;
  for (const std::string& term : terms) {
    const auto found = std::ranges::find(others, term);
    if (found == others.end()) {
      missing.push_back(term);
    } else {
      others.erase(found);
    }
  }
  return missing;
}

/// Terms have no names, so a changed term is one removed and one added. Only if the same terms are
/// left is their order shown: SPF evaluates them from left to right.
std::optional<DiffLines> spf_diff(const std::string& before, const std::string& after) {
  const auto old_record = spf::parse(before);
  const auto new_record = spf::parse(after);
  if (!old_record || !new_record) return std::nullopt;
  const std::vector<std::string> old_terms = terms_of(*old_record);
  const std::vector<std::string> new_terms = terms_of(*new_record);
  const std::vector<std::string> removed = missing_in(new_terms, old_terms);
  const std::vector<std::string> added = missing_in(old_terms, new_terms);
  DiffLines lines;
  for (const std::string& term : removed) lines.push_back({'-', printable(term)});
  for (const std::string& term : added) lines.push_back({'+', printable(term)});
  if (removed.empty() && added.empty() && old_terms != new_terms) {
    lines.push_back({'~', fmt::format("order: {}", printable(spf::print(*new_record)))});
  }
  const std::size_t kept = new_terms.size() - added.size();
  if (!lines.empty() && kept > 0) {
    lines.push_back({' ', counted(kept, "term is unchanged", "terms are unchanged")});
  }
  return lines;
}

/// How one value becomes another of its kind; nothing if showing both values is clearer.
std::optional<DiffLines> value_diff(RecordKind kind, const std::string& before,
                                    const std::string& after) {
  // Foreign values have no known form, and the other two kinds have no parts.
  if (kind == RecordKind::Foreign || kind == RecordKind::NullMx || kind == RecordKind::DkimCname) {
    return std::nullopt;
  }
  std::optional<DiffLines> lines =
      kind == RecordKind::Spf ? spf_diff(before, after) : tag_diff(before, after);
  if (lines && lines->empty()) {
    lines->push_back({'~', fmt::format("\"{}\"", printable(after))});
    lines->push_back({' ', "the same meaning, reformatted"});
  }
  return lines;
}

using ByKind = std::map<RecordKind, std::vector<std::string>>;

ByKind by_kind(const RecordKey& key, const std::set<std::string>& values,
               const std::set<std::string>& without) {
  ByKind grouped;
  for (const std::string& value : values) {
    if (!without.contains(value)) grouped[kind_of(key, value)].push_back(value);
  }
  return grouped;
}

/// Pairs removed with added values of the same kind and shows how they differ; values without a
/// partner are shown whole.
/// By kind, so that an SPF record is never compared with a verification token at the same name.
void diff_values(const RecordKey& key, const RecordSet& before, const RecordSet& after,
                 DiffLines& lines) {
  ByKind removed = by_kind(key, before.values, after.values);
  ByKind added = by_kind(key, after.values, before.values);
  for (auto& [kind, values] : added) {
    std::vector<std::string>& old = removed[kind];
    while (!values.empty() && !old.empty()) {
      // What receivers discard has no meaning that a form could keep, and its blanks must show.
      if (!is_read(key, old.front()) && kind != RecordKind::Foreign) break;
      const auto detail = value_diff(kind, old.front(), values.front());
      // One pair without a detailed form means that its kind has none, so the rest is shown whole
      // as well.
      if (!detail) break;
      lines.insert(lines.end(), detail->begin(), detail->end());
      values.erase(values.begin());
      old.erase(old.begin());
    }
  }
  for (const auto& [kind, values] : removed) {
    for (const std::string& value : values) lines.push_back({'-', show_value(key, value)});
  }
  for (const auto& [kind, values] : added) {
    for (const std::string& value : values) lines.push_back({'+', show_value(key, value)});
  }
}

/// The values, then the TTL, then the number of values that are unchanged, which tells a reader
/// that verification tokens at the same name are kept.
void diff_same_type(const Name& name, const TypedSet& before, const TypedSet& after,
                    DiffLines& lines) {
  diff_values({name, after.type}, before.set, after.set, lines);
  const auto kept = static_cast<std::size_t>(std::ranges::count_if(
      after.set.values,
      [&](const std::string& value) { return before.set.values.contains(value); }));
  if (before.set.ttl != after.set.ttl) {
    lines.push_back(
        {'~', fmt::format("TTL: {} -> {}", before.set.ttl.count(), after.set.ttl.count())});
  }
  if (kept > 0 && before.set.values == after.set.values) {
    lines.push_back({' ', counted(kept, "value is unchanged", "values are unchanged")});
    return;
  }
  // Of several SPF records one stays: it is ours, and none of the values that others own.
  const auto spf = static_cast<std::size_t>(
      std::ranges::count_if(after.set.values, [&](const std::string& value) {
        return before.set.values.contains(value) &&
               kind_of({name, after.type}, value) == RecordKind::Spf;
      }));
  if (spf > 0) lines.push_back({' ', "one SPF record is unchanged"});
  if (kept > spf) {
    lines.push_back(
        {' ', counted(kept - spf, "other value is unchanged", "other values are unchanged")});
  }
}

// A change of type shows both sides whole: no line of one corresponds to a line of the other.
void show_side(char sign, const Name& name, const TypedSet& side, DiffLines& lines) {
  const std::string type = side.type == RecordType::TXT ? "" : to_text(side.type) + " ";
  for (const std::string& value : side.set.values) {
    lines.push_back({sign, type + show_value({name, side.type}, value)});
  }
  lines.push_back({sign, fmt::format("TTL: {}", side.set.ttl.count())});
}

}  // namespace

// The size and the fingerprint identify a key; its text does not.
std::string show_value(const RecordKey& key, std::string_view value) {
  if (key.type != RecordType::TXT) return printable(value);
  const auto tags = kind_of(key, value) == RecordKind::DkimKey
                        ? parse_tags(value)
                        : Result<std::vector<Tag>>(std::vector<Tag>{});
  if (!tags) return fmt::format("\"{}\"", printable(value));
  const std::optional<std::string> key_text = find_tag(*tags, "p");
  if (!key_text || key_text->size() <= 3 * kEnds) return fmt::format("\"{}\"", printable(value));
  std::vector<Tag> short_tags = *tags;
  std::ranges::find(short_tags, std::string("p"), &Tag::name)->value = elided(*key_text);
  const std::optional<std::string> words = key_words(value);
  return fmt::format("\"{}\"{}", printable(print_tags(short_tags)),
                     words ? fmt::format(" ({})", *words) : "");
}

// Created and removed sets are shown by value, which is what a reviewer compares with the service's
// instructions.
std::vector<DiffLine> semantic_diff(const SetChange& change) {
  DiffLines lines;
  const bool both = change.before && change.after;
  if (both && change.before->type == change.after->type) {
    diff_same_type(change.name, *change.before, *change.after, lines);
    return lines;
  }
  if (change.before) show_side('-', change.name, *change.before, lines);
  if (change.after) show_side('+', change.name, *change.after, lines);
  return lines;
}

}  // namespace rampart
