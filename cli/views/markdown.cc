#include "cli/views/markdown.h"

#include <fmt/format.h>

#include <algorithm>

#include "dns/txt.h"

namespace rampart::markdown {
namespace {

// Text from DNS may contain any number of them, as an attempt to end the code span.
std::size_t longest_run_of_backticks(std::string_view text) {
  std::size_t longest = 0;
  std::size_t run = 0;
  for (const char c : text) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return longest;
}

/// Hosts look for mentions after rendering: a zero-width space hides them.
constexpr std::string_view kMention = "@&#8203;";
constexpr std::string_view kReference = "#&#8203;";

/// `c` as it is safe in HTML text, which Markdown prose is too.
std::string html_character(char c) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '@':
      return std::string(kMention);
    default:
      return {c};
  }
}

}  // namespace

// Hosts turn text into links on their own: a colon or "www." would start a URL.
std::string prose(std::string_view text) {
  constexpr std::string_view kMarkup = "\\`*_{}[]()!|~^=$";
  std::string out;
  for (const char c : printable(text)) {
    const bool www = c == '.' && (out.ends_with('w') || out.ends_with('W'));
    if (www || kMarkup.find(c) != kMarkup.npos) {
      out += fmt::format("\\{}", c);
    } else if (c == ':') {
      out += "&#58;";
    } else if (c == '#') {
      out += kReference;
    } else {
      out += html_character(c);
    }
  }
  return out;
}

/// For the inside of HTML elements, where Markdown is not interpreted and its escapes would be
/// shown.
std::string html(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) out += html_character(c);
  return out;
}

std::string code(std::string_view text) {
  const std::string inner = printable(text);
  const std::string fence(longest_run_of_backticks(inner) + 1, '`');
  // CommonMark strips one blank from both ends, so a span may begin with a backtick.
  const bool bare = !inner.empty() && std::string_view("` ").find(inner.front()) == inner.npos &&
                    std::string_view("` ").find(inner.back()) == inner.npos;
  const std::string pad = bare ? "" : " ";
  return fence + pad + inner + pad + fence;
}

// The fence must be longer than any run of backticks in the lines, which come from DNS.
std::string fenced(const std::string& lines) {
  const std::string fence(std::max<std::size_t>(3, longest_run_of_backticks(lines) + 1), '`');
  return fmt::format("{0}diff\n{1}{0}\n", fence, lines);
}

std::size_t Page::left() const { return limit_ - std::min(limit_, text_.size()); }

// All or nothing: half a block could leave a fence or an element open.
bool Page::add(const std::string& block) {
  if (block.size() >= left()) return false;
  text_ += block;
  return true;
}

// The title is added only with at least room for the count, or it would head nothing.
void Page::add_section(const std::string& title, std::size_t count, std::size_t share,
                       const std::function<std::string(std::size_t)>& block) {
  if (count == 0) return;
  Page section(std::min(share, left()));
  // Room for the sentence that counts what is left out.
  constexpr std::size_t kMore = 64;
  bool room = section.left() > title.size() + kMore && section.add(title);
  std::size_t shown = 0;
  while (room && shown < count) {
    const std::string next = block(shown);
    room = next.size() + kMore < section.left() && section.add(next);
    if (room) ++shown;
  }
  if (shown < count) section.add(fmt::format("\n… and {} more.\n", count - shown));
  section.add("\n");
  add(section.text_);
}

}  // namespace rampart::markdown
