/// The rules among the keys of one object, checked once all of them are read.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "reconciler/config/checks.h"
#include "reconciler/config/pasted_names.h"

namespace rampart::config {
namespace {

// Only these phases publish a policy that a percentage can apply to.
bool enforces(Phase phase) { return phase == Phase::Quarantine || phase == Phase::Reject; }

void check_pct(Loader& loader, const Node* pct, RampPosition position) {
  if (!pct || position.pct == 100 || enforces(position.phase)) return;
  loader.fail(*pct, "pct-misplaced",
              fmt::format("`pct` has no effect in phase {}", to_text(position.phase)),
              "remove it: only quarantine and reject apply to a percentage of mail");
}

// `phase` may be the domain's own and `pct` from `defaults:`. Then the domain's line is shown: it
// is the one that differs.
void check_own_pct(Loader& loader, const Layers& layers, RampPosition position) {
  const Node* pct = find(layers, "pct");
  const Node& own = layers.back()->value();
  const Node* phase = find(own, "phase");
  if (!pct || find(own, "pct") || !phase) return check_pct(loader, pct, position);
  if (position.pct == 100 || enforces(position.phase)) return;
  loader.fail(
      *phase, "pct-misplaced",
      fmt::format("the `pct` of `defaults:` has no effect in phase {}", to_text(position.phase)),
      "move `pct` from `defaults:` to the domains that are at quarantine or reject");
}

// Views into the sender, which lives as long as the configuration.
std::vector<std::string_view> key_templates_of(const Sender& sender) {
  std::vector<std::string_view> texts(sender.selectors.begin(), sender.selectors.end());
  for (const DkimTemplate& record : sender.dkim) {
    texts.push_back(record.host);
    texts.push_back(record.target);
  }
  return texts;
}

// The placeholders of `texts`, sorted, each once.
std::vector<std::string> placeholders_of(const std::vector<std::string_view>& texts) {
  std::vector<std::string> names;
  for (const std::string_view text : texts)
    std::ranges::move(placeholders(text), std::back_inserter(names));
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  return names;
}

// The placeholders that this use must fill. Without `with:` only those of SPF count: the DKIM
// records may be declared under `dkim:` instead.
std::vector<std::string> needed_by(const SenderUse& use, const Node* with) {
  const Sender& sender = *use.sender;
  std::vector<std::string_view> texts;
  if (with) texts = key_templates_of(sender);
  const bool included = use.spf == SpfUse::Always ||
                        (use.spf == SpfUse::Auto && sender.include_needed == IncludeNeeded::Yes);
  if (included) texts.insert(texts.end(), sender.spf.begin(), sender.spf.end());
  return placeholders_of(texts);
}

// One message for each placeholder: `with:` has a line for each, and an editor jumps to one after
// the other.
void check_missing(Loader& loader, const Node& at, const SenderUse& use, const Node* with) {
  for (const std::string& name : needed_by(use, with)) {
    if (use.with.contains(name)) continue;
    loader.fail(at, "missing-placeholder",
                fmt::format("{} needs a value for `{}`", use.sender->id, name),
                fmt::format("write `with: {{{}: \"...\"}}`", name));
  }
}

// A misspelt placeholder would leave its braces in a published record, so unknown ones are errors,
// with the nearest known one as hint.
void check_unknown_placeholders(Loader& loader, const SenderUse& use, const Node& with) {
  std::vector<std::string_view> templates = key_templates_of(*use.sender);
  templates.insert(templates.end(), use.sender->spf.begin(), use.sender->spf.end());
  if (use.sender->return_path) templates.push_back(*use.sender->return_path);
  for (const DkimTemplate& record : use.sender->dkim) {
    templates.insert(templates.end(), record.targets.begin(), record.targets.end());
  }
  const std::vector<std::string> names = placeholders_of(templates);
  const std::vector<std::string_view> words(names.begin(), names.end());
  for (std::size_t i = 0; i + 1 < with.children.size(); i += 2) {
    const Node& key = with.children[i];
    if (std::ranges::binary_search(names, key.text)) continue;
    const std::string known =
        names.empty() ? "remove `with:`" : fmt::format("it has {}", fmt::join(words, ", "));
    loader.fail(key, "unknown-placeholder",
                fmt::format("{} has no placeholder `{}`", use.sender->id, key.text),
                did_you_mean(key.text, words, known));
  }
}

// The lines where the selectors, or the rotations, of a domain are declared first.
using FirstLines = std::map<std::string, int>;

// Records one declaration; reports it if it is the second one. `code` is "selector-twice" or
// "rotation-twice".
void declare(Loader& loader, FirstLines& seen, const Node& at, std::string_view code) {
  const std::string& name = at.value().text;
  const std::string_view what = code.substr(0, code.find('-'));
  // DNS names are compared without case: `S1` and `s1` are one selector.
  const std::string key = what == "selector" ? ascii_lower(name) : name;
  const auto [first, inserted] = seen.emplace(key, at.line);
  if (inserted) return;
  loader.fail(at, std::string(code), fmt::format("the {} `{}` is declared twice", what, name),
              fmt::format("first at line {}; keep one of them", first->second));
}

// A rotation's selectors must differ from those of other entries: two keys at one name would break
// both.
void declare_selectors_of_rotation(Loader& loader, FirstLines& seen, const Node& item) {
  const Node* rotate = find(item, "rotate");
  // The state of a rotation may be written beside `rotate:` or inside it.
  const auto state = [&](std::string_view key) {
    const Node* node = find(item, key);
    return node || !rotate ? node : find(rotate->value(), key);
  };
  const Node* in_use[] = {state("current"), state("next")};
  for (const Node* node : in_use) {
    if (node) declare(loader, seen, *node, "selector-twice");
  }
  const Node* past = state("past");
  if (!past) return;
  // A selector in use is also in `past`: only those of other rotations are duplicates.
  for (const Node& one : past->value().children) {
    const bool own = std::ranges::any_of(
        in_use, [&](const Node* node) { return node && node->value().text == one.value().text; });
    if (!own) declare(loader, seen, one, "selector-twice");
  }
}

// On the merged list: a selector of `defaults:` and one of the domain would be published at the
// same name.
void check_selectors(Loader& loader, const Name& domain, const Node* dkim) {
  if (!dkim) return;
  FirstLines selectors;
  FirstLines rotations;
  for (const Node& entry : dkim->value().children) {
    const Node& item = entry.value();
    if (const Node* selector = find(item, "selector")) {
      declare(loader, selectors, *selector, "selector-twice");
      check_selector_end(loader, domain, *selector);
    }
    declare_selectors_of_rotation(loader, selectors, item);
    const Node* rotate = find(item, "rotate");
    const Node* name = rotate ? find(rotate->value(), "name") : nullptr;
    if (name) declare(loader, rotations, *name, "rotation-twice");
  }
}

// Twice the same sender would give its SPF terms twice, or two contradicting `spf:` settings.
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

// A parked domain must not have records of senders in its own map. Those in `defaults:` are
// ignored: otherwise no file with defaults could hold a parked domain.
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
                "it sends no mail: remove this key, or `parked`");
  }
}

