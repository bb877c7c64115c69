/// A domain's use of a sender: whether it is declared or retired, and its filled placeholders.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "policies/model/policy.h"

namespace rampart {

/// `text` with its placeholders filled: `{domain}`, `{domain_dashes}` (dots as dashes) and those
/// that `with` names; nullopt where one has no value or a brace is unbalanced.
std::optional<std::string> fill(std::string_view text, const Name& domain,
                                const std::map<std::string, std::string>& with);

/// Which template is the target of the CNAME of `row`: the first of `targets` that `with` fills
/// with a value that `target` does not have, such as one of the sender's `regions`; else `target`.
const std::string& target_template(const Sender& sender, const DkimTemplate& row,
                                   const std::map<std::string, std::string>& with);

/// That template, filled; nullopt where a placeholder has no value.
std::optional<std::string> filled_target(const Sender& sender, const DkimTemplate& row,
                                         const Name& domain,
                                         const std::map<std::string, std::string>& with);

/// Whether the domain declares the sender of this id.
bool declares(const Domain& domain, const std::string& sender);

/// Whether the sender is retired on the day of `now`.
bool is_retired(const SenderUse& use, Time now);

}  // namespace rampart
