// Any octets: as a TXT's value they print and read back; as text they never crash the reader.
#include "dns/txt.h"

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "dns/rdata.h"

namespace {

void must(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using rampart::RecordType;
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  const auto read = rampart::unquote_txt(rampart::quote_txt(octets));
  must(read.ok() && *read == octets);
  must(rampart::printable(octets).find('\x1b') == std::string::npos);
  if (const auto joined = rampart::unquote_txt(octets)) {
    const auto again = rampart::unquote_txt(rampart::quote_txt(*joined));
    must(again.ok() && *again == *joined);
  }
  for (const RecordType type :
       {RecordType::TXT, RecordType::MX, RecordType::CAA, RecordType::A, RecordType::AAAA,
        RecordType::SOA, RecordType::SRV, RecordType::DS, RecordType::TLSA, RecordType::NS,
        RecordType::DNSKEY, RecordType::NSEC3PARAM, RecordType::Unknown}) {
    const auto value = rampart::canonical_rdata(type, octets);
    if (!value) continue;
    const auto again = rampart::canonical_rdata(type, rampart::print_rdata(type, *value));
    must(again.ok() && *again == *value);
  }
  return 0;
}
