// Any text: a name that is read prints as itself, and keeps the laws of names.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "dns/name.h"

namespace {

void must(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using rampart::Name;
  const auto name = Name::parse({reinterpret_cast<const char*>(data), size});
  if (!name) return 0;
  must(name->wire().size() <= 255);
  const auto again = Name::parse(name->text());
  must(again.ok() && *again == *name);
  must(name->is_within(name->parent()));
  must(!name->unicode().empty());
  if (name->is_root()) return 0;
  const auto child = name->parent().child(name->relative_to(name->parent()));
  must(child.ok() && *child == *name);
  return 0;
}
