/// One domain explained, as JSON.

#include "cli/views/explain.h"

#include "cli/views/json_parts.h"

namespace rampart {
namespace {

std::string_view word(DomainState state) {
  if (state == DomainState::Parked) return "parked";
  return state == DomainState::Absent ? "absent" : "managed";
}

Json ladder_json(const DmarcSpec& spec) {
  Json rows = Json::array();
  for (const RampStep& step : spec.ramp->steps) {
    Json row = position_json(step.position);
    row["hold"] = step.hold ? Json(to_text(*step.hold)) : Json();
    row["current"] = step.position == spec.position;
    rows.push_back(std::move(row));
  }
  return rows;
}

Json step_json(const StepDecision& step) {
  const auto& rate = step.evidence.legit_rate;
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
            {"legit_rate", rate ? Json(*rate) : Json()},
            {"reporters", step.evidence.reporters}}}};
}

Json explained_gates_json(const std::vector<Gate>& gates) {
  Json rows = Json::array();
  for (const Gate& one : gates) {
    rows.push_back({{"name", one.name},
                    {"met", one.met},
                    {"figure", one.figure},
                    {"asked", one.asked},
                    {"reason", text_or_null(one.reason)}});
  }
  return rows;
}

Json spf_json(const SpfBudget& budget) {
  if (budget.record.empty()) return {};
  Json terms = Json::array();
  for (const TermCost& one : budget.terms) {
    terms.push_back(
        {{"term", one.term}, {"sender", text_or_null(one.sender)}, {"lookups", one.lookups}});
  }
  return {{"record", budget.record},
          {"lookups", budget.lookups},
          {"limit", 10},
          {"void_lookups", budget.void_lookups},
          {"lower_bound", budget.lower_bound},
          {"terms", terms}};
}

Json selectors_json(const std::vector<SelectorNow>& selectors, Date today) {
  Json rows = Json::array();
  for (const SelectorNow& one : selectors) {
    rows.push_back({{"selector", one.selector},
                    {"state", one.state},
                    {"made", date_json(one.made)},
                    {"age_days", one.made ? Json((today - *one.made).count()) : Json()},
                    {"last_seen", date_json(one.last_seen)},
                    {"reason", text_or_null(one.why)},
                    {"next", date_json(one.next)},
                    {"what", text_or_null(one.what)},
                    {"rotated_by", one.rotated_by}});
  }
  return rows;
}

Json records_json(const std::vector<RecordWhy>& records) {
  Json rows = Json::array();
  for (const RecordWhy& one : records) {
    rows.push_back({{"name", one.key.name.text()},
                    {"type", to_text(one.key.type)},
                    {"state", one.state},
                    {"reason", one.reason},
                    {"file", one.mark.file},
                    {"line", one.mark.line},
                    {"column", one.mark.column}});
  }
  return rows;
}

Json waivers_json(const std::vector<Waiver>& waivers, Date today) {
  Json rows = Json::array();
  for (const Waiver& one : waivers) {
    rows.push_back({{"code", one.code},
                    {"reason", one.reason},
                    {"until", to_text(one.until)},
                    {"active", today <= one.until}});
  }
  return rows;
}

Json explained_findings_json(const std::vector<Finding>& findings) {
  Json rows = Json::array();
  for (const Finding& one : findings) {
    rows.push_back({{"severity", to_text(one.severity)},
                    {"code", one.code},
                    {"message", one.message},
                    {"hint", one.hint}});
  }
  return rows;
}

Json events_json(const std::vector<TimelineEvent>& events) {
  return Json::parse(timeline_json(events), nullptr, false)["events"];
}

}  // namespace

std::string explain_json(const Explanation& all, Date today) {
  const DmarcSpec& spec = all.domain.dmarc;
  Json holds = Json::array();
  for (const Hold& one : all.holds) holds.push_back({{"code", one.code}, {"reason", one.reason}});
  const Json json = {{"domain", all.domain.name.text()},
                     {"state", word(all.domain.state)},
                     {"phase", to_text(spec.position.phase)},
                     {"pct", spec.position.pct},
                     {"since", date_json(spec.since)},
                     {"target", position_json(spec.target)},
                     {"ramp", spec.ramp->name},
                     {"ladder", ladder_json(spec)},
                     {"step", step_json(all.step)},
                     {"gates", explained_gates_json(all.step.gates)},
                     {"spf", spf_json(all.spf)},
                     {"selectors", selectors_json(all.selectors, today)},
                     {"records", records_json(all.records)},
                     {"holds", holds},
                     {"waivers", waivers_json(all.domain.waivers, today)},
                     {"findings", explained_findings_json(all.findings)},
                     {"coming", events_json(all.coming)}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace rampart
