/// A DNS server for tests that does what the name asked for says: `refused.example`,
/// `silent.example`, `tc7.example`; names without a meaning get a TXT record of their first label.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "dns/resolver/resolver.h"

namespace rampart {

/// Serves UDP and TCP on one loopback port from a thread of its own until it is destroyed.
class OddServer {
 public:
  /// With a behaviour, it applies to every name.
  explicit OddServer(std::string behaviour = "");
  ~OddServer();
  OddServer(const OddServer&) = delete;
  OddServer& operator=(const OddServer&) = delete;

  Server address() const { return {"127.0.0.1", port_}; }
  std::size_t ports_seen() const;
  int questions_seen() const;

  /// A port on which nobody listens.
  static std::uint16_t closed_port();

 private:
  struct State;
  std::uint16_t port_ = 0;
  std::unique_ptr<State> state_;
  std::thread thread_;
};

}  // namespace rampart
