/// Packing terms into as few records as fit, moving as little as possible.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace rampart {

/// Terms by fragment number.
using Packing = std::map<int, std::vector<std::string>>;

/// Keeps every term in its fragment, drops those that are not wanted, and puts new ones where there
/// is room, else into further fragments. Where packing afresh would save two fragments or more, all
/// terms move to fragments with unused numbers, so that a record cached anywhere stays whole.
/// `capacity` is what one record may hold of terms with a blank before each.
Packing pack(const std::vector<std::string>& terms, const Packing& published, std::size_t capacity);

}  // namespace rampart
