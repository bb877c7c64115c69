/// What must hold among the keys of one object, once all of them are read.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "reconciler/config/checks.h"

namespace rampart::config {
namespace {

bool enforces(Phase phase) { return phase == Phase::Quarantine || phase == Phase::Reject; }

void check_pct(Loader& loader, const Node* pct, RampPosition position) {
  if (!pct || position.pct == 100 || enforces(position.phase)) return;
  loader.fail(*pct, "pct-misplaced",
              fmt::format("pct has no meaning in phase {}", to_text(position.phase)),
              "remove it: only quarantine and reject go by shares");
}

std::vector<std::string_view> key_templates_of(const Sender& sender) {
  std::vector<std::string_view> texts(sender.selectors.begin(), sender.selectors.end());
  for (const DkimTemplate& record : sender.dkim) {
    texts.push_back(record.host);
    texts.push_back(record.target);
  }
  return texts;
}

std::vector<std::string> wanted_by(const std::vector<std::string_view>& texts) {
  std::vector<std::string> names;
  for (const std::string_view text : texts)
    std::ranges::move(placeholders(text), std::back_inserter(names));
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  return names;
}

// Without any `with:` only what SPF needs is missed: the keys may be declared by hand instead.
std::vector<std::string> needed_by(const SenderUse& use, const Node* with) {
  const Sender& sender = *use.sender;
  std::vector<std::string_view> texts;
  if (with) texts = key_templates_of(sender);
  const bool included = use.spf == SpfUse::Always ||
                        (use.spf == SpfUse::Auto && sender.include_needed == IncludeNeeded::Yes);
  if (included) texts.insert(texts.end(), sender.spf.begin(), sender.spf.end());
  return wanted_by(texts);
}

void check_missing(Loader& loader, const Node& at, const SenderUse& use, const Node* with) {
  for (const std::string& name : needed_by(use, with)) {
    if (use.with.contains(name)) continue;
    loader.fail(at, "missing-placeholder",
                fmt::format("{} needs a value for `{}`", use.sender->id, name),
                fmt::format("write with: {{{}: \"...\"}}", name));
  }
}

void check_surplus(Loader& loader, const SenderUse& use, const Node& with) {
  std::vector<std::string_view> templates = key_templates_of(*use.sender);
  templates.insert(templates.end(), use.sender->spf.begin(), use.sender->spf.end());
  if (use.sender->return_path) templates.push_back(*use.sender->return_path);
  const std::vector<std::string> names = wanted_by(templates);
  const std::vector<std::string_view> words(names.begin(), names.end());
  for (std::size_t i = 0; i + 1 < with.children.size(); i += 2) {
    const Node& key = with.children[i];
    if (std::ranges::binary_search(names, key.text)) continue;
    std::string hint = did_you_mean(key.text, words);
    if (hint.empty())
      hint = names.empty() ? "remove `with:`" : fmt::format("it has {}", fmt::join(words, ", "));
    loader.fail(key, "unknown-placeholder",
                fmt::format("{} has no placeholder `{}`", use.sender->id, key.text),
                std::move(hint));
  }
}

// One use of a selector within a domain, for "given twice".
void claim(Loader& loader, std::map<std::string, int>& seen, const Node& at,
           const std::string& selector) {
  std::string plain = selector;
  for (char& c : plain) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  const auto [place, inserted] = seen.emplace(plain, at.line);
  if (inserted) return;
  loader.fail(at, "selector-twice", fmt::format("the selector `{}` is given twice", selector),
              fmt::format("first at line {}", place->second));
}

void claim_rotation(Loader& loader, std::map<std::string, int>& seen, const Node& item) {
  const Node* rotate = find(item, "rotate");
  for (const char* key : {"current", "next", "past"}) {
    const Node* node = find(item, key);
    if (!node && rotate) node = find(rotate->value(), key);
    if (!node) continue;
    const Node& value = node->value();
    if (value.kind == NodeKind::Scalar) claim(loader, seen, *node, value.text);
    // A selector in use is also among those ever used: `past` only clashes with other rotations.
    for (const Node& past : value.children) {
      const auto own = [&](const char* name) {
        const Node* other = find(item, name);
        if (!other && rotate) other = find(rotate->value(), name);
        return other && other->value().text == past.value().text;
      };
      if (!own("current") && !own("next")) claim(loader, seen, past, past.value().text);
    }
  }
}

void check_selectors(Loader& loader, const Node* dkim) {
  if (!dkim) return;
  std::map<std::string, int> seen;
  std::map<std::string, int> rotations;
  for (const Node& entry : dkim->value().children) {
    const Node& item = entry.value();
    if (const Node* selector = find(item, "selector")) {
      claim(loader, seen, *selector, selector->value().text);
    }
    claim_rotation(loader, seen, item);
    const Node* rotate = find(item, "rotate");
    const Node* name = rotate ? find(rotate->value(), "name") : nullptr;
    if (!name) continue;
    const auto [place, inserted] = rotations.emplace(name->value().text, name->line);
    if (inserted) continue;
    loader.fail(*name, "rotation-twice",
                fmt::format("the rotation `{}` is given twice", name->value().text),
                fmt::format("first at line {}", place->second));
  }
}

void check_senders_once(Loader& loader, const Domain& domain, const Node* senders) {
  if (!senders || !domain.senders) return;
  const std::vector<Node>& items = senders->value().children;
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < items.size() && i < domain.senders->size(); ++i) {
    const auto& sender = (*domain.senders)[i].sender;
    if (!sender || seen.insert(sender->id).second) continue;
    loader.fail(items[i], "listed-twice", fmt::format("`{}` is used twice", sender->id),
                "remove one of them");
  }
}

// What a parked or absent domain itself may not say; `defaults:` are simply not used there.
void check_state(Loader& loader, const Layers& layers, const Domain& domain) {
  const Node& own = layers.back()->value();
  const Node* state = find(own, "state");
  const Node* parked = find(own, "parked");
  if (state && parked && parked->value().text == "true" && state->value().text != "parked") {
    loader.fail(*parked, "conflict", "`parked` and `state` contradict each other",
                "keep one of them");
  }
  if (domain.state != DomainState::Parked) return;
  for (const char* key : {"senders", "spf", "dkim"}) {
    const Node* node = find(own, key);
    if (!node) continue;
    loader.fail(*node, "conflict", fmt::format("a parked domain has no `{}`", key),
                "it sends no mail: remove this, or `parked`");
  }
}

void check_step(Loader& loader, const Node& item, const Ramp& ramp, std::size_t i) {
  const RampStep& step = ramp.steps[i];
  check_pct(loader, find(item, "pct"), step.position);
  if (ramp.mode == RampMode::PolicyOnly && step.position.pct != 100 &&
      enforces(step.position.phase)) {
    loader.fail(*find(item, "pct"), "pct-misplaced", "a policy-only ramp has no shares",
                "remove pct, or choose another mode");
  }
  if (i > 0 && step.position <= ramp.steps[i - 1].position) {
    loader.fail(item, "ramp-order",
                fmt::format("{} does not come after {}", to_text(step.position),
                            to_text(ramp.steps[i - 1].position)),
                "every step must be stricter than the one before");
  }
  const bool last = i + 1 == ramp.steps.size();
  const Node* hold = find(item, "hold");
  if (last && hold) {
    loader.fail(*hold, "ramp-order", "the last step has nothing to hold for", "remove hold");
  } else if (!last && !hold) {
    loader.fail(item, "missing-key", "the key `hold` is missing",
                "say how long a domain stays here, such as hold: 14d");
  }
}

}  // namespace

