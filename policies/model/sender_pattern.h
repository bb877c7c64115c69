/// Recognizing a sender's records: the catalogue's templates as patterns.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "policies/model/policy.h"

namespace rampart {

/// The values of a pattern's placeholders, by name.
using Bindings = std::map<std::string, std::string>;

/// Whether `text` is `pattern` with every `{placeholder}` filled, compared without case as DNS
/// names are. Macros (`%{i}`) are literal text. A placeholder in `bindings` has that value, and
/// `{domain}` and `{domain_dashes}` follow from `domain` unless it is null; every other one takes
/// any value that is not empty. Adds the values found to `bindings`; leaves it alone if false.
bool unify(std::string_view pattern, std::string_view text, const Name* domain, Bindings& bindings);

/// The placeholders of `pattern` that do not follow from the domain.
std::set<std::string> placeholders_in(std::string_view pattern);

/// Whether a pattern identifies its sender by itself: it ends in a literal name of at least two
/// labels, and of three where it begins with a placeholder. `include:{custom}` would match all.
bool is_specific(std::string_view pattern);

/// Whether the SPF term, as spf::print writes it, is one of the sender's `spf` or `spf_aliases`;
/// `with` limits what their placeholders may be.
bool owns_term(const Sender& sender, std::string_view term, const Bindings& with = {});

/// Whether `target` is a right one for the CNAME of `row`: its target or one of `targets`. Where
/// `with` chooses one of them (target_template), only that one is; a template that names no sender
/// by itself counts only there.
bool is_right_target(const Sender& sender, const DkimTemplate& row, const Name& domain,
                     const Bindings& with, std::string_view target);

}  // namespace rampart
