/// From facts to a score: a table of points, each with its reason.
#include <fmt/ranges.h>

#include <algorithm>

#include "base/counted.h"
#include "mail/spf/limits.h"
#include "policies/audit/audit.h"
#include "policies/audit/parts.h"
#include "policies/rules/dkim.h"
#include "policies/rules/dmarc.h"
#include "policies/rules/spf.h"

namespace rampart::audit {
namespace {

using Parts = std::vector<ScorePart>;

// Most parts give all their points or none; the two makers keep the totals from being written
// twice.
ScorePart all(std::string what, int of, std::string reason) {
  return {std::move(what), of, of, std::move(reason)};
}

ScorePart none(std::string what, int of, std::string reason) {
  return {std::move(what), 0, of, std::move(reason)};
}

// A term that cannot be resolved ends checks in an error just as a broken limit does. Half the
// points for half the limit would suggest that the record half works, which it does not.
ScorePart limits_part(const spf::Tree& tree) {
  constexpr const char* kWhat = "SPF limits";
  constexpr int kOf = 8;
  if (const auto broken = broken_nodes(tree.root); !broken.empty()) {
    return none(kWhat, kOf, fmt::format("`{}` {}", broken.front()->term, broken.front()->problem));
  }
  return {kWhat, rules::within_lookup_limits(tree) ? kOf : 0, kOf,
          fmt::format("{} of {} lookups, {} of {} void lookups", tree.lookups, spf::kMaxLookups,
                      tree.void_lookups, spf::kMaxVoidLookups)};
}

// A list of senders that names everybody, or a share of the internet that no list of senders has,
// is none. Where a name server decides for each message, half is kept: it may be a good one.
ScorePart record_part(const SpfFacts& spf) {
  constexpr const char* kWhat = "SPF record";
  constexpr int kOf = 12;
  if (spf.ending == spf::Qualifier::Pass) return none(kWhat, kOf, "everybody passes (+all)");
  const rules::SpfReach& reach = spf.reach;
  if (reach.width == rules::Width::Everybody) {
    return none(kWhat, kOf, "everybody passes by what it includes");
  }
  if (reach.width >= rules::Width::Broad) {
    return none(kWhat, kOf, rules::text_of(reach) + " pass");
  }
  if (rules::spf_term_ignored(Name::root(), spf.record)) {
    return {kWhat, kOf / 2, kOf, "a term with `=` in place of `:` passes nobody"};
  }
  if (reach.open.empty()) return all(kWhat, kOf, "one valid record");
  return {kWhat, kOf / 2, kOf,
          fmt::format("`{}` decides for each message who passes", reach.open.front())};
}

// A record that passes everybody is worth as little as none, but its limits still count. Parts that
// depend on an unusable record are listed with no points, so that `of` always sums up to 100.
void spf_parts(const Facts& facts, Parts& parts) {
  const SpfFacts& spf = facts.spf;
  if (spf.state != State::Valid) {
    parts.push_back(none("SPF record", 12, describe(spf)));
    parts.push_back(none("SPF limits", 8, "no usable record"));
    parts.push_back(none("SPF ending", 5, "no usable record"));
    return;
  }
  parts.push_back(record_part(spf));
  parts.push_back(limits_part(spf.tree));
  // Where everybody passes before the end, nobody meets it.
  const bool everybody = spf.reach.width == rules::Width::Everybody;
  const bool ends =
      (spf.ending == spf::Qualifier::Fail || spf.ending == spf::Qualifier::SoftFail) && !everybody;
  parts.push_back({"SPF ending", ends ? 5 : 0, 5,
                   everybody && spf.ending != spf::Qualifier::Pass
                       ? describe_ending(spf) + ", which no check reaches"
                       : describe_ending(spf)});
}

// A domain that sends nothing gets all points: no key is the right state there.
void dkim_parts(const Facts& facts, Parts& parts) {
  if (sends_nothing(facts)) {
    parts.push_back(all("DKIM key", 12, "nothing may send as the domain (v=spf1 -all)"));
    parts.push_back(all("DKIM strength", 8, "no key is needed"));
    return;
  }
  const auto keys = usable_keys(facts.dkim);
  if (keys.empty()) {
    parts.push_back(none("DKIM key", 12, describe_no_key(facts.dkim)));
    parts.push_back(none("DKIM strength", 8, "no usable key"));
    return;
  }
  std::vector<std::string> names;
  for (const KeyFacts* key : keys) names.push_back(key->query.selector);
  parts.push_back(all("DKIM key", 12, fmt::format("{}", fmt::join(names, ", "))));
  // One unusable key beside good ones means that some of the domain's mail is not signed.
  const bool faulty = std::ranges::any_of(facts.dkim.keys, [](const KeyFacts& key) {
    return key.state == KeyState::Invalid || key.state == KeyState::Several ||
           (key.state == KeyState::Key && rules::length_of(key.shape) == rules::KeyLength::Weak);
  });
  const KeyFacts* shortest = shortest_key(keys);
  if (faulty) {
    parts.push_back(none("DKIM strength", 8, "another selector holds an unusable key"));
  } else if (shortest == nullptr) {
    parts.push_back(all("DKIM strength", 8, "every key has 2048 bits or more, or is Ed25519"));
  } else {
    parts.push_back(none(
        "DKIM strength", 8,
        fmt::format("the key at {} has {} bits", shortest->query.selector, shortest->shape.bits)));
  }
}

// Quarantine already keeps forged mail out of inboxes, so it earns most of the points.
int points_of(dmarc::Policy policy) {
  if (policy == dmarc::Policy::Reject) return 15;
  return policy == dmarc::Policy::Quarantine ? 10 : 0;
}

// The milder policy counts where the two kinds of receivers find different ones. A tag that one
// kind ignores limits it for the other.
std::string describe_policy(const DmarcFacts& dmarc, dmarc::Policy policy) {
  std::string text = fmt::format("p={}", dmarc::to_text(policy));
  if (!rules::same_policy(dmarc.by_walk, dmarc.by_psl)) {
    return text + ", the milder of what receivers find by RFC 7489 and by RFC 9989";
  }
  if (policy == dmarc::Policy::None) return text;
  if (dmarc.record.pct.value_or(100) < 100) {
    text += fmt::format("; receivers that follow RFC 7489 apply it to {} % of the mail (pct={})",
                        *dmarc.record.pct, *dmarc.record.pct);
  }
  if (dmarc.record.testing.value_or(false)) {
    text += "; receivers that follow RFC 9989 apply a milder one (t=y)";
  }
  return text;
}

void dmarc_parts(const Facts& facts, Parts& parts) {
  const DmarcFacts& dmarc = facts.dmarc;
  if (dmarc.state != State::Valid) {
    parts.push_back(none("DMARC record", 10, describe(dmarc)));
    const std::pair<const char*, int> rest[] = {
        {"DMARC policy", 15}, {"DMARC in full", 3}, {"DMARC sub-domains", 4}, {"DMARC reports", 8}};
    for (const auto& [what, of] : rest) parts.push_back(none(what, of, "no usable record"));
    return;
  }
  const Enforcement enforcement = enforcement_of(dmarc);
  const bool enforced = enforcement.policy != dmarc::Policy::None;
  parts.push_back(all("DMARC record", 10, "at _dmarc." + dmarc.discovered()->at.text()));
  parts.push_back({"DMARC policy", points_of(enforcement.policy), 15,
                   describe_policy(dmarc, enforcement.policy)});
  // At p=none there is nothing to apply in full or to sub-domains, so neither earns points.
  if (!enforced) {
    parts.push_back(none("DMARC in full", 3, "nothing is enforced"));
    parts.push_back(none("DMARC sub-domains", 4, "nothing is enforced"));
  } else {
    parts.push_back(enforcement.whole ? all("DMARC in full", 3, "applied to all mail")
                                      : none("DMARC in full", 3, "limited by pct or t=y"));
    parts.push_back(enforcement.sub_domains
                        ? all("DMARC sub-domains", 4, "as strict as the domain")
                        : none("DMARC sub-domains", 4, "sp or np is milder than p"));
  }
  const int reports = !enforcement.reports ? 0 : enforcement.all_receive ? 8 : 5;
  parts.push_back({"DMARC reports", reports, 8,
                   dmarc.rua.empty()          ? "no address for reports"
                   : !enforcement.reports     ? "no address receives and accepts reports"
                   : !enforcement.all_receive ? "an address does not receive or accept reports"
                                              : "reports are requested"});
}

// Half the points where the policy was not fetched: it may be there, but that is not shown.
ScorePart mta_sts_part(const Facts& facts) {
  constexpr const char* kWhat = "MTA-STS";
  constexpr int kOf = 6;
  const MtaStsFacts& mta_sts = facts.mta_sts;
  if (mta_sts.state != State::Valid) return none(kWhat, kOf, describe(mta_sts));
  if (!mta_sts.fetched) return {kWhat, 3, kOf, "announced; the policy was not fetched"};
  if (!mta_sts.policy) return none(kWhat, kOf, "the policy " + mta_sts.fetched->problem);
  const auto uncovered = uncovered_mx(facts);
  if (!uncovered.empty()) {
    return none(kWhat, kOf, "the policy does not cover " + uncovered.front().text());
  }
  const MtaStsMode mode = mta_sts.policy->mode;
  if (mode == MtaStsMode::Testing) return {kWhat, 4, kOf, "in testing mode"};
  return mode == MtaStsMode::Enforce ? all(kWhat, kOf, "enforced")
                                     : none(kWhat, kOf, "the policy has mode none");
}

// Weighted low, since these records protect mail to the domain and not its name.
void transport_parts(const Facts& facts, Parts& parts) {
  const MxFacts& mx = facts.mx;
  if (mx.state == State::Unobservable) {
    parts.push_back(none("MX", 4, describe(mx)));
  } else if (mx.null_among_others) {
    parts.push_back(none("MX", 4, "a null MX beside others"));
  } else if (!mx.faults.empty()) {
    parts.push_back(none("MX", 4, "an MX leads to no host"));
  } else {
    parts.push_back(all("MX", 4,
                        mx.null            ? "null MX: receives no mail"
                        : mx.hosts.empty() ? "no MX"
                                           : mx.hosts.front().text()));
  }
  if (mx.null || mx.state == State::None) {
    // A domain without mail must be able to reach 100 points.
    const std::string reason = "not needed: no MX receives mail";
    parts.push_back(all("MTA-STS", 6, reason));
    parts.push_back(all("TLS reports", 5, reason));
    return;
  }
  parts.push_back(mta_sts_part(facts));
  parts.push_back(facts.tls_rpt.state == State::Valid
                      ? all("TLS reports", 5, "requested")
                      : none("TLS reports", 5, describe(facts.tls_rpt)));
}

}  // namespace

std::vector<ScorePart> score_parts(const Facts& facts) {
  if (!facts.exists) return {none("Domain", 100, "does not exist")};
  Parts parts;
  spf_parts(facts, parts);
  dkim_parts(facts, parts);
  dmarc_parts(facts, parts);
  transport_parts(facts, parts);
  return parts;
}

// Computed from the parts, so that the sum and its explanation cannot differ.
int score_of(const std::vector<ScorePart>& parts) {
  int score = 0;
  for (const ScorePart& part : parts) score += part.points;
  return score;
}

}  // namespace rampart::audit
