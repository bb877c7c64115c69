/// Any octets as an evidence file: what is read is written and read again as the same.
#include <cstdint>
#include <cstdlib>

#include "reports/analysis/evidence.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rampart::reports;
  const auto evidence = evidence_from_json({reinterpret_cast<const char*>(data), size});
  if (!evidence) return 0;
  const auto again = evidence_from_json(evidence_to_json(*evidence));
  if (!again || *again != *evidence) std::abort();
  return 0;
}
