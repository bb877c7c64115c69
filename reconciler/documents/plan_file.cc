/// Writing plan.json: one canonical order for everything, so that equal plans are equal bytes.
#include "reconciler/documents/plan_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "base/sha256.h"
#include "mail/dkim/key.h"
#include "policies/dmarc/impact.h"
#include "policies/dmarc/receiver_impact.h"
#include "reconciler/documents/plan_file_json.h"
#include "reconciler/documents/plan_json.h"

namespace rampart {
namespace {

using document::Json;

auto change_order(const Change& change) {
  return std::tuple(change.zone.text(), change.name().text(), to_text(change.type()),
                    change.provider);
}

auto finding_order(const Finding& finding) {
  return std::tuple(finding.domain ? finding.domain->text() : "", finding.code, finding.mark.file,
                    finding.mark.line, finding.mark.column, finding.message);
}

/// A copy of `items` in the order of `key`.
template <class T, class Key>
std::vector<T> sorted(std::vector<T> items, Key key) {
  std::ranges::stable_sort(items, {}, key);
  return items;
}

template <class T, class ToJson>
Json list(const std::vector<T>& items, ToJson to_json) {
  Json json = Json::array();
  for (const T& item : items) json.push_back(to_json(item));
  return json;
}

std::vector<Change> sorted_changes(const Plan& plan) { return sorted(plan.changes, change_order); }

Json side_to_json(const std::optional<ParsedTypedSet>& side) {
  return side ? document::set_to_json(text_of(side->set)) : Json(nullptr);
}

Json change_to_json(const Change& change) {
  Json json;
  json["domain"] = change.domain.text();
  json["zone"] = change.zone.text();
  json["provider"] = change.provider;
  json["name"] = change.name().text();
  json["type"] = to_text(change.type());
  json["action"] = action_of(change);
  json["turn"] = to_text(change.stage);
  json["reasons"] = change.reasons;
  json["before"] = side_to_json(change.set.before);
  json["after"] = side_to_json(change.set.after);
  if (changes_type(change)) json["before_type"] = to_text(change.set.before->type);
  return json;
}

Json finding_to_json(const Finding& finding) {
  Json json;
  json["severity"] = to_text(finding.severity);
  json["code"] = finding.code;
  json["domain"] = finding.domain ? Json(finding.domain->text()) : Json(nullptr);
  json["message"] = finding.message;
  json["hint"] = finding.hint;
  json["file"] = finding.mark.file;
  json["line"] = finding.mark.line;
  json["column"] = finding.mark.column;
  if (finding.withholds.empty()) return json;
  for (const RecordKey& key : finding.withholds) {
    Json withheld;
    withheld["name"] = key.name.text();
    withheld["type"] = to_text(key.type);
    json["withholds"].push_back(std::move(withheld));
  }
  return json;
}

Json hold_to_json(const Hold& hold) {
  Json json;
  json["domain"] = hold.domain.text();
  json["code"] = hold.code;
  json["reason"] = hold.reason;
  return json;
}

Json permissions_to_json(const std::vector<Permission>& permissions) {
  Json json = Json::array();
  for (const Permission& permission : permissions) json.push_back(permission.text());
  return json;
}

Json authority_to_json(const Authority& authority) {
  Json json;
  json["domain"] = authority.domain.text();
  json["gains"] = permissions_to_json(authority.gains);
  json["loses"] = permissions_to_json(authority.loses);
  return json;
}

Json edit_to_json(const PolicyEdit& edit) {
  Json json;
  json["file"] = edit.mark.file;
  json["line"] = edit.mark.line;
  json["what"] = edit.what;
  json["column"] = edit.mark.column;
  return json;
}

Json receivers_to_json(const ReceiverImpact& impact) {
  Json json;
  json["domain"] = impact.domain.text();
  json["lines"] = Json::array();
  for (const ReceiverLine& one : impact.lines) {
    Json line;
    line["receiver"] = to_text(one.receiver);
    line["before"] = one.before;
    line["after"] = one.after;
    line["new"] = one.is_new;
    line["says"] = one.says;
    json["lines"].push_back(std::move(line));
  }
  json["bimi"] = impact.bimi.empty() ? Json(nullptr) : Json(impact.bimi);
  return json;
}

Json source_to_json(const SourceImpact& source) {
  Json json;
  json["source"] = source.source;
  json["declared"] = source.declared;
  json["messages"] = source.messages;
  json["pass_before"] = source.pass_before;
  json["pass_after"] = source.pass_after;
  json["quarantined"] = source.quarantined;
  json["rejected"] = source.rejected;
  json["worst_case"] = source.worst_case;
  return json;
}

Json impact_to_json(const Impact& impact) {
  Json json;
  json["domain"] = impact.domain.text();
  json["window_days"] = impact.window_days;
  json["from"] = to_text(impact.from);
  json["messages"] = impact.messages;
  json["pass_before"] = impact.pass_before;
  json["pass_after"] = impact.pass_after;
  json["quarantined"] = impact.quarantined;
  json["rejected"] = impact.rejected;
  json["receiver"] = to_text(impact.receiver);
  json["worst_case"]["quarantined"] = impact.worst_quarantined;
  json["worst_case"]["rejected"] = impact.worst_rejected;
  json["says"] = sentence(impact);
  json["notes"] = impact.notes;
  json["by_source"] = list(impact.by_source, source_to_json);
  return json;
}

Json unknown_to_json(const ImpactUnknown& unknown) {
  Json json;
  json["domain"] = unknown.domain.text();
  json["why"] = unknown.why;
  return json;
}

Json withheld_to_json(const Withheld& withheld) {
  Json json = change_to_json(withheld.change);
  json["codes"] = withheld.codes;
  return json;
}

Json summary_to_json(const PlanSummary& summary) {
  Json json;
  json["create"] = summary.create;
  json["update"] = summary.update;
  json["delete"] = summary.remove;
  json["held"] = summary.held;
  json["blocked"] = summary.blocked;
  json["domains"] = summary.domains;
  json["unchanged"] = summary.unchanged;
  return json;
}

}  // namespace

std::string_view action_of(const Change& change) {
  if (!change.set.before) return "create";
  return change.set.after ? "update" : "delete";
}

bool changes_type(const Change& change) {
  return change.set.before && change.set.after && change.set.before->type != change.set.after->type;
}

PlanSummary summarize(const Plan& plan) {
  PlanSummary summary;
  std::set<Name> changed;
  for (const Change& change : plan.changes) {
    changed.insert(change.domain);
    if (!change.set.before)
      ++summary.create;
    else if (change.set.after)
      ++summary.update;
    else
      ++summary.remove;
  }
  summary.held = plan.holds.size();
  summary.blocked = plan.withheld.size();
  summary.domains = plan.domains.size();
  summary.unchanged = static_cast<std::size_t>(std::ranges::count_if(
      plan.domains, [&](const Name& domain) { return !changed.contains(domain); }));
  return summary;
}

// The digest covers what is written and nothing else, so that a plan made later is equal as long as
// its changes are.
std::string plan_digest(const Plan& plan) {
  Json changes = Json::array();
  for (const Change& change : sorted_changes(plan)) {
    Json json;
    json["provider"] = change.provider;
    json["zone"] = change.zone.text();
    json["name"] = change.name().text();
    json["type"] = to_text(change.type());
    json["before"] = side_to_json(change.set.before);
    json["after"] = side_to_json(change.set.after);
    changes.push_back(std::move(json));
  }
  const std::string text = changes.dump(-1, ' ', false, Json::error_handler_t::replace);
  return "sha256:" + sha256_hex(text);
}

// Everything is sorted again here: a plan read from a file or built by a test may be in any order.
Json plan_json(const Plan& plan) {
  Json json;
  json["format_version"] = 1;
  json["made_at"] = to_text(plan.made_at);
  json["config_digest"] = plan.config_digest;
  json["digest"] = plan_digest(plan);
  json["summary"] = summary_to_json(summarize(plan));
  json["changes"] = list(sorted_changes(plan), change_to_json);
  json["holds"] = list(sorted(plan.holds,
                              [](const Hold& hold) {
                                return std::tuple(hold.domain.text(), hold.code, hold.reason);
                              }),
                       hold_to_json);
  json["findings"] = list(sorted(plan.findings, finding_order), finding_to_json);
  json["authority"] = list(sorted(plan.authority, &Authority::domain), authority_to_json);
  json["policy_edits"] = list(sorted(plan.policy_edits,
                                     [](const PolicyEdit& edit) {
                                       return std::tuple(edit.mark.file, edit.mark.line, edit.what);
                                     }),
                              edit_to_json);
  json["impact"] = list(sorted(plan.impact, &Impact::domain), impact_to_json);
  json["impact_unknown"] =
      list(sorted(plan.impact_unknown, &ImpactUnknown::domain), unknown_to_json);
  json["receivers"] = list(sorted(plan.receivers, &ReceiverImpact::domain), receivers_to_json);
  json["withheld"] = list(
      sorted(plan.withheld, [](const Withheld& withheld) { return change_order(withheld.change); }),
      withheld_to_json);
  json["domains"] = list(plan.domains, [](const Name& name) { return Json(name.text()); });
  return json;
}

std::string plan_to_json(const Plan& plan) { return document::print_document(plan_json(plan)); }

}  // namespace rampart
