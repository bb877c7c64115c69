/// How receivers find the record that governs a domain, and its organizational domain, before and
/// after the plan.
#include <fmt/ranges.h>

#include <map>

#include "policies/dmarc/discovered_policy.h"
#include "policies/guardrails/dmarc.h"

namespace rampart {
namespace {

constexpr std::string_view kByWalk = "by tree walk (RFC 9989)";
constexpr std::string_view kByList = "by the public suffix list (RFC 7489)";

using ChangesByName = std::map<Name, const Change*>;

// At each `_dmarc` the first provider's: the desired record is the same at all.
ChangesByName dmarc_changes(const Plan& plan) {
  ChangesByName changes;
  for (const Change& change : plan.changes) {
    if (name_kind(change.name()) == NameKind::Dmarc) changes.emplace(change.name(), &change);
  }
  return changes;
}

// What receivers find for a name. A plan may change each of the three alone.
struct Discovery {
  std::optional<Name> by_walk;  // The domain whose record governs, by the tree walk.
  std::optional<Name> by_list;  // The same by the public suffix list.
  Name org_by_walk;  // By the list it depends on no record, so that a plan cannot change it.

  bool operator==(const Discovery&) const = default;
  bool governs() const { return by_walk || by_list; }
};

// Unknown where a query that decides one of the three got no answer.
Known<Discovery> discovery_of(const Name& name, const Answers& answers) {
  std::vector<Question> unknown;
  const Known<Name> org = dmarc::org_domain_walk(name, answers, unknown);
  const PolicyByMethod by_method = policy_by_method(name, answers);
  if (org.gap() != nullptr) return *org.gap();
  if (by_method.gap() != nullptr) return *by_method.gap();
  using Place = std::optional<Name>;
  const auto place = [](const Known<dmarc::DiscoveredPolicy>& policy) {
    return policy.match([](const dmarc::DiscoveredPolicy& one) { return Place(one.at); },
                        [] { return Place(); }, [](const Unanswered&) { return Place(); });
  };
  return Discovery{place(by_method.by_walk), place(by_method.by_psl),
                   org.match([](const Name& one) { return one; }, [&] { return name; },
                             [&](const Unanswered&) { return name; })};
}

std::string text_of(const std::optional<Name>& record) { return record ? record->text() : "none"; }

std::string describe_record(const std::optional<Name>& from, const std::optional<Name>& to) {
  return fmt::format("its governing record changes from {} to {}", text_of(from), text_of(to));
}

// "its governing record changes from ... to ..."; once where both generations agree, which is
// nearly always.
std::string describe_change(const Name& domain, const Discovery& before, const Discovery& after) {
  std::vector<std::string> parts;
  if (before.org_by_walk != after.org_by_walk) {
    const Name by_list = dmarc::org_domain_psl(domain);
    const bool differs = by_list != after.org_by_walk;
    parts.push_back(
        fmt::format("its organizational domain changes from {} to {} {}{}",
                    before.org_by_walk.text(), after.org_by_walk.text(), kByWalk,
                    differs ? fmt::format(", while {} it stays {}", kByList, by_list.text()) : ""));
  }
  if (before.by_walk == before.by_list && after.by_walk == after.by_list) {
    if (before.by_walk != after.by_walk) {
      parts.push_back(describe_record(before.by_walk, after.by_walk));
    }
  } else {
    const auto add = [&](const auto& from, const auto& to, std::string_view how) {
      if (from != to) parts.push_back(fmt::format("{} {}", describe_record(from, to), how));
    };
    add(before.by_walk, after.by_walk, kByWalk);
    add(before.by_list, after.by_list, kByList);
  }
  return fmt::format("{}", fmt::join(parts, "; "));
}

// The changes that can affect `domain`, at its own `_dmarc` first, then at those above it, which
// the tree walk reads.
std::vector<const Change*> changes_affecting(const Name& domain, const ChangesByName& changes) {
  std::vector<const Change*> found;
  for (Name at = domain; !at.is_root(); at = at.parent()) {
    const auto dmarc = at.child("_dmarc");
    const auto change = dmarc ? changes.find(*dmarc) : changes.end();
    if (change != changes.end()) found.push_back(change->second);
  }
  return found;
}

// The finding about a discovery that the plan changes; none where that is what the YAML says.
std::optional<Finding> discovery_moved(const Domain& domain,
                                       const std::vector<const Change*>& affecting,
                                       const Discovery& before, const Discovery& after) {
  if (before == after) return std::nullopt;
  const bool own = affecting.front()->name().parent() == domain.name;
  // A domain's own record where none governed before changes nothing unexpected.
  const bool moves_org = before.org_by_walk != after.org_by_walk;
  if (own && !before.governs() && !moves_org) return std::nullopt;
  const bool expected = (own && affecting.front()->set.after) || !before.governs();
  return finding_of(
      domain, expected && after.governs() ? Severity::Info : Severity::Warning, "governing-changes",
      fmt::format("{} changes how receivers find the DMARC policy of {}: {}",
                  affecting.front()->name().text(), domain.name.text(),
                  describe_change(domain.name, before, after)),
      "check that this mail still aligns: `rampart findings governing-changes` explains it");
}

// What governs the domain today or after the plan is not known, and so whether it changes.
Finding discovery_unknown(const Domain& domain, const Change& change, const Unanswered& gap) {
  return finding_of(domain, Severity::Warning, "governing-changes",
                    fmt::format("which DMARC record governs {} is unknown, and so is the effect of "
                                "{} on it: {}",
                                domain.name.text(), change.name().text(), to_text(gap)),
                    "plan again when DNS answers, or name another resolver by --resolver");
}

// The plan's changes are applied to the table of answers one after another, as receivers will see
// them in the end.
std::optional<Finding> discovery_change(const Domain& domain, const World& world,
                                        const ChangesByName& changes) {
  const auto affecting = changes_affecting(domain.name, changes);
  if (affecting.empty()) return std::nullopt;
  // An organizational domain governs itself: its own record is no surprise.
  const bool top = dmarc::org_domain_psl(domain.name) == domain.name;
  const bool own = affecting.front()->name().parent() == domain.name;
  if (top && own && affecting.size() == 1) return std::nullopt;
  Answers answers = dmarc_lookups_of(domain.name, world).answers;
  const Known<Discovery> before = discovery_of(domain.name, answers);
  for (const Change* change : affecting) {
    answers =
        with_record(std::move(answers), change->name().parent(), record_in(change->set.after));
  }
  const Known<Discovery> after = discovery_of(domain.name, answers);
  const auto unclear = [&](const Unanswered& gap) {
    return std::optional(discovery_unknown(domain, *affecting.front(), gap));
  };
  const auto none = [] { return std::optional<Finding>(); };
  return before.match(
      [&](const Discovery& from) {
        return after.match(
            [&](const Discovery& to) { return discovery_moved(domain, affecting, from, to); }, none,
            unclear);
      },
      none, unclear);
}

}  // namespace

std::vector<Finding> discovery_changes(const Plan& plan, const Config& config, const World& world) {
  std::vector<Finding> found;
  const ChangesByName changes = dmarc_changes(plan);
  if (changes.empty()) return found;
  for (const auto& [name, domain] : config.domains) {
    if (auto finding = discovery_change(domain, world, changes)) {
      found.push_back(std::move(*finding));
    }
  }
  return found;
}

}  // namespace rampart
