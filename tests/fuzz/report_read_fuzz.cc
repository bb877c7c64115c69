/// Any octets as a report: read without a crash, and every row that is handed on is sound.
#include <cstdint>
#include <cstdlib>

#include "reports/parse/parse_values.h"
#include "reports/parse/read.h"
#include "reports/store/facts.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rampart::reports;
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  OrgDomains domains;
  Reader reader(
      {[&](const Header& header, std::span<const Row> rows) -> rampart::Result<rampart::Ok> {
         for (const Row& row : rows) {
           if (row.count < 0 || row.count > kMostMessages) std::abort();
           const Facts facts = facts_of(*row.results, header, domains);
           if (decode(encode(facts)) != facts) std::abort();
         }
         return rampart::Ok{};
       },
       {}});
  // The first octet says how large the pieces are.
  const std::size_t piece = size == 0 ? 1 : data[0] + std::size_t{1};
  for (std::size_t at = 0; at < size; at += piece) {
    if (!reader.feed(octets.substr(at, piece))) return 0;
  }
  (void)reader.finish();
  return 0;
}
