/// Carrying out key rotations.
#include "reconciler/edit/rotate.h"

#include <fmt/format.h>

#include <algorithm>

#include "reconciler/edit/declared.h"

namespace rampart {
namespace {

using Act = YamlEdit::Act;

// Where the YAML declares a rotation.
struct Declared {
  YamlPath path;                        ///< Of the list's item, from the domain's map.
  const config::Node* inner = nullptr;  ///< `rotate:`: its own keys are edited there.
};

// The index in the list of its `index`-th rotation: selectors may be between them.
// Selectors and rotations share one list; the configuration numbers rotations alone.
std::optional<std::size_t> item_of(const config::Node& list, std::size_t index) {
  const auto& items = list.value().children;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (child(&items[i], "rotate") && index-- == 0) return i;
  }
  return std::nullopt;
}

// The edits of one rotation.
class RotationEditor {
 public:
  RotationEditor(const Config& config, const RotationRun& run)
      : config_(config), run_(run), documents_(config) {}

  Result<std::vector<DomainEdit>> edits() {
    TRY_OK(find());
    const RotationStep& step = run_.step;
    if (step.promote) promote();
    if (step.make && run_.spec.next) retire(*run_.spec.next);
    if (step.make && run_.spec.published) add(Act::Remove, {"published"}, {});
    if (step.make) set("next", yaml_scalar(*step.make));
    if (step.published) set("published", yaml_scalar(to_text(*step.published)));
    if (step.signing_since) set("signing_since", yaml_scalar(to_text(*step.signing_since)));
    for (const auto& [selector, day] : step.revoked) {
      add(Act::Set, {"revoked", selector}, yaml_scalar(to_text(day)));
    }
    return std::move(edits_);
  }

  Result<std::vector<DomainEdit>> compromise(const std::string& selector) {
    TRY_OK(find());
    add(Act::Append, {"compromised"}, yaml_scalar(selector));
    return std::move(edits_);
  }

 private:
  // Finds the rotation. A `dkim:` list from `defaults:` is copied into the domain first: the state
  // of a rotation differs between domains.
  Result<Ok> find() {
    const Domain& domain = config_.domains.at(run_.domain);
    TRY(const config::Node* own, documents_.root(domain.mark.file));
    const config::Node* list = child(domain_row(*own, run_.domain).value, "dkim");
    if (!list) {
      TRY(const config::Node* main, documents_.root(config_.file));
      list = child(child(main, "defaults"), "dkim");
      if (!list) return Error{"the rotation is not in the YAML", run_.domain.text()};
      edits_.push_back({run_.domain, {Act::Set, {"dkim"}, value_of(*list)}});
    }
    const auto item = item_of(*list, run_.index);
    if (!item) return Error{"the rotation is not in the YAML", run_.domain.text()};
    declared_.path = {"dkim", *item};
    declared_.inner = child(&list->value().children[*item], "rotate");
    return Ok{};
  }

  // The state of a rotation may be written beside `rotate:` or inside it. Each key is edited where
  // it is, and new ones are written beside.
  void add(Act act, YamlPath path, YamlValue value) {
    YamlPath whole = declared_.path;
    if (child(declared_.inner, path.front().key)) whole.push_back("rotate");
    whole.insert(whole.end(), path.begin(), path.end());
    edits_.push_back({run_.domain, {act, std::move(whole), std::move(value)}});
  }

  void set(const char* key, YamlValue value) { add(Act::Set, {key}, std::move(value)); }

  // `past` lists every selector ever used, so that none is used again: caches and receivers may
  // still have its old key.
  void retire(const std::string& selector) {
    const auto& past = run_.spec.past;
    for (const std::string& one : selectors_of(selector)) {
      const bool listed = std::ranges::find(past, one) != past.end();
      if (!listed) add(Act::Append, {"past"}, yaml_scalar(one));
    }
  }

  // The next selector becomes the current one; its dates start again.
  void promote() {
    const RotationSpec& spec = run_.spec;
    if (spec.current) retire(*spec.current);
    set("current", yaml_scalar(*spec.next));
    for (const char* key : {"next", "published", "signing_since"}) add(Act::Remove, {key}, {});
  }

