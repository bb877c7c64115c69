#include "tests/support/ramp_story.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <sstream>
#include <stdexcept>

#include "tests/support/policy_world.h"

namespace rampart::testing {
namespace {

using std::chrono::days;

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts;
  std::istringstream stream{std::string(text)};
  for (std::string part; std::getline(stream, part, at);) parts.push_back(part);
  return parts;
}

Date date_of(std::string_view text) {
  const auto date = parse_date(text);
  if (!date) throw std::invalid_argument(std::string(text));
  return *date;
}

Ramp standard_steps() {
  const auto hold = [](int count) { return Duration{count, Duration::Unit::Days}; };
  Ramp ramp;
  ramp.name = "standard";
  ramp.steps = {{{Phase::Monitor, 100}, hold(30)},   {{Phase::Quarantine, 10}, hold(14)},
                {{Phase::Quarantine, 50}, hold(14)}, {{Phase::Quarantine, 100}, hold(30)},
                {{Phase::Reject, 10}, hold(14)},     {{Phase::Reject, 50}, hold(14)},
                {{Phase::Reject, 100}, std::nullopt}};
  return ramp;
}

// Rows of every day and reporter from one source.
struct Mail {
  std::string source = "mta";
  DmarcOutcome outcome = DmarcOutcome::Both;
  std::int64_t count = 50;
  std::optional<Date> first = {};
  std::optional<Date> last = {};
  std::string reporter = {};  ///< Empty: all.
  bool marked = false;
  bool unnamed = false;
};

// "marked" and "unnamed" fail too: with the domain's mark, or for lack of an answer.
DmarcOutcome outcome_of(const std::string& word) {
  constexpr std::array<std::string_view, 5> kWords = {"both", "dkim", "spf", "forwarded", "fail"};
  if (word == "marked" || word == "unnamed") return DmarcOutcome::Fail;
  const auto found = std::ranges::find(kWords, word);
  if (found == kWords.end()) throw std::invalid_argument(word);
  return static_cast<DmarcOutcome>(found - kWords.begin());
}

class Teller {
 public:
  explicit Teller(const RampStory& story)
      : ramp_(standard_steps()),
        domain_(domain_at("example.com", position_of_word(story.position))) {
    now_ = date_of(story.now);
    first_ = now_ - days(60);
    last_ = now_ - days(1);
    if (*story.since) domain_.dmarc.since = date_of(story.since);
    live_ = domain_.dmarc.since;
    domain_.senders.emplace();
    declare("mta");
    std::istringstream words(story.words);
    for (std::string word; words >> word;) take(word);
  }

  RampScene scene() {
    domain_.dmarc.ramp = std::make_shared<const Ramp>(ramp_);
    RampScene scene{.config = {}, .domain = domain_, .world = {}};
    scene.config.domains.emplace(domain_.name, domain_);
    scene.config.reporters = {known_, refused_};
    for (const std::string& id : services_) {
      scene.config.senders.emplace(id, std::make_shared<const Sender>(Sender{.id = id}));
    }
    scene.world.now = Time(now_) + std::chrono::hours(hour_);
    scene.world.frozen = frozen_;
    if (reports_) scene.world.evidence = evidence();
    return scene;
  }

 private:
  void declare(const std::string& id) {
    Sender sender;
    sender.id = id;
    domain_.senders->push_back({.sender = std::make_shared<const Sender>(sender), .mark = {}});
  }

  void take(const std::string& word) {
    const std::size_t at = word.find('=');
    const std::string key = word.substr(0, at);
    const std::string value = at == std::string::npos ? "" : word.substr(at + 1);
    if (!take_ramp(key, value) && !take_gate(key, value) && !take_mail(key, value)) {
      throw std::invalid_argument(word);
    }
  }

