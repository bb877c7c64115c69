/// The journals that BIND keeps beside a zone file, and what they mean for a change of the file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/unique_fd.h"
#include "dns/zonefile/zone_file.h"

namespace rampart {

/// What a name server does with the file, as far as its traces show.
enum class JournalState {
  None,        ///< There is no journal.
  SignedCopy,  ///< named edits its own signed copy and reads the file (inline-signing).
  FileAlone,   ///< named only reads the file (ixfr-from-differences).
  Dynamic,     ///< named changes the zone, and overwrites the file.
};

/// The state of the file `name` in `folder`, which holds `file`.
JournalState journal_state(const UniqueFd& folder, const std::string& name, const ZoneFile& file);

/// What a person should know before the file is changed; nullopt for None.
std::optional<ZoneNotice> journal_notice(JournalState state, const std::string& name,
                                         const Name& zone);

/// The serial of the last change in a journal's first octets; nullopt where it is no journal.
std::optional<std::uint32_t> journal_serial(std::string_view header);

}  // namespace rampart
