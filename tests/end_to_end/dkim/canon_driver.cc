// Lets tests/end_to_end/dkim/messages_test.py compare canonical bodies and fields with dkimpy's.
// Reads "<simple|relaxed> <body|field> <piece> <size>\n" and so many octets, again and again; a
// body is fed in pieces of the size named. Answers "<size>\n" and the octets.
#include <algorithm>
#include <iostream>
#include <string>

#include "mail/dkim/canon.h"
#include "mail/message/message.h"

namespace {

using rampart::dkim::BodyCanonicalizer;
using rampart::dkim::Canonicalization;

std::string canonical_body(std::string_view body, Canonicalization method, std::size_t piece) {
  std::string canonical;
  BodyCanonicalizer canonicalizer(method, [&](std::string_view octets) { canonical += octets; });
  for (std::size_t at = 0; at < body.size(); at += piece) {
    canonicalizer.feed(body.substr(at, piece));
  }
  canonicalizer.finish();
  return canonical;
}

std::string canonical_head(std::string_view octets, Canonicalization method) {
  const auto head = rampart::mail::read_head(octets);
  if (!head) return "error: " + head.error().what;
  std::string canonical;
  for (const auto& field : head->fields) {
    canonical += rampart::dkim::canonical_field(field.raw, method) + "\r\n";
  }
  return canonical;
}

}  // namespace

int main() {
  std::string method, part;
  std::size_t piece = 0, size = 0;
  while (std::cin >> method >> part >> piece >> size) {
    std::cin.get();
    std::string octets(size, '\0');
    std::cin.read(octets.data(), static_cast<std::streamsize>(size));
    const auto wanted = method == "relaxed" ? Canonicalization::Relaxed : Canonicalization::Simple;
    const std::string canonical =
        part == "body" ? canonical_body(octets, wanted, std::max<std::size_t>(1, piece))
                       : canonical_head(octets, wanted);
    std::cout << canonical.size() << '\n' << canonical << std::flush;
  }
  return 0;
}