  bool take_ramp(const std::string& key, const std::string& value) {
    if (key == "target") {
      domain_.dmarc.target = position_of_word(value);
    } else if (key == "mode") {
      ramp_.mode = value == "legacy" ? RampMode::Legacy : RampMode::PolicyOnly;
    } else if (key == "weekdays") {
      constexpr std::array<std::string_view, 7> kDays = {"sun", "mon", "tue", "wed",
                                                         "thu", "fri", "sat"};
      for (const std::string& day : split(value, ',')) {
        const auto found = std::ranges::find(kDays, day) - kDays.begin();
        ramp_.weekdays.push_back(std::chrono::weekday(static_cast<unsigned>(found)));
      }
    } else if (key == "freeze") {
      ramp_.freeze.push_back(parse_date_range(value).value());
    } else if (key == "frozen") {
      frozen_ = true;
    } else if (key == "at") {
      hour_ = std::stoi(value);
    } else if (key == "steps") {
      ramp_.steps.clear();
      for (const std::string& step : split(value, ',')) {
        const auto parts = split(step, '@');
        const auto hold = parts.size() > 1 ? parse_duration(parts[1]) : std::nullopt;
        ramp_.steps.push_back({position_of_word(parts[0]), hold});
      }
    } else {
      return false;
    }
    return true;
  }

  bool take_gate(const std::string& key, const std::string& value) {
    Gates& gates = ramp_.gates;
    if (key == "min_messages") {
      gates.min_messages = std::stoll(value);
    } else if (key == "min_legit_rate") {
      gates.min_legit_rate = std::stod(value);
    } else if (key == "min_reporters") {
      gates.min_reporters = std::stoi(value);
    } else if (key == "max_unresolved") {
      gates.max_unresolved_share = std::stod(value);
    } else if (key == "rollback") {
      gates.rollback_below = std::stod(value);
    } else if (key == "window") {
      gates.window = parse_duration(value).value();
    } else if (key == "low") {
      const auto parts = split(value, ':');
      gates.low_volume_window = parse_duration(parts[0]).value();
      gates.low_volume_min_messages = std::stoll(parts[1]);
    } else {
      return false;
    }
    return true;
  }

  bool take_mail(const std::string& key, const std::string& value) {
    if (key == "count") {
      mail_[0].count = std::stoll(value);
    } else if (key == "reporters") {
      reporters_ = std::stoi(value);
    } else if (key == "from") {
      first_ = date_of(value);
    } else if (key == "last") {
      last_ = date_of(value);
    } else if (key == "live") {
      live_ = value == "never" ? std::nullopt : std::optional(date_of(value));
    } else if (key == "says") {
      says_ = value;
    } else if (key == "no-reports") {
      reports_ = false;
    } else if (key == "no-senders") {
      domain_.senders.reset();
    } else if (key == "no-mta") {
      mail_[0].count = 0;
    } else if (key == "ignore") {
      domain_.ignored_sources.push_back({value, "known", {}});
    } else if (key == "sender") {
      take_sender(split(value, ':'));
    } else if (key == "mail") {
      take_rows(split(value, ':'));
    } else if (key == "service") {
      services_.push_back(value);
    } else if (key == "known") {
      known_ = split(value, ',');
    } else if (key == "refused") {
      refused_ = split(value, ',');
    } else {
      return false;
    }
    return true;
  }

  void take_sender(const std::vector<std::string>& parts) {
    declare(parts[0]);
    if (parts.size() == 1) return;
    SenderUse& use = domain_.senders->back();
    use.rare = parts[1] == "rare";
    if (!use.rare) use.retired = date_of(parts[1]);
  }

  // The source may hold a colon: "ip:192.0.2.1:fail:5".
  void take_rows(std::vector<std::string> parts) {
    if (parts[0] == "ip" || parts[0] == "ptr") {
      parts[1] = parts[0] + ":" + parts[1];
      parts.erase(parts.begin());
    }
    Mail mail{parts[0], outcome_of(parts[1]), std::stoll(parts[2])};
    mail.marked = parts[1] == "marked";
    mail.unnamed = parts[1] == "unnamed";
    if (parts.size() > 3) {
      const auto range = parse_date_range(parts[3]).value();
      mail.first = range.first;
      mail.last = range.last;
    }
    if (parts.size() > 4) mail.reporter = parts[4];
    mail_.push_back(mail);
  }

