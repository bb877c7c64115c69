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

constexpr std::array kStageChoices = {Stage::Relax, Stage::Publish, Stage::Authorize,
                                      Stage::Enforce, Stage::Retire};
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

// The type is not in the document for each side: only a change of type has two.
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
  Change change{reader.at("domain").name(),
                reader.at("zone").name(),
                reader.at("provider").text(),
                parse_change(set),
                choice(reader.at("turn"), kStageChoices),
                reader.at("reasons").texts()};
  if (!change.set.before && !change.set.after) {
    reader.fail("a change needs \"before\" or \"after\"");
    change.set.after = ParsedTypedSet{type, {}};
  } else if (reader.at("action").text() != action_of(change)) {
    reader.at("action").fail("it contradicts \"before\" and \"after\"");
  }
  return change;
}

Mark read_mark(const Reader& reader) {
  return {reader.at("file").text(), static_cast<int>(reader.at("line").integer()),
          static_cast<int>(reader.at("column").integer())};
}

Finding read_finding(const Reader& reader) {
  return {.severity = choice(reader.at("severity"), kSeverities),
          .code = reader.at("code").text(),
          .domain = reader.has("domain") ? std::optional(reader.at("domain").name()) : std::nullopt,
          .message = reader.at("message").text(),
          .hint = reader.at("hint").text(),
          .mark = read_mark(reader),
          .withholds = reader.list_if_any("withholds", &Reader::key)};
}

ReceiverLine read_receiver_line(const Reader& line) {
  return {choice(line.at("receiver"), dmarc::kReceivers),
          line.at("before").text(),
          line.at("after").text(),
          line.at("says").text(),
          line.at("new").truth(),
          line.has("gap") ? line.at("gap").text() : ""};
}

ReceiverImpact read_receivers(const Reader& reader) {
  return {reader.at("domain").name(), reader.list("lines", read_receiver_line),
          reader.has("bimi") ? reader.at("bimi").text() : ""};
}

/// A count that plans of earlier versions do not have.
std::int64_t count_if_any(const Reader& reader, const char* key) {
  return reader.has(key) ? reader.at(key).count() : 0;
}

SourceImpact read_source(const Reader& reader) {
  return {.source = reader.at("source").text(),
          .declared = reader.at("declared").truth(),
          .messages = reader.at("messages").count(),
          .pass_before = reader.at("pass_before").count(),
          .pass_after = reader.at("pass_after").count(),
          .undetermined = count_if_any(reader, "undetermined"),
          .quarantined = reader.at("quarantined").count(),
          .rejected = reader.at("rejected").count(),
          .worst_case = reader.at("worst_case").count()};
}

Impact read_impact(const Reader& reader) {
  const Reader worst = reader.at("worst_case");
  return {.domain = reader.at("domain").name(),
          .window_days = static_cast<int>(reader.at("window_days").integer()),
          .from = reader.at("from").date(),
          .messages = reader.at("messages").count(),
          .pass_before = reader.at("pass_before").count(),
          .pass_after = reader.at("pass_after").count(),
          .lost = count_if_any(reader, "lost"),
          .gained = count_if_any(reader, "gained"),
          .undetermined = count_if_any(reader, "undetermined"),
          .quarantined = reader.at("quarantined").count(),
          .rejected = reader.at("rejected").count(),
          .receiver = choice(reader.at("receiver"), dmarc::kReceivers),
          .worst_quarantined = worst.at("quarantined").count(),
          .worst_rejected = worst.at("rejected").count(),
          .by_source = reader.list("by_source", read_source),
          .notes = reader.at("notes").texts()};
}

/// The lists that are only shown, so that a plan made elsewhere can be shown again. Plans of
/// earlier versions have no replay of evidence.
void read_shown(const Reader& reader, Plan& plan) {
  plan.holds = reader.list("holds", [](const Reader& hold) {
    return Hold{hold.at("domain").name(), hold.at("code").text(), hold.at("reason").text()};
  });
  plan.findings = reader.list("findings", read_finding);
  const auto permission = [](const Reader& one) { return Permission::parse(one.text()); };
  plan.authority = reader.list("authority", [&](const Reader& one) {
    return Authority{one.at("domain").name(), one.list("gains", permission),
                     one.list("loses", permission)};
  });
  plan.policy_edits = reader.list("policy_edits", [](const Reader& edit) {
    return PolicyEdit{read_mark(edit), edit.at("what").text()};
  });
  if (reader.has("impact_unknown")) plan.impact = reader.list("impact", read_impact);
  plan.impact_unknown = reader.list_if_any("impact_unknown", [](const Reader& one) {
    return ImpactUnknown{one.at("domain").name(), one.at("why").text()};
  });
  plan.receivers = reader.list_if_any("receivers", read_receivers);
  plan.domains = reader.list_if_any("domains", &Reader::name);
}

}  // namespace

// The version comes first: members of another version may have other meanings, and their errors
// would mislead.
Result<Plan> plan_from_json(std::string_view text) {
  TRY(const document::Json json, document::parse_document(text, "the plan"));
  std::string problem;
  const Reader reader(json, "", problem);
  const std::int64_t version = reader.at("format_version").integer();
  if (problem.empty() && version != 1) {
    return Error{fmt::format("this plan has format_version {}; this rampart reads 1", version)};
  }
  Plan plan;
  plan.made_at = reader.at("made_at").time();
  plan.config_digest = reader.at("config_digest").text();
  plan.changes = reader.list("changes", read_change);
  plan.withheld = reader.list_if_any("withheld", [](const Reader& one) {
    return Withheld{read_change(one), one.at("codes").texts()};
  });
  read_shown(reader, plan);
  const std::string digest = reader.at("digest").text();
  if (!problem.empty()) return Error{"this is not a plan file: " + problem};
  if (digest == plan_digest(plan)) return plan;
  return Error{
      "the plan's changes do not match its digest: it was edited or damaged; make it "
      "again with plan --out"};
}

}  // namespace rampart
