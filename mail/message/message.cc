#include "mail/message/message.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "mail/syntax/tags.h"

namespace rampart::mail {
namespace {

// Removes one line from `rest` and returns it without its line end.
std::string_view consume_line(std::string_view& rest) {
  const auto end = rest.find('\n');
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  // Mail on disk often has bare LF; both are read.
  if (end != std::string_view::npos && line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// RFC 5322 section 3.6.8: printable ASCII except the colon; blanks before it are obsolete syntax.
Result<std::string> field_name(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return Error{"it has no colon"};
  std::string_view name = line.substr(0, colon);
  while (!name.empty() && is_blank(name.back())) name.remove_suffix(1);
  const auto printable = [](char c) { return c > ' ' && c < '\x7f'; };
  if (name.empty() || !std::ranges::all_of(name, printable)) return Error{"it has no field name"};
  return std::string(name);
}

Result<Ok> add_line(Head& head, std::string_view line) {
  if (is_blank(line.front())) {
    if (head.fields.empty())
      return Error{"it begins with a blank, but there is no field to continue"};
    // Signatures cover CRLF, however the file stores its lines (RFC 6376 section 3.7).
    head.fields.back().raw += "\r\n";
    head.fields.back().raw += line;
    return Ok{};
  }
  TRY(auto name, field_name(line));
  head.fields.push_back({.name = std::move(name), .raw = std::string(line)});
  return Ok{};
}

}  // namespace

std::string_view HeaderField::value() const {
  return std::string_view(raw).substr(raw.find(':') + 1);
}

std::vector<const HeaderField*> Head::all(std::string_view name) const {
  std::vector<const HeaderField*> found;
  for (const HeaderField& field : fields) {
    if (same_ignoring_case(field.name, name)) found.push_back(&field);
  }
  return found;
}

std::optional<std::size_t> find_body(std::string_view octets, std::size_t from) {
  // A message without a header: its body begins behind the empty first line.
  if (octets.starts_with("\n")) return 1;
  if (octets.starts_with("\r\n")) return 2;
  // The line end before the empty line may be at the end of what was searched already.
  std::size_t at = from < 3 ? 0 : from - 3;
  while ((at = octets.find('\n', at)) != std::string_view::npos) {
    const auto next = octets.substr(at + 1);
    if (next.starts_with("\n")) return at + 2;
    if (next.starts_with("\r\n")) return at + 3;
    ++at;
  }
  return std::nullopt;
}

Result<Head> read_head(std::string_view octets, const HeadLimits& limits) {
  Head head;
  std::string_view rest = octets;
  bool skips = false;  // The last line was no field; its continuations belong to it.
  for (std::size_t number = 1; !rest.empty(); ++number) {
    const auto line = consume_line(rest);
    if (line.empty()) break;
    // Limits come first: a hostile head must not fill the memory.
    if (octets.size() - rest.size() > limits.octets) {
      return Error{fmt::format("the header is longer than {} octets", limits.octets)};
    }
    // The separator line of an mbox file, not a field.
    if (number == 1 && line.starts_with("From ")) continue;
    if (skips && is_blank(line.front())) continue;
    const auto added = add_line(head, line);
    skips = !added;
    if (!added) head.skipped.push_back(fmt::format("line {}: {}", number, added.error().what));
    if (head.fields.size() + head.skipped.size() > limits.fields) {
      return Error{fmt::format("the header has more than {} fields", limits.fields)};
    }
  }
  // A file that is no message at all.
  if (head.fields.empty() && !head.skipped.empty()) {
    return Error{"the header has no field; " + head.skipped.front()};
  }
  head.body_offset = octets.size() - rest.size();
  return head;
}

}  // namespace rampart::mail
