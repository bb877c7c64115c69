/// For callers that act on a commit outside the store.
#include "reports/store/store.h"

namespace rampart::reports {

// Otherwise a power cut may take the latest commits back: never half of one, but a mail that was
// marked on its server would not be fetched again.
Result<Ok> Store::survive_power_cuts() { return database_.run("PRAGMA synchronous=FULL"); }

}  // namespace rampart::reports
