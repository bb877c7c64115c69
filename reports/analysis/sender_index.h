/// Finds senders by the domains of their hosts, signatures and bounces, and by selectors.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "policies/model/policy.h"

namespace rampart::reports {

/// All senders of a Config, which must outlive it, by the domains that they have of their own.
class SenderIndex {
 public:
  explicit SenderIndex(const Config& config);

  using Senders = std::vector<const Sender*>;
  /// The senders of the nearest domain that is `domain` or contains it; empty where there are none.
  const Senders& by_host(std::string_view domain) const { return find(hosts_, domain); }
  const Senders& by_signing_domain(std::string_view domain) const { return find(dkim_, domain); }
  const Senders& by_envelope(std::string_view domain) const { return find(envelopes_, domain); }

 private:
  using ByDomain = std::unordered_map<std::string, Senders>;
  static const Senders& find(const ByDomain& map, std::string_view domain);
  ByDomain hosts_;
  ByDomain dkim_;
  ByDomain envelopes_;
};

/// The senders that one domain declares. The domain must outlive it; null declares none.
class DeclaredSenders {
 public:
  explicit DeclaredSenders(const Domain* domain);

  /// Whether the domain declares the sender.
  bool has(const Sender* sender) const { return uses_.contains(sender); }
  /// Of several senders the declared one, else the first; null where there are none.
  const Sender* preferred(const SenderIndex::Senders& senders) const;
  /// The senders that sign as the domain with this selector, in the YAML's order.
  const std::vector<const Sender*>& of_selector(const std::string& selector) const;

 private:
  std::unordered_map<const Sender*, const SenderUse*> uses_;
  std::unordered_map<std::string, std::vector<const Sender*>> selectors_;
};

}  // namespace rampart::reports
