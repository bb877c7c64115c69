#include "mail/dmarc/check_message.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace rampart::dmarc {
namespace {

enum class Generation { Walk, Psl };

std::optional<Name> name_of(const std::string& text) {
  const auto name = Name::parse(text);
  if (!name) return std::nullopt;
  return *name;
}

Policy milder(Policy policy) {
  return policy == Policy::Reject ? Policy::Quarantine : Policy::None;
}

// RFC 9989 section 4.7: t=y asks for one level less; RFC 7489 section 6.6.4: pct=0 selects no
// message, and what is not selected gets one level less.
Policy disposition_of(const DiscoveredPolicy& discovered, Generation generation) {
  const bool lowered = generation == Generation::Walk ? discovered.record.testing.value_or(false)
                                                      : discovered.record.pct.value_or(100) == 0;
  return lowered ? milder(discovered.policy) : discovered.policy;
}

// One way of discovery, bound to one message.
struct Discovery {
  Generation generation;
  const Answers& answers;
  std::vector<Question>& unknown;

  Known<DiscoveredPolicy> discover(const Name& author) const {
    return generation == Generation::Walk ? discover_by_walk(author, answers, unknown)
                                          : discover_by_psl(author, answers, unknown);
  }

  Known<Name> org_domain(const Name& name) const {
    return generation == Generation::Walk ? org_domain_walk(name, answers, unknown)
                                          : Known<Name>(org_domain_psl(name));
  }

