/// Audits and evidence packs as JSON.
#include "cli/views/audit.h"

#include <array>

#include "base/printable.h"
#include "cli/views/json_parts.h"
#include "policies/model/lookup.h"
#include "reconciler/documents/plan_json.h"

namespace rampart {
namespace {

// Recursion is bounded: a tree stops at the limits of SPF and at its own.
Json node_json(const spf::TreeNode& node) {
  return {{"term", node.term},
          {"domain", node.domain},
          {"record", or_null(node.record)},
          {"lookups", node.lookups},
          {"void_lookups", node.void_lookups},
          {"addresses", node.addresses4},
          {"lower_bound", node.lower_bound},
          {"problem", text_or_null(node.problem)},
          {"children", array_of(node.children, node_json)}};
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

// Both discovery methods are printed: RFC 9989 walks the tree where RFC 7489 used the public suffix
// list, and receivers of both kinds exist.
Json discovered_json(const std::optional<dmarc::DiscoveredPolicy>& discovered) {
  if (!discovered) return nullptr;
  return {{"at", discovered->at.text()},
          {"policy", dmarc::to_text(discovered->policy)},
          {"org_domain", discovered->org_domain.text()}};
}

Json address_json(const audit::ReportAddress& one) {
  return {{"uri", one.uri}, {"host", one.host.text()}, {"consent", to_text(one.consent)}};
}

// An absent tag is null, which differs from `none`.
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
  json["rua"] = array_of(dmarc.rua, address_json);
  json["rfc9989"] = discovered_json(dmarc.by_walk);
  json["rfc7489"] = discovered_json(dmarc.by_psl);
  json["problem"] = text_or_null(dmarc.problem);
  return json;
}

Json mx_json(const audit::MxFacts& mx) {
  return {{"state", to_text(mx.state)}, {"null", mx.null}, {"hosts", audit::texts_of(mx.hosts)}};
}

// One form for TLS-RPT, BIMI and MTA-STS, so that a program reads them with one function.
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

// Only where it was read: `null` would look like a domain without DNSSEC.
Json dnssec_json(const audit::DnssecFacts& dnssec) {
  const auto link_json = [](const audit::DelegationFacts& one) {
    return Json{{"name", one.name.text()},
                {"ds", to_text(one.state)},
                {"security", to_text(one.security)},
                {"problem", text_or_null(one.problem)}};
  };
  const auto host_json = [](const audit::TlsaFacts& one) {
    return Json{{"name", one.name.text()},           {"state", to_text(one.state)},
                {"security", to_text(one.security)}, {"records", one.records},
                {"problems", one.problems},          {"problem", text_or_null(one.problem)}};
  };
  return {{"state", to_text(dnssec.state)},
          {"security", to_text(dnssec.security)},
          {"problem", text_or_null(dnssec.problem)},
          {"chain", array_of(dnssec.chain, link_json)},
          {"tlsa", array_of(dnssec.hosts, host_json)}};
}

// The rate is null without mail of the domain's own, which is not a rate of zero.
Json mail_json(const audit::MailFacts& mail) {
  return {{"state", to_text(mail.state)},  {"since", to_text(mail.since)},
          {"until", to_text(mail.until)},  {"reporters", mail.reporters},
          {"own_messages", mail.own},      {"aligned", mail.aligned},
          {"aligned_by_both", mail.both},  {"failing", mail.failing},
          {"unanswered", mail.unanswered}, {"aligned_rate", or_null(mail.rate)}};
}

Json part_json(const audit::ScorePart& one) {
  return {{"what", one.what}, {"points", one.points}, {"of", one.of}, {"reason", one.reason}};
}

// Every rule with its source, so that a dispute about a verdict starts at the text of the
// requirement.
Json profile_json(const audit::Report& report, const audit::Profile& profile) {
  const auto item_json = [](const audit::EvidenceItem& one) {
    return Json{{"what", one.what}, {"seen", one.seen}};
  };
  const auto result_json = [&](const audit::RuleResult& one) {
    return Json{{"id", one.id},
                {"rule", one.rule},
                {"required", one.level == audit::RequirementLevel::Must},
                {"verdict", to_text(one.verdict)},
                {"reason", one.reason},
                {"evidence", array_of(one.evidence, item_json)},
                {"source", one.source},
                {"source_date", one.date}};
  };
  return {{"name", profile.name},
          {"pass", audit::conforms(report.rule_results)},
          {"rules", array_of(report.rule_results, result_json)}};
}

// The contract of machine readers: members are added, never renamed or removed.
Json report_json(const audit::Report& report, const audit::Profile* profile) {
  const audit::Facts& facts = report.facts;
  Json json = {{"domain", facts.subject.domain.text()},
               {"exists", facts.exists},
               {"spf", spf_json(facts.spf)},
               {"dkim", array_of(facts.dkim.keys, key_json)},
               // The member's name is older than the word "queried", and readers depend on it.
               {"dkim_selectors_asked", facts.dkim.queried},
               {"dmarc", dmarc_json(facts.dmarc)},
               {"mx", mx_json(facts.mx)},
               {"mta_sts", mta_sts_json(facts.mta_sts)},
               {"tls_rpt", reading_json(facts.tls_rpt)},
               {"bimi", reading_json(facts.bimi)},
               {"findings", array_of(report.findings, finding_json)},
               {"score", audit::score_of(report.parts)},
               {"score_parts", array_of(report.parts, part_json)}};
  if (facts.subject.dnssec == audit::ReadDnssec::Yes) json["dnssec"] = dnssec_json(facts.dnssec);
  if (facts.mail.state != audit::MailFacts::State::NotRead) json["mail"] = mail_json(facts.mail);
  if (profile != nullptr) json["profile"] = profile_json(report, *profile);
  return json;
}

constexpr std::array<std::string_view, 3> kVerdictWords = {"met", "not met", "unknown"};

// The printable form, as on the page: an auditor compares both.
Json requirement_json(const audit::RuleResult& one) {
  const auto item_json = [](const audit::EvidenceItem& item) {
    return Json{{"what", printable(item.what)}, {"seen", printable(item.seen)}};
  };
  return {{"id", one.id},
          {"requirement", one.rule},
          {"required", one.level == audit::RequirementLevel::Must},
          {"verdict", verdict_words(one.verdict)},
          {"reason", printable(one.reason)},
          {"evidence", array_of(one.evidence, item_json)},
          {"source", one.source},
          {"source_date", one.date}};
}

Json pack_domain_json(const audit::Report& report) {
  const audit::Facts& facts = report.facts;
  return {{"domain", facts.subject.domain.text()},
          {"exists", facts.exists},
          {"conforms", audit::conforms(report.rule_results)},
          {"requirements", array_of(report.rule_results, requirement_json)}};
}

}  // namespace

// Several reports are written one per line, each as soon as it is built: a document of thousands
// would be in memory twice.
std::string audit_json(const AuditView& view) {
  const auto row = [&](const audit::Report& report) { return report_json(report, view.profile); };
  if (view.reports.size() == 1) return document({{"domains", array_of(view.reports, row)}});
  std::string text = "{\"domains\": [";
  for (const audit::Report& report : view.reports) {
    text += (&report == &view.reports.front() ? "\n" : ",\n") + document_row(row(report));
  }
  return text + "\n]}\n";
}

std::string_view verdict_words(audit::Verdict verdict) { return word_of(kVerdictWords, verdict); }

// The version lets a program that reads packs of several years tell them apart.
std::string evidence_pack_json(const AuditView& view, const PackOrigin& origin) {
  return document({{"evidence_pack_version", 1},
                   {"made_at", to_text(origin.made)},
                   {"made_by", "rampart " + origin.version},
                   {"resolvers", origin.resolvers},
                   {"profile", {{"name", view.profile->name}, {"title", view.profile->title}}},
                   {"domains", array_of(view.reports, pack_domain_json)}});
}

}  // namespace rampart
