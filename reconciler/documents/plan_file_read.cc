/// Reading plan.json: strictly, since what it holds limits what may be written.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "policies/dmarc/receiver_impact.h"
#include "reconciler/documents/plan_file.h"
#include "reconciler/documents/plan_file_json.h"

namespace rampart {
namespace {

using document::Reader;

constexpr std::array kStages = {Stage::Relax, Stage::Publish, Stage::Authorize, Stage::Enforce,
                                Stage::Retire};
constexpr std::array kSeverities = {Severity::Error, Severity::Warning, Severity::Info};

/// The one of `choices` with this text.
template <class Choices>
auto choice(const Reader& reader, const Choices& choices) {
  const std::string text = reader.text();
  const auto found =
      std::ranges::find(choices, text, [](const auto& value) { return to_text(value); });
  if (found != choices.end()) return *found;
  reader.fail(fmt::format("\"{}\" is unknown here", text));
  return choices.front();
}

std::optional<TypedSet> read_side(const Reader& side, RecordType type) {
  if (side.is_null()) return std::nullopt;
  return TypedSet{type, document::set_from_json(side)};
}

// `action` is derived, so that a plan edited by hand contradicts itself and is refused.
Change read_change(const Reader& reader) {
  const RecordType type = reader.at("type").type();
  const RecordType before_type = reader.has("before_type") ? reader.at("before_type").type() : type;
  const SetChange set{reader.at("name").name(), read_side(reader.at("before"), before_type),
                      read_side(reader.at("after"), type)};
  Change change{reader.at("domain").name(),         reader.at("zone").name(),
                reader.at("provider").text(),       parse_change(set),
                choice(reader.at("turn"), kStages), reader.at("reasons").texts()};
  if (!change.set.before && !change.set.after) {
    reader.fail("a change needs \"before\" or \"after\"");
    change.set.after = ParsedTypedSet{type, {}};
  } else if (reader.at("action").text() != action_of(change)) {
    reader.at("action").fail("it contradicts \"before\" and \"after\"");
  }
  return change;
}

std::vector<Permission> read_permissions(const Reader& reader) {
  std::vector<Permission> permissions;
  for (const std::string& text : reader.texts()) permissions.push_back(Permission::parse(text));
  return permissions;
}

Mark read_mark(const Reader& reader) {
  return {reader.at("file").text(), static_cast<int>(reader.at("line").integer()),
          static_cast<int>(reader.at("column").integer())};
}

Finding read_finding(const Reader& reader) {
  Finding finding;
  finding.severity = choice(reader.at("severity"), kSeverities);
  finding.code = reader.at("code").text();
  if (reader.has("domain")) finding.domain = reader.at("domain").name();
  finding.message = reader.at("message").text();
  finding.hint = reader.at("hint").text();
  finding.mark = read_mark(reader);
  if (!reader.has("withholds")) return finding;
  for (const Reader& key : reader.at("withholds").items()) {
    finding.withholds.push_back({key.at("name").name(), key.at("type").type()});
  }
  return finding;
}

ReceiverImpact read_receivers(const Reader& reader) {
  ReceiverImpact impact{reader.at("domain").name(), {}, {}};
  for (const Reader& line : reader.at("lines").items()) {
    impact.lines.push_back({choice(line.at("receiver"), dmarc::kReceivers),
                            line.at("before").text(), line.at("after").text(),
                            line.at("says").text(), line.at("new").truth()});
  }
  if (reader.has("bimi")) impact.bimi = reader.at("bimi").text();
  return impact;
}

SourceImpact read_source(const Reader& reader) {
  return {reader.at("source").text(),      reader.at("declared").truth(),
          reader.at("messages").count(),   reader.at("pass_before").count(),
          reader.at("pass_after").count(), reader.at("quarantined").count(),
          reader.at("rejected").count(),   reader.at("worst_case").count()};
}

Impact read_impact(const Reader& reader) {
  Impact impact{.domain = reader.at("domain").name()};
  impact.window_days = static_cast<int>(reader.at("window_days").integer());
  const std::optional<Date> from = parse_date(reader.at("from").text());
  if (!from) reader.at("from").fail("a date such as 2026-11-21 is expected");
  impact.from = from.value_or(Date{});
  impact.messages = reader.at("messages").count();
  impact.pass_before = reader.at("pass_before").count();
  impact.pass_after = reader.at("pass_after").count();
  impact.quarantined = reader.at("quarantined").count();
  impact.rejected = reader.at("rejected").count();
  impact.receiver = choice(reader.at("receiver"), dmarc::kReceivers);
  impact.worst_quarantined = reader.at("worst_case").at("quarantined").count();
  impact.worst_rejected = reader.at("worst_case").at("rejected").count();
  for (const Reader& source : reader.at("by_source").items()) {
    impact.by_source.push_back(read_source(source));
  }
  impact.notes = reader.at("notes").texts();
  return impact;
}

/// What the replay of evidence said; plans of earlier versions have none.
void read_impacts(const Reader& reader, Plan& plan) {
  if (!reader.has("impact_unknown")) return;
  for (const Reader& impact : reader.at("impact").items()) {
    plan.impact.push_back(read_impact(impact));
  }
  for (const Reader& unknown : reader.at("impact_unknown").items()) {
    plan.impact_unknown.push_back({unknown.at("domain").name(), unknown.at("why").text()});
  }
}

/// The lists that are only shown, so that a plan made elsewhere can be shown again.
void read_telling(const Reader& reader, Plan& plan) {
  for (const Reader& hold : reader.at("holds").items()) {
    plan.holds.push_back(
        {hold.at("domain").name(), hold.at("code").text(), hold.at("reason").text()});
  }
  for (const Reader& finding : reader.at("findings").items()) {
    plan.findings.push_back(read_finding(finding));
  }
  for (const Reader& authority : reader.at("authority").items()) {
    plan.authority.push_back({authority.at("domain").name(),
                              read_permissions(authority.at("gains")),
                              read_permissions(authority.at("loses"))});
  }
  for (const Reader& edit : reader.at("policy_edits").items()) {
    plan.policy_edits.push_back({read_mark(edit), edit.at("what").text()});
  }
  read_impacts(reader, plan);
  if (reader.has("receivers")) {
    for (const Reader& impact : reader.at("receivers").items()) {
      plan.receivers.push_back(read_receivers(impact));
    }
  }
  if (!reader.has("domains")) return;
  for (const Reader& domain : reader.at("domains").items()) plan.domains.push_back(domain.name());
}

Error refusal(const std::string& what) { return {what, "", false, false}; }

}  // namespace

Result<Plan> plan_from_json(std::string_view text) {
  const Result<document::Json> json = document::parse_document(text, "the plan");
  if (!json) return json.error();
  std::string problem;
  const Reader reader(*json, "", problem);
  const std::int64_t version = reader.at("format_version").integer();
  if (problem.empty() && version != 1) {
    return refusal(fmt::format("this plan has format_version {}; this rampart reads 1", version));
  }
  Plan plan;
  plan.made_at = reader.at("made_at").time();
  plan.config_digest = reader.at("config_digest").text();
  for (const Reader& change : reader.at("changes").items()) {
    plan.changes.push_back(read_change(change));
  }
  if (reader.has("withheld")) {
    for (const Reader& withheld : reader.at("withheld").items()) {
      plan.withheld.push_back({read_change(withheld), withheld.at("codes").texts()});
    }
  }
  read_telling(reader, plan);
  const std::string digest = reader.at("digest").text();
  if (!problem.empty()) return refusal("this is no plan: " + problem);
  if (digest == plan_digest(plan)) return plan;
  return refusal(
      "the plan's changes do not match its digest: it was edited or damaged; make it "
      "again with plan --out");
}

}  // namespace rampart
