#include "cli/commands/reports_suggest.h"

#include <fmt/format.h>

#include <algorithm>

#include "reconciler/edit/edit.h"

namespace rampart {
namespace {

/// The usual number of patch(1) and git, which tools expect.
constexpr std::size_t kContextLines = 3;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    lines.push_back(text.substr(at, end == text.npos ? end : end + 1 - at));
    at = end == text.npos ? text.size() : end + 1;
  }
  return lines;
}

// The last line of a file may lack its line end, which patch(1) has to know.
std::string marked(char mark, const std::string& line) {
  return mark + line + (line.ends_with('\n') ? "" : "\n\\ No newline at end of file\n");
}

/// Whether a service sends as the domain without being declared. A forwarder never should be, nor a
/// service whose mail bears no mark of the domain: anybody may have an account there.
bool needs_declaring(const reports::SourceSummary& row) {
  const reports::Source& source = row.source;
  if (source.sender == nullptr || source.declared || row.ignored > 0) return false;
  if (source.sender->category == "forwarding") return false;
  return source.sure == reports::Sureness::Proved && row.own_mail > 0;
}

DomainEdit declare(const Name& domain, const std::string& id) {
  const YamlEdit edit{.act = YamlEdit::Act::Append, .path = {"senders"}, .value = yaml_scalar(id)};
  return {domain, edit};
}

/// The edits that give a valid YAML. Each is tried together with those before it, because a service
/// may be valid alone and exceed the lookup limit together with another.
/// What cannot be declared is reported with its reason on standard error, so that standard output
/// stays a patch.
std::vector<DomainEdit> admitted(const Context& context, const Config& config,
                                 const std::vector<reports::Summary>& summaries) {
  std::vector<DomainEdit> edits;
  for (const reports::Summary& summary : summaries) {
    const Result<Name> name = Name::parse(summary.domain);
    const auto domain = name ? config.domains.find(*name) : config.domains.end();
    if (domain == config.domains.end()) continue;
    for (const reports::SourceSummary& row : summary.sources) {
      if (!needs_declaring(row)) continue;
      // A list would have to be made, and then it would apply to all mail of the domain: that is
      // for a person to decide.
      if (!domain->second.senders) {
        progress(
            context,
            fmt::format(
                "{}: {} sends as this domain, but the YAML has no `senders:` list to add it to",
                summary.domain, row.source.label));
        continue;
      }
      edits.push_back(declare(*name, row.source.label));
      const auto edited = edit_domains(config, edits);
      if (edited) continue;
      edits.pop_back();
      progress(context, fmt::format("{}: {} cannot be declared by its name alone: {}",
                                    summary.domain, row.source.label, sentence(edited.error())));
    }
  }
  return edits;
}

}  // namespace

// Suggestions change few lines close together, so one hunk between the common head and the common
// tail is enough; no diff algorithm is needed.
std::string unified_diff(const std::string& path, const std::string& before,
                         const std::string& after) {
  const std::vector<std::string> a = lines_of(before);
  const std::vector<std::string> b = lines_of(after);
  const std::size_t shorter = std::min(a.size(), b.size());
  std::size_t head = 0;
  while (head < shorter && a[head] == b[head]) ++head;
  std::size_t tail = 0;
  while (tail < shorter - head && a[a.size() - 1 - tail] == b[b.size() - 1 - tail]) ++tail;
  if (head == a.size() && head == b.size()) return "";
  const std::size_t first = head - std::min(head, kContextLines);
  const std::size_t after_tail = std::min(tail, kContextLines);
  const std::size_t last_a = a.size() - tail + after_tail;
  const std::size_t last_b = b.size() - tail + after_tail;
  std::string text = fmt::format("--- a/{0}\n+++ b/{0}\n@@ -{1},{2} +{1},{3} @@\n", path, first + 1,
                                 last_a - first, last_b - first);
  for (std::size_t i = first; i < head; ++i) text += marked(' ', a[i]);
  for (std::size_t i = head; i < a.size() - tail; ++i) text += marked('-', a[i]);
  for (std::size_t i = head; i < b.size() - tail; ++i) text += marked('+', b[i]);
  for (std::size_t i = a.size() - tail; i < last_a; ++i) text += marked(' ', a[i]);
  return text;
}

// A patch rather than an edit: `git apply` takes it, and reading it is the review.
ExitCode print_suggestions(const Context& context, const Config& config,
                           const std::vector<reports::Summary>& summaries) {
  if (config.domains.empty()) {
    return usage_error(context, "there is no YAML to suggest changes for",
                       "pass it with -c domains.yaml");
  }
  const std::vector<DomainEdit> edits = admitted(context, config, summaries);
  if (edits.empty()) {
    progress(context, "Nothing to add to the YAML.");
    return ExitCode::Ok;
  }
  TRY_OR_FAIL("edit", const auto texts, edit_domains(config, edits));
  for (const auto& [path, after] : texts) {
    TRY_OR_FAIL("unreadable", const std::string before, read_file(path));
    context.process.out << unified_diff(path, before, after);
  }
  return ExitCode::Ok;
}

}  // namespace rampart
