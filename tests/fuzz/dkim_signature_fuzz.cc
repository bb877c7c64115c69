/// Any text as a DKIM-Signature, an ARC-Message-Signature and an ARC-Seal.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "mail/dkim/signature.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rampart::dkim;
  const std::string_view value(reinterpret_cast<const char*>(data), size);
  const std::string bare = without_signature("DKIM-Signature:" + std::string(value));
  // What is removed once is gone.
  if (without_signature(bare) != bare) std::abort();
  if (const auto signature = parse_signature(value)) {
    if (signature->headers.empty() || signature->octets.empty()) std::abort();
    if (bare.size() >= size + 15) std::abort();
  }
  if (const auto signature = parse_arc_signature(value); signature && !signature->instance) {
    std::abort();
  }
  if (const auto seal = parse_arc_seal(value); seal && seal->length) std::abort();
  owner_of(value);
  return 0;
}
