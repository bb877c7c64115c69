/// The tree of one YAML document, built from yaml-cpp's events.
#include "reconciler/config/yaml.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <istream>
#include <optional>
#include <streambuf>
#include <unordered_map>

#include "base/utf8.h"

namespace rampart::config {
namespace {

// No real file comes near these limits; without them a hostile one exhausts stack or memory.
constexpr std::size_t kMaxDepth = 64;
constexpr std::size_t kMaxOctets = std::size_t{64} << 20;
// Values that aliases may repeat: each alias is checked and evaluated as if it were written out. An
// estate of any size may name one set of values by an alias in each domain, so the number grows
// with the values that are written out.
constexpr std::size_t kMaxRepeated = 200'000;
constexpr std::size_t kMaxRepeatedPerValue = 50;

// Thrown to end the reading of a document, through yaml-cpp's frames; the error is recorded.
struct Stopped {};

// A stream over text that is already in memory.
class TextBuffer : public std::streambuf {
 public:
  explicit TextBuffer(const std::string& text) {
    char* begin = const_cast<char*>(text.data());  // Only ever read.
    setg(begin, begin, begin + text.size());
  }
};

// Builds nodes from yaml-cpp's events; `open_` is the stack of open lists and maps. Its own Node
// class is not used, since that loses positions of keys, and resolves duplicate keys silently.
class Builder : public YAML::EventHandler {
 public:
  Builder(const Source& source, Document& document) : source_(source), document_(document) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ == 0) return;
    fail(mark, "multi-document", "a second document starts here",
         "a file holds one document: remove `---`, or split the file with `include:`");
    throw Stopped{};
  }
  void OnDocumentEnd() override {}

