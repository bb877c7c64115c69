#include "policies/rules/dmarc.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "base/text.h"
#include "policies/rules/names.h"

namespace rampart::rules {
namespace {

// With the name, because the two generations may read different records of the same policy.
std::string text_of(const std::optional<dmarc::DiscoveredPolicy>& discovered) {
  if (!discovered) return "nothing";
  return fmt::format("{} at {}", dmarc::to_text(discovered->policy), discovered->at.text());
}

// Whether the record has a `p` that is not its second tag.
bool p_comes_late(std::string_view record) {
  const auto tags = split(record, ';');
  const auto is_p = [](std::string_view piece) {
    const auto tag = split_tag(piece);
    return tag && ascii_lower(tag->first) == "p";
  };
  return std::ranges::find_if(tags, is_p) > tags.begin() + 1 && std::ranges::any_of(tags, is_p);
}

}  // namespace

// The hint begins at p=none with reports, since a stricter start loses mail.
Fault dmarc_missing(const Name& domain) {
  return {.severity = Severity::Error,
          .code = "dmarc-missing",
          .message = fmt::format("no DMARC record governs {}: receivers accept forged mail in its "
                                 "name",
                                 domain.text()),
          .hint = fmt::format("begin with _dmarc.{} TXT \"v=DMARC1; p=none; rua=mailto:...\" and "
                              "read the reports",
                              domain.text())};
}

// An ignored record gives a false sense of protection, so it is as bad as none.
Fault dmarc_invalid(const Name& domain, const std::string& problem) {
  return {.severity = Severity::Error,
          .code = "dmarc-invalid",
          .message = fmt::format("the DMARC record of {} is ignored: {}", domain.text(), problem),
          .hint = "correct the record; receivers act as if there were none"};
}

Fault dmarc_multiple(const Name& domain) {
  return {.severity = Severity::Error,
          .code = "dmarc-multiple",
          .message = fmt::format("_dmarc.{} holds several DMARC records, so receivers apply "
                                 "none of them",
                                 domain.text()),
          .hint = "keep one of them (RFC 9989 section 4.10)"};
}

// A record that most receivers read: it counts, and is reported for the sake of the others.
std::optional<std::string> dmarc_slip(const RecordKey& key, const std::string& value) {
  if (kind_of(key, value) != RecordKind::Dmarc || !is_read(key, value)) {
    return near_miss(key, value);
  }
  // Legal by the grammar of RFC 9989 section 4.8; receivers in wide use compare octets.
  if (!value.starts_with("v=DMARC1")) {
    return "its version is not written exactly `v=DMARC1`";
  }
  if (p_comes_late(value)) {
    return "`p=` does not directly follow the version (RFC 7489 section 6.3)";
  }
  return std::nullopt;
}

// The value is quoted, because a typing error is found by looking at it.
Fault dmarc_near_miss(const Name& domain, const std::string& value, const std::string& slip) {
  if (dmarc::is_dmarc(value)) {
    return {.code = "dmarc-near-miss",
            .message = fmt::format("some receivers ignore the DMARC record at _dmarc.{}: {}",
                                   domain.text(), slip),
            .hint = "correct it, so that every receiver applies it"};
  }
  return {.code = "dmarc-near-miss",
          .message = fmt::format("_dmarc.{} holds `{}`, which is not a DMARC record: {}",
                                 domain.text(), value, slip),
          .hint = "correct or remove the value"};
}

// RFC 9989 section 4.8: an unknown or invalid tag is skipped, and the rest of the record still
// applies.
Fault dmarc_tag_invalid(const Name& domain, const std::string& problem) {
  return {.code = "dmarc-tag-invalid",
          .message = fmt::format("receivers skip a part of the DMARC record that governs {}: {}",
                                 domain.text(), problem),
          .hint = "correct the tag; until then receivers act as if it were absent or, for p, none"};
}

// RFC 9990 section 4 defines the delivery by mail alone; reporters skip every other scheme.
std::optional<std::string> report_uri_problem(std::string_view tag, const std::string& uri) {
  if (is_mailto(uri)) return std::nullopt;
  return fmt::format("`{}`: `{}` is not a mailto: address, and reports are sent only by mail", tag,
                     uri);
}

// A warning for everybody, though p=none is right at the beginning: an audit cannot know how long
// it has lasted.
std::optional<Fault> dmarc_not_enforced(const Name& domain, dmarc::Policy policy) {
  if (policy != dmarc::Policy::None) return std::nullopt;
  return Fault{
      .code = "dmarc-not-enforced",
      .message = fmt::format("DMARC asks receivers to deliver mail that fails as {} (p=none)",
                             domain.text()),
      .hint = "when reports show that all senders align, move to quarantine and then to reject"};
}

// pct is honoured by receivers of RFC 7489 alone, t by those of RFC 9989 alone.
bool applies_in_full(const dmarc::Record& record) {
  return record.pct.value_or(100) == 100 && !record.testing.value_or(false);
}

std::optional<Fault> dmarc_partial(const Name& domain, const dmarc::Record& record) {
  if (applies_in_full(record)) return std::nullopt;
  std::vector<std::string> tags;
  if (record.pct.value_or(100) < 100) tags.push_back(fmt::format("pct={}", *record.pct));
  if (record.testing.value_or(false)) tags.emplace_back("t=y");
  // Neither tag is understood by both generations, so each alone leaves one of them at full force.
  return Fault{.code = "dmarc-partial",
               .message = fmt::format(
                   "the DMARC policy of {} is not applied in full ({}): receivers that follow RFC "
                   "7489 apply pct, and those that follow RFC 9989 apply t",
                   domain.text(), fmt::join(tags, ", ")),
               .hint = "remove pct and t once all senders align"};
}

// An absent sp falls back to p, and an absent np to sp (RFC 9989 section 4.7).
bool covers_sub_domains(const dmarc::DiscoveredPolicy& found) {
  if (found.at != found.org_domain && found.at.is_within(found.org_domain)) return true;
  const dmarc::Record& record = found.record;
  const dmarc::Policy p = record.p.value_or(dmarc::Policy::None);
  const dmarc::Policy sp = record.sp.value_or(p);
  return sp >= p && record.np.value_or(sp) >= p;
}

// An attacker picks the name, so that one weak sub-domain policy opens the whole domain.
std::optional<Fault> dmarc_sub_domains(const dmarc::DiscoveredPolicy& found) {
  if (covers_sub_domains(found)) return std::nullopt;
  return Fault{
      .code = "dmarc-sub-domains",
      .message =
          fmt::format("sub-domains are protected less than {} itself (sp or np)", found.at.text()),
      .hint = "remove sp and np, or make them as strict as p: forgers use names that do not exist"};
}

// The organizational domain may differ all the same: it decides alignment, not the policy.
bool same_policy(const std::optional<dmarc::DiscoveredPolicy>& by_walk,
                 const std::optional<dmarc::DiscoveredPolicy>& by_psl) {
  return by_walk && by_psl && by_walk->at == by_psl->at && by_walk->policy == by_psl->policy;
}

std::optional<Fault> dmarc_generations_differ(
    const Name& domain, const std::optional<dmarc::DiscoveredPolicy>& by_walk,
    const std::optional<dmarc::DiscoveredPolicy>& by_psl) {
  if (same_policy(by_walk, by_psl)) return std::nullopt;
  return Fault{.code = "dmarc-generations-differ",
               .message = fmt::format("receivers that follow RFC 9989 find {} for {}, and those "
                                      "that follow RFC 7489 find {}",
                                      text_of(by_walk), domain.text(), text_of(by_psl)),
               .hint = fmt::format("publish a record at _dmarc.{} itself", domain.text())};
}

// The parser keeps them among the unknown tags, because they no longer mean anything.
std::vector<std::string> historic_tags(const dmarc::Record& record) {
  std::vector<std::string> tags;
  for (const Tag& tag : record.unknown) {
    if (tag.name == "rf" || tag.name == "ri") tags.push_back(tag.name);
  }
  return tags;
}

std::optional<Fault> dmarc_historic_tags(const Name& domain, const dmarc::Record& record) {
  std::vector<std::string> tags = historic_tags(record);
  // A pct below 100 is historic too, but it still changes what some receivers do: `dmarc-partial`.
  if (record.pct == 100) tags.emplace_back("pct");
  // `!` in a URI begins a size, which RFC 9989 section 4.8 has as obsolete syntax.
  const auto has_size = [](const std::string& uri) { return uri.find('!') != std::string::npos; };
  if (std::ranges::any_of(record.rua, has_size) || std::ranges::any_of(record.ruf, has_size)) {
    tags.emplace_back("the size limit of a report address (`!`)");
  }
  if (tags.empty()) return std::nullopt;
  return Fault{.severity = Severity::Info,
               .code = "dmarc-historic-tags",
               .message = fmt::format("the DMARC record of {} has what RFC 9989 made historic: {}",
                                      domain.text(), fmt::join(tags, ", ")),
               .hint = "remove them; they change nothing at receivers that follow RFC 9989"};
}

// At none or quarantine the mail can still be found; rejected mail is gone without a trace.
Fault dmarc_without_rua(const Name& domain, dmarc::Policy policy) {
  const bool reject = policy == dmarc::Policy::Reject;
  return {.code = reject ? "reject-without-rua" : "dmarc-without-rua",
          .message = fmt::format("the DMARC policy of {} (p={}) has no address for reports: "
                                 "nothing shows whose mail fails",
                                 domain.text(), dmarc::to_text(policy)),
          .hint = "add rua=mailto:... to the record (`rua:` under `dmarc:` or `defaults:`)",
          .blocks = reject};
}

// Consent is required so that nobody can direct reports at a third party.
Fault report_unauthorized(const Name& at, const Name& host) {
  return {.code = "report-unauthorized",
          .message = fmt::format("{} has not agreed to receive reports about {}, so reporters send "
                                 "none there",
                                 host.text(), at.text()),
          .hint = fmt::format("ask its owner to publish {}._report._dmarc.{} TXT \"v=DMARC1\"",
                              at.text(), host.text())};
}

}  // namespace rampart::rules
