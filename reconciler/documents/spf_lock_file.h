/// `spf.lock` beside the YAML: JSON with one network a line, so that a review sees each.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "dns/name.h"
#include "policies/model/policy.h"
#include "policies/spf/lock.h"

namespace rampart {

using SpfLocks = std::map<Name, SpfLock>;

/// The file's text; the same locks give the same bytes.
std::string print_spf_locks(const SpfLocks& locks);

/// Reads what print_spf_locks wrote; an Error names what is wrong.
Result<SpfLocks> parse_spf_locks(std::string_view text);

/// The path of the lock file of a configuration folder.
std::string spf_lock_path(const std::string& folder);

/// The locks beside the YAML; none where there is no file.
Result<SpfLocks> read_spf_locks(const std::string& folder);

/// Puts them into `world`, or what is wrong with the file.
void take_spf_locks(const std::string& folder, World& world);

}  // namespace rampart
