/// `init`: from live records to a domains.yaml whose plan is empty.
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

/// Which domains to read, and for which file.
struct InitRequest {
  std::vector<Name> names;  ///< Their sub-domains with mail records are added.
  ProviderSpec provider;
  std::string provider_note;
  std::string file;                    ///< The path that the YAML will have; its folder counts.
  std::vector<std::string> selectors;  ///< To be queried in addition to guessed ones.
  std::optional<Evidence> evidence;    ///< Senders are suggested from it.
};

/// The YAML, and how much of the domains it manages.
struct InitOutcome {
  std::string yaml;
  std::size_t domains = 0;
  std::size_t left_out = 0;  ///< Domains with something left unmanaged.
  std::size_t unread = 0;    ///< Of these, those that could not be read.
};

/// Reads the World of a Config: the only part with network access.
using Observe = std::function<World(const Config&)>;

/// A Config that makes observe() query every record that may exist: at each name, every selector
/// that can be guessed.
Config probe_config(const InitRequest& request, const Config& catalogue);

/// Writes a draft, plans it against the same source, leaves out whatever would change, and repeats
/// until the plan is empty. An Error where a draft cannot be loaded.
Result<InitOutcome> make_init(const InitRequest& request, const Config& catalogue,
                              const Observe& observe);

/// Adds suggestions: senders in verified reports that the draft does not name.
void suggest_senders(const Evidence& evidence, const Config& catalogue, Draft& draft);

}  // namespace rampart
