/// Writing plan.json: one canonical order for everything, so that equal plans are equal bytes.
#include "reconciler/documents/plan_file.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "base/sha256.h"
#include "policies/dmarc/impact.h"
#include "policies/dmarc/receiver_impact.h"
#include "reconciler/documents/plan_file_json.h"
#include "reconciler/documents/plan_json.h"

namespace rampart {
namespace {

using document::Json;
using document::list;

// As texts, not as Names: DNS order compares labels from the right, and other programs that check
// the digest must not need to know that.
auto change_order(const Change& change) {
  return std::tuple(change.zone.text(), change.name().text(), to_text(change.type()),
                    change.provider);
}

auto finding_key(const Finding& finding) {
  return std::tuple(finding.domain ? finding.domain->text() : "", finding.code, finding.mark.file,
                    finding.mark.line, finding.mark.column, finding.message);
}

/// A copy of `items` in the order of `key`.
template <class T, class Key>
std::vector<T> sorted(std::vector<T> items, Key key) {
  std::ranges::stable_sort(items, {}, key);
  return items;
}

// Null means that no set exists on that side, which differs from a set without values.
Json side_json(const std::optional<ParsedTypedSet>& side) {
  return side ? document::set_to_json(text_of(side->set)) : Json();
}

Json change_json(const Change& change) {
  Json json = {{"domain", change.domain.text()},
               {"zone", change.zone.text()},
               {"provider", change.provider},
               {"name", change.name().text()},
               {"type", to_text(change.type())},
               {"action", action_of(change)},
               {"turn", to_text(change.stage)},
               {"reasons", change.reasons},
               {"before", side_json(change.set.before)},
               {"after", side_json(change.set.after)}};
  if (changes_type(change)) json["before_type"] = to_text(change.set.before->type);
  return json;
}

Json hold_json(const Hold& hold) {
  return {{"domain", hold.domain.text()}, {"code", hold.code}, {"reason", hold.reason}};
}

Json authority_json(const Authority& authority) {
  return {{"domain", authority.domain.text()},
          {"gains", list(authority.gains, &Permission::text)},
          {"loses", list(authority.loses, &Permission::text)}};
}

Json edit_json(const PolicyEdit& edit) {
  return {{"file", edit.mark.file},
          {"line", edit.mark.line},
          {"what", edit.what},
          {"column", edit.mark.column}};
}

Json receivers_json(const ReceiverImpact& impact) {
  const auto line_json = [](const ReceiverLine& one) {
    Json json{{"receiver", to_text(one.receiver)},
              {"before", one.before},
              {"after", one.after},
              {"new", one.is_new},
              {"says", one.says}};
    if (!one.gap.empty()) json["gap"] = one.gap;
    return json;
  };
  return {{"domain", impact.domain.text()},
          {"lines", list(impact.lines, line_json)},
          {"bimi", impact.bimi.empty() ? Json() : Json(impact.bimi)}};
}

Json source_json(const SourceImpact& source) {
  return {{"source", source.source},           {"declared", source.declared},
          {"messages", source.messages},       {"pass_before", source.pass_before},
          {"pass_after", source.pass_after},   {"undetermined", source.undetermined},
          {"quarantined", source.quarantined}, {"rejected", source.rejected},
          {"worst_case", source.worst_case}};
}

/// "worst_case" is what receivers would do that ignore both `t` and `pct`.
Json impact_json(const Impact& impact) {
  return {{"domain", impact.domain.text()},
          {"window_days", impact.window_days},
          {"from", to_text(impact.from)},
          {"messages", impact.messages},
          {"pass_before", impact.pass_before},
          {"pass_after", impact.pass_after},
          {"lost", impact.lost},
          {"gained", impact.gained},
          {"undetermined", impact.undetermined},
          {"quarantined", impact.quarantined},
          {"rejected", impact.rejected},
          {"receiver", to_text(impact.receiver)},
          {"worst_case",
           {{"quarantined", impact.worst_quarantined}, {"rejected", impact.worst_rejected}}},
          {"says", sentence(impact)},
          {"notes", impact.notes},
          {"by_source", list(impact.by_source, source_json)}};
}

Json unknown_json(const ImpactUnknown& unknown) {
  return {{"domain", unknown.domain.text()}, {"why", unknown.why}};
}

Json withheld_json(const Withheld& withheld) {
  Json json = change_json(withheld.change);
  json["codes"] = withheld.codes;
  return json;
}

Json summary_json(const PlanSummary& summary) {
  return {{"create", summary.create},       {"update", summary.update},
          {"delete", summary.remove},       {"held", summary.held},
          {"blocked", summary.blocked},     {"domains", summary.domains},
          {"unchanged", summary.unchanged}, {"unobservable", summary.unobservable}};
}

}  // namespace

// A change of type is an update: readers of the plan see one record that becomes another.
std::string_view action_of(const Change& change) {
  if (!change.set.before) return "create";
  return change.set.after ? "update" : "delete";
}

bool changes_type(const Change& change) {
  return change.set.before && change.set.after && change.set.before->type != change.set.after->type;
}

// Held and withheld changes are counted by themselves, so that the sum of the first three is what
// apply would write.
PlanSummary summarize(const Plan& plan) {
  PlanSummary summary;
  std::set<Name> changed;
  for (const Change& change : plan.changes) {
    changed.insert(change.domain);
    std::size_t& count = !change.set.before ? summary.create
                         : change.set.after ? summary.update
                                            : summary.remove;
    ++count;
  }
  summary.held = plan.holds.size();
  summary.blocked = plan.withheld.size();
  summary.domains = plan.domains.size();
  std::set<Name> unread;
  for (const Finding& finding : plan.findings) {
    if (finding.code == "unobservable" && finding.domain) unread.insert(*finding.domain);
  }
  for (const Name& domain : plan.domains) {
    if (unread.contains(domain)) {
      ++summary.unobservable;
    } else if (!changed.contains(domain)) {
      ++summary.unchanged;
    }
  }
  return summary;
}

// A finding that withholds nothing has no such member: audits and older readers know none.
Json finding_json(const Finding& finding) {
  Json json = {{"severity", to_text(finding.severity)},
               {"code", finding.code},
               {"domain", finding.domain ? Json(finding.domain->text()) : Json()},
               {"message", finding.message},
               {"hint", finding.hint},
               {"file", finding.mark.file},
               {"line", finding.mark.line},
               {"column", finding.mark.column}};
  if (!finding.withholds.empty()) {
    json["withholds"] = list(finding.withholds, document::key_to_json);
  }
  return json;
}

// The digest covers what is written and nothing else, so that a plan made later is equal as long as
// its changes are.
std::string plan_digest(const Plan& plan) {
  const auto changed = [](const Change& change) {
    return Json{{"provider", change.provider},
                {"zone", change.zone.text()},
                {"name", change.name().text()},
                {"type", to_text(change.type())},
                {"before", side_json(change.set.before)},
                {"after", side_json(change.set.after)}};
  };
  const Json changes = list(sorted(plan.changes, change_order), changed);
  const std::string text = changes.dump(-1, ' ', false, Json::error_handler_t::replace);
  return "sha256:" + sha256_hex(text);
}

// Everything is sorted again here: a plan read from a file or built by a test may be in any order.
Json plan_json(const Plan& plan) {
  const auto hold_order = [](const Hold& hold) {
    return std::tuple(hold.domain.text(), hold.code, hold.reason);
  };
  const auto edit_order = [](const PolicyEdit& edit) {
    return std::tuple(edit.mark.file, edit.mark.line, edit.what);
  };
  const auto withheld_order = [](const Withheld& one) { return change_order(one.change); };
  return {
      {"format_version", 1},
      {"made_at", to_text(plan.made_at)},
      {"config_digest", plan.config_digest},
      {"digest", plan_digest(plan)},
      {"summary", summary_json(summarize(plan))},
      {"changes", list(sorted(plan.changes, change_order), change_json)},
      {"holds", list(sorted(plan.holds, hold_order), hold_json)},
      {"findings", list(sorted(plan.findings, finding_key), finding_json)},
      {"authority", list(sorted(plan.authority, &Authority::domain), authority_json)},
      {"policy_edits", list(sorted(plan.policy_edits, edit_order), edit_json)},
      {"impact", list(sorted(plan.impact, &Impact::domain), impact_json)},
      {"impact_unknown", list(sorted(plan.impact_unknown, &ImpactUnknown::domain), unknown_json)},
      {"receivers", list(sorted(plan.receivers, &ReceiverImpact::domain), receivers_json)},
      {"withheld", list(sorted(plan.withheld, withheld_order), withheld_json)},
      {"domains", list(plan.domains, &Name::text)}};
}

std::string plan_to_json(const Plan& plan) { return document::print_document(plan_json(plan)); }

}  // namespace rampart
