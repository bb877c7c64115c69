/// Editing the YAML in place: finds the position of an edit, changes those octets, and reads the
/// result again. The check of the result makes it safe to edit by text: YAML has forms (folded
/// scalars, nested flow, odd indents) that no editor of modest size handles all; one that comes out
/// wrong is refused.
#include "reconciler/edit/edit.h"

#include <fmt/format.h>

#include <algorithm>

#include "reconciler/edit/layout.h"
#include "reconciler/edit/write.h"

namespace rampart {
namespace {

using config::Document;
using config::Layout;
using config::Node;
using config::NodeKind;
using config::Place;
using config::Source;

// The first `count` steps of a path, for messages: "domains.example.com.dkim.0".
std::string shown(const YamlPath& path, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    if (!text.empty()) text += '.';
    text += path[i].index ? std::to_string(*path[i].index) : path[i].key;
  }
  return text;
}

// The first alias in the tree that refers to the anchored value.
// Compared by position and kind: anchored values are copied while a document is built, so their
// addresses differ.
const Node* alias_of(const Node& tree, const Node& anchored) {
  if (tree.target) {
    const bool same = tree.target->line == anchored.line && tree.target->octet == anchored.octet &&
                      tree.target->kind == anchored.kind;
    return same ? &tree : nullptr;
  }
  for (const Node& child : tree.children) {
    if (const Node* found = alias_of(child, anchored)) return found;
  }
  return nullptr;
}

bool is_anchored(const Document& document, const Node& node) {
  return std::ranges::any_of(document.anchors, [&](const Node& anchor) {
    return anchor.line == node.line && anchor.octet == node.octet && anchor.kind == node.kind;
  });
}

// An Error where a change at `node` would also change another place in the file.
Result<Ok> check_own(const Document& document, const Node& node, const std::string& what) {
  if (node.target) {
    return Error{
        fmt::format("`{}` at line {} is an alias of the value at line {}: write the value out at "
                    "line {}, then run this again",
                    what, node.line, node.target->line, node.line)};
  }
  if (!is_anchored(document, node)) return Ok{};
  if (const Node* user = alias_of(document.root, node)) {
    return Error{
        fmt::format("`{}` at line {} is an anchor that line {} uses too: write the value out at "
                    "line {}, then run this again",
                    what, node.line, user->line, user->line)};
  }
  return Ok{};
}

// Maps count pairs and lists count items, as Layout does.
std::optional<std::size_t> find_index(const Node& node, const YamlStep& step) {
  if (step.index) {
    const bool exists = node.kind == NodeKind::List && *step.index < node.children.size();
    return exists ? step.index : std::nullopt;
  }
  if (node.kind != NodeKind::Map) return std::nullopt;
  for (std::size_t i = 0; i + 1 < node.children.size(); i += 2) {
    if (node.children[i].text == step.key) return i / 2;
  }
  return std::nullopt;
}

// How far a path leads: the deepest existing value, and the number of steps to it.
struct Walk {
  Place place;
  Place parent;           ///< Of `place`, where a step was taken.
  std::size_t index = 0;  ///< Of `place` in `parent`.
  std::size_t steps = 0;
};

// Every value on the way is checked for aliases: a change below an anchor would change each place
// that refers to it.
Result<Walk> walk(const Document& document, const Layout& layout, const YamlPath& path) {
  Walk walk{.place = {.node = &document.root}, .parent = {}};
  TRY_OK(check_own(document, document.root, "the file"));
  for (const YamlStep& step : path) {
    const auto index = find_index(*walk.place.node, step);
    if (!index) break;
    walk.parent = walk.place;
    walk.index = *index;
    walk.place = walk.place.node->kind == NodeKind::Map ? layout.child(walk.parent, *index)
                                                        : layout.element(walk.parent, *index);
    ++walk.steps;
    TRY_OK(check_own(document, *walk.place.node, shown(path, walk.steps)));
  }
  return walk;
}

// The tree that an edit should result in.
// Computed on the tree, by other code than the edit of the text: an error in one of them shows as a
// difference.
YamlValue expected(YamlValue tree, const YamlEdit& edit, std::size_t step) {
  if (step == edit.path.size()) {
    if (edit.act == YamlEdit::Act::Set) return edit.value;
    tree.kind = NodeKind::List;
    tree.children.push_back(edit.value);
    return tree;
  }
  const YamlStep& next = edit.path[step];
  if (next.index) {
    tree.children[*next.index] = expected(tree.children[*next.index], edit, step + 1);
    return tree;
  }
  for (std::size_t i = 0; i + 1 < tree.children.size(); i += 2) {
    if (tree.children[i].text != next.key) continue;
    if (edit.act == YamlEdit::Act::Remove && step + 1 == edit.path.size()) {
      const auto at = tree.children.begin() + static_cast<std::ptrdiff_t>(i);
      tree.children.erase(at, at + 2);
    } else {
      tree.children[i + 1] = expected(tree.children[i + 1], edit, step + 1);
    }
    return tree;
  }
  tree.kind = NodeKind::Map;
  const YamlValue nothing{NodeKind::Null, {}, {}};
  tree.children.push_back(yaml_scalar(next.key));
  tree.children.push_back(expected(nothing, edit, step + 1));
  return tree;
}

// Equal except for the order of keys in maps: a new key may be anywhere in its map. Keys are
// usually in the same order, so the search for each starts after the last one.
bool same_tree(const YamlValue& a, const YamlValue& b) {
  if (a.kind != b.kind || a.text != b.text || a.children.size() != b.children.size()) return false;
  if (a.kind != NodeKind::Map) return std::ranges::equal(a.children, b.children, same_tree);
  std::size_t guess = 0;
  for (std::size_t i = 0; i + 1 < a.children.size(); i += 2) {
    const auto at = [&](std::size_t j) { return b.children[j].text == a.children[i].text; };
    std::size_t j = guess < b.children.size() && at(guess) ? guess : 0;
    while (j < b.children.size() && !at(j)) j += 2;
    if (j >= b.children.size() || !same_tree(a.children[i + 1], b.children[j + 1])) return false;
    guess = j + 2;
  }
  return true;
}

// The new part of the tree where the first `steps` of the path exist already.
YamlValue wrapped(const YamlEdit& edit, std::size_t steps) {
  YamlValue value = edit.value;
  if (edit.act == YamlEdit::Act::Append) value = {NodeKind::List, {}, {edit.value}};
  for (std::size_t i = edit.path.size(); i > steps; --i)
    value = yaml_map(edit.path[i - 1].key, value);
  return value;
}

// Makes one edit: replaces an existing value, or adds the missing part of the path where the walk
// ended.
Result<std::string> change(const Document& document, const Layout& layout, const YamlEdit& edit) {
  TRY(const Walk found, walk(document, layout, edit.path));
  const bool whole = found.steps == edit.path.size();
  if (edit.act == YamlEdit::Act::Remove) {
    if (!whole) return std::string(layout.text());
    return config::remove_entry(layout, found.parent, found.index);
  }
  const Node& node = *found.place.node;
  // A value that is there already keeps its spelling, so that an edit made twice changes nothing:
  // the quotes that its neighbours suggest may differ from those that it has.
  if (whole && edit.act == YamlEdit::Act::Set && same_tree(value_of(node), edit.value)) {
    return std::string(layout.text());
  }
  const auto rest = std::span(edit.path).subspan(found.steps);
  const bool indexed =
      std::ranges::any_of(rest, [](const YamlStep& step) { return step.index.has_value(); });
  if (indexed) return Error{fmt::format("there is no `{}`", shown(edit.path, edit.path.size()))};
  if (whole && edit.act == YamlEdit::Act::Append && node.kind == NodeKind::List) {
    return config::append_item(layout, found.place, found.parent, found.index, edit.value);
  }
  if (!whole && node.kind == NodeKind::Map) {
    const YamlValue map = wrapped(edit, found.steps);
    return config::insert_entry(layout, found.place, map.children[0].text, map.children[1]);
  }
  if (!whole && node.kind != NodeKind::Null) {
    return Error{
        fmt::format("`{}` at line {} is not a map", shown(edit.path, found.steps), node.line)};
  }
  if (found.steps == 0) return Error{"the file contains no map"};
  return config::replace_value(layout, found.parent, found.index, wrapped(edit, found.steps));
}

Error first_error(const Document& document) {
  const ConfigError& error = document.errors.front();
  return {fmt::format("line {}: {}", error.line, error.message), error.file};
}

// The text is parsed again after each edit, since the next one needs new positions; files are small
// enough for that.
Result<std::string> edit_once(const std::string& file, const std::string& text,
                              const YamlEdit& edit) {
  const Source source(file, text);
  const Document document = config::read_document(source);
  if (!document.errors.empty()) return first_error(document);
  const Layout layout(text);
  TRY(const std::string changed, within(file, change(document, layout, edit)));
  if (changed == text && edit.act == YamlEdit::Act::Remove) return changed;
  const Source again(file, changed);
  const Document after = config::read_document(again);
  const bool as_meant = after.errors.empty() &&
                        same_tree(value_of(after.root), expected(value_of(document.root), edit, 0));
  if (as_meant) return changed;
  return Error{fmt::format("`{}` is written in a form that cannot be edited safely: change it by "
                           "hand",
                           shown(edit.path, edit.path.size())),
               file};
}

}  // namespace

YamlValue yaml_scalar(std::string text) { return {NodeKind::Scalar, std::move(text), {}}; }

YamlValue yaml_map(std::string key, YamlValue value) {
  return {NodeKind::Map, {}, {yaml_scalar(std::move(key)), std::move(value)}};
}

YamlValue value_of(const Node& node) {
  const Node& value = node.value();
  YamlValue plain{value.kind, value.text, {}};
  if (value.kind == NodeKind::Null) plain.text.clear();
  for (const Node& child : value.children) plain.children.push_back(value_of(child));
  return plain;
}

// Edits apply one after another, so that a later one may use a map that an earlier one creates.
Result<std::string> edit_yaml(const std::string& file, const std::string& text,
                              std::span<const YamlEdit> edits) {
  Result<std::string> edited = text;
  for (const YamlEdit& edit : edits) {
    edited = edit_once(file, *edited, edit);
    if (!edited) return edited;
  }
  return edited;
}

}  // namespace rampart
