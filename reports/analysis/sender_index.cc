/// Maps from domains and selectors to senders.
#include "reports/analysis/sender_index.h"

#include <algorithm>

#include "policies/model/sender_use.h"

namespace rampart::reports {
namespace {

constexpr std::string_view kKeySuffix = "._domainkey";

/// A template ("{...}") matches no domain: its values are not known here.
void add_all(const std::vector<std::string>& domains, const Sender* sender,
             std::unordered_map<std::string, SenderIndex::Senders>& map) {
  for (const std::string& one : domains) {
    if (one.find('{') == one.npos) map[one].push_back(sender);
  }
}

}  // namespace

SenderIndex::SenderIndex(const Config& config) {
  for (const auto& [id, sender] : config.senders) {
    add_all(sender->rdns, sender.get(), hosts_);
    add_all(sender->dkim_domains, sender.get(), dkim_);
    add_all(sender->envelope_domains, sender.get(), envelopes_);
  }
}

const SenderIndex::Senders& SenderIndex::find(const ByDomain& map, std::string_view domain) {
  static const Senders none;
  // The longest match wins: the domain of one service may be below that of another.
  while (!domain.empty()) {
    if (const auto found = map.find(std::string(domain)); found != map.end()) return found->second;
    const std::size_t dot = domain.find('.');
    domain.remove_prefix(dot == domain.npos ? domain.size() : dot + 1);
  }
  return none;
}

DeclaredSenders::DeclaredSenders(const Domain* domain) {
  if (domain == nullptr || !domain->senders) return;
  std::unordered_map<std::string, const Sender*> by_id;
  for (const SenderUse& use : *domain->senders) {
    uses_.emplace(use.sender.get(), &use);
    by_id.emplace(use.sender->id, use.sender.get());
  }
  const auto add = [&](const std::string& selector, const Sender* sender) {
    auto& senders = selectors_[selector];
    // Services use the same selectors ("s1", "default"), so a selector may have several senders.
    if (std::ranges::find(senders, sender) == senders.end()) senders.push_back(sender);
  };
  // Rotations come first: they name selectors that the catalogue cannot know.
  for (const RotationSpec& one : domain->rotations) {
    const auto sender = by_id.find(one.sender);
    if (sender == by_id.end()) continue;
    if (one.current) add(*one.current, sender->second);
    if (one.next) add(*one.next, sender->second);
    // Past selectors too: reports of a month ago were written before the rotation.
    for (const std::string& past : one.past) add(past, sender->second);
  }
  for (const SenderUse& use : *domain->senders) {
    const auto add_filled = [&](const std::string& text) {
      auto filled = fill(text, domain->name, use.with);
      if (!filled) return;
      if (filled->ends_with(kKeySuffix)) filled->resize(filled->size() - kKeySuffix.size());
      add(*filled, use.sender.get());
    };
    for (const std::string& one : use.sender->selectors) add_filled(one);
    for (const DkimTemplate& one : use.sender->dkim) add_filled(one.host);
  }
}

const Sender* DeclaredSenders::preferred(const SenderIndex::Senders& senders) const {
  // Several services may share a domain. The one that the YAML declares is the likeliest by far.
  const auto declared = std::ranges::find_if(senders, [&](const Sender* one) { return has(one); });
  if (declared != senders.end()) return *declared;
  return senders.empty() ? nullptr : senders.front();
}

const std::vector<const Sender*>& DeclaredSenders::of_selector(const std::string& selector) const {
  static const std::vector<const Sender*> none;
  const auto found = selectors_.find(selector);
  return found == selectors_.end() ? none : found->second;
}

}  // namespace rampart::reports
