/// Signals are held back and looked for between writes; a handler could not do more than set a
/// flag, and would cut system calls short.
#include "cli/context/interrupt.h"

#include <ctime>

namespace rampart {

Interrupt::Interrupt() {
  sigemptyset(&held_);
  sigaddset(&held_, SIGINT);
  sigaddset(&held_, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &held_, &before_);
}

Interrupt::~Interrupt() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

bool Interrupt::requested() {
  if (requested_) return true;
  const timespec at_once{};
  // It takes the signal away, so that it does not end the process once signals are let through.
  requested_ = sigtimedwait(&held_, nullptr, &at_once) > 0;
  if (requested_) pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  return requested_;
}

}  // namespace rampart