// Each step is strictly above the one before, or `advance` could go round in circles; every step
// but the last needs a hold, since without one a run a day would climb a step a day.
void check_step(Loader& loader, const Node& item, const Ramp& ramp, std::size_t i) {
  const RampStep& step = ramp.steps[i];
  check_pct(loader, find(item, "pct"), step.position);
  if (ramp.mode == RampMode::PolicyOnly && step.position.pct != 100 &&
      enforces(step.position.phase)) {
    loader.fail(*find(item, "pct"), "pct-misplaced", "a policy-only ramp has no percentages",
                "remove `pct`, or set another `mode`");
  }
  if (i > 0 && step.position <= ramp.steps[i - 1].position) {
    loader.fail(item, "ramp-order",
                fmt::format("{} is not stricter than {}", to_text(step.position),
                            to_text(ramp.steps[i - 1].position)),
                "order the steps so that each is stricter than the one before");
  }
  const bool last = i + 1 == ramp.steps.size();
  const Node* hold = find(item, "hold");
  if (last && hold) {
    loader.fail(*hold, "ramp-order", "the last step cannot have a `hold`: no step follows",
                "remove it");
  } else if (!last && !hold) {
    loader.fail(item, "missing-key", "the key `hold` is missing",
                "write how long a domain stays at this step, such as `hold: 14d`");
  }
}

}  // namespace