void check_domain(Loader& loader, const Layers& layers, void* target) {
  if (loader.partial) return;
  const Domain& domain = *static_cast<Domain*>(target);
  check_state(loader, layers, domain);
  check_senders_once(loader, domain, find(layers, "senders"));
  check_selectors(loader, find(layers, "dkim"));
}

void check_dmarc(Loader& loader, const Layers& layers, void* target) {
  const DmarcSpec& dmarc = *static_cast<DmarcSpec*>(target);
  if (loader.partial) return;
  check_pct(loader, find(layers, "pct"), dmarc.position);
  const Node* goal = find(layers, "target");
  if (goal) check_pct(loader, find(goal->value(), "pct"), dmarc.target);
  if (dmarc.target < dmarc.position) {
    const Node* place = goal ? goal : find(layers, "phase");
    if (!place) place = layers.back();
    loader.fail(*place, "target-below-phase",
                fmt::format("the target, {}, is below where the domain stands, {}",
                            to_text(dmarc.target), to_text(dmarc.position)),
                "raise the target, or lower phase and pct");
  }
}

void check_ramp_steps(Loader& loader, const Layers& layers, void* target) {
  const Ramp& ramp = *static_cast<Ramp*>(target);
  const Node* steps = find(layers, "steps");
  if (!steps || steps->value().kind != NodeKind::List) return;
  const std::vector<Node>& items = steps->value().children;
  if (items.empty()) loader.fail(*steps, "ramp-order", "a ramp needs at least one step", "");
  for (std::size_t i = 0; i < items.size() && i < ramp.steps.size(); ++i) {
    if (items[i].value().kind == NodeKind::Map) check_step(loader, items[i].value(), ramp, i);
  }
  if (ramp.gates.rollback_below <= ramp.gates.min_legit_rate) return;
  const Node* gates = find(layers, "gates");
  loader.fail(gates ? *gates : *steps, "conflict",
              "rollback_below is above min_legit_rate: every step would be taken back at once",
              "lower rollback_below");
}

void check_selector_source(Loader& loader, const Layers& layers, void*) {
  const Node& own = *layers.back();
  std::vector<const Node*> given;
  for (const char* key : {"public_key", "txt", "cname"}) {
    if (const Node* node = find(own.value(), key)) given.push_back(node);
  }
  if (given.empty() && find(own.value(), "selector")) {
    loader.fail(own, "selector-source", "this selector has no key",
                "give one of public_key, txt and cname");
  } else if (given.size() > 1) {
    const auto later = std::ranges::max_element(
        given, {}, [](const Node* node) { return std::pair(node->line, node->octet); });
    loader.fail(**later, "selector-source", "this selector has more than one key",
                "give one of public_key, txt and cname");
  }
}

void check_sender_use(Loader& loader, const Layers& layers, void* target) {
  const SenderUse& use = *static_cast<SenderUse*>(target);
  if (!use.sender) return;
  const Node& own = *layers.back();
  const Node* with = own.value().kind == NodeKind::Map ? find(own.value(), "with") : nullptr;
  check_missing(loader, own, use, with);
  if (with && with->value().kind == NodeKind::Map) check_surplus(loader, use, with->value());
}

}  // namespace rampart::config
