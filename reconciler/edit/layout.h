/// Where the values of a YAML text begin and end, by octets: the tree knows only where they begin.
#pragma once

#include <string_view>
#include <vector>

#include "reconciler/config/yaml.h"

namespace rampart::config {

/// A value in a tree, with what its end depends on.
struct Place {
  const Node* node = nullptr;
  const Node* key = nullptr;  ///< Of a map's value.
  bool flow = false;          ///< Inside brackets or braces.
  int indent = -1;            ///< The column (from 0) of the block that contains it; -1: none.
};

/// A map's entry, or a list's item, as offsets into the text. `end` is after the value, or after
/// the colon where there is none.
struct Span {
  std::size_t begin = 0;  ///< Of the key, or of the item.
  std::size_t colon = 0;  ///< After the key's colon.
  std::size_t value = 0;
  std::size_t end = 0;
  bool empty = false;  ///< No value is written.
};

/// A text and its lines.
class Layout {
 public:
  explicit Layout(std::string_view text);

  std::string_view text() const { return text_; }

  /// Where the node begins in the text.
  std::size_t offset(const Node& node) const;
  /// The first octet of the line of `at`.
  std::size_t line_begin(std::size_t at) const;
  /// After the last octet of the line, before its line end.
  std::size_t line_end(std::size_t at) const;
  /// After the line's end.
  std::size_t next_line(std::size_t at) const;
  /// The line end of the line of `at`; for the last line, that of the first line.
  std::string_view end_of_line(std::size_t at) const;

  /// Whether the value is a flow list or map: written in brackets or braces.
  bool is_flow(const Place& place) const;

  /// The entry of `place.node`'s i-th child pair, or its i-th item.
  Span entry(const Place& map, std::size_t i) const;
  Span item(const Place& list, std::size_t i) const;
  /// The value of the map's i-th pair, and the list's i-th item.
  Place child(const Place& map, std::size_t i) const;
  Place element(const Place& list, std::size_t i) const;

  /// After the spaces and tabs at `at`.
  std::size_t skip_blanks(std::size_t at) const;
  /// After an anchor at `at`, and the blanks that follow it.
  std::size_t skip_anchor(std::size_t at) const;

 private:
  std::size_t end_of(const Place& place, std::size_t at) const;
  std::size_t block_end(const Place& place) const;
  std::size_t quoted_end(std::size_t at) const;
  std::size_t flow_end(std::size_t at) const;
  std::size_t plain_end(std::size_t at, const Place& place) const;
  std::size_t plain_line_end(std::size_t at, const Place& place) const;
  std::size_t literal_end(std::size_t at, int indent) const;
  std::size_t key_end(std::size_t at, const Place& value) const;
  bool starts_word(std::size_t at, std::string_view word) const;

  std::string_view text_;
  std::vector<std::size_t> starts_;
};

}  // namespace rampart::config
