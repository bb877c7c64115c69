/// Any body, fed at once and in pieces: the same canonical form, which is canonical itself.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "mail/dkim/canon.h"

namespace {

using rampart::dkim::Canonicalization;

std::string canonical(std::string_view body, Canonicalization method, std::size_t piece) {
  std::string octets;
  rampart::dkim::BodyCanonicalizer canonicalizer(method,
                                                 [&](std::string_view more) { octets += more; });
  for (std::size_t at = 0; at < body.size(); at += piece) {
    canonicalizer.feed(body.substr(at, piece));
  }
  canonicalizer.finish();
  return octets;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  for (const auto method : {Canonicalization::Simple, Canonicalization::Relaxed}) {
    const std::string whole = canonical(body, method, size + 1);
    if (canonical(body, method, 1) != whole || canonical(body, method, 7) != whole) std::abort();
    const std::string again = canonical(whole, method, size + 1);
    // Blanks before an end without a line end stay, and go once that line has its end.
    if (canonical(again, method, 3) != again) std::abort();
    // A field holds line ends as CR LF only.
    if (body.find('\n') != std::string_view::npos) continue;
    const std::string field = rampart::dkim::canonical_field("A:" + std::string(body), method);
    if (rampart::dkim::canonical_field(field, method) != field) std::abort();
  }
  return 0;
}
