/// `rampart findings`: the meaning of a code and its remedy, from docs/findings.md.

#include <fmt/format.h>

#include "cli/commands/table.h"
#include "cli/views/json_documents.h"
#include "policies/model/codes.h"
#include "reconciler/config/builtin_files.h"

namespace rampart {
namespace {

/// Markdown without its links: their targets are pages that a terminal cannot open.
std::string without_links(std::string text) {
  for (std::size_t middle = text.find("]("); middle != text.npos;
       middle = text.find("](", middle)) {
    const std::size_t start = text.rfind('[', middle);
    const std::size_t end = text.find(')', middle);
    if (start == text.npos || end == text.npos) return text;
    text.erase(middle, end + 1 - middle);
    text.erase(start, 1);
    // The text is one character shorter now, and the next link may follow at once.
    --middle;
  }
  return text;
}

/// One row per code; a single code is explained.
std::string findings_text(std::span<const Code> codes) {
  if (codes.size() == 1) {
    const Code& one = codes.front();
    return fmt::format("{}: {}\n\n{}\n", one.code, one.meaning,
                       without_links(finding_explained(one.code)));
  }
  std::string text;
  for (const Code& one : codes) text += fmt::format("{:<28} {}\n", one.code, one.meaning);
  return text;
}

}  // namespace

// The page of the documentation is embedded and searched, so that the program and the documentation
// cannot disagree.
std::string finding_explained(std::string_view code) {
  const std::string& page = findings_page().front().text;
  const std::string heading = fmt::format("\n## {}\n\n", code);
  const std::size_t start = page.find(heading);
  if (start == page.npos) return "";
  const std::size_t from = start + heading.size();
  std::string text = page.substr(from, page.find("\n## ", from) - from);
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

// Without a code all are listed; with one its explanation is printed, which reads well as plain
// text.
ExitCode run_findings(Context& context) {
  const std::optional<std::string> code = context.arguments.one("CODE");
  if (code && find_code(*code) == nullptr) {
    return fail(context, "unknown-code",
                Error{fmt::format(
                    "there is no finding code `{}`; `rampart findings` lists all codes", *code)});
  }
  const std::span<const Code> selected =
      code ? std::span<const Code>(find_code(*code), 1) : finding_codes();
  return print(context, context.json() ? findings_json(selected) : findings_text(selected));
}

}  // namespace rampart
