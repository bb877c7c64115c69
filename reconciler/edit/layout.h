/// Where the values of a YAML text begin and end, octet by octet: the tree knows their beginnings
/// only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reconciler/config/yaml.h"

namespace rampart::config {

/// A place in a tree, with what its surroundings mean for how far it reaches.
struct Place {
  const Node* node = nullptr;
  const Node* key = nullptr;  ///< Of a map's value.
  bool flow = false;          ///< Within brackets.
  int indent = -1;            ///< The column (from 0) of the block that holds it; -1: none.
};

/// A map's entry in the text. `end` is behind the value, or behind the colon where there is none.
struct Span {
  std::size_t begin = 0;  ///< Of the key, or of the item.
  std::size_t colon = 0;  ///< Behind the key's colon.
  std::size_t value = 0;
  std::size_t end = 0;
  bool empty = false;  ///< Nothing is written as the value.
};

/// A text and its lines.
class Layout {
 public:
  explicit Layout(std::string_view text);

  std::string_view text() const { return text_; }

  std::size_t offset(const Node& node) const;
  std::size_t line_begin(std::size_t at) const;
  /// Behind the last octet of the line, before its end of line.
  std::size_t line_end(std::size_t at) const;
  /// Behind the line's own end of line.
  std::size_t next_line(std::size_t at) const;
  /// How the line of `at` ends; where it is the last one, how the first line does.
  std::string_view end_of_line(std::size_t at) const;

  /// Whether the value stands in brackets or braces.
  bool is_flow(const Place& place) const;

  /// The entry of `place.node`'s i-th child pair, or its i-th item.
  Span entry(const Place& map, std::size_t i) const;
  Span item(const Place& list, std::size_t i) const;
  Place child(const Place& map, std::size_t i) const;
  Place element(const Place& list, std::size_t i) const;

  /// Behind blanks (spaces and tabs) from `at`.
  std::size_t skip_blanks(std::size_t at) const;
  /// Behind an anchor and the blanks after it.
  std::size_t skip_anchor(std::size_t at) const;

 private:
  std::size_t end_of(const Place& place, std::size_t at) const;
  std::size_t block_end(const Place& place) const;
  std::size_t quoted_end(std::size_t at) const;
  std::size_t flow_end(std::size_t at) const;
  std::size_t plain_end(std::size_t at, const Place& place) const;
  std::size_t plain_line_end(std::size_t at, bool flow) const;
  std::size_t literal_end(std::size_t at, int indent) const;
  std::size_t key_end(std::size_t at, bool flow) const;
  bool starts_word(std::size_t at, std::string_view word) const;

  std::string_view text_;
  std::vector<std::size_t> starts_;
};

}  // namespace rampart::config