  // RFC 9989 section 3.2.10. Equal names need no walk: what fails above them does not matter.
  Known<bool> aligned(const Name& name, const Name& author, Alignment mode) const {
    if (name == author) return true;
    if (mode == Alignment::Strict) return false;
    const Known<Name> ours = org_domain(author);
    const Known<Name> theirs = org_domain(name);
    if (ours.gap() != nullptr) return *ours.gap();
    if (theirs.gap() != nullptr) return *theirs.gap();
    return ours == theirs;
  }
};

struct Identifiers {
  bool passes = false;   // An identifier is aligned and passed.
  bool pending = false;  // An identifier is or may be aligned, and could not be checked.
  std::string gap;       // Which query for alignment got no answer; empty where none.
};

// RFC 9989 section 4.4: SPF's MAIL FROM domain and the d= of each signature are the identifiers.
Identifiers align(const MessageVerdict& message, const Discovery& discovery, Judgement& judgement) {
  const Name& author = message.authors.front();
  const Record record = judgement.discovered ? judgement.discovered->record : Record{};
  Identifiers found;
  // A pass whose alignment is not known may be an aligned one.
  const auto add = [&found](const Known<bool>& aligned, bool passed, bool pending) {
    const bool open = aligned.gap() != nullptr;
    const bool counts = aligned == Known<bool>(true);
    found.passes = found.passes || (counts && passed);
    found.pending = found.pending || (counts && pending) || (open && (passed || pending));
    if (open && found.gap.empty()) found.gap = to_text(*aligned.gap());
    return counts;
  };
  // SPF counts even where it failed: whether it is aligned is part of the report.
  if (const auto domain = name_of(message.spf_domain); domain && message.spf) {
    judgement.spf_aligned =
        add(discovery.aligned(*domain, author, record.aspf.value_or(Alignment::Relaxed)),
            message.spf->outcome == spf::Outcome::Pass,
            message.spf->outcome == spf::Outcome::TempError);
  }
  for (const dkim::SignatureVerdict& signature : message.dkim.signatures) {
    const auto domain = name_of(signature.domain);
    const Alignment mode = record.adkim.value_or(Alignment::Relaxed);
    const Known<bool> aligned =
        domain ? discovery.aligned(*domain, author, mode) : Known<bool>(false);
    judgement.dkim_aligned.push_back(add(aligned, signature.outcome == dkim::Outcome::Pass,
                                         signature.outcome == dkim::Outcome::TempError));
  }
  return found;
}

// RFC 9989 section 5.3: any aligned pass is a pass; without a record DMARC does not apply.
// The identifiers are aligned even where discovery failed: the remarks and the report show them.
Judgement evaluate(const MessageVerdict& message, const Discovery& discovery) {
  Judgement judgement;
  judgement.dkim_aligned.reserve(message.dkim.signatures.size());
  if (!message.author_problem.empty()) {
    judgement.dkim_aligned.assign(message.dkim.signatures.size(), false);
    // RFC 9989 section 11.5: such fields are how a forger shows one author and has another one
    // checked, so that "does not apply" would be the wrong answer.
    judgement.outcome = Outcome::PermError;
    judgement.reason = message.author_problem;
    return judgement;
  }
  const Name& author = message.authors.front();
  const Known<DiscoveredPolicy> discovered = discovery.discover(author);
  discovered.match([&](const DiscoveredPolicy& one) { judgement.discovered = one; }, [] {},
                   [&](const Unanswered&) { judgement.outcome = Outcome::TempError; });
  const Identifiers identifiers = align(message, discovery, judgement);
  if (const Unanswered* gap = discovered.gap()) {
    judgement.reason = fmt::format("{} could not be resolved", gap->question.name.text());
    return judgement;
  }
  if (!judgement.discovered) {
    judgement.reason = fmt::format("no DMARC record applies to {}", author.text());
    return judgement;
  }
  judgement.policy = judgement.discovered->policy;
  if (identifiers.passes) {
    judgement.outcome = Outcome::Pass;
    // Not a fail: the same message may pass a minute later.
  } else if (identifiers.pending) {
    judgement.outcome = Outcome::TempError;
    judgement.reason = identifiers.gap.empty()
                           ? "an aligned identifier could not be checked because DNS failed"
                           : "alignment could not be checked: " + identifiers.gap;
  } else {
    judgement.outcome = Outcome::Fail;
    judgement.disposition = disposition_of(*judgement.discovered, discovery.generation);
  }
  return judgement;
}

void read_authors(const mail::Head& head, MessageVerdict& verdict) {
  verdict.skipped = head.skipped;
  const auto authors = mail::read_authors(head);
  if (!authors) {
    verdict.author_problem = authors.error().what;
    return;
  }
  verdict.authors = authors->domains;
  verdict.author_slip = authors->slip;
  if (verdict.authors.size() > 1) {
    verdict.author_problem = fmt::format("the From field names {} domains", verdict.authors.size());
  }
}

void check_spf(const spf::Client& client, const Answers& answers, MessageVerdict& verdict) {
  verdict.sender = client.sender;
  // RFC 7208 section 2.4: a bounce is checked by its HELO name.
  const auto at = client.sender.rfind('@');
  verdict.spf_domain = client.sender.empty() ? client.helo : client.sender.substr(at + 1);
  if (verdict.spf_domain.empty()) return;
  verdict.spf = spf::check_host(client, answers);
  verdict.unknown = verdict.spf->unknown;
}

void remark_on_tags(const Judgement& walk, std::vector<std::string>& sentences) {
  const Record& record = walk.discovered->record;
  if (record.testing.value_or(false) && walk.policy != Policy::None) {
    sentences.push_back(
        fmt::format("t=y: receivers that follow RFC 9989 apply one level less, {} instead of {}; "
                    "others ignore it.",
                    to_text(milder(walk.policy)), to_text(walk.policy)));
  }
  const int pct = record.pct.value_or(100);
  if (pct != 100 && walk.policy != Policy::None) {
    sentences.push_back(
        fmt::format("pct={}: receivers that follow RFC 7489 apply {} to {} % of failing mail and "
                    "{} to the rest; receivers that follow RFC 9989 ignore it.",
                    pct, to_text(walk.policy), pct, to_text(milder(walk.policy))));
  }
}

// What passes without helping DMARC, and what would make it align (RFC 9989 section 4.4). Silent
// about a mechanism by which the message aligns already.
void remark_on_alignment(const MessageVerdict& verdict, std::vector<std::string>& sentences) {
  if (!verdict.author_problem.empty() || verdict.authors.empty()) return;
  const std::string author = verdict.authors.front().text();
  // Without a record the tree walk knows no organization, and the public suffix list still does.
  const Judgement& judgement = verdict.walk.discovered ? verdict.walk : verdict.psl;
  const Record record = judgement.discovered ? judgement.discovered->record : Record{};
  const auto where = [&author](std::optional<Alignment> mode) {
    return mode == Alignment::Strict
               ? fmt::format("{} itself, as strict alignment asks", author)
               : fmt::format("{} or another domain of its organization", author);
  };
  if (verdict.spf && verdict.spf->outcome == spf::Outcome::Pass && !judgement.spf_aligned) {
    sentences.push_back(fmt::format(
        "SPF passes for {}, not aligned: send with a MAIL FROM (return path) in {}, and authorize "
        "the host in the SPF record there.",
        verdict.spf_domain, where(record.aspf)));
  }
  const dkim::SignatureVerdict* unaligned = nullptr;
  for (std::size_t i = 0; i < verdict.dkim.signatures.size(); ++i) {
    const dkim::SignatureVerdict& one = verdict.dkim.signatures[i];
    if (one.outcome != dkim::Outcome::Pass) continue;
    if (judgement.dkim_aligned[i]) return;
    if (unaligned == nullptr) unaligned = &one;
  }
  if (unaligned == nullptr) return;
  sentences.push_back(
      fmt::format("DKIM passes for d={}, not aligned: sign as d={}, with a key at a selector below "
                  "_domainkey.{}; d= must be {}.",
                  unaligned->domain, author, author, where(record.adkim)));
}

std::string summary_of(const Judgement& judgement) {
  const std::string where =
      judgement.discovered ? fmt::format(" by the record of {}", judgement.discovered->at.text())
                           : std::string(" without a record");
  return fmt::format("{}{} (policy {})", to_text(judgement.outcome), where,
                     to_text(judgement.policy));
}

bool differ(const Judgement& walk, const Judgement& psl) {
  const auto at = [](const Judgement& judgement) {
    return judgement.discovered ? judgement.discovered->at.text() : std::string();
  };
  return walk.outcome != psl.outcome || walk.policy != psl.policy || at(walk) != at(psl);
}

}  // namespace

