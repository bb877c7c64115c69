/// Any text as a DKIM key record and as a PEM file: read, checked, printed, read again.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/base64.h"
#include "mail/dkim/key.h"
#include "policies/rules/dkim.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rampart::dkim;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto reading = rampart::rules::read_key(std::string(text));
  const auto lenient = parse_key_leniently(text);
  // A record that cannot be read is of no use to verifiers; one of use has a key.
  if (!lenient && reading.problem.empty()) std::abort();
  if (reading.problem.empty() && !reading.revoked && reading.shape.bits < 1) std::abort();
  if (const auto record = parse_key(text)) {
    const auto again = parse_key(print_key(*record));
    if (!again || !(*again == *record)) std::abort();
    if (!same_meaning(*again, *record)) std::abort();
    // What keeps the grammar is read by everybody, and as the same.
    if (!lenient || !(lenient->record == *record) || !lenient->slips.empty()) std::abort();
    if (const auto shape = shape_of(*record); shape && shape->bits < 1) std::abort();
  }
  if (const auto key = key_from_pem(text); key && !shape_of(*key)) std::abort();
  if (const auto octets = rampart::decode_base64(text);
      octets && rampart::encode_base64(*octets) != text) {
    std::abort();
  }
  return 0;
}
