/// Which internationalized labels can be shown as Unicode without misleading a reader.
#pragma once

#include <string_view>

namespace rampart {

/// Whether a U-label is of one script (or one customary mix of East Asian scripts), written from
/// left to right, and not made of letters that all look like Latin ones.
bool is_safe_to_show(std::string_view u_label);

}  // namespace rampart
