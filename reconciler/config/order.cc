/// Resolves `order:` to names, and refuses circles.
#include "reconciler/config/order.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>

#include "reconciler/config/shapes.h"

namespace rampart::config {
namespace {

using NodeByName = std::map<Name, const Node*>;

const Shape& order_words() {
  static const Shape words = choice<RampOrder>(
      {{"independent", RampOrder::Independent}, {"subdomains-first", RampOrder::SubDomainsFirst}});
  return words;
}

const Node* order_in(const Node* row) {
  if (row == nullptr || row->value().kind != NodeKind::Map) return nullptr;
  const Node* dmarc = find(row->value(), "dmarc");
  if (dmarc == nullptr || dmarc->value().kind != NodeKind::Map) return nullptr;
  return find(dmarc->value(), "order");
}

// The `order:` that applies to each listed domain, where there is one.
NodeByName orders_of(const Config& config, const Node* defaults,
                     const std::vector<const Node*>& domain_maps) {
  NodeByName orders;
  const Node* inherited = order_in(defaults);
  for (const Node* map : domain_maps) {
    for_rows(map, [&](const Node& key, const Node& row) {
      const auto name = Name::parse(key.text);
      if (!name || !config.domains.contains(*name)) return;
      const Node* own = order_in(&row);
      if (own != nullptr || inherited != nullptr) orders[*name] = own ? own : inherited;
    });
  }
  return orders;
}

// One name of a list; empty where it is a mistake, which is reported.
std::optional<Name> listed_name(Loader& loader, const Node& item) {
  const auto& domains = loader.config.domains;
  const auto name = Name::parse(item.value().text);
  if (name && domains.contains(*name)) return *name;
  std::vector<std::string_view> words;
  for (const auto& [known, domain] : domains) words.push_back(known.text());
  loader.fail(item, "unknown-domain",
              fmt::format("`order` names {}, which is not under `domains:`", item.value().text),
              did_you_mean(item.value().text, words,
                           "list the domain under `domains:`, or take it out of `order`"));
  return std::nullopt;
}

RampOrder order_for(const Domain& domain) {
  return domain.dmarc.order.value_or(domain.dmarc.ramp->order);
}

// A sub-domain without a DMARC record of its own follows the record above it: there is nothing to
// wait for.
bool goes_first(const Domain& domain) {
  return domain.state == DomainState::Managed && domain.dmarc.position.phase >= Phase::Monitor;
}

// From below, since every domain has few names above it and may have any number below.
void add_sub_domains(Config& config) {
  for (const auto& [name, domain] : config.domains) {
    if (!goes_first(domain)) continue;
    for (Name above = name.parent(); !above.is_root(); above = above.parent()) {
      const auto found = config.domains.find(above);
      if (found == config.domains.end()) continue;
      if (order_for(found->second) != RampOrder::SubDomainsFirst) continue;
      found->second.dmarc.after.push_back(name);
    }
  }
}

// A depth-first search that keeps its path apart from the call stack: a list of domains may be as
// long as the YAML.
class CycleSearch {
 public:
  CycleSearch(Loader& loader, const NodeByName& orders) : loader_(loader), orders_(orders) {}

  void run() {
    for (const auto& [name, domain] : loader_.config.domains) {
      if (!domain.dmarc.after.empty() && states_[name] == State::New) search(name);
    }
  }

 private:
  enum class State { New, OnPath, Done };
  struct Step {
    Name name;
    std::size_t next = 0;  // Of its `after`.
  };

  void search(const Name& from) {
    path_ = {{from}};
    states_[from] = State::OnPath;
    while (!path_.empty()) {
      Step& step = path_.back();
      const std::vector<Name>& after = loader_.config.domains.at(step.name).dmarc.after;
      if (step.next == after.size()) {
        states_[step.name] = State::Done;
        path_.pop_back();
        continue;
      }
      const Name& next = after[step.next++];
      State& state = states_[next];
      if (state == State::OnPath) report(next);
      if (state != State::New) continue;
      state = State::OnPath;
      path_.push_back({next});
    }
  }

  // The mark is at a list: without one, only sub-domains go first, which makes no circle.
  void report(const Name& first) {
    const auto begin = std::ranges::find(path_, first, &Step::name);
    std::vector<std::string> names;
    const Node* at = nullptr;
    for (auto step = begin; step != path_.end(); ++step) {
      names.push_back(step->name.text());
      const auto order = orders_.find(step->name);
      const bool is_list = order != orders_.end() && order->second->value().kind == NodeKind::List;
      if (is_list && at == nullptr) at = order->second;
    }
    if (at == nullptr) return;
    names.push_back(first.text());
    loader_.fail(
        *at, "order-cycle",
        fmt::format("these domains wait for each other: {}", fmt::join(names, " goes after ")),
        "take one of them out of `order`");
  }

  Loader& loader_;
  const NodeByName& orders_;
  std::map<Name, State> states_;
  std::vector<Step> path_;
};

}  // namespace

const Shape& ramp_order_shape() { return order_words(); }

const Shape& domain_order_shape() {
  static const Shape names = set_of(kTextShape);
  static const Shape shape = either(order_words(), names);
  return shape;
}

void resolve_orders(Loader& loader, const Node* defaults,
                    const std::vector<const Node*>& domain_maps) {
  const NodeByName orders = orders_of(loader.config, defaults, domain_maps);
  for (const auto& [name, order] : orders) {
    if (order->value().kind != NodeKind::List) continue;
    for (const Node& item : order->value().children) {
      if (item.value().kind != NodeKind::Scalar) continue;
      if (const auto first = listed_name(loader, item)) {
        loader.config.domains.at(name).dmarc.after.push_back(*first);
      }
    }
  }
  add_sub_domains(loader.config);
  for (auto& [name, domain] : loader.config.domains) {
    std::vector<Name>& after = domain.dmarc.after;
    std::ranges::sort(after);
    const auto repeated = std::ranges::unique(after);
    after.erase(repeated.begin(), repeated.end());
  }
  CycleSearch(loader, orders).run();
}

}  // namespace rampart::config
