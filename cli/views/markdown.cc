#include "cli/views/markdown.h"

#include <fmt/format.h>

#include <algorithm>

#include "dns/txt.h"

namespace rampart::markdown {
namespace {

std::size_t longest_run_of_backticks(std::string_view text) {
  std::size_t longest = 0;
  std::size_t run = 0;
  for (const char c : text) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return longest;
}

}  // namespace

std::string prose(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    // Hosts look for mentions after rendering; a zero-width space keeps them from finding one.
    else if (c == '@' || c == '#')
      out += fmt::format("{}&#8203;", c);
    else if (c == ':')
      out += "&#58;";
    else if (c == '.' && (out.ends_with('w') || out.ends_with('W')))
      out += "\\.";
    else if (std::string_view("\\`*_{}[]()!|~^=$").find(c) != std::string_view::npos)
      out += fmt::format("\\{}", c);
    else
      out += c;
  }
  return out;
}

std::string html(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '@')
      out += "@&#8203;";
    else
      out += c;
  }
  return out;
}

std::string code(std::string_view text) {
  const std::string inner = printable(text);
  const std::string fence(longest_run_of_backticks(inner) + 1, '`');
  // One blank at both ends is taken off again, so that the span may begin with a backtick.
  const bool bare = !inner.empty() && std::string_view("` ").find(inner.front()) == inner.npos &&
                    std::string_view("` ").find(inner.back()) == inner.npos;
  const std::string pad = bare ? "" : " ";
  return fence + pad + inner + pad + fence;
}

std::string fenced(const std::string& lines) {
  const std::string fence(std::max<std::size_t>(3, longest_run_of_backticks(lines) + 1), '`');
  return fmt::format("{0}diff\n{1}{0}\n", fence, lines);
}

std::size_t Page::left() const { return limit_ - std::min(limit_, text_.size()); }

bool Page::add(const std::string& block) {
  if (block.size() >= left()) return false;
  text_ += block;
  return true;
}

void Page::add_section(const std::string& title, std::size_t count, std::size_t share,
                       const std::function<std::string(std::size_t)>& block) {
  if (count == 0) return;
  Page section(std::min(share, left()));
  // Room for the sentence that says what is left out.
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
