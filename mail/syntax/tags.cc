#include "mail/syntax/tags.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace rampart {
namespace {

// RFC 6376 section 3.2: tag-name = ALPHA *(ALPHA / DIGIT / "_").
bool is_tag_name(std::string_view name) {
  if (name.empty() || !is_alpha(name.front())) return false;
  return std::ranges::all_of(name, [](char c) { return is_alnum(c) || c == '_'; });
}

// Printable characters with folding white space between them.
bool is_tag_value(std::string_view value) {
  return std::ranges::all_of(value, [](char c) { return (c > ' ' && c < '\x7f') || is_space(c); });
}

// RFC 5322 section 3.2.2: CR LF only folds a line that continues with a blank.
Result<std::string> unfold(std::string_view text) {
  std::string unfolded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool folds =
        text.substr(i).starts_with("\r\n") && i + 2 < text.size() && is_blank(text[i + 2]);
    // Without the check for the blank, a second line would silently become part of a value.
    if (folds) {
      ++i;
    } else if (text[i] == '\r' || text[i] == '\n') {
      return Error{.what = "there is a line break inside the record"};
    } else {
      unfolded += text[i];
    }
  }
  return unfolded;
}

Result<Tag> parse_tag(std::string_view piece) {
  if (trim(piece).empty()) return Error{.what = "a tag is empty (two `;` in a row?)"};
  const auto parts = split_tag(piece);
  if (!parts) return Error{.what = fmt::format("`{}` has no `=`", trim(piece))};
  const auto& [name, value] = *parts;
  if (!is_tag_name(name)) {
    return Error{.what = fmt::format("`{}` is not a tag name", name)};
  }
  if (!is_tag_value(value)) {
    return Error{.what = fmt::format("the value of `{}` has characters outside ASCII", name)};
  }
  return Tag{std::string(name), std::string(value)};
}

}  // namespace

std::optional<std::pair<std::string_view, std::string_view>> split_tag(std::string_view piece) {
  const auto equals = piece.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  return std::pair(trim(piece.substr(0, equals)), trim(piece.substr(equals + 1)));
}

Result<std::vector<Tag>> parse_tags(std::string_view text) {
  TRY(const auto unfolded, unfold(text));
  auto pieces = split(unfolded, ';');
  // RFC 6376 section 3.2 allows one `;` at the end.
  if (pieces.size() > 1 && pieces.back().empty()) pieces.pop_back();
  std::vector<Tag> tags;
  for (const std::string_view piece : pieces) {
    TRY(auto tag, parse_tag(piece));
    // RFC 6376 section 3.2: a tag given twice makes the whole list invalid.
    if (std::ranges::find(tags, tag.name, &Tag::name) != tags.end()) {
      return Error{.what = fmt::format("`{}` is given twice", tag.name)};
    }
    // Order is kept: a record is printed as its owner wrote it, but for the tags that change.
    tags.push_back(std::move(tag));
  }
  return tags;
}

std::string print_tags(const std::vector<Tag>& tags) {
  std::string text;
  for (const Tag& tag : tags) {
    if (!text.empty()) text += "; ";
    text += tag.name + "=" + tag.value;
  }
  return text;
}

std::optional<std::string_view> version_of(std::string_view text) {
  const auto first = split_tag(text.substr(0, text.find(';')));
  if (!first || (first->first != "v" && first->first != "V")) return std::nullopt;
  return first->second;
}

std::optional<std::string> find_tag(const std::vector<Tag>& tags, std::string_view name) {
  const auto found = std::ranges::find(tags, name, &Tag::name);
  if (found == tags.end()) return std::nullopt;
  return found->value;
}

}  // namespace rampart
