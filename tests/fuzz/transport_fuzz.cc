/// Any text as an MTA-STS, TLS-RPT and BIMI record: read, printed, read again.
#include "mail/transport/transport.h"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rampart;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto round_trips = [text](auto parse) {
    const auto record = parse(text);
    if (!record) return true;
    const auto again = parse(print(*record));
    return again && *again == *record;
  };
  const bool fine =
      round_trips(parse_mta_sts) && round_trips(parse_tls_rpt) && round_trips(parse_bimi);
  if (!fine) std::abort();
  return 0;
}
