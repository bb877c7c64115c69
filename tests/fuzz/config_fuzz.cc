// Any octets as domains.yaml: a Config or errors with places, never a crash.
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>

#include "reconciler/config/config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto loaded = rampart::load_config_from(
      "domains.yaml", {{"domains.yaml", text}, {"more/a.yaml", "domains:\n  a.example:\n"}});
  if (const auto* errors = std::get_if<std::vector<rampart::ConfigError>>(&loaded)) {
    if (errors->empty()) std::abort();
    for (const rampart::ConfigError& error : *errors) {
      if (error.line < 1 || error.column < 1 || rampart::to_text(error).empty()) std::abort();
    }
  }
  return 0;
}