  const Config& config_;
  const RotationRun& run_;
  Documents documents_;
  Declared declared_;
  std::vector<DomainEdit> edits_;
};

// `both` makes a pair of keys; the selector of the Ed25519 one ends in `e`.
KeyAlgorithm algorithm_of(const RotationSpec& spec, const std::string& selector) {
  switch (spec.algorithm) {
    case RotationAlgorithm::Rsa2048:
      return KeyAlgorithm::Rsa2048;
    case RotationAlgorithm::Rsa4096:
      return KeyAlgorithm::Rsa4096;
    case RotationAlgorithm::Ed25519:
      return KeyAlgorithm::Ed25519;
    case RotationAlgorithm::Both:
      break;
  }
  return selector.ends_with('e') ? KeyAlgorithm::Ed25519 : KeyAlgorithm::Rsa2048;
}

}  // namespace

// Before phase dkim nothing of DKIM is managed, so no key is made that could not be published.
std::vector<RotationRun> rotation_runs(const Config& config, const World& world) {
  std::vector<RotationRun> runs;
  for (const auto& [name, domain] : config.domains) {
    if (domain.state != DomainState::Managed || domain.dmarc.position.phase < Phase::Dkim) continue;
    for (std::size_t i = 0; i < domain.rotations.size(); ++i) {
      const RotationSpec& spec = domain.rotations[i];
      runs.push_back({name, i, spec, rotation_step(facts_for(domain, spec, world))});
    }
  }
  return runs;
}

// All keys are made before any is stored: generating may fail, and half a pair would look like a
// complete rotation. A pair that exists is never taken over, since nothing shows who made it: the
// selectors are free in the key folder, and `store` refuses one that is not.
Result<Ok> make_due_keys(KeyBatch& batch, const std::vector<RotationRun>& runs,
                         const Protection& protection, Date today) {
  std::vector<KeyPlace> places;
  std::vector<KeyAlgorithm> algorithms;
  for (const RotationRun& run : runs) {
    if (!run.step.make) continue;
    for (const std::string& selector : selectors_of(*run.step.make)) {
      places.push_back({run.domain, selector});
      algorithms.push_back(algorithm_of(run.spec, selector));
    }
  }
  TRY(const auto pairs, make_keys(algorithms));
  for (std::size_t i = 0; i < places.size(); ++i) {
    TRY_OK(batch.store(places[i], pairs[i], protection, to_text(today)));
  }
  return Ok{};
}

// One editor for each rotation: the tree is read again, since its positions belong to the unedited
// text.
Result<std::vector<DomainEdit>> rotation_edits(const Config& config,
                                               const std::vector<RotationRun>& runs) {
  std::vector<DomainEdit> all;
  for (const RotationRun& run : runs) {
    if (!run.step.acts()) continue;
    TRY(const auto edits, RotationEditor(config, run).edits());
    all.insert(all.end(), edits.begin(), edits.end());
  }
  return all;
}

// A selector that is marked already gives no edit, so that the command can be repeated after a
// failure.
Result<std::vector<DomainEdit>> compromise_edits(const Config& config,
                                                 const std::string& selector) {
  std::vector<DomainEdit> all;
  bool known = false;
  for (const auto& [name, domain] : config.domains) {
    for (std::size_t i = 0; i < domain.rotations.size(); ++i) {
      const RotationSpec& spec = domain.rotations[i];
      const auto used = selectors_of(spec);
      if (std::ranges::find(used, selector) == used.end()) continue;
      known = true;
      const auto& marked = spec.compromised;
      if (std::ranges::find(marked, selector) != marked.end()) continue;
      const RotationRun run{name, i, spec, {}};
      TRY(const auto edits, RotationEditor(config, run).compromise(selector));
      all.insert(all.end(), edits.begin(), edits.end());
    }
  }
  if (!known) return Error{fmt::format("no rotation uses or has used the selector {}", selector)};
  return all;
}

}  // namespace rampart
