// DMARC discovery by tree walk (RFC 9989 section 4.10).
#include <algorithm>

#include "base/text.h"
#include "mail/dmarc/discovery.h"

namespace rampart::dmarc {
namespace {

// One step of a walk that found a record.
struct Step {
  Name domain;
  std::string text;
  char psd;
};

// What a walk came to: its steps with a record, from the longest name to the shortest, and the
// first query on the way that got no answer.
struct Walk {
  std::vector<Step> steps;
  Name org;
  std::optional<Unanswered> gap;
};

// RFC 9989 section 4.10: at most eight queries, however many labels an attacker puts into From.
constexpr std::size_t kMostLabels = 8;

// RFC 9989 section 4.10: the domains queried, the start first; a start with eight labels or more
// continues on at seven.
std::vector<Name> walk_domains(const Name& start) {
  std::vector<Name> domains = {start};
  Name domain = start;
  std::size_t left = start.labels().size();
  if (left >= kMostLabels) {
    for (; left > kMostLabels; --left) domain = domain.parent();
  }
  for (; left > 1; --left) {
    domain = domain.parent();
    domains.push_back(domain);
  }
  return domains;
}

char psd_of(const std::string& text) {
  // By hand and not by parse(): psd counts even in a record with other mistakes.
  for (const std::string_view piece : split(text, ';')) {
    const auto tag = split_tag(piece);
    if (!tag || ascii_lower(tag->first) != "psd") continue;
    const auto value = ascii_lower(tag->second);
    if (value == "y" || value == "n") return value.front();
  }
  return 'u';
}

// The domain one label below `suffix` on the way to `name`.
Name one_below(const Name& suffix, Name name) {
  while (name.parent() != suffix && !name.is_root()) name = name.parent();
  return name;
}

// RFC 9989 section 4.10.2: the three rules, from the longest name to the shortest.
Name select_org(const Name& start, const std::vector<Step>& steps) {
  for (const Step& step : steps) {
    if (step.psd == 'n') return step.domain;
    if (step.psd == 'y' && step.domain != start) return one_below(step.domain, start);
  }
  return steps.empty() ? start : steps.back().domain;
}

// Questions for all levels are collected in one round; the walk is repeated once they have answers.
// A public suffix that did not answer matters only where nothing below it has a record: with psd=y,
// the organizational domain is the one below it all the same (RFC 9989 section 4.10.2).
Walk walk(const Name& start, const Answers& answers, std::vector<Question>& unknown) {
  std::vector<Step> steps;
  std::optional<Unanswered> gap;
  for (const Name& domain : walk_domains(start)) {
    find_record(domain, answers, unknown)
        .match(
            [&](const std::string& text) {
              steps.push_back({domain, text, psd_of(text)});
            },
            [] {},
            [&](const Unanswered& one) {
              if (!gap && (steps.empty() || !is_public_suffix(domain))) gap = one;
            });
    // RFC 9989 section 4.10: psd=n or psd=y ends the walk.
    if (!steps.empty() && steps.back().psd != 'u') break;
  }
  const Name org = select_org(start, steps);
  return {std::move(steps), org, std::move(gap)};
}

const Step* step_at(const Walk& walked, const Name& domain) {
  const auto found = std::ranges::find(walked.steps, domain, &Step::domain);
  return found == walked.steps.end() ? nullptr : &*found;
}

// RFC 9989 section 4.10.1: after the author domain, its organizational domain, its public suffix.
const Step* choose_above(const Walk& walked) {
  if (const Step* org = step_at(walked, walked.org)) return org;
  const auto suffix = std::ranges::find(walked.steps, 'y', &Step::psd);
  return suffix == walked.steps.end() ? nullptr : &*suffix;
}

// RFC 9989 section 4.7: np is for names that do not exist (NXDOMAIN); any RRset at or below a name
// makes it exist.
Known<bool> exists(const Name& name, const Answers& answers, std::vector<Question>& unknown) {
  const Question question{name, RecordType::TXT};
  const Answer* answer = find_or_note(answers, question, unknown);
  if (answer == nullptr) return Unanswered{question, ""};
  if (answer->status == AnswerStatus::Failed) return Unanswered{question, answer->detail};
  return answer->status != AnswerStatus::NxDomain;
}

}  // namespace

std::optional<Name> dmarc_name(const Name& domain) {
  const auto name = domain.child("_dmarc");
  if (!name) return std::nullopt;
  return *name;
}

Known<std::string> find_record(const Name& domain, const Answers& answers,
                               std::vector<Question>& unknown) {
  const auto name = dmarc_name(domain);
  if (!name) return NoneFound();
  const Question question{*name, RecordType::TXT};
  const Answer* answer = find_or_note(answers, question, unknown);
  if (answer == nullptr) return Unanswered{question, ""};
  using Found = Known<std::string>;
  return answer->match(
      [](const std::vector<std::string>& values) -> Found {
        // RFC 9989 section 4.10: several records count as none.
        if (std::ranges::count_if(values, is_dmarc) != 1) return NoneFound();
        return *std::ranges::find_if(values, is_dmarc);
      },
      []() -> Found { return NoneFound(); },
      [&](const std::string& detail) -> Found {
        return Unanswered{question, detail};
      });
}

Known<DiscoveredPolicy> discovered_policy_of(const Name& at, const std::string& text,
                                             const Name& org, std::optional<Policy> Record::*tag) {
  const auto read = parse_lenient(text);
  if (!read) return NoneFound();
  const Record& record = read->record;
  Policy policy = record.p.value_or(Policy::None);
  if (tag != &Record::p) policy = record.sp.value_or(policy);
  if (tag == &Record::np) policy = record.np.value_or(policy);
  return DiscoveredPolicy{.at = at, .record = record, .org_domain = org, .policy = policy};
}

std::vector<Name> walk_names(const Name& name) {
  std::vector<Name> names;
  for (const Name& domain : walk_domains(name)) {
    if (const auto asked = dmarc_name(domain)) names.push_back(*asked);
  }
  return names;
}

// The author domain's own record decides, whatever is above it. Without one, a query without an
// answer may hide the record that governs, or one whose psd tag moves the organizational domain.
Known<DiscoveredPolicy> discover_by_walk(const Name& author, const Answers& answers,
                                         std::vector<Question>& unknown) {
  const std::size_t asked = unknown.size();
  const Walk walked = walk(author, answers, unknown);
  if (const Step* own = step_at(walked, author)) {
    if (unknown.size() == asked) {
      return discovered_policy_of(author, own->text, walked.org, &Record::p);
    }
  }
  if (walked.gap) return *walked.gap;
  const Step* step = choose_above(walked);
  if (step == nullptr) return NoneFound();
  const auto existing = discovered_policy_of(step->domain, step->text, walked.org, &Record::sp);
  const auto absent = discovered_policy_of(step->domain, step->text, walked.org, &Record::np);
  // Where sp and np agree, no query is spent on whether the name exists.
  if (existing == absent) return existing;
  return exists(author, answers, unknown)
      .match([&](bool there) { return there ? existing : absent; }, [&] { return existing; },
             [](const Unanswered& gap) { return Known<DiscoveredPolicy>(gap); });
}

Known<Name> org_domain_walk(const Name& name, const Answers& answers,
                            std::vector<Question>& unknown) {
  const Walk walked = walk(name, answers, unknown);
  if (walked.gap) return *walked.gap;
  return walked.org;
}

}  // namespace rampart::dmarc
