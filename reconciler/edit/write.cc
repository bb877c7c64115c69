/// Writing values into a YAML text.
#include "reconciler/edit/write.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace rampart::config {
namespace {

// Keys that belong together, in the order in which people write them.
constexpr std::array<std::string_view, 4> kDmarcKeys = {"phase", "pct", "since", "target"};
constexpr std::array<std::string_view, 5> kRotationKeys = {"rotate", "current", "next", "past",
                                                           "signing"};

// Whether every YAML reader takes the plain text as a string (or a date): version 1.1 readers take
// `no` for a boolean.
bool is_plain_safe(std::string_view text) {
  constexpr std::array<std::string_view, 11> kWords = {
      "null", "Null", "NULL", "true", "false", "yes", "no", "on", "off", "y", "n"};
  if (text.empty() || std::ranges::find(kWords, text) != kWords.end()) return false;
  const bool word = std::ranges::all_of(text, [](char c) {
    return is_alpha(c) || is_digit(c) || c == '-' || c == '_' || c == '.' || c == '/';
  });
  return word && text.front() != '-' && text.front() != '.';
}

bool is_number(std::string_view text) {
  return std::ranges::all_of(text, is_digit) && !text.empty() &&
         (text.size() == 1 || text.front() != '0');
}

std::string quoted_scalar(std::string_view text, char quote) {
  std::string out(1, quote);
  for (const char c : text) {
    if (quote == '\'' && c == '\'') out += '\'';
    if (quote == '"' && (c == '"' || c == '\\')) out += '\\';
    out += c;
  }
  return out + quote;
}

// Double quotes, because they can express every text; single quotes cannot hold a line end.
std::string scalar_text(const std::string& text, Quotes quotes) {
  if (quotes == Quotes::Json && !is_number(text)) return quoted_scalar(text, '"');
  return is_plain_safe(text) ? text : quoted_scalar(text, '"');
}

// Every edit is one replacement of octets, so that all other octets provably stay.
std::string spliced(const Layout& layout, std::size_t begin, std::size_t end,
                    std::string_view text) {
  std::string out(layout.text().substr(0, begin));
  out += text;
  out += layout.text().substr(end);
  return out;
}

char at(const Layout& layout, std::size_t offset) {
  return offset < layout.text().size() ? layout.text()[offset] : '\0';
}

// A map with quoted keys is written as JSON.
Quotes quotes_of(const Layout& layout, const Place& map) {
  if (map.node->children.empty()) return Quotes::AsNeeded;
  const std::size_t key = layout.offset(map.node->children.front());
  return at(layout, key) == '"' ? Quotes::Json : Quotes::AsNeeded;
}

// The entry after which a new `key` is added: the nearest existing one of its group, else the last.
// `pct` belongs after `phase`, where people look for it; an edit that appends everything at the end
// makes files hard to review.
std::size_t entry_before(const Node& map, std::string_view key) {
  const std::size_t last = map.children.size() / 2 - 1;
  for (const std::span<const std::string_view> group :
       {std::span<const std::string_view>(kDmarcKeys),
        std::span<const std::string_view>(kRotationKeys)}) {
    auto found = std::ranges::find(group, key);
    while (found != group.end() && found != group.begin()) {
      --found;
      for (std::size_t i = 0; i <= last; ++i) {
        if (map.children[2 * i].text == *found) return i;
      }
    }
  }
  return last;
}

// Whether `begin` is the first thing on its line.
bool starts_line(const Layout& layout, std::size_t begin) {
  return layout.skip_blanks(layout.line_begin(begin)) == begin;
}

// Adds `text` on a line of its own after the line of `behind`.
// The line end and the indentation are copied from the neighbour.
std::string own_line(const Layout& layout, std::size_t behind, std::size_t indent,
                     std::string_view text) {
  const std::size_t end = layout.line_end(behind);
  return spliced(
      layout, end, end,
      std::string(layout.end_of_line(behind)) + std::string(indent, ' ') + std::string(text));
}

// Adds `text` after a flow entry: on the same line, or on a line of its own if that entry has one.
// A trailing comma is kept as the style of the list.
std::string after_in_flow(const Layout& layout, const Span& before, std::string_view text) {
  if (!starts_line(layout, before.begin)) {
    return spliced(layout, before.end, before.end, ", " + std::string(text));
  }
  const std::size_t next = layout.skip_blanks(before.end);
  const bool comma = at(layout, next) == ',';
  const std::size_t rest = layout.skip_blanks(comma ? next + 1 : next);
  const bool ends = rest == layout.line_end(before.end) || at(layout, rest) == '#';
  if (!ends) return spliced(layout, before.end, before.end, ", " + std::string(text));
  const std::size_t indent = before.begin - layout.line_begin(before.begin);
  std::string line = std::string(layout.end_of_line(before.end)) + std::string(indent, ' ') +
                     std::string(text) + (comma ? "," : "");
  const std::size_t end = layout.line_end(before.end);
  std::string out(layout.text().substr(0, before.end));
  if (!comma) out += ',';
  out += layout.text().substr(before.end, end - before.end);
  out += line;
  out += layout.text().substr(end);
  return out;
}

std::string inside_empty(const Layout& layout, const Place& place, std::string_view text) {
  const std::size_t open = layout.skip_anchor(layout.offset(*place.node)) + 1;
  return spliced(layout, open, open, text);
}

// Removes [begin, end), and the whole line if nothing else is on it.
std::string without(const Layout& layout, std::size_t begin, std::size_t end) {
  const std::size_t rest = layout.skip_blanks(end);
  const bool alone =
      starts_line(layout, begin) && (rest == layout.line_end(end) || at(layout, rest) == '#');
  if (!alone) return spliced(layout, begin, end, "");
  return spliced(layout, layout.line_begin(begin), layout.next_line(end), "");
}

// One comma goes with the entry: the one before it or, for the first entry, the one after it.
// Without the comma the list would end in an empty item, or two commas would follow each other.
std::string remove_in_flow(const Layout& layout, const Place& map, std::size_t index) {
  const Span span = layout.entry(map, index);
  const std::size_t next = layout.skip_blanks(span.end);
  const bool comma = at(layout, next) == ',';
  if (starts_line(layout, span.begin)) {
    return without(layout, span.begin, comma ? next + 1 : span.end);
  }
  if (index > 0) return spliced(layout, layout.entry(map, index - 1).end, span.end, "");
  const std::size_t end = comma ? layout.skip_blanks(next + 1) : span.end;
  return spliced(layout, span.begin, end, "");
}

}  // namespace

