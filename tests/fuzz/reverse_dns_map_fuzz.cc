/// Any octets as a map from host domains to operators: each of its domains is found, and so is each
/// host below one. The text behind the first NUL is looked up too.
#include <cstdint>
#include <cstdlib>

#include "dns/name.h"
#include "reports/analysis/reverse_dns_map.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rampart::reports;
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  const std::size_t end = octets.find('\0');
  const auto map = parse_reverse_dns_map(octets.substr(0, end), "map.csv");
  if (!map) {
    if (!map.error().where.starts_with("map.csv:")) std::abort();
    return 0;
  }
  for (const auto& [domain, owner] : *map) {
    const auto name = rampart::Name::parse(domain);
    if (!name || name->is_root() || name->text() != domain || owner.name.empty()) std::abort();
    const HostOwner* found = owner_of(*map, domain);
    if (found == nullptr || *found != owner) std::abort();
    if (owner_of(*map, "a-host." + domain) == nullptr) std::abort();
  }
  (void)owner_of(*map, end == octets.npos ? "" : octets.substr(end + 1));
  return 0;
}
