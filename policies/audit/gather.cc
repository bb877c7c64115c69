/// From answers to facts: SPF, and the order in which the parts of a domain are read.
#include <fmt/format.h>

#include <algorithm>

#include "policies/audit/audit.h"
#include "policies/audit/parts.h"
#include "policies/model/lookup.h"
#include "policies/rules/spf.h"
#include "policies/rules/strays.h"

namespace rampart::audit {
namespace {

constexpr int kMaxRedirects = 10;  // Each costs a lookup, so receivers follow no more.

// The `all` that decides where no other term matches: the record's own, or that of the record it
// redirects to (RFC 7208 section 6.1). Without either the result is neutral (section 4.7). Nullopt
// where a macro or a failing name server hides the end: a guess would give or take points without a
// reason.
std::optional<spf::Qualifier> ending_of(const spf::CompiledRecord& start, spf::RecordCache& cache) {
  const spf::CompiledRecord* compiled = &start;
  for (int step = 0; step < kMaxRedirects; ++step) {
    const auto all = std::ranges::find(compiled->record.directives, spf::Mechanism::All,
                                       &spf::Directive::mechanism);
    if (all != compiled->record.directives.end()) return all->qualifier;
    if (compiled->redirect == nullptr) return spf::Qualifier::Neutral;
    if (compiled->redirect->dynamic || !compiled->redirect->name) return std::nullopt;
    compiled = &cache.of(*compiled->redirect);
    if (compiled->state != spf::CompiledRecord::State::Ready) return std::nullopt;
  }
  return std::nullopt;
}

// A redirect may pass somebody, so a record with one is never counted as silent. Neither is one
// that was meant to pass somebody: its owner sends mail.
bool passes_nobody(const spf::Record& record) {
  return record.find_modifier("redirect") == nullptr &&
         !rules::spf_term_ignored(Name::root(), record) &&
         !contains(record.directives, spf::Qualifier::Pass, &spf::Directive::qualifier);
}

// Two causes of permerror need two remedies: several records, or one that cannot be parsed.
State state_of(const spf::CompiledRecord& compiled, const Answer& answer) {
  switch (compiled.state) {
    case spf::CompiledRecord::State::Unasked:
      return State::Unknown;
    case spf::CompiledRecord::State::None:
      return State::None;
    case spf::CompiledRecord::State::TempError:
      return State::Unobservable;
    case spf::CompiledRecord::State::Ready:
      return State::Valid;
    case spf::CompiledRecord::State::PermError:
      break;
  }
  // A record can only be invalid where there is one.
  const auto count = std::ranges::count_if(answer.values_or_none(), spf::is_spf);
  return count > 1 ? State::Several : State::Invalid;
}

/// Finds the questions that a tree lacks. Building the tree for that would start again from its
/// root in every round; questions beyond this search's limits are returned by the tree itself.
class Search {
 public:
  explicit Search(Table& table) : table_(table) {}

  void look(const spf::CompiledRecord& compiled, int depth) {
    for (const spf::CompiledDirective& step : compiled.steps) look(step, depth);
    if (compiled.redirect != nullptr) follow(*compiled.redirect, depth);
  }

  std::vector<Question> unknown;

 private:
  void look(const spf::CompiledDirective& step, int depth) {
    if (step.target == nullptr) return;
    if (step.mechanism == spf::Mechanism::Include) return follow(*step.target, depth);
    if (step.target->dynamic || !step.target->name) return;
    const Name& name = *step.target->name;
    if (step.mechanism == spf::Mechanism::Exists) {
      if (find_answer(table_.answers, name, RecordType::A) == nullptr) {
        unknown.push_back({name, RecordType::A});
      }
      return;
    }
    if (step.mechanism != spf::Mechanism::A && step.mechanism != spf::Mechanism::Mx) return;
    const auto hosts = step.mechanism == spf::Mechanism::A ? spf::address_hosts : spf::mx_hosts;
    for (const spf::Family family : spf::kFamilies) hosts(name, family, table_.answers, unknown);
  }

  // Limited in depth and in number: a record of a third party may include itself or thousands of
  // others.
  void follow(spf::Target& target, int depth) {
    constexpr int kDeepest = 12;  // Past ten lookups receivers stop anyway.
    if (target.dynamic || !target.name || depth > kDeepest || --left_ < 0) return;
    const spf::CompiledRecord& compiled = table_.cache.of(target);
    if (compiled.state == spf::CompiledRecord::State::Unasked) {
      unknown.push_back({compiled.domain, RecordType::TXT});
    } else if (compiled.state == spf::CompiledRecord::State::Ready) {
      look(compiled, depth + 1);
    }
  }

