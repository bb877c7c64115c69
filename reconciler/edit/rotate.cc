/// Rotations carried out.
#include "reconciler/edit/rotate.h"

#include <fmt/format.h>

#include <algorithm>

#include "reconciler/edit/declared.h"

namespace rampart {
namespace {

using Act = YamlEdit::Act;

// Where the YAML declares a rotation, and which of its keys stand within `rotate:` itself.
struct Declared {
  YamlPath path;  ///< Of the list's item, from the domain's map.
  const config::Node* inner = nullptr;
};

// The list's items that are rotations, in order.
std::optional<std::size_t> item_of(const config::Node& list, std::size_t index) {
  const auto& items = list.value().children;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (child(&items[i], "rotate") && index-- == 0) return i;
  }
  return std::nullopt;
}

class Editor {
 public:
  Editor(const Config& config, const RotationRun& stage)
      : config_(config), stage_(stage), documents_(config) {}

  Result<std::vector<DomainEdit>> edits() {
    if (auto found = find(); !found) return found.error();
    const RotationStep& step = stage_.step;
    if (step.promote) promote();
    if (step.make && stage_.spec.next) retire(*stage_.spec.next);
    if (step.make && stage_.spec.published) add(Act::Remove, {"published"}, {});
    if (step.make) set("next", yaml_scalar(*step.make));
    if (step.published) set("published", yaml_scalar(to_text(*step.published)));
    if (step.signing_since) set("signing_since", yaml_scalar(to_text(*step.signing_since)));
    for (const auto& [selector, day] : step.revoked) {
      add(Act::Set, {"revoked", selector}, yaml_scalar(to_text(day)));
    }
    return std::move(edits_);
  }

  Result<std::vector<DomainEdit>> compromise(const std::string& selector) {
    if (auto found = find(); !found) return found.error();
    add(Act::Append, {"compromised"}, yaml_scalar(selector));
    return std::move(edits_);
  }

 private:
  // A list that `defaults:` give is copied first: its state belongs to each domain.
  Result<Ok> find() {
    const Domain& domain = config_.domains.at(stage_.domain);
    const auto own = documents_.root(domain.mark.file);
    if (!own) return own.error();
    const config::Node* list = child(domain_node(**own, stage_.domain), "dkim");
    if (!list) {
      const auto main = documents_.root(config_.file);
      if (!main) return main.error();
      list = child(child(*main, "defaults"), "dkim");
      if (!list) return Error{"the rotation is not in the YAML", stage_.domain.text()};
      edits_.push_back({stage_.domain, {Act::Set, {"dkim"}, value_of(*list)}});
    }
    const auto item = item_of(*list, stage_.index);
    if (!item) return Error{"the rotation is not in the YAML", stage_.domain.text()};
    declared_.path = {"dkim", *item};
    declared_.inner = child(&list->value().children[*item], "rotate");
    return Ok{};
  }

  void add(Act act, YamlPath path, YamlValue value) {
    YamlPath whole = declared_.path;
    if (child(declared_.inner, path.front().key)) whole.push_back("rotate");
    whole.insert(whole.end(), path.begin(), path.end());
    edits_.push_back({stage_.domain, {act, std::move(whole), std::move(value)}});
  }

  void set(const char* key, YamlValue value) { add(Act::Set, {key}, std::move(value)); }

  void retire(const std::string& selector) {
    const auto& past = stage_.spec.past;
    for (const std::string& one : selectors_of(selector)) {
      const bool listed = std::ranges::find(past, one) != past.end();
      if (!listed) add(Act::Append, {"past"}, yaml_scalar(one));
    }
  }

  void promote() {
    const RotationSpec& spec = stage_.spec;
    if (spec.current) retire(*spec.current);
    set("current", yaml_scalar(*spec.next));
    for (const char* key : {"next", "published", "signing_since"}) add(Act::Remove, {key}, {});
  }

  const Config& config_;
  const RotationRun& stage_;
  Documents documents_;
  Declared declared_;
  std::vector<DomainEdit> edits_;
};

KeyAlgorithm algorithm_of(const RotationSpec& spec, const std::string& selector) {
  if (spec.algorithm == "both") {
    return selector.ends_with('e') ? KeyAlgorithm::Ed25519 : KeyAlgorithm::Rsa2048;
  }
  return parse_key_algorithm(spec.algorithm).value_or(KeyAlgorithm::Rsa2048);
}

}  // namespace

std::vector<RotationRun> rotation_runs(const Config& config, const World& world) {
  std::vector<RotationRun> stages;
  for (const auto& [name, domain] : config.domains) {
    if (domain.state != DomainState::Managed || domain.dmarc.position.phase < Phase::Dkim) continue;
    for (std::size_t i = 0; i < domain.rotations.size(); ++i) {
      const RotationSpec& spec = domain.rotations[i];
      stages.push_back({name, i, spec, rotation_step(facts_for(domain, spec, world))});
    }
  }
  return stages;
}

Result<Ok> make_due_keys(const KeyFolder& folder, const std::vector<RotationRun>& stages,
                         const Protection& protection, Date today) {
  std::vector<KeyPlace> places;
  std::vector<KeyAlgorithm> algorithms;
  for (const RotationRun& stage : stages) {
    if (!stage.step.make) continue;
    for (const std::string& selector : selectors_of(*stage.step.make)) {
      // A pair that stands was made by a run that could not write the YAML: nothing used it yet.
      if (folder.complete({stage.domain, selector})) continue;
      places.push_back({stage.domain, selector});
      algorithms.push_back(algorithm_of(stage.spec, selector));
    }
  }
  const auto pairs = make_keys(algorithms);
  if (!pairs) return pairs.error();
  for (std::size_t i = 0; i < places.size(); ++i) {
    const auto done = folder.store(places[i], (*pairs)[i], protection, to_text(today));
    if (!done) return done;
  }
  return Ok{};
}

Result<std::vector<DomainEdit>> rotation_edits(const Config& config,
                                               const std::vector<RotationRun>& stages) {
  std::vector<DomainEdit> all;
  for (const RotationRun& stage : stages) {
    if (!stage.step.acts()) continue;
    auto edits = Editor(config, stage).edits();
    if (!edits) return edits;
    all.insert(all.end(), edits->begin(), edits->end());
  }
  return all;
}

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
      auto edits = Editor(config, {name, i, spec, {}}).compromise(selector);
      if (!edits) return edits;
      all.insert(all.end(), edits->begin(), edits->end());
    }
  }
  if (!known) return Error{fmt::format("no rotation signs or signed with {}", selector)};
  return all;
}

}  // namespace rampart
