/// Durability for callers that act on a commit outside the store.
#include "reports/store/store.h"

namespace rampart::reports {

// With NORMAL, a power cut may undo the latest commits. That is harmless for files, which can be
// ingested again, but a mail that was already marked on its server would not be fetched again.
Result<Ok> Store::survive_power_cuts() { return database_.run("PRAGMA synchronous=FULL"); }

// SQLite would otherwise choose a folder for its temporary files by environment variables.
Result<Ok> Store::keep_temporary_in_memory() { return database_.run("PRAGMA temp_store=MEMORY"); }

}  // namespace rampart::reports
