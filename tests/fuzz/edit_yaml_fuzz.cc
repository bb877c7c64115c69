// Any octets as a YAML file and one edit of it: what comes out reads as it was meant, and the same
// edit again changes nothing. The first line is the edit: `set a/b/0 value`, `append a/b value` or
// `remove a/b`; the rest is the file.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "reconciler/edit/edit.h"

namespace {

using namespace rampart;
using Act = YamlEdit::Act;

YamlPath path_of(std::string_view text) {
  YamlPath path;
  for (;;) {
    const std::size_t end = std::min(text.find('/'), text.size());
    const std::string word(text.substr(0, end));
    const bool index = word.size() == 1 && word[0] >= '0' && word[0] <= '9';
    path.push_back(index ? YamlStep(static_cast<std::size_t>(word[0] - '0')) : YamlStep(word));
    if (end == text.size()) return path;
    text.remove_prefix(end + 1);
  }
}

YamlEdit edit_of(std::string_view line) {
  const std::size_t verb = std::min(line.find(' '), line.size());
  const std::string_view rest = line.substr(std::min(verb + 1, line.size()));
  const std::size_t end = std::min(rest.find(' '), rest.size());
  const std::string value(rest.substr(std::min(end + 1, rest.size())));
  Act act = Act::Set;
  if (line.starts_with("append")) act = Act::Append;
  if (line.starts_with("remove")) act = Act::Remove;
  return {act, path_of(rest.substr(0, end)), yaml_scalar(value)};
}

// The value at `path`, or nullptr.
const config::Node* at(const config::Node& root, const YamlPath& path) {
  const config::Node* node = &root;
  for (const YamlStep& step : path) {
    const config::Node& value = node->value();
    if (step.index) {
      const bool there =
          value.kind == config::NodeKind::List && *step.index < value.children.size();
      node = there ? &value.children[*step.index] : nullptr;
    } else {
      node = value.kind == config::NodeKind::Map ? config::find(value, step.key) : nullptr;
    }
    if (node == nullptr) return nullptr;
  }
  return node;
}

void check(const std::string& text, const YamlEdit& edit) {
  const config::Source source("a.yaml", text);
  const config::Document document = config::read_document(source);
  if (!document.errors.empty()) std::abort();
  const config::Node* node = at(document.root, edit.path);
  const bool list = edit.act == Act::Append;
  if (edit.act == Act::Remove) {
    if (node != nullptr) std::abort();
  } else if (node == nullptr || (list && node->value().children.empty())) {
    std::abort();
  } else {
    const config::Node& value = list ? node->value().children.back() : node->value();
    if (value.value().text != edit.value.text) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const std::size_t line = std::min(all.find('\n'), all.size());
  const std::string text(all.substr(std::min(line + 1, all.size())));
  const YamlEdit edits[] = {edit_of(all.substr(0, line))};
  const auto edited = edit_yaml("a.yaml", text, edits);
  if (!edited) {
    if (edited.error().what.empty()) std::abort();
    return 0;
  }
  // Where an item of a list goes, the next takes its place.
  const bool item = edits[0].act == Act::Remove && edits[0].path.back().index;
  const bool untouched = edits[0].act == Act::Remove && *edited == text;
  if (!untouched && !item) check(*edited, edits[0]);
  if (edits[0].act == Act::Append || item) return 0;
  const auto again = edit_yaml("a.yaml", *edited, edits);
  if (!again || *again != *edited) std::abort();
  return 0;
}
