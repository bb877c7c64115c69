/// Ctrl-C and SIGTERM while something is written: they end a run after the write under way.
#pragma once

#include <signal.h>

namespace rampart {

/// Holds SIGINT and SIGTERM back while it exists, in this thread and those that it starts, so that
/// no system call of a write is cut short. Once requested() has noticed one, the next one ends the
/// process as usual.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  /// Whether one of the signals has arrived.
  bool requested();

 private:
  sigset_t held_;
  sigset_t before_;
  bool requested_ = false;
};

}  // namespace rampart
