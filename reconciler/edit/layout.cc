/// Where the values of a YAML text begin and end.
#include "reconciler/edit/layout.h"

#include <algorithm>

#include "base/text.h"
#include "base/utf8.h"

namespace rampart::config {
namespace {

bool is_end(char c) { return c == '\n' || c == '\r'; }
bool is_flow_mark(char c) { return c == ',' || c == '[' || c == ']' || c == '{' || c == '}'; }

}  // namespace

Layout::Layout(std::string_view text) : text_(text), starts_{0} {
  for (std::size_t at = text.find('\n'); at != text.npos; at = text.find('\n', at + 1)) {
    starts_.push_back(at + 1);
  }
}

// The byte order mark is no part of the tree's columns, but of the text's octets.
std::size_t Layout::offset(const Node& node) const {
  const auto line = static_cast<std::size_t>(node.line - 1);
  const bool marked = line == 0 && text_.starts_with(kByteOrderMark);
  const std::size_t begin = line < starts_.size() ? starts_[line] : text_.size();
  const std::size_t at = begin + static_cast<std::size_t>(node.octet - 1);
  return std::min(at + (marked ? kByteOrderMark.size() : 0), text_.size());
}

std::size_t Layout::line_begin(std::size_t at) const {
  return *std::prev(std::ranges::upper_bound(starts_, at));
}

std::size_t Layout::next_line(std::size_t at) const {
  const auto next = std::ranges::upper_bound(starts_, at);
  return next == starts_.end() ? text_.size() : *next;
}

std::size_t Layout::line_end(std::size_t at) const {
  std::size_t end = next_line(at);
  if (end > 0 && text_[end - 1] == '\n' && end > at) --end;
  if (end > at && text_[end - 1] == '\r') --end;
  return end;
}

// Files from Windows keep their line ends; a mixture would show as a change of every line.
std::string_view Layout::end_of_line(std::size_t at) const {
  const std::size_t next = next_line(at);
  if (next > 0 && text_[next - 1] == '\n') {
    return next > 1 && text_[next - 2] == '\r' ? "\r\n" : "\n";
  }
  const std::size_t first = text_.find('\n');
  return first != text_.npos && first > 0 && text_[first - 1] == '\r' ? "\r\n" : "\n";
}

std::size_t Layout::skip_blanks(std::size_t at) const {
  while (at < text_.size() && is_blank(text_[at])) ++at;
  return at;
}

std::size_t Layout::skip_anchor(std::size_t at) const {
  if (at >= text_.size() || text_[at] != '&') return at;
  while (at < text_.size() && !is_blank(text_[at]) && !is_end(text_[at])) ++at;
  return skip_blanks(at);
}

// A block value has the position of its key, where no bracket can be.
bool Layout::is_flow(const Place& place) const {
  const Node& node = *place.node;
  if (place.key && node.line == place.key->line && node.octet == place.key->octet) return false;
  const std::size_t at = skip_anchor(offset(node));
  return at < text_.size() && (text_[at] == '{' || text_[at] == '[');
}

// An omitted or written null has no node of its own: its position is found from the colon. A block
// value has the position of its key, and ends where its last entry ends.
Span Layout::entry(const Place& map, std::size_t i) const {
  const Node& key = map.node->children[2 * i];
  const Place value = child(map, i);
  Span span;
  span.begin = offset(key);
  const std::size_t colon = text_.find(':', key_end(span.begin, value));
  span.colon = colon == text_.npos ? text_.size() : colon + 1;
  if (value.node->kind == NodeKind::Null && !value.node->target) {
    span.value = skip_anchor(skip_blanks(span.colon));
    std::size_t length = span.value < text_.size() && text_[span.value] == '~' ? 1 : 0;
    for (const std::string_view word : {"null", "Null", "NULL"}) {
      if (starts_word(span.value, word)) length = word.size();
    }
    span.empty = length == 0;
    if (span.empty) span.value = span.colon;
    span.end = span.value + length;
    return span;
  }
  const bool block = value.node->line == key.line && value.node->octet == key.octet;
  span.value = block ? span.colon : offset(*value.node);
  span.end = block ? block_end(value) : end_of(value, span.value);
  return span;
}

Span Layout::item(const Place& list, std::size_t i) const {
  const Place value = element(list, i);
  const std::size_t at = offset(*value.node);
  return {at, at, at, end_of(value, at), false};
}

// All keys of a block map are in the column of the first.
Place Layout::child(const Place& map, std::size_t i) const {
  const Node& first = map.node->children.front();
  const bool flow = map.flow || is_flow(map);
  const std::size_t column = offset(first) - line_begin(offset(first));
  return {&map.node->children[2 * i + 1], &map.node->children[2 * i], flow,
          flow ? map.indent : static_cast<int>(column)};
}

Place Layout::element(const Place& list, std::size_t i) const {
  return {&list.node->children[i], nullptr, list.flow || is_flow(list), list.indent};
}

bool Layout::starts_word(std::size_t at, std::string_view word) const {
  if (!text_.substr(at).starts_with(word)) return false;
  const std::size_t end = at + word.size();
  return end == text_.size() || is_blank(text_[end]) || is_end(text_[end]) ||
         is_flow_mark(text_[end]);
}

// The kind of a value decides how its end is found: an alias ends at a blank, a flow value at its
// closing bracket, a block where its last child ends, a scalar by its style.
std::size_t Layout::end_of(const Place& place, std::size_t at) const {
  const Node& node = *place.node;
  if (node.target) {
    while (at < text_.size() && !is_blank(text_[at]) && !is_end(text_[at]) &&
           !is_flow_mark(text_[at])) {
      ++at;
    }
    return at;
  }
  at = skip_anchor(at);
  if (at >= text_.size()) return text_.size();
  if (node.kind == NodeKind::List || node.kind == NodeKind::Map) {
    return text_[at] == '{' || text_[at] == '[' ? flow_end(at) : block_end(place);
  }
  if (text_[at] == '"' || text_[at] == '\'') return quoted_end(at);
  if (!place.flow && (text_[at] == '|' || text_[at] == '>')) return literal_end(at, place.indent);
  return plain_end(at, place);
}

// By recursion into the last child: what ends there ends the block too.
std::size_t Layout::block_end(const Place& place) const {
  const Node& node = *place.node;
  if (node.children.empty()) return offset(node);
  if (node.kind == NodeKind::Map) return entry(place, node.children.size() / 2 - 1).end;
  return item(place, node.children.size() - 1).end;
}

// Double quotes escape with a backslash, single quotes by doubling (YAML 1.2 section 7.3).
std::size_t Layout::quoted_end(std::size_t at) const {
  const char quote = text_[at++];
  for (; at < text_.size(); ++at) {
    if (quote == '"' && text_[at] == '\\') {
      ++at;
    } else if (text_[at] == quote) {
      if (quote == '"' || at + 1 >= text_.size() || text_[at + 1] != quote) return at + 1;
      ++at;
    }
  }
  return text_.size();
}

// Counts brackets, except in quoted scalars and comments. A quote opens a scalar only at its start:
// `it's` is plain text.
std::size_t Layout::flow_end(std::size_t at) const {
  int depth = 0;
  bool starts = true;  // Whether a quote here opens a quoted scalar.
  while (at < text_.size()) {
    const char c = text_[at];
    if ((c == '"' || c == '\'') && starts) {
      at = quoted_end(at);
      starts = false;
      continue;
    }
    if (c == '#' && at > 0 && (is_blank(text_[at - 1]) || is_end(text_[at - 1]))) {
      at = line_end(at);
      continue;
    }
    if (c == '{' || c == '[') ++depth;
    if ((c == '}' || c == ']') && --depth == 0) return at + 1;
    starts = is_flow_mark(c) || c == ':' || (starts && (is_blank(c) || is_end(c)));
    ++at;
  }
  return text_.size();
}

// The end of a plain scalar's text on one line.
std::size_t Layout::plain_line_end(std::size_t at, const Place& place) const {
  const std::size_t stop = line_end(at);
  std::size_t end = at;
  for (; end < stop; ++end) {
    const char c = text_[end];
    if (c == '#' && end > at && is_blank(text_[end - 1])) break;
    if (place.flow && is_flow_mark(c)) break;
  }
  while (end > at && is_blank(text_[end - 1])) --end;
  return end;
}

std::size_t Layout::plain_end(std::size_t at, const Place& place) const {
  std::size_t end = plain_line_end(at, place);
  // It continues over more deeply indented lines until a comment or, in flow style, a bracket or
  // comma ends it.
  while (skip_blanks(end) == line_end(end)) {
    std::size_t next = next_line(end);
    while (next < text_.size() && skip_blanks(next) == line_end(next)) {
      const std::size_t further = next_line(next);
      if (further == next) break;
      next = further;
    }
    const std::size_t word = skip_blanks(next);
    if (next >= text_.size() || word >= text_.size() || text_[word] == '#') break;
    const bool deeper = static_cast<int>(word - next) > place.indent;
    if (place.flow ? is_flow_mark(text_[word]) : !deeper) break;
    end = plain_line_end(word, place);
  }
  return end;
}

// The end of the last line, blank ones aside, of a literal or folded scalar.
std::size_t Layout::literal_end(std::size_t at, int indent) const {
  std::size_t end = line_end(at);
  for (std::size_t next = next_line(at); next < text_.size();) {
    const std::size_t word = skip_blanks(next);
    const bool blank = word == line_end(next);
    if (!blank && static_cast<int>(word - next) <= indent) break;
    if (!blank) end = line_end(next);
    const std::size_t further = next_line(next);
    if (further <= next) break;
    next = further;
  }
  return end;
}

// A colon inside a key is legal where no blank follows it, as in `a:b: c`.
std::size_t Layout::key_end(std::size_t at, const Place& value) const {
  at = skip_anchor(at);
  if (at < text_.size() && (text_[at] == '"' || text_[at] == '\'')) return quoted_end(at);
  for (; at < text_.size() && !is_end(text_[at]); ++at) {
    if (text_[at] != ':') continue;
    const char after = at + 1 < text_.size() ? text_[at + 1] : '\n';
    if (is_blank(after) || is_end(after) || (value.flow && is_flow_mark(after))) return at;
  }
  return at;
}

}  // namespace rampart::config