  // Errors about a missing value have to point at its key: the next token may be many lines below.
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Node node = make(mark, NodeKind::Null);
    // For an omitted value yaml-cpp gives the position of the next token.
    if (const Node* key = open_.empty() ? nullptr : pending_key(open_.back().node)) {
      node.line = key->line;
      node.octet = key->octet;
    }
    add(std::move(node), anchor);
  }

  // yaml-cpp reports an alias inside its own anchor as any other; following it would never end.
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Node node = make(mark, NodeKind::Null);
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      fail(mark, "yaml-syntax", "this alias is inside its own anchor", "write the value out");
      throw Stopped{};
    }
    node.kind = found->second.node->kind;
    node.target = found->second.node;
    repeated_ += found->second.size;
    if (const std::size_t most = kMaxRepeated + kMaxRepeatedPerValue * values_; repeated_ > most) {
      fail(mark, "too-large",
           fmt::format("the aliases up to here repeat more than {} values", most),
           "write what all domains share under `defaults:`");
      throw Stopped{};
    }
    add(std::move(node), YAML::NullAnchor, found->second.size);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    check_tag(mark, tag);
    Node node = make(mark, NodeKind::Scalar);
    if (holds_private_key(value)) {
      fail(mark, "secret-in-yaml", "this value contains a private key",
           "remove it, and replace the key wherever it is used: anyone who reads this file or its "
           "history has it. Only a public key belongs here: name its file under `public_key:`");
      throw Stopped{};
    }
    node.text = value;
    node.quoted = tag == "!";
    add(std::move(node), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override {
    open(mark, tag, anchor, NodeKind::List);
    if (style == YAML::EmitterStyle::Block) start_at_key();
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    open(mark, tag, anchor, NodeKind::Map);
    if (style == YAML::EmitterStyle::Block) start_at_key();
  }
  void OnMapEnd() override {
    check_keys(open_.back().node);
    close();
  }

  // Reports what yaml-cpp threw. An unclosed bracket is shown where it was opened: yaml-cpp notices
  // it at the end of the file.
  void fail(const YAML::Exception& problem) {
    const YAML::Mark mark = problem.mark.is_null() ? YAML::Mark() : problem.mark;
    const bool unclosed = problem.msg.find("flow not found") != std::string::npos;
    if (unclosed && !open_.empty()) {
      const Node& node = open_.back().node;
      const bool list = node.kind == NodeKind::List;
      fail_at(node, "yaml-syntax", fmt::format("this `{}` is never closed", list ? '[' : '{'),
              "close it; an open quote after it may also be the reason");
      return;
    }
    const std::string_view line = source_.line(mark.line + 1);
    const bool tab = line.substr(0, line.find_first_not_of(" \t")).find('\t') != line.npos;
    const bool alias = problem.msg.find("anchor is not defined") != std::string::npos;
    fail(mark, "yaml-syntax", "this is not valid YAML: " + problem.msg,
         tab     ? "indent with spaces: YAML does not allow tabs"
         : alias ? "define it above with `&`, or write the value out"
                 : "check the indentation, quotes and brackets just before it");
  }

  void fail(const YAML::Mark& mark, std::string code, std::string message, std::string hint) {
    document_.errors.push_back(source_.error(source_.mark(mark.line + 1, mark.column + 1),
                                             std::move(code), std::move(message), std::move(hint)));
  }

 private:
  struct Open {
    Node node;
    YAML::anchor_t anchor;
    std::size_t size = 1;  // Values in it, with those that its aliases repeat.
  };
  struct Anchored {
    const Node* node;
    std::size_t size;
  };

  // The key of `map` whose value comes next, or nullptr.
  static const Node* pending_key(const Node& map) {
    const bool pending = map.kind == NodeKind::Map && map.children.size() % 2 == 1;
    return pending ? &map.children.back() : nullptr;
  }

  // The position of a block on the lines after its key is the key's: errors point there.
  void start_at_key() {
    if (open_.size() < 2) return;
    Node& node = open_.back().node;
    if (const Node* key = pending_key(open_[open_.size() - 2].node)) {
      node.line = key->line;
      node.octet = key->octet;
    }
  }

  Node make(const YAML::Mark& mark, NodeKind kind) const {
    return {.source = &source_, .line = mark.line + 1, .octet = mark.column + 1, .kind = kind};
  }

  // The depth is limited here because the rest of the program walks the tree by recursion.
  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, NodeKind kind) {
    check_tag(mark, tag);
    if (open_.size() == kMaxDepth) {
      fail(mark, "too-deep", fmt::format("more than {} levels of lists and maps", kMaxDepth),
           "look for brackets that are opened too often");
      throw Stopped{};
    }
    open_.push_back({make(mark, kind), anchor});
  }

  void close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    add(std::move(done.node), done.anchor, done.size);
  }

  // Anchored values are copied, since lists that contain them still grow and would move them.
  void add(Node node, YAML::anchor_t anchor, std::size_t size = 1) {
    ++values_;
    if (anchor != YAML::NullAnchor) {
      document_.anchors.push_back(node);
      anchors_[anchor] = {&document_.anchors.back(), size};
    }
    if (open_.empty()) {
      document_.root = std::move(node);
    } else {
      open_.back().node.children.push_back(std::move(node));
      open_.back().size += size;
    }
  }

  // yaml-cpp passes "?" for a plain value and "!" for a quoted one; every other tag was written.
  void check_tag(const YAML::Mark& mark, const std::string& tag) {
    const bool written = tag == "!" && mark.pos >= 0 && at(mark) == '!';
    if (!written && (tag.empty() || tag == "?" || tag == "!")) return;
    fail(mark, "yaml-tag", "tags are not allowed here", "remove the tag: the key implies the type");
  }

  char at(const YAML::Mark& mark) const {
    const std::string_view line = source_.line(mark.line + 1);
    const auto column = static_cast<std::size_t>(mark.column);
    return column < line.size() ? line[column] : '\0';
  }

  // Small maps, which are most, are searched; larger ones get an index.
  void check_keys(const Node& map) {
    std::unordered_map<std::string_view, const Node*> seen;
    const std::size_t count = map.children.size() / 2;
    if (count > 8) seen.reserve(count);
    for (std::size_t i = 0; i + 1 < map.children.size(); i += 2) {
      const Node& key = map.children[i];
      if (!check_key(key)) continue;
      const Node* first = count > 8 ? nullptr : find_before(map, i);
      if (count > 8) {
        const auto [entry, inserted] = seen.emplace(key.text, &key);
        if (!inserted) first = entry->second;
      }
      if (!first) continue;
      fail_at(key, "duplicate-key",
              fmt::format("the key `{}` is written twice in this map", key.text),
              fmt::format("first at line {}; keep one of them", first->line));
    }
  }

  static const Node* find_before(const Node& map, std::size_t end) {
    for (std::size_t i = 0; i < end; i += 2) {
      if (map.children[i].text == map.children[end].text) return &map.children[i];
    }
    return nullptr;
  }

  bool check_key(const Node& key) {
    if (key.kind != NodeKind::Scalar || key.target) {
      return fail_at(key, "bad-key", "a key must be plain text",
                     "write `key: value`, without brackets or an alias before the colon");
    }
    if (key.text != "<<") return true;
    return fail_at(
        key, "merge-key", "merge keys (`<<`) are not allowed",
        "use `defaults:`, which merges into every domain, or an alias for a whole value");
  }

  bool fail_at(const Node& node, std::string code, std::string message, std::string hint) {
    document_.errors.push_back(
        source_.error(node.mark(), std::move(code), std::move(message), std::move(hint)));
    return false;
  }

  const Source& source_;
  Document& document_;
  std::vector<Open> open_;
  std::unordered_map<YAML::anchor_t, Anchored> anchors_;
  std::size_t repeated_ = 0;
  std::size_t values_ = 0;  ///< That were read so far, an alias being one.
  int documents_ = 0;
};

