/// The records next to SPF, DKIM and DMARC: MTA-STS (RFC 8461 section 3.1), TLS-RPT (RFC 8460
/// section 3) and BIMI (draft-brand-indicators-for-message-identification).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "mail/syntax/tags.h"

namespace rampart {

/// Whether `text` begins as receivers require before they read on; they discard any other value.
/// RFC 8461 section 3.1: with exactly `v=STSv1;`. RFC 8460 section 3: with exactly `v=TLSRPTv1;`.
/// The BIMI draft, section 4.3: with `v=BIMI1`, blanks around `=` allowed.
bool is_mta_sts(std::string_view text);
bool is_tls_rpt(std::string_view text);
bool is_bimi(std::string_view text);

/// `v=STSv1; id=...;`
struct MtaStsRecord {
  std::string id;  ///< 1 to 32 alphanumerics.
  std::vector<Tag> unknown;

  bool operator==(const MtaStsRecord&) const = default;
};

/// Reads and prints the record; an Error names the tag.
Result<MtaStsRecord> parse_mta_sts(std::string_view text);
std::string print(const MtaStsRecord& record);

/// `v=TLSRPTv1; rua=mailto:...,https:...`
struct TlsRptRecord {
  std::vector<std::string> rua;
  std::vector<Tag> unknown;

  bool operator==(const TlsRptRecord&) const = default;
};

/// Reads and prints the record; an Error names the tag or the address.
Result<TlsRptRecord> parse_tls_rpt(std::string_view text);
std::string print(const TlsRptRecord& record);

/// `v=BIMI1; l=https://...; a=https://...`
struct BimiRecord {
  std::string logo;                                ///< `l=`; empty with an empty `a=` declines.
  std::optional<std::string> evidence;             ///< `a=`
  std::optional<std::string> avatar;               ///< `avp=`
  std::optional<std::string> local_part_selector;  ///< `lps=`
  std::vector<Tag> unknown;

  bool operator==(const BimiRecord&) const = default;
};

/// Reads and prints the record; an Error names the tag.
Result<BimiRecord> parse_bimi(std::string_view text);
std::string print(const BimiRecord& record);

}  // namespace rampart