// One line, however deep: what rampart writes itself is small, and block style would need an
// indentation to choose.
std::string flow_text(const YamlValue& value, Quotes quotes) {
  if (value.kind == NodeKind::Null) return "null";
  if (value.kind == NodeKind::Scalar) return scalar_text(value.text, quotes);
  const bool map = value.kind == NodeKind::Map;
  std::string text(map ? "{" : "[");
  for (std::size_t i = 0; i < value.children.size(); ++i) {
    if (i > 0) text += map && i % 2 == 1 ? ": " : ", ";
    text += flow_text(value.children[i], quotes);
  }
  return text + (map ? "}" : "]");
}

// A quoted scalar keeps its quotes, as people expect of a small edit.
Result<std::string> replace_value(const Layout& layout, const Place& parent, std::size_t index,
                                  const YamlValue& value) {
  const bool map = parent.node->kind == NodeKind::Map;
  const Span span = map ? layout.entry(parent, index) : layout.item(parent, index);
  const Quotes quotes = map ? quotes_of(layout, parent) : Quotes::AsNeeded;
  if (span.empty) {
    const std::size_t end = layout.skip_blanks(span.colon);
    const bool anchor = at(layout, end) == '&';
    if (anchor) return Error{"the key has an anchor without a value"};
    return spliced(layout, span.colon, span.colon, " " + flow_text(value, quotes));
  }
  const std::size_t begin = layout.skip_anchor(span.value);
  const char quote = at(layout, begin);
  const bool keeps = value.kind == NodeKind::Scalar && (quote == '"' || quote == '\'');
  return spliced(layout, begin, span.end,
                 keeps ? quoted_scalar(value.text, quote) : flow_text(value, quotes));
}

// The style of the map decides: in brackets the entry joins the line, in a block it gets one of its
// own.
Result<std::string> insert_entry(const Layout& layout, const Place& map, const std::string& key,
                                 const YamlValue& value) {
  const Quotes quotes = quotes_of(layout, map);
  const std::string text =
      (quotes == Quotes::Json ? quoted_scalar(key, '"') : scalar_text(key, quotes)) + ": " +
      flow_text(value, quotes);
  if (map.node->children.empty()) return inside_empty(layout, map, text);
  const Span before = layout.entry(map, entry_before(*map.node, key));
  if (layout.is_flow(map)) return after_in_flow(layout, before, text);
  const std::size_t first = layout.offset(map.node->children.front());
  return own_line(layout, before.end, first - layout.line_begin(first), text);
}

// The column of the dash is that of the first item: lists may or may not be indented below their
// key.
Result<std::string> append_item(const Layout& layout, const Place& list, const Place& parent,
                                std::size_t index, const YamlValue& value) {
  const std::size_t count = list.node->children.size();
  if (count == 0) return inside_empty(layout, list, flow_text(value, Quotes::AsNeeded));
  const Span last = layout.item(list, count - 1);
  const bool json = at(layout, layout.offset(list.node->children.back())) == '"';
  const std::string text = flow_text(value, json ? Quotes::Json : Quotes::AsNeeded);
  if (layout.is_flow(list)) return after_in_flow(layout, last, text);
  const std::size_t first = layout.offset(list.node->children.front());
  std::size_t dash = first;
  while (dash > layout.line_begin(first) && at(layout, dash) != '-') --dash;
  const Span entry = parent.node->kind == NodeKind::Map ? layout.entry(parent, index) : last;
  return own_line(layout, entry.end, dash - layout.line_begin(first), "- " + text);
}

Result<std::string> remove_entry(const Layout& layout, const Place& map, std::size_t index) {
  const Span span = layout.entry(map, index);
  if (layout.is_flow(map)) return remove_in_flow(layout, map, index);
  // An empty block map would read as null: `{}` replaces the last entry.
  if (map.node->children.size() == 2) return spliced(layout, span.begin, span.end, "{}");
  if (starts_line(layout, span.begin)) {
    return spliced(layout, layout.line_begin(span.begin), layout.next_line(span.end), "");
  }
  // The first key is on the line of a list's dash: the next key moves there.
  const Node& next = map.node->children[2 * (index + 1)];
  const std::string_view between = layout.text().substr(span.end, layout.offset(next) - span.end);
  if (between.find('#') != std::string_view::npos) {
    return Error{"a comment follows the value to be removed: remove it by hand"};
  }
  return spliced(layout, span.begin, layout.offset(next), "");
}

}  // namespace rampart::config
