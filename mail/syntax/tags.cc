#include "mail/syntax/tags.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace rampart {
namespace {

// RFC 6376 section 3.2: tag-name = ALPHA *(ALPHA / DIGIT / "_").
bool is_tag_name(std::string_view name) {
  if (name.empty() || !is_alpha(name.front())) return false;
  return std::ranges::all_of(name, [](char c) { return is_alpha(c) || is_digit(c) || c == '_'; });
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
  const auto equals = piece.find('=');
  if (trim(piece).empty()) return Error{.what = "a tag is empty (two `;` in a row?)"};
  if (equals == std::string_view::npos) {
    return Error{.what = fmt::format("`{}` has no `=`", trim(piece))};
  }
  const auto name = trim(piece.substr(0, equals));
  const auto value = trim(piece.substr(equals + 1));
  if (!is_tag_name(name)) {
    return Error{.what = fmt::format("`{}` is not a tag name", name)};
  }
  if (!is_tag_value(value)) {
    return Error{.what = fmt::format("the value of `{}` has characters outside ASCII", name)};
  }
  return Tag{std::string(name), std::string(value)};
}

}  // namespace

Result<std::vector<Tag>> parse_tags(std::string_view text) {
  TRY(const auto unfolded, unfold(text));
  auto pieces = split(unfolded, ';');
  if (pieces.size() > 1 && pieces.back().empty()) pieces.pop_back();
  std::vector<Tag> tags;
  for (const std::string_view piece : pieces) {
    TRY(auto tag, parse_tag(piece));
    if (std::ranges::find(tags, tag.name, &Tag::name) != tags.end()) {
      return Error{.what = fmt::format("`{}` is given twice", tag.name)};
    }
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
  const auto first = text.substr(0, text.find(';'));
  const auto equals = first.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  const auto name = trim(first.substr(0, equals));
  if (name != "v" && name != "V") return std::nullopt;
  return trim(first.substr(equals + 1));
}

std::optional<std::string> find_tag(const std::vector<Tag>& tags, std::string_view name) {
  const auto found = std::ranges::find(tags, name, &Tag::name);
  if (found == tags.end()) return std::nullopt;
  return found->value;
}

}  // namespace rampart
