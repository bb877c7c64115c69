#include "policies/rules/transport.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace rampart::rules {
namespace {

// RFC 8461 section 3.1 and RFC 8460 section 3 treat an unusable record alike: as if there were
// none.
struct Row {
  RecordKind kind;
  std::string_view code;
  std::string_view what;
  std::string_view effect;
  std::string_view hint;
};

constexpr std::array<Row, 3> kRows = {{
    {RecordKind::MtaSts, "mta-sts-invalid", "MTA-STS", "senders ignore it",
     "correct the record (RFC 8461 section 3.1)"},
    {RecordKind::TlsRpt, "tls-rpt-invalid", "TLS-RPT", "reporters ignore it",
     "correct the record (RFC 8460 section 3)"},
    {RecordKind::Bimi, "bimi-invalid", "BIMI", "mailbox providers show no logo",
     "correct the record, or remove it"},
}};

}  // namespace

// The callers pass one of the three kinds, so that the row exists.
Fault transport_invalid(RecordKind kind, const Name& domain, const std::string& state) {
  const Row& row = *std::ranges::find(kRows, kind, &Row::kind);
  return {.code = row.code,
          .message = fmt::format("the {} record of {} {}, so {}", row.what, domain.text(), state,
                                 row.effect),
          .hint = std::string(row.hint)};
}

Fault null_mx_mixed(const Name& domain) {
  return {.code = "mx-null-mixed",
          .message = fmt::format("{} has a null MX beside other MX records (RFC 7505 section 3)",
                                 domain.text()),
          .hint = "keep only the null MX if the domain receives no mail, else remove it"};
}

}  // namespace rampart::rules
