/// Reading and printing addresses without the C library, whose readers accept too much.
#include "mail/spf/ip_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace rampart::spf {
namespace {

std::optional<std::uint8_t> read_octet(std::string_view text) {
  if (text.empty() || text.size() > 3 || (text.size() > 1 && text[0] == '0')) return std::nullopt;
  int value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  if (value > 255) return std::nullopt;
  return static_cast<std::uint8_t>(value);
}

std::optional<unsigned> read_group(std::string_view text) {
  if (text.empty() || text.size() > 4) return std::nullopt;
  unsigned value = 0;
  for (const char c : text) {
    unsigned digit = 0;
    if (c >= '0' && c <= '9') {
      digit = static_cast<unsigned>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      digit = static_cast<unsigned>(c - 'a') + 10;
    } else if (c >= 'A' && c <= 'F') {
      digit = static_cast<unsigned>(c - 'A') + 10;
    } else {
      return std::nullopt;
    }
    value = value * 16 + digit;
  }
  return value;
}

/// The groups of one side of "::"; a dotted tail counts as two.
struct Groups {
  std::array<unsigned, 8> values{};
  std::size_t count = 0;

  bool add(unsigned value) {
    if (count == values.size()) return false;
    values[count++] = value;
    return true;
  }
};

bool add_dotted(std::string_view text, Groups& groups) {
  const auto octets = read_ip4(text);
  if (!octets) return false;
  return groups.add((*octets)[0] * 256u + (*octets)[1]) &&
         groups.add((*octets)[2] * 256u + (*octets)[3]);
}

enum class Tail { MayBeDotted, GroupsOnly };

bool read_groups(std::string_view text, Tail tail, Groups& groups) {
  while (!text.empty()) {
    const std::size_t colon = text.find(':');
    const std::string_view piece = text.substr(0, colon);
    const bool last = colon == std::string_view::npos;
    if (last && tail == Tail::MayBeDotted && piece.find('.') != std::string_view::npos) {
      return add_dotted(piece, groups);
    }
    const auto value = read_group(piece);
    if (!value || !groups.add(*value)) return false;
    if (last) return true;
    text.remove_prefix(colon + 1);
    if (text.empty()) return false;  // A single colon at the end.
  }
  return true;
}

Octets6 pack(const Groups& head, const Groups& tail) {
  Octets6 octets{};
  for (std::size_t i = 0; i < head.count; ++i) {
    octets[2 * i] = static_cast<std::uint8_t>(head.values[i] >> 8);
    octets[2 * i + 1] = static_cast<std::uint8_t>(head.values[i] & 255);
  }
  const std::size_t start = 8 - tail.count;
  for (std::size_t i = 0; i < tail.count; ++i) {
    octets[2 * (start + i)] = static_cast<std::uint8_t>(tail.values[i] >> 8);
    octets[2 * (start + i) + 1] = static_cast<std::uint8_t>(tail.values[i] & 255);
  }
  return octets;
}

/// Where the longest run of two or more zero groups starts, and its length.
struct ZeroRun {
  std::size_t start = 8;
  std::size_t length = 0;
};

ZeroRun longest_zero_run(const std::array<unsigned, 8>& groups) {
  ZeroRun best;
  for (std::size_t i = 0; i < groups.size();) {
    std::size_t end = i;
    while (end < groups.size() && groups[end] == 0) ++end;
    if (end - i >= 2 && end - i > best.length) best = {i, end - i};
    i = std::max(end, i + 1);
  }
  return best;
}

}  // namespace

std::optional<Octets4> read_ip4(std::string_view text) {
  Octets4 octets{};
  for (std::size_t i = 0; i < 4; ++i) {
    const std::size_t dot = text.find('.');
    if ((dot == std::string_view::npos) != (i == 3)) return std::nullopt;
    const auto octet = read_octet(text.substr(0, dot));
    if (!octet) return std::nullopt;
    octets[i] = *octet;
    text.remove_prefix(i == 3 ? text.size() : dot + 1);
  }
  return octets;
}

std::optional<Octets6> read_ip6(std::string_view text) {
  Groups head, tail;
  const std::size_t gap = text.find("::");
  if (gap == std::string_view::npos) {
    if (!read_groups(text, Tail::MayBeDotted, head) || head.count != 8) return std::nullopt;
    return pack(head, tail);
  }
  const std::string_view before = text.substr(0, gap);
  const std::string_view after = text.substr(gap + 2);
  if (!read_groups(before, Tail::GroupsOnly, head)) return std::nullopt;
  if (after.starts_with(':') || !read_groups(after, Tail::MayBeDotted, tail)) return std::nullopt;
  if (head.count + tail.count > 7) return std::nullopt;
  return pack(head, tail);
}

std::string print_ip4(const Octets4& octets) {
  return fmt::format("{}.{}.{}.{}", octets[0], octets[1], octets[2], octets[3]);
}

std::string print_ip6(const Octets6& octets) {
  std::array<unsigned, 8> groups{};
  for (std::size_t i = 0; i < 8; ++i) groups[i] = octets[2 * i] * 256u + octets[2 * i + 1];
  const bool mapped = std::ranges::all_of(groups.begin(), groups.begin() + 5,
                                          [](unsigned group) { return group == 0; }) &&
                      groups[5] == 0xffff;
  if (mapped) {
    return "::ffff:" + print_ip4({octets[12], octets[13], octets[14], octets[15]});
  }
  const ZeroRun run = longest_zero_run(groups);
  std::string text;
  for (std::size_t i = 0; i < 8; ++i) {
    if (i == run.start) {
      text += "::";
      i += run.length - 1;
      continue;
    }
    if (!text.empty() && text.back() != ':') text += ':';
    text += fmt::format("{:x}", groups[i]);
  }
  return text;
}

}  // namespace rampart::spf
