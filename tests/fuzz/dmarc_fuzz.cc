/// Any text as a DMARC record: the strict reader's records print and read alike, and the lenient
/// reader accepts whatever the strict one does.
#include "mail/dmarc/dmarc.h"

#include <cstdint>
#include <cstdlib>

#include "policies/rules/dmarc.h"
#include "policies/rules/names.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rampart::dmarc;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto policy = parse_policy(text); policy && parse_policy(to_text(*policy)) != policy) {
    std::abort();
  }
  if (const auto host = uri_host(text); host && host->empty()) std::abort();
  // An address that is not refused is one to which mail can go.
  const std::string uri(text);
  const auto refused = rampart::rules::report_uri_problem("rua", uri);
  if (refused.has_value() == rampart::rules::is_mailto(uri)) std::abort();
  const auto strict = parse(text);
  const auto lenient = parse_lenient(text);
  if (strict) {
    const auto again = parse(print(*strict));
    if (!again || !(*again == *strict)) std::abort();
    if (!lenient || !(lenient->record == *strict)) std::abort();
  }
  if (lenient) {
    const Record& record = lenient->record;
    if (loosens(record, record) || tightens(record, record)) std::abort();
    if (!same_meaning(record, record)) std::abort();
  }
  return 0;
}
