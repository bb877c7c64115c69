/// One YAML document as a small tree with positions, read strictly: no duplicate or merge keys, no
/// tags, one document, limited depth and size.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "reconciler/config/config.h"

namespace rampart::config {

/// A file's text, with its lines for positions and error messages.
class Source {
 public:
  Source(std::string path, std::string text);

  const std::string& path() const { return path_; }
  const std::string& text() const { return text_; }

  /// The 1-based line without its end; empty beyond the last one.
  std::string_view line(int number) const;

  /// The position at a line and octet (both 1-based); its column counts characters.
  Mark mark(int line, int octet) const;

  /// An error at that position. The quoted line ends after a key that looks like a secret.
  ConfigError error(const Mark& mark, std::string code, std::string message,
                    std::string hint) const;

 private:
  std::string path_;
  std::string text_;
  std::vector<std::size_t> starts_;
  bool ascii_ = true;
};

/// The kinds of YAML values.
enum class NodeKind : std::uint8_t { Null, Scalar, List, Map };

/// One value of the tree. A map's children are its keys and values in turn.
struct Node {
  std::string text;  ///< Of a scalar, as written.
  std::vector<Node> children;
  const Node* target = nullptr;  ///< Of an alias: the anchored value.
  const Source* source = nullptr;
  int line = 0;
  int octet = 0;
  NodeKind kind = NodeKind::Null;
  bool quoted = false;

  /// The value itself, or the value that the alias refers to; its position is the anchor's then.
  const Node& value() const { return target ? *target : *this; }
  Mark mark() const { return source->mark(line, octet); }
};

/// Whether a map's key is plain text. Others were reported when the document was read.
bool is_plain_key(const Node& key);

/// Calls `each(key, value)` for the rows of a map, if there is one. Keys that are no plain text
/// were reported when the document was read; skipping them keeps one mistake from causing a second
/// message.
template <class Each>
void for_rows(const Node* map, Each each) {
  if (!map) return;
  const std::vector<Node>& children = map->value().children;
  for (std::size_t i = 0; i + 1 < children.size(); i += 2) {
    if (is_plain_key(children[i])) each(children[i], children[i + 1]);
  }
}

/// The child at `key` of a map, or nullptr.
const Node* find(const Node& map, std::string_view key);

/// A document that was read; `anchors` owns the values that aliases point to.
struct Document {
  Node root;
  std::deque<Node> anchors;
  std::vector<ConfigError> errors;
};

/// Reads `source`, which must outlive the document.
Document read_document(const Source& source);

/// Whether a text contains a private key, as PEM or as bare base64.
bool holds_private_key(std::string_view text);

/// Whether a key of this name would hold a secret or an address that receives one.
bool looks_secret(std::string_view key);

}  // namespace rampart::config
