/// Any octets as spf.lock: what is read can be used, and prints to a file that reads the same.
#include <cstdint>
#include <cstdlib>

#include "reconciler/documents/spf_lock_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rampart;
  const auto locks = parse_spf_locks({reinterpret_cast<const char*>(data), size});
  if (!locks) {
    if (locks.error().what.empty()) std::abort();
    return 0;
  }
  for (const auto& [name, lock] : *locks) {
    for (const auto& [term, locked] : lock.terms) {
      // RFC 7208 section 4.6.4 admits ten lookups; a sum of such terms must not overflow.
      if (locked.lookups < 0 || locked.lookups > 1000) std::abort();
      for (const std::string& network : locked.networks) {
        if (set_of({network}).empty()) std::abort();
      }
    }
  }
  const auto again = parse_spf_locks(print_spf_locks(*locks));
  if (!again || *again != *locks) std::abort();
  return 0;
}
