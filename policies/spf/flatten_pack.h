/// Packing terms into few records of limited size, moving as few terms as possible.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace rampart {

/// Terms by fragment number.
using Packing = std::map<int, std::vector<std::string>>;

/// Keeps every term of `terms` in its published fragment, and puts new ones where there is room,
/// else into further fragments. Where packing from the start would save two fragments or more, all
/// terms move to fragments with unused numbers, so that a cached record and its cached fragments
/// still match. `capacity` is in octets, of the terms of one record with a blank before each.
Packing pack(const std::vector<std::string>& terms, const Packing& published, std::size_t capacity);

}  // namespace rampart