  Table& table_;
  int left_ = 400;  // Records to open: an adversarial tree must not stall the whole run.
};

// Whether mail of the service never aligns by SPF: it bounces to a domain of the service.
bool never_aligns(const Sender* sender) {
  return sender->spf_aligns == Aligns::No || sender->include_needed == IncludeNeeded::No ||
         sender->include_needed == IncludeNeeded::Legacy;
}

// A term that several services share is needless only where it is for each of them.
std::vector<std::string> needless_terms(const spf::Record& record, const SendersByTerm& by_term) {
  std::vector<std::string> terms;
  for (const spf::Directive& directive : record.directives) {
    std::string term = spf::print(directive);
    const auto owners = by_term.find(term);
    if (owners.empty() || !std::ranges::all_of(owners, never_aligns)) continue;
    terms.push_back(std::move(term));
  }
  return terms;
}

// The cheap search comes first, because each round of questions would otherwise build the whole
// tree again.
void read_tree(const spf::CompiledRecord& compiled, Table& table, SpfFacts& spf) {
  Search search(table);
  search.look(compiled, 0);
  if (!search.unknown.empty()) {
    spf.tree.unknown = std::move(search.unknown);
    spf.state = State::Unknown;
    return;
  }
  spf.tree = spf::tree_of(compiled, table.cache);
  if (!spf.tree.unknown.empty()) {
    spf.state = State::Unknown;
    return;
  }
  std::vector<Question> names;
  spf.names = rules::spf_name_faults(compiled.domain, spf.tree.root, table.answers, names);
  if (!names.empty()) {
    spf.tree.unknown = std::move(names);
    spf.state = State::Unknown;
    return;
  }
  spf.own = rules::own_networks(compiled.domain, compiled.record, table.answers);
  spf.reach = rules::spf_reach(spf::admitted_by(compiled, table.cache));
  // `ptr` of the record itself is `spf-ptr`, which counts by itself.
  for (const spf::Directive& own : compiled.record.directives) {
    if (own.mechanism == spf::Mechanism::Ptr) std::erase(spf.reach.open, spf::print(own));
  }
  spf.record = compiled.record;
  spf.ending = ending_of(compiled, table.cache);
  spf.passes_nobody = passes_nobody(compiled.record);
  spf.needless = needless_terms(compiled.record, table.senders);
  for (const Sender* sender : senders_in(compiled.record, table.senders)) {
    // A shared include says nothing of which service sends through its owner.
    if (sender->spf_shared.empty()) spf.senders.push_back(sender->id);
  }
}

// The owner name is part of the answer, so it counts towards the size of a UDP packet.
std::size_t octets_at(const Name& domain, const Answer& answer) {
  std::size_t octets = domain.text().size();
  for (const std::string& value : answer.values_or_none()) octets += value.size();
  return octets;
}

// The first is enough: it shows what is wrong, and a second one adds no action. Without an answer
// there is nothing to report here: the SPF state itself says so.
void read_near_spf(const Answer& answer, const Name& domain, SpfFacts& spf) {
  for (const std::string& value : answer.values_or_none()) {
    const auto slip = spf_near_miss({domain, RecordType::TXT}, value);
    if (!slip) continue;
    spf.near_miss = value;
    spf.slip = *slip;
    return;
  }
}

// The domain's own TXT answer also shows whether the name exists at all. A TXT question is needed
// in any case, so that the existence of the name costs no further query.
void gather_spf(Facts& facts, Table& table) {
  const Answer* answer = answer_for(facts, table, facts.subject.domain, RecordType::TXT);
  if (answer == nullptr) return;
  facts.exists = answer->status != AnswerStatus::NxDomain;
  const spf::CompiledRecord& compiled = table.cache.at(facts.subject.domain);
  SpfFacts& spf = facts.spf;
  spf.state = state_of(compiled, *answer);
  spf.text = compiled.text;
  spf.problem = compiled.problem;
  spf.octets = octets_at(facts.subject.domain, *answer);
  read_near_spf(*answer, facts.subject.domain, spf);
  note_strays(facts, facts.subject.domain, *answer);
  if (spf.state == State::Valid) read_tree(compiled, table, spf);
  std::ranges::copy(spf.tree.unknown, std::back_inserter(facts.unknown));
  if (spf.state == State::Unobservable) record_failure(facts, facts.subject.domain, *answer);
}

// No host would have this name: what is published here comes from a wildcard.
constexpr std::string_view kNoSuchName = "rampart-asks-for-no-such-name";

// A wildcard answers for every name that does not exist. Its SPF record is meant for names without
// mail, and not for those where another record belongs. Queried only where such a value was found.
void forget_wildcard_spf(Facts& facts, Table& table) {
  const auto is_spf = [](const Stray& one) {
    return kind_of(one.key, one.value) == RecordKind::Spf;
  };
  if (std::ranges::none_of(facts.strays, is_spf)) return;
  const auto name = facts.subject.domain.child(kNoSuchName);
  const Answer* answer = name ? answer_for(facts, table, *name, RecordType::TXT) : nullptr;
  if (answer == nullptr) return;
  // Without an answer the values are taken for records of their own, which a person can check.
  std::erase_if(facts.strays, [&](const Stray& one) {
    return is_spf(one) && contains(answer->values_or_none(), one.value);
  });
}

}  // namespace

const Answer* answer_for(Facts& facts, const Table& table, const Name& name, RecordType type) {
  const Answer* answer = find_answer(table.answers, name, type);
  if (answer == nullptr) facts.unknown.push_back({name, type});
  return answer;
}

// A part is read again while answers are missing, so that nothing is noted twice.
void note_strays(Facts& facts, const Name& name, const Answer& answer) {
  const Name& domain = facts.subject.domain;
  for (const std::string& value : answer.values_or_none()) {
    const Stray stray{{name, RecordType::TXT}, value};
    // The rules on SPF and on DMARC report their own near misses.
    const bool reported = name_kind(name) == NameKind::Dmarc
                              ? near_miss(stray.key, value).has_value()
                              : name == domain && spf_near_miss(stray.key, value).has_value();
    if (reported) continue;
    if (!rules::stray_record(domain, stray.key, value) || contains(facts.strays, stray)) continue;
    facts.strays.push_back(stray);
  }
  if (answer.status != AnswerStatus::NxDomain || answer.cnames.empty()) return;
  if (contains(facts.dangling, name, &Dangling::name)) return;
  facts.dangling.push_back({name, answer.cnames.back()});
}

void record_failure(Facts& facts, const Name& name, const Answer& answer) {
  facts.failures.push_back(fmt::format("{}: {}", name.text(), answer.detail));
}

// Asked in one round for all domains, since a round trip costs more than a question too many.
std::vector<Question> first_questions(const Subject& subject) {
  const Name& domain = subject.domain;
  std::vector<Question> questions = {{domain, RecordType::TXT}, {domain, RecordType::MX}};
  for (const Name& name : dmarc::walk_names(domain)) questions.push_back({name, RecordType::TXT});
  for (const char* prefix : {"_mta-sts", "_smtp._tls", "default._bimi"}) {
    if (const auto name = domain.child(prefix)) questions.push_back({*name, RecordType::TXT});
  }
  for (const SelectorQuery& query : subject.selectors) {
    const auto name = domain.child(query.selector + "._domainkey");
    if (name) questions.push_back({*name, RecordType::TXT});
  }
  return questions;
}

// SPF comes first: its record names the senders whose selectors gather_dkim queries.
void gather(Facts& facts, Table& table) {
  facts.unknown.clear();
  if (facts.spf.state == State::Unknown) gather_spf(facts, table);
  if (facts.dkim.state == State::Unknown) gather_dkim(facts, table);
  if (facts.dmarc.state == State::Unknown) gather_dmarc(facts, table);
  if (facts.mx.state == State::Unknown) gather_mx(facts, table);
  if (facts.mta_sts.state == State::Unknown) gather_mta_sts(facts, table);
  if (facts.tls_rpt.state == State::Unknown) gather_tls_rpt(facts, table);
  if (facts.bimi.state == State::Unknown) gather_bimi(facts, table);
  for (Dangling& one : facts.dangling) {
    one.reading = rules::read_name(one.name, RecordType::TXT, table.answers, facts.unknown);
  }
  forget_wildcard_spf(facts, table);
}

}  // namespace rampart::audit