// The length of the character at `at`; 0 where the octets are not UTF-8.
std::size_t utf8_octets(std::string_view text, std::size_t at) {
  const auto point = first_code_point(text.substr(at, 4));
  return point ? point->octets : 0;
}

// Refuses what is no YAML text, before yaml-cpp sees it: it accepts control characters.
// One pass over the octets costs little next to parsing, and lets the rest of the program rely on
// valid UTF-8 without control characters.
std::optional<ConfigError> refuse(const Source& source) {
  const std::string& text = source.text();
  if (text.size() > kMaxOctets) {
    return source.error(source.mark(1, 1), "too-large", "the file is larger than 64 MiB",
                        "split it with `include:`");
  }
  int line = 1;
  std::size_t start = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto c = static_cast<unsigned char>(text[at]);
    const std::size_t length = c < 0x80 ? 1 : utf8_octets(text, at);
    const bool control = (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F;
    if (length == 0 || control) {
      const Mark mark = source.mark(line, static_cast<int>(at - start) + 1);
      return source.error(mark, "yaml-syntax",
                          control ? fmt::format("the control character 0x{:02X} is not allowed", c)
                                  : std::string("these octets are not UTF-8"),
                          control ? "remove it" : "save the file as UTF-8");
    }
    at += length;
    if (c == '\n') {
      ++line;
      start = at;
    }
  }
  return std::nullopt;
}

}  // namespace

// yaml-cpp reads lazily from a stream and reports by exceptions: both end here.
Document read_document(const Source& source) {
  Document document;
  document.root.source = &source;
  document.root.line = document.root.octet = 1;
  if (auto refused = refuse(source)) {
    document.errors.push_back(std::move(*refused));
    return document;
  }
  Builder builder(source, document);
  TextBuffer buffer(source.text());
  std::istream stream(&buffer);
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Stopped&) {
    return document;
  } catch (const YAML::Exception& problem) {
    builder.fail(problem);
  }
  return document;
}

bool is_plain_key(const Node& key) {
  return key.kind == NodeKind::Scalar && !key.target && key.text != "<<";
}

const Node* find(const Node& map, std::string_view key) {
  for (std::size_t i = 0; i + 1 < map.children.size(); i += 2) {
    if (map.children[i].text == key) return &map.children[i + 1];
  }
  return nullptr;
}

}  // namespace rampart::config
