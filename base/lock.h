/// Locks of files and folders among runs, and who holds one.
#pragma once

#include <chrono>
#include <string>

#include "base/result.h"

namespace rampart {

/// How long a run waits for another one before it gives up.
constexpr std::chrono::seconds kLockPatience{60};

/// Locks the open file or folder `fd` (flock), waiting up to `patience`. The kernel drops the lock
/// when the descriptor is closed, also for a killed run. An Error names the holder.
Result<Ok> take_lock(int fd, std::chrono::milliseconds patience = kLockPatience);

/// "process 1234 (rampart), which started at 2026-11-21T10:00:00Z": who holds a lock of the file at
/// `path`, by flock or by fcntl; empty where nobody does, or where the kernel does not show it
/// (/proc/locks). Does not open the file: closing it would drop this process's own fcntl locks.
std::string lock_holder(const std::string& path);

}  // namespace rampart
