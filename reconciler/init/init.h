/// `init`: from what stands to a domains.yaml whose plan is empty.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "policies/model/plan.h"
#include "reconciler/config/config.h"
#include "reconciler/init/draft.h"
#include "reconciler/observe/observe.h"

namespace rampart {

/// What is to be taken down.
struct InitRequest {
  std::vector<Name> names;  ///< With the sub-domains found beneath them.
  ProviderSpec provider;
  std::string provider_note;
  std::string file;                    ///< Where the YAML is to stand, for its folder.
  std::vector<std::string> selectors;  ///< To be asked for beside those that can be guessed.
  std::optional<Evidence> evidence;    ///< From which senders are suggested.
};

/// A YAML and how it came out.
struct InitOutcome {
  std::string yaml;
  std::size_t domains = 0;
  std::size_t left_out = 0;  ///< Domains with something left unmanaged.
};

/// Reads a World for a Config: the one piece that asks anybody.
using Observe = std::function<World(const Config&)>;

/// The Config by which everything that may stand is asked for: every selector that can be guessed,
/// at each of the names.
Config probe_config(const InitRequest& request, const Config& catalogue);

/// Drafts, plans the draft against the same source, leaves out what would change, and plans again
/// until nothing would. An Error where a draft cannot be read back.
Result<InitOutcome> make_init(const InitRequest& request, const Config& catalogue,
                              const Observe& observe);

/// Adds what verified reports say of senders that the draft does not name.
void suggest_senders(const Evidence& evidence, const Config& catalogue, Draft& draft);

}  // namespace rampart
