/// `rampart findings`: the meaning of a code and its remedy, from docs/findings.md.

#include <fmt/format.h>

#include "cli/commands/table.h"
#include "cli/views/json_documents.h"
#include "policies/model/codes.h"
#include "reconciler/config/builtin_files.h"

namespace rampart {
namespace {

/// One row per code; a single code is explained.
std::string findings_text(std::span<const Code> codes) {
  if (codes.size() == 1) {
    const std::string_view code = codes.front().code;
    return fmt::format("{}\n\n{}\n", code, finding_explained(code));
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

// Without a code all are listed; with one the explanation is printed as Markdown, which reads well
// as it is.
ExitCode run_findings(Context& context) {
  const std::optional<std::string> code = context.arguments.one("CODE");
  if (code && find_code(*code) == nullptr) {
    return fail(
        context, "unknown-code",
        Error{fmt::format("there is no finding `{}`; `rampart findings` lists all", *code)});
  }
  const std::span<const Code> selected =
      code ? std::span<const Code>(find_code(*code), 1) : finding_codes();
  return print(context, context.json() ? findings_json(selected) : findings_text(selected));
}

}  // namespace rampart
