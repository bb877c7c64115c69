/// Any text is either refused as an SPF record or printed and read again as the same record.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "mail/spf/spf.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto terms = rampart::spf::parse_terms(text)) {
    const auto whole = rampart::spf::parse(rampart::spf::print(*terms));
    if (!whole || *whole != *terms) std::abort();
  }
  const auto record = rampart::spf::parse(text);
  if (!record) return 0;
  const auto again = rampart::spf::parse(rampart::spf::print(*record));
  const bool same = again.ok() && *again == *record && rampart::spf::same_meaning(*again, *record);
  if (!same) std::abort();
  return 0;
}
