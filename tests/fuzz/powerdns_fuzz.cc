/// Any octets as what PowerDNS' API returns: what is read is sound, and a change of it is sent with
/// all that the zone keeps.
#include <cstdint>
#include <cstdlib>

#include "dns/txt.h"
#include "providers/powerdns/json.h"

namespace {

using namespace rampart;

// RFC 2181 section 8.
constexpr std::chrono::seconds kMostTtl{0x7FFFFFFF};

void must(bool holds) {
  if (!holds) std::abort();
}

void check_zone(const std::string& body) {
  const auto zone = powerdns::read_zone(body);
  if (!zone) return must(zone.error().retryable);
  std::vector<SetChange> changes;
  for (const auto& [key, live] : zone->sets) {
    must(live.set.ttl.count() >= 0 && live.set.ttl <= kMostTtl);
    must(!live.set.values.empty() || !live.disabled.empty());
    if (live.set.values.empty()) continue;
    const TypedSet before{key.type, live.set};
    const SetChange nothing[] = {{key.name, before, before}};
    must(powerdns::patch_body(nothing, zone->sets, powerdns::Editing::WholeSets).empty());
    changes.push_back({key.name, before, {}});
  }
  for (const auto editing : {powerdns::Editing::WholeSets, powerdns::Editing::SingleValues}) {
    const std::string patch = powerdns::patch_body(changes, zone->sets, editing);
    must(patch.empty() == changes.empty());
  }
  must(powerdns::read_serial(body) == zone->serial);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string body(reinterpret_cast<const char*>(data), size);
  check_zone(body);
  (void)powerdns::read_zone_names(body).ok();
  const std::string reason = powerdns::reason_of(body);
  // Each of its octets is shown as at most four.
  must(reason.size() <= 1200 && printable(reason) == reason);
  return 0;
}
