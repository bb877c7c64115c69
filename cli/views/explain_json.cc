/// One domain explained, as JSON.

#include "cli/views/explain.h"

#include "cli/views/json_parts.h"

namespace rampart {
namespace {

/// The words of the document: the YAML has no key for managed domains.
std::string_view word(DomainState state) {
  if (state == DomainState::Parked) return "parked";
  return state == DomainState::Absent ? "absent" : "managed";
}

/// The steps of the ramp. A position that is not a step has no row with `current: true`.
Json ramp_json(const DmarcSpec& spec) {
  return array_of(spec.ramp->steps, [&](const RampStep& step) {
    Json row = position_json(step.position);
    row["hold"] = step.hold ? Json(to_text(*step.hold)) : Json();
    row["current"] = step.position == spec.position;
    return row;
  });
}

/// What `advance` would do today, with the evidence behind it.
Json step_json(const StepDecision& step) {
  return {{"action", to_text(step.action)},
          {"to", position_json(step.to)},
          {"next", position_json(step.next)},
          {"live", date_json(step.live)},
          {"due", date_json(step.due)},
          {"earliest", date_json(step.earliest)},
          {"overdue_days", step.overdue_days},
          {"reasons", step.reasons},
          {"evidence",
           {{"messages", step.evidence.messages},
            {"legit_rate", or_null(step.evidence.legit_rate)},
            {"reporters", step.evidence.reporters}}}};
}

Json explained_gate_json(const Gate& gate) {
  // The reason is added here alone: other documents have the reasons of all gates in one list.
  Json json = gate_json(gate);
  json["reason"] = text_or_null(gate.reason);
  return json;
}

/// Null if the domain has no SPF record; `lower_bound` if a part of it could not be resolved.
Json spf_json(const SpfBudget& budget) {
  if (budget.record.empty()) return {};
  const auto term_json = [](const TermCost& one) {
    return Json{{"term", one.term}, {"sender", text_or_null(one.sender)}, {"lookups", one.lookups}};
  };
  return {{"record", budget.record},
          {"lookups", budget.lookups},
          // RFC 7208 section 4.6.4. It is a member, so that a reader can draw a gauge without
          // knowing the RFC.
          {"limit", 10},
          {"void_lookups", budget.void_lookups},
          {"lower_bound", budget.lower_bound},
          {"terms", array_of(budget.terms, term_json)}};
}

/// `made` is null if neither the name of the selector nor its rotation contains the date.
Json selector_json(const SelectorNow& one, Date today) {
  return {{"selector", one.selector},
          {"state", one.state},
          {"made", date_json(one.made)},
          {"age_days", one.made ? Json((today - *one.made).count()) : Json()},
          {"last_seen", date_json(one.last_seen)},
          {"reason", text_or_null(one.why)},
          {"next", date_json(one.next)},
          {"what", text_or_null(one.what)},
          {"rotated_by", one.rotated_by}};
}

/// The place in the YAML lets an editor jump to the line that declares the record.
Json record_json(const RecordWhy& one) {
  return {{"name", one.key.name.text()}, {"type", to_text(one.key.type)}, {"state", one.state},
          {"reason", one.reason},        {"file", one.mark.file},         {"line", one.mark.line},
          {"column", one.mark.column}};
}

/// An ended waiver is still listed: it explains why a finding is back.
Json waiver_json(const Waiver& one, Date today) {
  return {{"code", one.code},
          {"reason", one.reason},
          {"until", to_text(one.until)},
          {"active", today <= one.until}};
}

/// Without file and line: `plan` and `validate` have them, and this document is about the domain's
/// state.
Json explained_finding_json(const Finding& one) {
  return {{"severity", to_text(one.severity)},
          {"code", one.code},
          {"message", one.message},
          {"hint", one.hint}};
}

// The domain is left out: the document is about one.
Json hold_json(const Hold& one) { return {{"code", one.code}, {"reason", one.reason}}; }

}  // namespace

// "ladder" is the contract's word for the steps of the ramp.
std::string explain_json(const Explanation& all, Date today) {
  const DmarcSpec& spec = all.domain.dmarc;
  const auto selector = [&](const SelectorNow& one) { return selector_json(one, today); };
  const auto waiver = [&](const Waiver& one) { return waiver_json(one, today); };
  return document({{"domain", all.domain.name.text()},
                   {"state", word(all.domain.state)},
                   {"phase", to_text(spec.position.phase)},
                   {"pct", spec.position.pct},
                   {"since", date_json(spec.since)},
                   {"target", position_json(spec.target)},
                   {"ramp", spec.ramp->name},
                   {"ladder", ramp_json(spec)},
                   {"step", step_json(all.step)},
                   {"gates", array_of(all.step.gates, explained_gate_json)},
                   {"spf", spf_json(all.spf)},
                   {"selectors", array_of(all.selectors, selector)},
                   {"records", array_of(all.records, record_json)},
                   {"holds", array_of(all.holds, hold_json)},
                   {"waivers", array_of(all.domain.waivers, waiver)},
                   {"findings", array_of(all.findings, explained_finding_json)},
                   {"coming", array_of(all.coming, event_json)}});
}

}  // namespace rampart
