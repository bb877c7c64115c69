/// Audits as JSON.
#include "cli/views/audit.h"

#include "cli/views/json_parts.h"

namespace rampart {
namespace {

// Recursion is bounded: a tree stops at the limits of SPF and at its own.
Json node_json(const spf::TreeNode& node) {
  Json children = Json::array();
  for (const spf::TreeNode& child : node.children) children.push_back(node_json(child));
  return {{"term", node.term},
          {"domain", node.domain},
          {"record", or_null(node.record)},
          {"lookups", node.lookups},
          {"void_lookups", node.void_lookups},
          {"addresses", node.addresses4},
          {"lower_bound", node.lower_bound},
          {"problem", text_or_null(node.problem)},
          {"children", std::move(children)}};
}

// Without a valid record the counts are zero and the tree is null; `state` tells them apart.
Json spf_json(const audit::SpfFacts& spf) {
  const bool valid = spf.state == audit::State::Valid;
  Json json = {{"state", to_text(spf.state)},           {"record", text_or_null(spf.text)},
               {"problem", text_or_null(spf.problem)},  {"lookups", spf.tree.lookups},
               {"void_lookups", spf.tree.void_lookups}, {"lower_bound", spf.tree.lower_bound}};
  json["all"] = spf.ending ? Json(std::string(1, static_cast<char>(*spf.ending)) + "all") : Json();
  json["octets"] = spf.octets;
  json["addresses"] = spf.tree.root.addresses4;
  json["senders"] = spf.senders;
  json["tree"] = valid ? node_json(spf.tree.root) : Json();
  return json;
}

// Algorithm, bits and fingerprint are null for a key that verifiers cannot use.
Json key_json(const audit::KeyFacts& key) {
  const bool usable = key.state == audit::KeyState::Key;
  return {{"selector", key.query.selector},
          {"name", key.name.text()},
          {"source", to_text(key.query.source)},
          {"state", to_text(key.state)},
          {"record", text_or_null(key.text)},
          {"algorithm", usable ? Json(key.shape.algorithm) : Json()},
          {"bits", usable ? Json(key.shape.bits) : Json()},
          {"fingerprint", usable ? Json(key.shape.fingerprint) : Json()},
          {"testing", key.testing},
          {"cnames", audit::texts_of(key.cnames)},
          {"problem", text_or_null(key.problem)}};
}

Json keys_json(const audit::DkimFacts& dkim) {
  Json rows = Json::array();
  for (const audit::KeyFacts& key : dkim.keys) rows.push_back(key_json(key));
  return rows;
}

Json discovered_json(const std::optional<dmarc::DiscoveredPolicy>& discovered) {
  if (!discovered) return nullptr;
  return {{"at", discovered->at.text()},
          {"policy", dmarc::to_text(discovered->policy)},
          {"org_domain", discovered->org_domain.text()}};
}

Json addresses_json(const audit::DmarcFacts& dmarc) {
  Json rows = Json::array();
  for (const audit::ReportAddress& one : dmarc.rua) {
    rows.push_back(
        {{"uri", one.uri}, {"host", one.host.text()}, {"consent", to_text(one.consent)}});
  }
  return rows;
}

Json policy_json(const std::optional<dmarc::Policy>& policy) {
  return policy ? Json(dmarc::to_text(*policy)) : Json();
}

// An absent alignment mode is relaxed (RFC 9989 section 4.7).
Json mode_json(const std::optional<dmarc::Alignment>& mode) {
  return mode == dmarc::Alignment::Strict ? "s" : "r";
}

// The tags are members only where a record governs: null would look like an absent tag.
Json dmarc_json(const audit::DmarcFacts& dmarc) {
  const dmarc::DiscoveredPolicy* discovered = dmarc.discovered();
  Json json = {
      {"state", to_text(dmarc.state)},
      {"record", text_or_null(dmarc.text)},
      {"at", discovered != nullptr ? Json(discovered->at.text()) : Json()},
      {"policy", discovered != nullptr ? Json(dmarc::to_text(discovered->policy)) : Json()}};
  if (discovered != nullptr) {
    json["p"] = policy_json(dmarc.record.p);
    json["sp"] = policy_json(dmarc.record.sp);
    json["np"] = policy_json(dmarc.record.np);
    json["pct"] = or_null(dmarc.record.pct);
    json["t"] = dmarc.record.testing.value_or(false);
    json["adkim"] = mode_json(dmarc.record.adkim);
    json["aspf"] = mode_json(dmarc.record.aspf);
    json["ruf"] = dmarc.record.ruf;
  }
  json["rua"] = addresses_json(dmarc);
  json["rfc9989"] = discovered_json(dmarc.by_walk);
  json["rfc7489"] = discovered_json(dmarc.by_psl);
  json["problem"] = text_or_null(dmarc.problem);
  return json;
}

Json mx_json(const audit::MxFacts& mx) {
  return {{"state", to_text(mx.state)}, {"null", mx.null}, {"hosts", audit::texts_of(mx.hosts)}};
}

Json reading_json(const audit::Reading& reading) {
  return {{"state", to_text(reading.state)},
          {"record", text_or_null(reading.text)},
          {"problem", text_or_null(reading.problem)}};
}

// A policy that was not fetched and one that failed both have a null policy; only the second has a
// problem.
Json mta_sts_json(const audit::MtaStsFacts& mta_sts) {
  Json json = reading_json(mta_sts);
  json["policy"] = nullptr;
  if (mta_sts.policy) {
    json["policy"] = {{"mode", to_text(mta_sts.policy->mode)},
                      {"max_age", mta_sts.policy->max_age},
                      {"mx", mta_sts.policy->mx}};
  }
  const bool failed = mta_sts.fetched && !mta_sts.fetched->problem.empty();
  json["policy_problem"] = failed ? Json(mta_sts.fetched->problem) : Json();
  return json;
}

Json findings_json(const std::vector<Finding>& findings) {
  Json rows = Json::array();
  for (const Finding& one : findings) {
    rows.push_back({{"severity", to_text(one.severity)},
                    {"code", one.code},
                    {"domain", one.domain ? Json(one.domain->text()) : Json()},
                    {"message", one.message},
                    {"hint", one.hint},
                    {"file", one.mark.file},
                    {"line", one.mark.line},
                    {"column", one.mark.column}});
  }
  return rows;
}

Json parts_json(const std::vector<audit::ScorePart>& parts) {
  Json rows = Json::array();
  for (const audit::ScorePart& one : parts) {
    rows.push_back(
        {{"what", one.what}, {"points", one.points}, {"of", one.of}, {"reason", one.reason}});
  }
  return rows;
}

Json profile_json(const audit::Report& report, const audit::Profile& profile) {
  Json rows = Json::array();
  for (const audit::RuleResult& one : report.rule_results) {
    rows.push_back({{"id", one.id},
                    {"rule", one.rule},
                    {"required", one.level == audit::RequirementLevel::Must},
                    {"verdict", to_text(one.verdict)},
                    {"reason", one.reason},
                    {"source", one.source}});
  }
  return {{"name", profile.name},
          {"pass", audit::conforms(report.rule_results)},
          {"rules", std::move(rows)}};
}

// The contract of machine readers: members are added, never renamed or removed.
Json report_json(const audit::Report& report, const audit::Profile* profile) {
  const audit::Facts& facts = report.facts;
  Json json = {{"domain", facts.subject.domain.text()},
               {"exists", facts.exists},
               {"spf", spf_json(facts.spf)},
               {"dkim", keys_json(facts.dkim)},
               {"dkim_selectors_asked", facts.dkim.queried},
               {"dmarc", dmarc_json(facts.dmarc)},
               {"mx", mx_json(facts.mx)},
               {"mta_sts", mta_sts_json(facts.mta_sts)},
               {"tls_rpt", reading_json(facts.tls_rpt)},
               {"bimi", reading_json(facts.bimi)},
               {"findings", findings_json(report.findings)},
               {"score", audit::score_of(report.parts)},
               {"score_parts", parts_json(report.parts)}};
  if (profile != nullptr) json["profile"] = profile_json(report, *profile);
  return json;
}

}  // namespace

// Several reports are written one per line, each as soon as it is built: a document of thousands
// would be in memory twice.
std::string audit_json(const AuditView& view) {
  const auto written = [&](const audit::Report& report, int indent) {
    return report_json(report, view.profile)
        .dump(indent, ' ', false, Json::error_handler_t::replace);
  };
  if (view.reports.size() == 1) {
    const Json json = {{"domains", Json::array({report_json(view.reports.front(), view.profile)})}};
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  }
  std::string text = "{\"domains\": [";
  bool first = true;
  for (const audit::Report& report : view.reports) {
    text += first ? "\n" : ",\n";
    text += written(report, -1);
    first = false;
  }
  return text + "\n]}\n";
}

}  // namespace rampart