std::string_view to_text(Outcome outcome) {
  constexpr std::array<std::string_view, 5> kNames = {"none", "pass", "fail", "temperror",
                                                      "permerror"};
  return kNames[static_cast<std::size_t>(outcome)];
}

// All parts add their questions to one list, so that a round resolves what SPF, DKIM, ARC and DMARC
// need together.
MessageVerdict check_message(const spf::Client& client, const dkim::Verifier& verifier,
                             const Answers& answers) {
  MessageVerdict verdict;
  read_authors(verifier.head(), verdict);
  check_spf(client, answers, verdict);
  verdict.dkim = verifier.evaluate(answers, client.now);
  std::ranges::copy(verdict.dkim.unknown, std::back_inserter(verdict.unknown));
  verdict.arc = arc::evaluate(verifier, answers, client.now, verdict.unknown);
  // Both generations, because receivers of both are in use and may treat one message differently.
  verdict.walk = evaluate(verdict, {Generation::Walk, answers, verdict.unknown});
  verdict.psl = evaluate(verdict, {Generation::Psl, answers, verdict.unknown});
  return verdict;
}

std::vector<std::string> remarks(const MessageVerdict& verdict) {
  std::vector<std::string> sentences;
  for (const std::string& line : verdict.skipped) {
    sentences.push_back(
        "The header has a line that is not a field, and some receivers stop there: " + line + ".");
  }
  if (!verdict.walk.reason.empty()) sentences.push_back("DMARC: " + verdict.walk.reason + ".");
  if (!verdict.author_slip.empty()) {
    sentences.push_back(fmt::format(
        "The From field breaks RFC 5322 section 3.4 ({}): tolerant receivers read {} in it, and "
        "others refuse the message.",
        verdict.author_slip, verdict.authors.front().text()));
  }
  remark_on_alignment(verdict, sentences);
  if (verdict.walk.discovered) remark_on_tags(verdict.walk, sentences);
  if (differ(verdict.walk, verdict.psl)) {
    sentences.push_back(
        fmt::format("Receivers that use the public suffix list (RFC 7489) reach "
                    "another verdict: {}.",
                    summary_of(verdict.psl)));
  }
  return sentences;
}

}  // namespace rampart::dmarc
