/// Any octets as what a report store holds: a damaged row is refused, and what is read is written
/// and read as the same.
#include <cstdint>
#include <cstdlib>

#include "reports/parse/parse_values.h"
#include "reports/store/blocks.h"
#include "reports/store/facts.h"

namespace {

using namespace rampart::reports;

void must(bool holds) {
  if (!holds) std::abort();
}

void check_rows(std::string_view octets) {
  std::string written;
  std::size_t rows = 0;
  // Sums over all rows of a store must fit into 63 bits.
  const bool whole = for_each_in(octets, [&](const BlockRow& row) {
    must(row.facts >= 0 && row.count >= 0 && row.count <= kMostMessages);
    append_row(row, written);
    must(written.size() <= ++rows * kMostRowOctets);
    must(ip_of(octets_of(row.ip)) == row.ip);
  });
  if (!whole) return;
  must(written.size() <= octets.size());
  std::string again;
  must(for_each_in(written, [&](const BlockRow& row) { append_row(row, again); }));
  must(again == written);
}

void check_facts(std::string_view text) {
  const auto facts = decode(text);
  if (!facts) return;
  const std::string written = encode(*facts);
  must(decode(written) == facts);
  const auto flags = decode_flags(text);
  must(flags && decode_flags(written) == flags);
  must((*flags & kDkimAligned) != 0 ? facts->dkim_aligned : !facts->dkim_aligned);
  must((*flags & kSpfAligned) != 0 ? facts->spf_aligned : !facts->spf_aligned);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  check_rows(octets);
  check_facts(octets);
  (void)decode_flags(octets);
  (void)decode_policy(octets);
  if (size == 4 || size == 16) must(octets_of(ip_of(octets)) == octets);
  return 0;
}
