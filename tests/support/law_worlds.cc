#include "tests/support/law_worlds.h"

#include <algorithm>
#include <array>
#include <random>

#include "mail/dmarc/dmarc.h"
#include "mail/records/kind.h"
#include "policies/dkim/names.h"
#include "policies/dmarc/discovered_policy.h"
#include "policies/model/reporters.h"
#include "policies/ramp/ramp.h"
#include "reconciler/plan/make_plan.h"

namespace rampart::testing {
namespace {

using std::chrono::days;

// A small deterministic source of choices. The standard's distributions differ between libraries;
// the engine's numbers do not.
class Dice {
 public:
  explicit Dice(unsigned seed) : engine_(seed) {}
  int below(int n) { return static_cast<int>(engine_() % static_cast<unsigned>(n)); }
  bool one_in(int n) { return below(n) == 0; }
  template <class T>
  T pick(std::initializer_list<T> choices) {
    return *(choices.begin() + below(static_cast<int>(choices.size())));
  }

 private:
  std::mt19937 engine_;
};

const std::string kKeyA = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
const std::string kKeyB = "v=DKIM1; k=ed25519; p=PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=";
const std::string kRevoked = "v=DKIM1; k=ed25519; p=";
// A private key that somebody pasted where the public half belongs.
const std::string kPasted = "-----BEGIN PRIVATE KEY----- MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fd";

const Date kToday = std::chrono::floor<days>(*parse_time("2026-11-21T06:00:00Z"));

std::shared_ptr<const Sender> sender(std::string id, std::vector<std::string> spf,
                                     DkimKind dkim_kind, std::vector<DkimTemplate> dkim) {
  Sender made;
  made.id = id;
  made.name = id;
  made.spf = std::move(spf);
  made.spf_aligns = Aligns::Yes;
  made.dkim_aligns = dkim_kind == DkimKind::None ? Aligns::No : Aligns::Yes;
  made.dkim_kind = dkim_kind;
  made.dkim = std::move(dkim);
  return std::make_shared<const Sender>(std::move(made));
}

// How much is wrong around a domain. In a calm one nothing keeps a plan from its DMARC record; a
// world of rough ones alone would reach no enforcement.
enum class Weather { Calm, Rough };

// One sender of each kind: a mail host that signs by itself, two vendors with a CNAME, and one that
// cannot sign at all.
const std::vector<std::shared_ptr<const Sender>>& all_senders() {
  static const std::vector<std::shared_ptr<const Sender>> kSenders = {
      sender("office", {"ip4:192.0.2.0/28"}, DkimKind::Self, {}),
      sender("shop", {"ip4:198.51.100.7"}, DkimKind::Cname,
             {{"shop._domainkey", RecordType::CNAME, "k1.shop.example.net"}}),
      sender("news", {"include:_spf.news.example.net"}, DkimKind::Cname,
             {{"news._domainkey", RecordType::CNAME, "k1.news.example.net"}}),
      sender("printer", {"ip6:2001:db8::/48", "ip4:203.0.113.0/24"}, DkimKind::None, {})};
  return kSenders;
}

std::shared_ptr<const Ramp> random_ramp(Dice& dice) {
  Ramp ramp;
  ramp.name = dice.pick({"standard", "quick"});
  ramp.max_domains_per_run = ramp.name == "quick" ? 1 : 1000;
  ramp.mode = dice.one_in(4) ? RampMode::Legacy : RampMode::Compat;
  const Duration fortnight{14, Duration::Unit::Days};
  ramp.steps = {{{Phase::Monitor, 100}, fortnight},   {{Phase::Quarantine, 10}, fortnight},
                {{Phase::Quarantine, 50}, fortnight}, {{Phase::Quarantine, 100}, fortnight},
                {{Phase::Reject, 10}, fortnight},     {{Phase::Reject, 50}, fortnight},
                {{Phase::Reject, 100}, std::nullopt}};
  return std::make_shared<const Ramp>(std::move(ramp));
}

RampPosition random_position(Dice& dice, const Ramp& ramp) {
  if (dice.one_in(6)) {
    return dice.pick<RampPosition>(
        {{Phase::Discovery, 100}, {Phase::Spf, 100}, {Phase::Dkim, 100}, {Phase::Quarantine, 25}});
  }
  return ramp.steps[static_cast<std::size_t>(dice.below(static_cast<int>(ramp.steps.size())))]
      .position;
}

void add_senders(Dice& dice, Weather weather, Domain& domain) {
  domain.senders.emplace();
  for (const auto& one : all_senders()) {
    if (dice.one_in(2)) continue;
    if (one->id == "printer" && (weather == Weather::Calm || !dice.one_in(3))) continue;
    SenderUse use{.sender = one, .with = {}, .retired = {}, .mark = {}};
    if (dice.one_in(5)) use.retired = kToday - days{dice.pick({-10, 5, 60})};
    domain.senders->push_back(use);
  }
}

void add_selectors(Dice& dice, Weather weather, Domain& domain) {
  for (const char* selector : {"s1", "s2"}) {
    if (!dice.one_in(2)) continue;
    SelectorSpec spec;
    spec.selector = selector;
    switch (weather == Weather::Calm ? 11 : dice.below(12)) {
      case 0:
        spec.txt = kPasted;
        break;
      case 1:
      case 2:
      case 3:
        spec.cname = std::string(selector) + ".keys.example.net";
        break;
      default:
        spec.txt = dice.one_in(2) ? kKeyA : kKeyB;
    }
    domain.selectors.push_back(spec);
  }
}

// A rotation whose keys, records and dates are at any point of a key's life.
void add_rotation(Dice& dice, Weather weather, Domain& domain, World& world) {
  if (!dice.one_in(2)) return;
  RotationSpec spec;
  spec.name = "office";
  spec.sender = "office";
  spec.algorithm = RotationAlgorithm::Ed25519;
  spec.current = "office-20260801";
  if (dice.one_in(2)) spec.next = "office-20261101";
  if (spec.next && dice.one_in(2)) spec.published = kToday - days{dice.pick({2, 12})};
  if (!dice.one_in(3)) spec.past = {"office-20260501"};
  if (dice.one_in(2)) spec.signing = dice.pick({"office-20260801", "office-20260501"});
  if (spec.signing == spec.current) spec.signing_since = kToday - days{dice.pick({3, 30, 90})};
  if (!spec.past.empty() && dice.one_in(3)) {
    spec.revoked[spec.past.front()] = kToday - days{dice.pick({5, 45})};
  }
  if (dice.one_in(10)) spec.compromised = {"office-20260501"};
  for (const auto& selector : {spec.current, spec.next}) {
    if (!selector) continue;
    PublicKey key(kKeyA, "");
    if (weather == Weather::Rough && dice.one_in(6)) key = PublicKey("", "no such file");
    world.keys[rotation_key_path(domain.name, *selector)] = key;
  }
  domain.rotations.push_back(std::move(spec));
}

void add_waivers(Dice& dice, Domain& domain) {
  for (const char* code : {"ramp-jump", "reject-spf-only", "dkim-selector-removed"}) {
    if (!dice.one_in(8)) continue;
    const Date until = kToday + days{dice.pick({-3, 0, 30})};
    domain.waivers.push_back({.code = code, .reason = "known", .until = until, .mark = {}});
  }
}

Domain random_domain(Dice& dice, Weather weather, const Name& name, World& world) {
  Domain domain{.name = name, .providers = {"files"}, .dmarc = {}, .mark = {"domains.yaml", 1, 1}};
  if (dice.one_in(4)) domain.providers.push_back("mirror");
  domain.dmarc.ramp = random_ramp(dice);
  domain.dmarc.position = random_position(dice, *domain.dmarc.ramp);
  domain.dmarc.since = kToday - days{dice.pick({3, 20, 60})};
  domain.dmarc.rua = {"mailto:dmarc@" + name.text()};
  if (weather == Weather::Rough && dice.one_in(2))
    domain.dmarc.rua.push_back("mailto:a@reports.example.net");
  if (weather == Weather::Rough && dice.one_in(8)) domain.dmarc.rua.clear();
  if (dice.one_in(3)) domain.ttl = std::chrono::seconds(300);
  domain.take_over = dice.one_in(6);
  add_senders(dice, weather, domain);
  add_selectors(dice, weather, domain);
  add_rotation(dice, weather, domain, world);
  add_waivers(dice, domain);
  if (dice.one_in(14)) domain.state = DomainState::Parked;
  if (dice.one_in(14)) domain.state = DomainState::Absent;
  return domain;
}

void publish(LiveZone& zone, const RecordKey& key, std::set<std::string> values, int ttl) {
  const RecordSet set{std::chrono::seconds(ttl), std::move(values)};
  zone.sets[key] = {LiveState::Present, parse_set(key, set), ""};
}

void fill_apex(Dice& dice, const Name& name, LiveZone& zone) {
  std::set<std::string> apex;
  if (dice.one_in(2)) apex.insert("site-verification=abc");
  if (dice.one_in(4)) apex.insert("v=spf10 is not ours");
  if (dice.one_in(2)) apex.insert("v=spf1 ip4:192.0.2.0/28 ~all");
  if (dice.one_in(5)) apex.insert("v=spf1 include:_spf.elsewhere.example -all");
  if (!apex.empty()) publish(zone, {name, RecordType::TXT}, apex, dice.pick({60, 3600}));
  if (dice.one_in(5)) publish(zone, {name, RecordType::MX}, {"10 mx.example.net"}, 3600);
}

// The record of a step near the domain's own: up to three below it, or two above.
std::string dmarc_near(Dice& dice, const DmarcSpec& spec) {
  DmarcSpec live = spec;
  const auto& steps = spec.ramp->steps;
  const auto own = std::ranges::count_if(
      steps, [&](const RampStep& step) { return step.position < spec.position; });
  const int wanted = static_cast<int>(own) + dice.pick({-3, -2, -1, -1, -1, 0, 0, 1, 2});
  const int last = static_cast<int>(steps.size()) - 1;
  live.position = steps[static_cast<std::size_t>(std::clamp(wanted, 0, last))].position;
  if (dice.one_in(5)) live.rua = {"mailto:old@reports.example.net"};
  return dmarc::print(record_for(live));
}

void fill_dmarc(Dice& dice, Weather weather, const Domain& domain, LiveZone& zone) {
  const Name name = domain.name.child("_dmarc").value();
  const RecordKey txt{name, RecordType::TXT};
  switch (weather == Weather::Calm ? 9 : dice.below(10)) {
    case 0:
      break;
    case 1:
      publish(zone, txt, {"v=DMARC1; p=none", "v=DMARC1; p=reject"}, 300);
      break;
    case 2:
      publish(zone, txt, {"v=dmarc1; p=none", "a note"}, 300);
      break;
    case 3:
      publish(zone, {name, RecordType::CNAME}, {"d.hosted.example.net"}, 300);
      break;
    case 4:
      zone.sets[txt] = {LiveState::Unobservable, {}, "127.0.0.1:53: timeout"};
      break;
    case 5:
      publish(zone, txt, {dmarc_near(dice, domain.dmarc), "somebody's note"}, 300);
      break;
    default:
      publish(zone, txt, {dmarc_near(dice, domain.dmarc)}, 300);
  }
}

void fill_selectors(Dice& dice, Weather weather, const Name& name, LiveZone& zone) {
  const auto key = [&](const std::string& selector, RecordType type) {
    return RecordKey{name.child(selector + "._domainkey").value(), type};
  };
  if (dice.one_in(3)) publish(zone, key("s1", RecordType::TXT), {kKeyA}, 3600);
  if (weather == Weather::Rough && dice.one_in(2))
    publish(zone, key("s2", RecordType::TXT), {"another's note"}, 3600);
  if (weather == Weather::Rough && dice.one_in(5)) {
    zone.sets[key("s1", RecordType::TXT)] = {LiveState::Unobservable, {}, "127.0.0.1:53: timeout"};
  }
  for (const char* vendor : {"shop", "news"}) {
    if (!dice.one_in(2)) continue;
    publish(zone, key(vendor, RecordType::CNAME), {"k1." + std::string(vendor) + ".example.net"},
            3600);
  }
  for (const char* selector : {"office-20260501", "office-20260801", "office-20261101"}) {
    if (dice.one_in(3)) continue;
    const bool revoked = std::string_view(selector) == "office-20260501" && dice.one_in(2);
    publish(zone, key(selector, RecordType::TXT), {revoked ? kRevoked : kKeyA}, 3600);
  }
}

// The domain's zones: a second provider holds the same records, or has missed one change.
void add_zones(Dice& dice, Weather weather, const Domain& domain, World& world) {
  LiveZone zone{.apex = domain.name,
                .provider = "files",
                .from_provider = true,
                .complete = true,
                .sets = {},
                .wildcards = {},
                .error = {},
                .limits = {}};
  fill_apex(dice, domain.name, zone);
  fill_dmarc(dice, weather, domain, zone);
  fill_selectors(dice, weather, domain.name, zone);
  if (weather == Weather::Rough && dice.one_in(6))
    zone.wildcards.insert({domain.name.child("*").value(), RecordType::MX});
  world.zones.push_back(zone);
  if (domain.providers.size() == 1) return;
  zone.provider = "mirror";
  if (dice.one_in(2) && !zone.sets.empty()) zone.sets.erase(zone.sets.begin());
  if (weather == Weather::Rough && dice.one_in(5)) zone.error = "503 Service Unavailable";
  world.zones.push_back(std::move(zone));
}

// What the mail of one domain looked like in the last months.
enum class Mail { Good, Good2, Failing, Broken, Scarce, Spoofed, None };

void add_rows(Dice& dice, const Domain& domain, Evidence& evidence) {
  const auto mail = static_cast<Mail>(dice.below(7));
  if (mail == Mail::None || !domain.senders) return;
  dmarc::Record record = record_for(domain.dmarc);
  const Published seen{record.p.value_or(dmarc::Policy::None), record.pct, record.testing};
  for (const SenderUse& use : *domain.senders) {
    for (int age = 70; age >= 1; --age) {
      const bool fails = mail == Mail::Failing || (mail == Mail::Broken && age <= 8);
      EvidenceRow row{.day = kToday - days{age},
                      .policy_domain = domain.name,
                      .header_from = domain.name,
                      .reporter = "google.com",
                      .source = use.sender->id,
                      .outcome = fails ? DmarcOutcome::Fail : DmarcOutcome::Both,
                      .marked = fails,
                      .selectors = {"office-20260801"},
                      .selectors_reported = true,
                      .published = seen,
                      .messages = mail == Mail::Scarce ? 1 : 200};
      if (fails) row.selectors.clear();
      for (const char* reporter : {"google.com", "yahooinc.com"}) {
        row.reporter = reporter;
        evidence.rows.push_back(row);
      }
      if (mail != Mail::Spoofed) continue;
      row.source = "ip:203.0.113.99";
      row.outcome = DmarcOutcome::Fail;
      row.marked = false;
      row.selectors.clear();
      evidence.rows.push_back(row);
    }
  }
}

void add_evidence(Dice& dice, LawCase& made) {
  if (dice.one_in(6)) return;
  Evidence evidence;
  evidence.newest = made.world.now - days{dice.one_in(8) ? 9 : 1};
  for (const auto& [name, domain] : made.config.domains) add_rows(dice, domain, evidence);
  std::erase_if(evidence.rows,
                [&](const EvidenceRow& row) { return Time(row.day) > *evidence.newest; });
  std::ranges::stable_sort(evidence.rows, {}, [](const EvidenceRow& row) {
    return std::tie(row.policy_domain, row.day, row.reporter, row.source);
  });
  made.config.reporters.known = {"google.com", "yahooinc.com"};
  name_known_reporters(evidence, made.config);
  made.world.evidence = std::move(evidence);
}

Answer random_answer(Dice& dice, const Question& question) {
  const std::string& name = question.name.text();
  Answer answer{.status = AnswerStatus::NxDomain, .ttl = std::chrono::seconds(300)};
  if (dice.one_in(12)) {
    answer.status = AnswerStatus::Failed;
    answer.detail = "192.0.2.53:53: SERVFAIL";
    return answer;
  }
  std::vector<std::string> values;
  if (name.starts_with("_spf.")) values = {"v=spf1 ip4:198.51.100.64/28 ~all"};
  if (name.starts_with("k1.") || name.ends_with(".keys.example.net")) values = {kKeyB};
  if (name.find("._report._dmarc.") != std::string::npos) values = {"v=DMARC1"};
  if (question.type != RecordType::TXT || values.empty() || dice.one_in(8)) return answer;
  answer.status = AnswerStatus::Data;
  answer.values = std::move(values);
  return answer;
}

// Asks and answers in rounds, as the edge does. Some worlds stop early: a plan must be possible
// with questions open.
void answer_questions(Dice& dice, LawCase& made) {
  const int rounds = dice.one_in(10) ? 0 : 20;
  for (int round = 0; round < rounds; ++round) {
    const auto open = questions(made.config, made.world);
    if (open.empty()) return;
    for (const Question& question : open) {
      made.world.answers[question] = random_answer(dice, question);
    }
  }
}

// Calm domains have their keys and senders published already.
void publish_all_but_dmarc(const std::set<Name>& calm, LawCase& made) {
  Plan plan = make_plan(made.config, made.world);
  std::erase_if(plan.changes, [&](const Change& change) {
    return !calm.contains(change.domain) || name_kind(change.name()) == NameKind::Dmarc;
  });
  made.world = after(made.world, plan);
}

}  // namespace

LawCase law_case(unsigned seed) {
  Dice dice(seed);
  LawCase made;
  made.config.file = "domains.yaml";
  made.world.now = *parse_time("2026-11-21T06:00:00Z");
  for (const auto& one : all_senders()) made.config.senders.emplace(one->id, one);
  std::set<Name> calm;
  for (const char* text : {"a.example", "b.example", "sub.b.example"}) {
    const Name name = Name::literal(text);
    const Weather weather = dice.one_in(2) ? Weather::Calm : Weather::Rough;
    if (weather == Weather::Calm) calm.insert(name);
    Domain domain = random_domain(dice, weather, name, made.world);
    add_zones(dice, weather, domain, made.world);
    made.config.domains.emplace(name, std::move(domain));
  }
  std::ranges::sort(made.world.zones, {},
                    [](const LiveZone& zone) { return std::tie(zone.apex, zone.provider); });
  add_evidence(dice, made);
  answer_questions(dice, made);
  publish_all_but_dmarc(calm, made);
  return made;
}

}  // namespace rampart::testing
