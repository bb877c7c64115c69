/// The rows of a scan, kept in a few octets each.
#include "reports/analysis/row_log.h"

#include <catch2/catch.hpp>
#include <limits>
#include <map>
#include <random>
#include <tuple>

namespace rampart::reports {
namespace {

/// Many distinct addresses of both families, with neighbours and with equal octets.
spf::Ip address(std::uint32_t number) {
  spf::Ip ip{.v6 = number % 3 == 0};
  const std::uint32_t octets = number / 2;
  std::memcpy(ip.octets.data() + (ip.v6 && number % 2 == 0 ? 12 : 0), &octets, sizeof octets);
  return ip;
}

using Shown = std::tuple<std::uint32_t, std::uint32_t, std::int64_t>;

Shown shown(const LoggedRow& row) { return {row.part, row.author, row.count}; }

}  // namespace

TEST_CASE("a log returns the rows that it was given") {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  constexpr std::array<std::int64_t, 9> kCounts = {0, 1, 62, 63, 64, 1'000, kMost, -1, -kMost};
  std::mt19937 random(1);
  RowLog log;
  std::vector<std::pair<Shown, std::uint32_t>> in_groups;
  std::map<spf::Ip, std::vector<Shown>> plain;
  for (std::uint32_t i = 0; i < 60'000; ++i) {
    // Parts of many rows, and parts without any.
    const LoggedRow row{.part = i / 700 * 2,
                        .author = random() % 4 == 0 ? static_cast<std::uint32_t>(random()) : 0,
                        .count = kCounts[random() % kCounts.size()]};
    if (random() % 3 == 0) {
      const auto group = static_cast<std::uint32_t>(random());
      log.add_to_group(row, group);
      in_groups.emplace_back(shown(row), group);
    } else {
      const spf::Ip ip = address(static_cast<std::uint32_t>(random() % 5'000));
      log.add_plain(row, ip);
      plain[ip].push_back(shown(row));
    }
  }
  std::vector<std::pair<Shown, std::uint32_t>> read;
  log.for_each_in_group(
      [&](const LoggedRow& row, std::uint32_t group) { read.emplace_back(shown(row), group); });
  CHECK(read == in_groups);
  AddressTable table;
  std::map<spf::Ip, std::vector<Shown>> by_address;
  log.replace_addresses([&](const LoggedRow& row, const spf::Ip& ip) {
    by_address[ip].push_back(shown(row));
    return table.find_or_add(ip);
  });
  CHECK(by_address == plain);
  by_address.clear();
  log.for_each_plain([&](const LoggedRow& row, std::uint32_t slot) {
    by_address[table.ip(slot)].push_back(shown(row));
  });
  CHECK(by_address == plain);
}

TEST_CASE("an empty log has no rows") {
  int rows = 0;
  RowLog log;
  log.for_each_in_group([&](const LoggedRow&, std::uint32_t) { ++rows; });
  log.for_each_plain([&](const LoggedRow&, std::uint32_t) { ++rows; });
  CHECK(rows == 0);
}

}  // namespace rampart::reports
