/// Any octets as what Cloudflare's API returns: what is read is sound, and what is shown of a
/// refusal is short and safe for a terminal.
#include <cstdint>
#include <cstdlib>

#include "dns/txt.h"
#include "providers/cloudflare/json.h"

namespace {

using namespace rampart;

// RFC 2181 section 8.
constexpr std::chrono::seconds kMostTtl{0x7FFFFFFF};

void must(bool holds) {
  if (!holds) std::abort();
}

void check_records(const std::string& body) {
  const auto page = cloudflare::read_page<cloudflare::Record>(body);
  if (!page) return must(page.error().retryable);
  const Name zone = Name::literal("example.com");
  for (const auto& [key, set] : cloudflare::sets_of(page->items, zone)) {
    must(!set.values.empty() && set.ttl.count() >= 0 && set.ttl <= kMostTtl);
    const SetChange same{key.name, TypedSet{key.type, set}, TypedSet{key.type, set}};
    std::vector<cloudflare::Record> here;
    for (const cloudflare::Record& one : page->items) {
      if (one.key.name == key.name) here.push_back(one);
    }
    // What is live already needs no edit.
    if (const auto edits = cloudflare::edits_for(same, here, zone)) must(edits->empty());
  }
  for (const ZoneNotice& notice : cloudflare::notices_of(page->items, zone)) {
    must(!notice.message.empty());
  }
}

void check_refusal(const std::string& body) {
  for (const int status : {200, 403, 500}) {
    const Error error = cloudflare::refusal(status, body, cloudflare::Permission::DnsWrite);
    must(!error.what.empty() && error.what.size() < 2000);
    must(printable(error.what) == error.what);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string body(reinterpret_cast<const char*>(data), size);
  check_records(body);
  if (const auto zones = cloudflare::read_page<cloudflare::Zone>(body)) {
    must(cloudflare::pages_left(zones->info) >= 0);
    for (const cloudflare::Zone& zone : zones->items) must(!zone.id.empty() && zone.most_edits > 0);
    must(cloudflare::succeeded(body));
  }
  check_refusal(body);
  must(cloudflare::decode_content(quote_txt(body)) == body);
  (void)cloudflare::decode_content(body);
  return 0;
}
