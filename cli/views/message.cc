/// The verdict on a message, as text and JSON.
#include "cli/views/message.h"

#include <fmt/format.h>

#include "base/counted.h"
#include "cli/views/json_parts.h"
#include "dns/txt.h"

namespace rampart {
namespace {

// Without a record, the tree walk finds no organizational domain and so no alignment; the public
// suffix list still gives both.
const dmarc::Judgement& aligning(const dmarc::MessageVerdict& verdict) {
  return verdict.walk.discovered ? verdict.walk : verdict.psl;
}

/// The contract has three words for DMARC; an error is "none" here and named in a member of its
/// own.
std::string result_word(const dmarc::Judgement& judgement) {
  const bool found =
      judgement.outcome == dmarc::Outcome::Pass || judgement.outcome == dmarc::Outcome::Fail;
  return found ? std::string(dmarc::to_text(judgement.outcome)) : "none";
}

/// `record` is the name at which the record was found, which may be above the From domain.
Json judgement_json(const dmarc::Judgement& judgement) {
  Json json = {{"result", result_word(judgement)},
               {"policy", dmarc::to_text(judgement.policy)},
               {"disposition", dmarc::to_text(judgement.disposition)},
               {"record", nullptr},
               {"reason", text_or_null(judgement.reason)}};
  if (judgement.discovered) json["record"] = judgement.discovered->at.text();
  if (result_word(judgement) != dmarc::to_text(judgement.outcome)) {
    json["error"] = dmarc::to_text(judgement.outcome);
  }
  return json;
}

// Without an envelope there is nothing to check; the members stay, so that programs find them.
Json spf_json(const dmarc::MessageVerdict& verdict) {
  if (!verdict.spf) {
    return {{"result", "none"}, {"domain", ""}, {"aligned", false}, {"sender", ""}};
  }
  return {{"result", spf::to_text(verdict.spf->outcome)},
          {"domain", verdict.spf_domain},
          {"aligned", aligning(verdict).spf_aligned},
          {"sender", verdict.sender},
          {"matched", or_null(verdict.spf->matched)},
          {"reason", text_or_null(verdict.spf->reason)}};
}

/// All signatures in the order of the message; alignment is parallel to them.
Json dkim_json(const dmarc::MessageVerdict& verdict) {
  Json all = Json::array();
  for (std::size_t i = 0; i < verdict.dkim.signatures.size(); ++i) {
    const dkim::SignatureVerdict& one = verdict.dkim.signatures[i];
    all.push_back({{"result", dkim::to_text(one.outcome)},
                   {"domain", one.domain},
                   {"selector", one.selector},
                   {"aligned", static_cast<bool>(aligning(verdict).dkim_aligned[i])},
                   {"identity", text_or_null(one.identity)},
                   {"algorithm", text_or_null(one.algorithm)},
                   {"key_bits", one.key_bits},
                   {"testing", one.testing},
                   {"unsigned_octets", one.unsigned_octets},
                   {"reason", text_or_null(one.reason)}});
  }
  return all;
}

// The instances in their order: each seals those before it (RFC 8617 section 4.2.1).
Json arc_json(const arc::Verdict& verdict) {
  const auto set_json = [](const arc::Set& set) {
    return Json{{"instance", set.instance},
                {"domain", set.domain},
                {"selector", set.selector},
                {"cv", set.chain},
                {"results", set.results}};
  };
  return {{"result", dkim::to_text(verdict.outcome)},
          {"reason", text_or_null(verdict.reason)},
          {"sets", array_of(verdict.sets, set_json)}};
}

/// By whether it is aligned, then by whether it passes. DMARC uses a result that passes and is
/// aligned; the alignment of one that fails shows what would help: the record or the domain.
constexpr std::string_view kAlignedWords[][2] = {
    {"not aligned with the From domain", "not aligned with the From domain"},
    {"would be aligned if it passed", "aligned with the From domain"}};

// Fixed columns: results of one message are compared with those of another.
std::string line(std::string_view what, std::string_view result, const std::string& rest) {
  return fmt::format("{:<6} {:<9} {}\n", what, result, printable(rest));
}

// Alignment is named even on success, since a pass for another domain does not help DMARC.
std::string spf_line(const dmarc::MessageVerdict& verdict) {
  if (!verdict.spf) return line("SPF", "none", "no MAIL FROM and no HELO name are known");
  // Nothing was evaluated, so that nothing can be aligned.
  if (verdict.spf->outcome == spf::Outcome::None) {
    return line("SPF", "none",
                verdict.spf_domain + " has no SPF record, so DMARC does not use SPF");
  }
  std::string rest = fmt::format(
      "{}, {}", verdict.spf_domain,
      kAlignedWords[aligning(verdict).spf_aligned][verdict.spf->outcome == spf::Outcome::Pass]);
  if (verdict.spf->matched) rest += ", matched " + *verdict.spf->matched;
  if (!verdict.spf->reason.empty()) rest += ": " + verdict.spf->reason;
  return line("SPF", spf::to_text(verdict.spf->outcome), rest);
}

// One line per signature: with several, DMARC needs only one that is aligned.
std::string dkim_lines(const dmarc::MessageVerdict& verdict) {
  if (verdict.dkim.signatures.empty()) return line("DKIM", "none", "the message is not signed");
  std::string lines;
  for (std::size_t i = 0; i < verdict.dkim.signatures.size(); ++i) {
    const dkim::SignatureVerdict& one = verdict.dkim.signatures[i];
    std::string rest = fmt::format(
        "{}, selector {}, {}", one.domain, one.selector,
        kAlignedWords[aligning(verdict).dkim_aligned[i]][one.outcome == dkim::Outcome::Pass]);
    if (!one.algorithm.empty()) rest += ", " + one.algorithm;
    if (one.key_bits > 0) rest += fmt::format(", {} bits", one.key_bits);
    if (!one.reason.empty()) rest += ": " + one.reason;
    lines += line("DKIM", dkim::to_text(one.outcome), rest);
  }
  return lines;
}

/// Most messages have no ARC set, and then no line.
std::string arc_lines(const arc::Verdict& verdict) {
  if (verdict.outcome == dkim::Outcome::None) return "";
  std::string rest = counted(verdict.sets.size(), "set");
  if (!verdict.reason.empty()) rest += ": " + verdict.reason;
  std::string lines = line("ARC", dkim::to_text(verdict.outcome), rest);
  for (const arc::Set& set : verdict.sets) {
    lines += printable(fmt::format("       {}. {} (cv={}) found {}", set.instance, set.domain,
                                   set.chain, set.results)) +
             "\n";
  }
  return lines;
}

// The name of the record is shown, as it may be above the From domain.
std::string dmarc_line(const dmarc::MessageVerdict& verdict) {
  const dmarc::Judgement& walk = verdict.walk;
  if (!walk.discovered) return line("DMARC", dmarc::to_text(walk.outcome), walk.reason);
  return line("DMARC", dmarc::to_text(walk.outcome),
              fmt::format("{}, policy {} from the record of {}, disposition {}",
                          verdict.authors.front().text(), dmarc::to_text(walk.policy),
                          walk.discovered->at.text(), dmarc::to_text(walk.disposition)));
}

}  // namespace

// The result by the public suffix list is a member of its own: receivers of RFC 7489 still decide
// by it.
std::string message_json(const dmarc::MessageVerdict& verdict) {
  Json dmarc = judgement_json(verdict.walk);
  dmarc["from"] = verdict.authors.empty() ? Json(nullptr) : Json(verdict.authors.front().text());
  dmarc["discovery"] = "treewalk";
  dmarc["psl"] = judgement_json(verdict.psl);
  return document({{"spf", spf_json(verdict)},
                   {"dkim", dkim_json(verdict)},
                   {"arc", arc_json(verdict.arc)},
                   {"dmarc", dmarc},
                   {"remarks", dmarc::remarks(verdict)},
                   {"authentication_results", authentication_results(verdict)}});
}

// The header field comes first: it is what people paste into a ticket.
std::string message_text(const dmarc::MessageVerdict& verdict) {
  std::string text = authentication_results(verdict) + "\n" + spf_line(verdict) +
                     dkim_lines(verdict) + arc_lines(verdict.arc) + dmarc_line(verdict);
  for (const std::string& remark : dmarc::remarks(verdict)) text += printable(remark) + "\n";
  return text;
}

}  // namespace rampart
