/// Any text as a tag-list, and as a value at each place where a kind is checked.
#include "mail/syntax/tags.h"

#include <cstdint>
#include <cstdlib>

#include "mail/records/kind.h"
#include "policies/rules/dmarc.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rampart;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto tags = parse_tags(text)) {
    const auto again = parse_tags(print_tags(*tags));
    if (!again || *again != *tags) std::abort();
    const auto lenient = read_tags(text);
    if (!lenient || lenient->tags != *tags || !lenient->slips.empty()) std::abort();
  }
  if (const auto tag = split_tag(text); tag && tag->first.find('=') != tag->first.npos) {
    std::abort();
  }
  if (const auto version = version_of(text); version && version->size() >= size) std::abort();
  for (const char* name :
       {"x.example", "_dmarc.x.example", "s._domainkey.x.example", "_mta-sts.x.example",
        "_smtp._tls.x.example", "default._bimi.x.example", "x.example._report._dmarc.y.example"}) {
    const RecordKey key{Name::literal(name), RecordType::TXT};
    const bool foreign = kind_of(key, text) == RecordKind::Foreign;
    if (!foreign && near_miss(key, text)) std::abort();
    if (foreign && is_read(key, text)) std::abort();
    (void)spf_near_miss(key, text);
    (void)rules::dmarc_slip(key, std::string(text));
  }
  return 0;
}
