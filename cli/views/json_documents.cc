#include "cli/views/json_documents.h"

#include "cli/views/findings_page.h"
#include "policies/dkim/vendor_rotation.h"
#include "policies/model/codes.h"
#include "reconciler/documents/plan_file.h"

#include "cli/views/json_parts.h"

namespace rampart {
namespace {

/// Pretty, with a final newline; octets that are not UTF-8 become U+FFFD, never an exception.
std::string_view word(IncludeNeeded needed) {
  switch (needed) {
    case IncludeNeeded::Yes:
      return "yes";
    case IncludeNeeded::No:
      return "no";
    case IncludeNeeded::Optional:
      return "optional";
    case IncludeNeeded::Legacy:
      return "legacy";
    case IncludeNeeded::NotApplicable:
      return "n/a";
  }
  return "";
}

std::string_view word(Aligns aligns) {
  switch (aligns) {
    case Aligns::Yes:
      return "yes";
    case Aligns::No:
      return "no";
    case Aligns::Optional:
      return "optional";
    case Aligns::Partly:
      return "partly";
    case Aligns::Unknown:
      return "unknown";
  }
  return "";
}

std::string_view word(WriteState state) {
  switch (state) {
    case WriteState::Written:
      return "written";
    case WriteState::AlreadyLive:
      return "already-live";
    case WriteState::Withheld:
      return "withheld";
    case WriteState::Failed:
      return "failed";
    case WriteState::Unconfirmed:
      return "unconfirmed";
  }
  return "";
}

Json sender_json(const Sender& sender) {
  Json dkim = Json::array();
  for (const DkimTemplate& record : sender.dkim) {
    dkim.push_back({{"host", record.host},
                    {"type", to_text(record.type)},
                    {"target", record.target.empty() ? Json() : Json(record.target)}});
  }
  return {{"id", sender.id},
          {"name", sender.name},
          {"category", sender.category},
          {"spf", sender.spf},
          {"include_needed", word(sender.include_needed)},
          {"return_path", sender.return_path ? Json(*sender.return_path) : Json()},
          {"lookups", sender.lookups ? Json(*sender.lookups) : Json()},
          {"lookups_as_of", sender.lookups_as_of.empty() ? Json() : Json(sender.lookups_as_of)},
          {"dkim_kind", sender.dkim_kind},
          {"dkim", dkim},
          {"selectors", sender.selectors},
          {"key_rotation", how_keys_rotate(sender)},
          {"aligns", {{"spf", word(sender.spf_aligns)}, {"dkim", word(sender.dkim_aligns)}}},
          {"rdns", sender.rdns},
          {"builtin", sender.builtin},
          {"note", sender.note},
          {"source", sender.source},
          {"reviewed", sender.reviewed}};
}

Json differences_json(const std::vector<Difference>& differences) {
  Json rows = Json::array();
  for (const Difference& one : differences) {
    rows.push_back({{"name", one.key.name.text()},
                    {"type", to_text(one.key.type)},
                    {"server", one.server},
                    {"want", one.desired},
                    {"got", one.got},
                    {"problem", one.problem.empty() ? Json() : Json(one.problem)}});
  }
  return rows;
}

Json domains_json(const std::vector<DomainVerification>& domains) {
  Json rows = Json::array();
  for (const DomainVerification& one : domains) {
    rows.push_back({{"domain", one.domain.text()},
                    {"ok", one.differences.empty()},
                    {"differences", differences_json(one.differences)}});
  }
  return rows;
}

}  // namespace

std::string errors_json(const std::vector<ConfigError>& errors) {
  Json rows = Json::array();
  for (const ConfigError& error : errors) {
    rows.push_back({{"file", error.file},
                    {"line", error.line},
                    {"column", error.column},
                    {"code", error.code},
                    {"message", error.message},
                    {"hint", error.hint}});
  }
  return document({{"errors", rows}});
}

std::string findings_json(std::span<const Code> codes) {
  Json rows = Json::array();
  for (const Code& one : codes) {
    rows.push_back({{"code", one.code},
                    {"meaning", one.meaning},
                    {"waivable", one.waivable},
                    {"explanation", finding_explained(one.code)}});
  }
  return document({{"findings", rows}});
}

std::string senders_json(std::span<const Sender* const> senders) {
  Json rows = Json::array();
  for (const Sender* sender : senders) rows.push_back(sender_json(*sender));
  return document({{"senders", rows}});
}

std::string verify_json(const std::vector<DomainVerification>& domains) {
  return document({{"domains", domains_json(domains)}});
}

std::string apply_json(const Plan& plan, const std::vector<WriteOutcome>& outcomes,
                       const std::vector<DomainVerification>& not_visible) {
  Json rows = Json::array();
  for (const WriteOutcome& one : outcomes) {
    rows.push_back({{"domain", one.change.domain.text()},
                    {"zone", one.change.zone.text()},
                    {"provider", one.change.provider},
                    {"name", one.change.name().text()},
                    {"type", to_text(one.change.type())},
                    {"action", action_of(one.change)},
                    {"turn", to_text(one.change.stage)},
                    {"state", word(one.state)},
                    {"why", one.why}});
  }
  return document({{"outcomes", rows},
                   {"not_visible", domains_json(not_visible)},
                   {"plan", Json::parse(plan_to_json(plan), nullptr, false)}});
}

}  // namespace rampart
