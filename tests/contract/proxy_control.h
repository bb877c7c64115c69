/// The control port of proxy.py, which is between an adapter and its host.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "tests/contract/contract.h"

namespace rampart::contract {

class ProxyControl {
 public:
  /// The environment variable that holds the control port.
  explicit ProxyControl(const char* variable);
  ~ProxyControl();
  ProxyControl(const ProxyControl&) = delete;
  ProxyControl& operator=(const ProxyControl&) = delete;

  bool arm(Fault fault, int nth, int count);
  int calls();
  bool set_latency(int milliseconds);

 private:
  std::string ask(const std::string& line);
  int socket_ = -1;
};

/// Runs a program without a shell; its output, or an Error where it exits with anything but 0.
Result<std::string> run_program(const std::vector<std::string>& words, const std::string& input);

/// A clock whose sleeping costs nothing and moves its own time on.
Clock quick_clock();

}  // namespace rampart::contract
