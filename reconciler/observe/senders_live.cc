/// Compares each fact of a row with one answer.
#include "reconciler/observe/senders_live.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "base/counted.h"
#include "reconciler/observe/spf_live.h"

namespace rampart {
namespace {

/// A fact and the questions of which one must have data.
struct Inquiry {
  RowCheck check;
  std::vector<Question> questions;
};

bool differs_by_user(std::string_view text) { return text.find('{') != text.npos; }

/// The types of which a term needs one at its domain; none for a term without a domain to ask.
std::vector<RecordType> needs_of(const spf::Directive& directive) {
  switch (directive.mechanism) {
    case spf::Mechanism::Include:
      return {RecordType::TXT};
    case spf::Mechanism::A:
      return {RecordType::A, RecordType::AAAA};
    case spf::Mechanism::Mx:
      return {RecordType::MX};
    default:
      return {};
  }
}

// Catalogue rows have one directive a term; own senders may have several, or a redirect, whose
// record is read the same way as an include's.
std::vector<Inquiry> spf_inquiries(const std::string& term) {
  std::vector<Inquiry> inquiries;
  const auto add = [&](const std::string& domain, const std::vector<RecordType>& types) {
    const auto name = Name::parse(domain);
    if (!name || types.empty()) return;
    Inquiry inquiry{.check = {.fact = RowFact::Spf, .record = term, .detail = {}}, .questions = {}};
    for (const RecordType type : types) inquiry.questions.push_back({*name, type});
    inquiries.push_back(std::move(inquiry));
  };
  const auto parsed = spf::parse_terms(term);
  if (!parsed) return inquiries;
  for (const spf::Directive& one : parsed->directives) add(one.domain, needs_of(one));
  const spf::Modifier* redirect = parsed->find_modifier("redirect");
  if (redirect != nullptr) add(redirect->value, {RecordType::TXT});
  return inquiries;
}

std::string silence_of(const Question& question, const std::string& why) {
  return fmt::format("{} {} could not be resolved ({})", question.name.text(),
                     to_text(question.type), why);
}

/// What an answer without any record means.
std::string absence_of(const Question& question, const Answer& answer) {
  if (answer.status == AnswerStatus::NxDomain) {
    const Name& gone = answer.cnames.empty() ? question.name : answer.cnames.back();
    return gone.text() + " does not exist";
  }
  return fmt::format("{} has no {} record", question.name.text(), to_text(question.type));
}

// More than one SPF record is none for receivers (RFC 7208 section 4.5).
std::string spf_problem(const Name& name, const std::vector<std::string>& values) {
  const auto count = std::ranges::count_if(values, spf::is_spf);
  if (count == 1) return "";
  return count == 0 ? name.text() + " publishes no SPF record"
                    : fmt::format("{} publishes {} SPF records", name.text(), count);
}

// A key under another type than TXT is no key (RFC 6376 section 3.6.2.1); what the key is worth is
// the service's own matter.
std::string key_problem(const Name& name, const std::vector<std::string>& values) {
  const bool key = std::ranges::any_of(
      values, [](const std::string& value) { return value.find("p=") != value.npos; });
  return key ? "" : name.text() + " has a TXT record that is not a DKIM key";
}

/// One question's part of a check; Holds where its data is what the fact needs.
RowCheck answered(const Inquiry& inquiry, const Question& question, const Answers& answers) {
  RowCheck check = inquiry.check;
  const Answer* answer = find_answer(answers, question.name, question.type);
  if (answer == nullptr || answer->status == AnswerStatus::Failed) {
    check.state = RowState::Unknown;
    check.detail = silence_of(question, answer ? answer->detail : "no resolver was queried");
    return check;
  }
  // The answer is known here.
  const std::vector<std::string>& values = answer->values_or_none();
  if (values.empty()) {
    check.detail = absence_of(question, *answer);
  } else if (question.type == RecordType::TXT) {
    check.detail = check.fact == RowFact::Spf ? spf_problem(question.name, values)
                                              : key_problem(question.name, values);
  }
  check.state = check.detail.empty() ? RowState::Holds : RowState::Moved;
  return check;
}

// One of the questions is enough: an `a` needs an address of either family. Without it, silence
// about one leaves the fact open.
RowCheck compared(const Inquiry& inquiry, const Answers& answers) {
  RowCheck best = answered(inquiry, inquiry.questions.front(), answers);
  for (const Question& question : inquiry.questions) {
    RowCheck one = answered(inquiry, question, answers);
    if (one.state == RowState::Holds) return one;
    if (one.state == RowState::Unknown) best = std::move(one);
  }
  return best;
}

// The whole record of the row, as its figure was counted. Terms without an answer hide their cost.
std::optional<RowCheck> lookups_check(const Sender& sender, DnsSession& session) {
  std::string text;
  for (const std::string& term : sender.spf) text += (text.empty() ? "" : " ") + term;
  const auto record = spf::parse_terms(text);
  if (!sender.lookups || !record || differs_by_user(text)) return std::nullopt;
  const spf::Tree tree = tree_live(Name::literal("rampart.invalid"), *record, session);
  RowCheck check{.fact = RowFact::Lookups,
                 .record = counted(*sender.lookups, "lookup"),
                 .state = RowState::Holds,
                 .detail = {}};
  const bool hidden = std::ranges::any_of(
      tree.root.children, [](const spf::TreeNode& node) { return !node.problem.empty(); });
  if (hidden || !tree.unknown.empty()) {
    check.state = RowState::Unknown;
    check.detail = "its cost cannot be counted: a part of it did not resolve";
  } else if (tree.lookups != *sender.lookups) {
    check.state = RowState::Moved;
    check.detail = fmt::format("it costs {} now", counted(tree.lookups, "lookup"));
  }
  return check;
}

std::vector<Inquiry> inquiries_of(const Sender& sender, SenderCheck& found) {
  std::vector<Inquiry> inquiries;
  const bool owner = sender.spf_shared.empty();
  for (const std::string& term : sender.spf) {
    if (differs_by_user(term)) found.skipped.push_back(term);
    if (differs_by_user(term) || !owner) continue;
    std::ranges::move(spf_inquiries(term), std::back_inserter(inquiries));
  }
  for (const DkimTemplate& row : sender.dkim) {
    if (row.type != RecordType::CNAME) continue;
    const std::string record = fmt::format("{} CNAME {}", row.host, row.target);
    const auto target = Name::parse(row.target);
    if (differs_by_user(row.target) || !target) {
      found.skipped.push_back(record);
      continue;
    }
    inquiries.push_back({.check = {.fact = RowFact::Dkim, .record = record, .detail = {}},
                         .questions = {{*target, RecordType::TXT}}});
  }
  return inquiries;
}

}  // namespace

bool SenderCheck::any(RowState state) const {
  return std::ranges::any_of(checks, [&](const RowCheck& one) { return one.state == state; });
}

std::vector<SenderCheck> check_senders(std::span<const std::shared_ptr<const Sender>> senders,
                                       DnsSession& session) {
  std::vector<SenderCheck> found;
  std::vector<std::vector<Inquiry>> inquiries;
  std::vector<Question> questions;
  for (const auto& sender : senders) {
    found.push_back({.sender = sender, .checks = {}, .skipped = {}});
    inquiries.push_back(inquiries_of(*sender, found.back()));
    for (const Inquiry& one : inquiries.back()) {
      questions.insert(questions.end(), one.questions.begin(), one.questions.end());
    }
  }
  session.resolve(questions);
  for (std::size_t i = 0; i < found.size(); ++i) {
    for (const Inquiry& one : inquiries[i]) {
      found[i].checks.push_back(compared(one, session.answers));
    }
    if (!found[i].sender->spf_shared.empty()) continue;
    if (auto cost = lookups_check(*found[i].sender, session)) {
      found[i].checks.push_back(std::move(*cost));
    }
  }
  return found;
}

}  // namespace rampart