  // What a reporter states on a day: before the step went live, the policy below.
  Published published(Date day) const {
    const RampPosition position = domain_.dmarc.position;
    const bool live = live_ && day >= *live_;
    const RampPosition current =
        live ? position
             : position_below(ramp_, position).value_or(RampPosition{Phase::Monitor, 100});
    Published published;
    published.policy = current.phase == Phase::Reject       ? dmarc::Policy::Reject
                       : current.phase == Phase::Quarantine ? dmarc::Policy::Quarantine
                                                            : dmarc::Policy::None;
    if (!live && position.phase == Phase::Monitor) published.policy = dmarc::Policy::Reject;
    if (says_.starts_with("pct:")) {
      published.pct = std::stoi(says_.substr(4));
    } else if (says_.starts_with("t:")) {
      published.testing = says_ == "t:y";
    } else if (says_ != "nothing" && current.pct < 100) {
      published.pct = current.pct;
    }
    return published;
  }

  Evidence evidence() const {
    Evidence evidence;
    for (Date day = first_; day <= last_; day += days(1)) {
      std::set<std::string> names;
      for (int i = 1; i <= reporters_; ++i) names.insert(fmt::format("r{}.example", i));
      const std::set<std::string> all = names;
      for (const Mail& mail : mail_) {
        if (!mail.reporter.empty()) names.insert(mail.reporter);
      }
      for (const std::string& name : names) add_day(day, name, all.contains(name), evidence);
    }
    if (first_ <= last_) evidence.newest = Time(last_ + days(1)) - std::chrono::seconds(1);
    return evidence;
  }

  // `sees_all`: the reporter sees the mail that names no reporter too.
  void add_day(Date day, const std::string& reporter, bool sees_all, Evidence& evidence) const {
    for (const Mail& mail : mail_) {
      const bool days_match = day >= mail.first.value_or(day) && day <= mail.last.value_or(day);
      const bool theirs = mail.reporter.empty() ? sees_all : mail.reporter == reporter;
      if (!days_match || !theirs || mail.count == 0) continue;
      evidence.rows.push_back({.day = day,
                               .policy_domain = domain_.name,
                               .header_from = domain_.name,
                               .reporter = reporter,
                               .source = mail.source,
                               .outcome = mail.outcome,
                               .marked = mail.marked,
                               .lacks = mail.unnamed ? "the PTR record of 192.0.2.9" : "",
                               .selectors = {},
                               .selectors_reported = false,
                               .published = published(day),
                               .messages = mail.count});
    }
  }

  Ramp ramp_;
  Domain domain_;
  Date now_;
  Date first_;
  Date last_;
  std::optional<Date> live_;
  std::string says_;
  int hour_ = 6;
  int reporters_ = 2;
  bool frozen_ = false;
  bool reports_ = true;
  std::vector<Mail> mail_{Mail{}};
  std::vector<std::string> services_;
  std::vector<std::string> known_ = {"r1.example", "r2.example", "r3.example"};
  std::vector<std::string> refused_;
};

std::string position_word(RampPosition position) {
  std::string word(to_text(position.phase));
  if (position.pct != 100) word += fmt::format(":{}", position.pct);
  return word;
}

}  // namespace

RampPosition position_of_word(std::string_view word) {
  const auto parts = split(word, ':');
  const auto phase = parse_phase(parts[0]);
  if (!phase) throw std::invalid_argument(std::string(word));
  return {*phase, parts.size() > 1 ? std::stoi(parts[1]) : 100};
}

RampScene scene_of(const RampStory& story) { return Teller(story).scene(); }

std::string to_line(const StepDecision& decision) {
  std::string line(to_text(decision.action));
  if (decision.action != StepAction::Stay) return line + " " + position_word(*decision.to);
  std::string unmet;
  for (const Gate& gate : decision.gates) {
    if (!gate.met) unmet += (unmet.empty() ? "" : ",") + std::string(to_text(gate.kind));
  }
  if (unmet.empty()) unmet = "-";
  return line + " " + unmet + " " + (decision.earliest ? to_text(*decision.earliest) : "-");
}

std::string line_of(const RampStory& story) {
  const RampScene scene = scene_of(story);
  return to_line(step_of(scene.domain, scene.config, scene.world));
}

}  // namespace rampart::testing