// `defaults:` alone are no domain: rules among keys would fail there for keys that domains add.
void check_domain(Loader& loader, const Layers& layers, const Domain& domain) {
  if (loader.partial) return;
  check_state(loader, layers, domain);
  check_senders_once(loader, domain, find(layers, "senders"));
  check_selectors(loader, domain.name, find(layers, "dkim"));
}

// On the merged map: `phase` may be the domain's own and `target` from `defaults:`.
void check_dmarc(Loader& loader, const Layers& layers, const DmarcSpec& dmarc) {
  if (loader.partial) return;
  check_own_pct(loader, layers, dmarc.position);
  const Node* goal = find(layers, "target");
  if (goal) check_pct(loader, find(goal->value(), "pct"), dmarc.target);
  if (dmarc.target < dmarc.position) {
    const Node* at = goal ? goal : find(layers, "phase");
    if (!at) at = layers.back();
    loader.fail(*at, "target-below-phase",
                fmt::format("the target, {}, is below the domain's position, {}",
                            to_text(dmarc.target), to_text(dmarc.position)),
                "raise the target, or lower `phase` and `pct`");
  }
}

// As many steps as were read: a step with a mistake is missing in the ramp, and has its own
// message.
void check_ramp(Loader& loader, const Layers& layers, const Ramp& ramp) {
  const Node* steps = find(layers, "steps");
  if (!steps || steps->value().kind != NodeKind::List) return;
  const std::vector<Node>& items = steps->value().children;
  if (items.empty())
    loader.fail(*steps, "ramp-order", "a ramp needs at least one step",
                "add steps, such as `- {phase: monitor, hold: 30d}`");
  for (std::size_t i = 0; i < items.size() && i < ramp.steps.size(); ++i) {
    if (items[i].value().kind == NodeKind::Map) check_step(loader, items[i].value(), ramp, i);
  }
  if (ramp.gates.rollback_below <= ramp.gates.min_legit_rate) return;
  const Node* gates = find(layers, "gates");
  loader.fail(gates ? *gates : *steps, "conflict",
              "rollback_below is above min_legit_rate: a domain could step up and back at once",
              "lower `rollback_below` or raise `min_legit_rate`");
}

// The later of two keys is reported: usually the one that was just added.
// A map with an unknown key may have no selector at all; then that mistake has been reported and
// this one would only confuse.
void check_selector_source(Loader& loader, const Layers& layers) {
  const Node& own = *layers.back();
  std::vector<const Node*> given;
  for (const char* key : {"public_key", "txt", "cname"}) {
    if (const Node* node = find(own.value(), key)) given.push_back(node);
  }
  if (given.empty() && find(own.value(), "selector")) {
    loader.fail(own, "selector-source", "this selector has no key",
                "add one of `public_key`, `txt` and `cname`");
  } else if (given.size() > 1) {
    const auto later = std::ranges::max_element(
        given, {}, [](const Node* node) { return std::pair(node->line, node->octet); });
    loader.fail(**later, "selector-source", "this selector has more than one key",
                "keep one of `public_key`, `txt` and `cname`");
  }
}

// An unknown sender was reported when `use:` was read.
void check_sender_use(Loader& loader, const Layers& layers, const SenderUse& use) {
  if (!use.sender) return;
  const Node& own = *layers.back();
  const Node* with = own.value().kind == NodeKind::Map ? find(own.value(), "with") : nullptr;
  check_missing(loader, own, use, with);
  if (with && with->value().kind == NodeKind::Map) {
    check_unknown_placeholders(loader, use, with->value());
    check_placeholder_values(loader, use, with->value());
  }
}

}  // namespace rampart::config
