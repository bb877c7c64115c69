/// Any octets as a server's response to an update or a zone transfer: read without harm, and
/// trusted only with a signature.
#include <cstdint>
#include <cstdlib>

#include "providers/rfc2136/changes.h"
#include "providers/rfc2136/tsig.h"
#include "providers/rfc2136/wire.h"

namespace {

using namespace rampart;

// RFC 2181 section 8.
constexpr std::uint32_t kMostTtl = 0x7FFFFFFF;
constexpr std::size_t kHeader = 12;

void must(bool holds) {
  if (!holds) std::abort();
}

void check_records(std::span<const WireRecord> records) {
  for (const auto& [key, stored] : stored_sets(records)) {
    must(stored.ttl <= kMostTtl && !stored.rdata.empty());
    must(plain(stored).values.size() == stored.rdata.size());
    for (const auto& [value, forms] : stored.rdata) {
      must(!forms.empty());
      const auto again = wire_rdata(key.type, value);
      must(!again || again->size() <= 0xFFFF || is_text(key.type));
    }
  }
}

void check_signature(std::string_view wire) {
  const TsigKey key{Name::literal("key.example"), TsigAlgorithm::HmacSha256, "a secret"};
  const std::chrono::sys_seconds now{std::chrono::seconds(1'800'000'000)};
  // No signature in the input is believed.
  TsigCheck unasked(key, "");
  const auto state = unasked.next(wire, now);
  must(!state || *state == TsigCheck::State::Unsigned);
  const auto last = last_record(wire);
  if (!last || last->start > wire.size() || read_u16(wire, 10) == 0xFFFF) return;
  const Signed ours = tsig_sign(wire, key, now);
  const auto found = last_record(ours.wire);
  if (!found || found->type != 250) return;  // The octets go on behind the last record.
  if (found->start != wire.size()) return;
  // A request of ours that comes back is no response: the MAC of a response covers the request's.
  must(!TsigCheck(key, "").next(ours.wire, now).ok());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view wire(reinterpret_cast<const char*>(data), size);
  if (const auto last = last_record(wire)) {
    must(last->rdata + last->rdata_size <= size && (last->type == 0 || last->start >= kHeader));
  }
  for (std::size_t at = 0; at <= size && at < 64; ++at) {
    const auto name = read_plain_name(wire, at);
    must(!name || (!name->empty() && name->size() <= size - at && name->back() == '\0'));
  }
  check_signature(wire);
  if (const auto message = parse_message(wire)) {
    must(message->rcode <= 15);
    check_records(message->answers);
    check_records(message->authority);
  }
  return 0;
}
