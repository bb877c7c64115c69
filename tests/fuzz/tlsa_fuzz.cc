/// Any text as a TLSA record: what is read has the digits that its matching type needs, or a reason
/// why senders skip it.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "mail/transport/tlsa.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto record = rampart::parse_tlsa(text);
  if (!record) return 0;
  if (record->data.empty() || record->data.size() % 2 != 0) std::abort();
  if (!rampart::unusable_for_smtp(*record).empty()) return 0;
  if (record->usage != 2 && record->usage != 3) std::abort();
  if (record->matching == 1 && record->data.size() != 64) std::abort();
  if (record->matching == 2 && record->data.size() != 128) std::abort();
  return 0;
}
