#include "cli/views/json_documents.h"

#include <array>

#include "policies/dkim/vendor_rotation.h"
#include "reconciler/documents/plan_file.h"
#include "reconciler/documents/plan_json.h"

#include "cli/views/json_parts.h"

namespace rampart {
namespace {

// The words of the contract, in the order of the enumerators.
constexpr std::array kIncludeNeeded = {"yes", "no", "optional", "legacy", "n/a"};
constexpr std::array kAligns = {"yes", "no", "optional", "partly", "unknown"};
constexpr std::array kWriteStates = {"written", "already-live", "withheld",
                                     "failed",  "unconfirmed",  "not-begun"};

template <class Enum, std::size_t kCount>
/// `at` checks the index, so that an enumerator without a word ends the program and does not print
/// garbage.
std::string_view word(const std::array<const char*, kCount>& words, Enum value) {
  return words.at(static_cast<std::size_t>(value));
}

/// A row of the catalogue. `key_rotation` is a sentence for people.
Json sender_json(const Sender& sender) {
  const auto dkim_json = [](const DkimTemplate& record) {
    return Json{{"host", record.host},
                {"type", to_text(record.type)},
                {"target", text_or_null(record.target)},
                {"targets", record.targets}};
  };
  return {
      {"id", sender.id},
      {"name", sender.name},
      {"category", sender.category},
      {"spf", sender.spf},
      {"spf_aliases", sender.spf_aliases},
      {"spf_shared", text_or_null(sender.spf_shared)},
      {"include_needed", word(kIncludeNeeded, sender.include_needed)},
      {"return_path", or_null(sender.return_path)},
      // A figure of the day in `lookups_as_of`: services change their records without notice.
      {"lookups", or_null(sender.lookups)},
      {"lookups_as_of", text_or_null(sender.lookups_as_of)},
      {"dkim_kind", to_text(sender.dkim_kind)},
      {"dkim", array_of(sender.dkim, dkim_json)},
      {"regions", sender.regions},
      {"selectors", sender.selectors},
      {"key_rotation", how_keys_rotate(sender)},
      {"aligns",
       {{"spf", word(kAligns, sender.spf_aligns)}, {"dkim", word(kAligns, sender.dkim_aligns)}}},
      {"rdns", sender.rdns},
      {"dkim_domains", sender.dkim_domains},
      {"envelope_domains", sender.envelope_domains},
      {"builtin", sender.builtin},
      {"note", sender.note},
      {"source", sender.source},
      {"checked", text_or_null(sender.checked)},
      {"unverified", text_or_null(sender.unverified)},
      {"reviewed", sender.reviewed}};
}

/// One server's difference; `problem` is set if the server gave no usable answer.
Json difference_json(const Difference& one) {
  return {{"name", one.key.name.text()},
          {"type", to_text(one.key.type)},
          {"server", one.server},
          // "want" and "got" are the contract's words; a value that is absent is an empty text.
          {"want", one.desired},
          {"got", one.got},
          {"problem", text_or_null(one.problem)}};
}

// `ok` is derived, but spares every reader the test for an empty list.
Json verification_json(const DomainVerification& one) {
  return {{"domain", one.domain.text()},
          {"ok", one.differences.empty()},
          {"differences", array_of(one.differences, difference_json)},
          {"findings", array_of(one.findings, finding_json)}};
}

/// "turn" is the contract's word for the stage of a change.
Json outcome_json(const WriteOutcome& one) {
  return {{"domain", one.change.domain.text()},
          {"zone", one.change.zone.text()},
          {"provider", one.change.provider},
          {"name", one.change.name().text()},
          {"type", to_text(one.change.type())},
          {"action", action_of(one.change)},
          {"turn", to_text(one.change.stage)},
          {"state", word(kWriteStates, one.state)},
          {"why", one.why}};
}

/// The members of a compiler's message, because editors and CI systems know how to show those.
Json error_json(const ConfigError& error) {
  return {{"file", error.file}, {"line", error.line},       {"column", error.column},
          {"code", error.code}, {"message", error.message}, {"hint", error.hint}};
}

// With the whole explanation, so that an editor plug-in needs no second call.
Json code_json(const Code& one) {
  return {{"code", one.code},
          {"meaning", one.meaning},
          {"waivable", one.waivable},
          {"explanation", finding_explained(one.code)}};
}

}  // namespace

std::string errors_json(const std::vector<ConfigError>& errors) {
  return document({{"errors", array_of(errors, error_json)}});
}

std::string files_json(const std::vector<std::string>& files) {
  return document({{"files", files}});
}

std::string findings_json(std::span<const Code> codes) {
  return document({{"findings", array_of(codes, code_json)}});
}

std::string senders_json(std::span<const Sender* const> senders) {
  const auto row = [](const Sender* sender) { return sender_json(*sender); };
  return document({{"senders", array_of(senders, row)}});
}

std::string verify_json(const std::vector<DomainVerification>& domains) {
  return document({{"domains", array_of(domains, verification_json)}});
}

// The plan is included as it was recomputed: it may differ from the reviewed one, and the outcomes
// refer to it.
std::string apply_json(const Plan& plan, const std::vector<WriteOutcome>& outcomes,
                       const std::vector<DomainVerification>& not_visible) {
  return document({{"outcomes", array_of(outcomes, outcome_json)},
                   {"not_visible", array_of(not_visible, verification_json)},
                   {"plan", plan_json(plan)}});
}

}  // namespace rampart
