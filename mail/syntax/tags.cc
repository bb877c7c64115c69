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

bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }

// No verifier reads control characters.
bool is_printable(char c) { return (c > ' ' && c < '\x7f') || is_space(c) || !is_ascii(c); }

// RFC 5322 section 3.2.2: CR LF only folds a line that continues with a blank. Verifiers take any
// other line break for a blank.
std::string unfold(std::string_view text, std::vector<std::string>& slips) {
  std::string unfolded;
  bool broken = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool folds =
        text.substr(i).starts_with("\r\n") && i + 2 < text.size() && is_blank(text[i + 2]);
    if (folds) {
      ++i;
    } else if (text[i] == '\r' || text[i] == '\n') {
      broken = true;
      unfolded += ' ';
    } else {
      unfolded += text[i];
    }
  }
  if (broken) slips.emplace_back("there is a line break inside the record");
  return unfolded;
}

Result<Tag> read_tag(std::string_view piece, std::string_view utf8,
                     std::vector<std::string>& slips) {
  if (trim(piece).empty()) return Error{.what = "a tag is empty (two `;` in a row?)"};
  const auto parts = split_tag(piece);
  if (!parts) return Error{.what = fmt::format("`{}` has no `=`", trim(piece))};
  const auto& [name, value] = *parts;
  // What cannot be the name of any tag is a sign that a value was cut in two.
  if (name.empty() || std::ranges::any_of(name, is_space)) {
    return Error{.what = fmt::format("`{}` is not a tag name", name)};
  }
  if (!std::ranges::all_of(value, is_printable)) {
    return Error{.what = fmt::format("the value of `{}` has control characters", name)};
  }
  if (!is_tag_name(name)) slips.push_back(fmt::format("`{}` is not a tag name", name));
  const bool free = name.size() == 1 && utf8.find(name) != std::string_view::npos;
  if (!free && !std::ranges::all_of(value, is_ascii)) {
    slips.push_back(fmt::format("the value of `{}` has characters outside ASCII", name));
  }
  return Tag{std::string(name), std::string(value)};
}

}  // namespace

std::optional<std::pair<std::string_view, std::string_view>> split_tag(std::string_view piece) {
  const auto equals = piece.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  return std::pair(trim(piece.substr(0, equals)), trim(piece.substr(equals + 1)));
}

Result<TagReading> read_tags(std::string_view text, std::string_view utf8) {
  TagReading reading;
  const std::string unfolded = unfold(text, reading.slips);
  auto pieces = split(unfolded, ';');
  // RFC 6376 section 3.2 allows one `;` at the end.
  if (pieces.size() > 1 && pieces.back().empty()) pieces.pop_back();
  std::vector<Tag>& tags = reading.tags;
  for (const std::string_view piece : pieces) {
    TRY(auto tag, read_tag(piece, utf8, reading.slips));
    // RFC 6376 section 3.2: a tag given twice makes the whole list invalid.
    if (std::ranges::find(tags, tag.name, &Tag::name) != tags.end()) {
      return Error{.what = fmt::format("`{}` is given twice", tag.name)};
    }
    // Order is kept: a record is printed as its owner wrote it, but for the tags that change.
    tags.push_back(std::move(tag));
  }
  return reading;
}

Result<std::vector<Tag>> parse_tags(std::string_view text) {
  TRY(auto reading, read_tags(text));
  if (!reading.slips.empty()) return Error{.what = reading.slips.front()};
  return std::move(reading.tags);
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
  if (!text.empty() && is_space(text.front())) return std::nullopt;
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
