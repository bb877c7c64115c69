#include "mail/transport/transport.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "base/text.h"
#include "mail/dmarc/dmarc.h"

namespace rampart {
namespace {

// All tags but the version.
Result<std::vector<Tag>> tags_after_version(std::string_view text) {
  TRY(auto tags, parse_tags(text));
  tags.erase(tags.begin());
  return tags;
}

// Removes a tag and returns its value.
std::optional<std::string> extract(std::vector<Tag>& tags, std::string_view name) {
  auto value = find_tag(tags, name);
  std::erase_if(tags, [name](const Tag& tag) { return tag.name == name; });
  return value;
}

std::string print_with(std::vector<Tag> tags, const std::vector<Tag>& unknown) {
  tags.insert(tags.end(), unknown.begin(), unknown.end());
  return print_tags(tags);
}

// RFC 8460 section 3: mailto or https.
bool is_tls_rpt_uri(std::string_view uri) {
  const auto lower = ascii_lower(uri);
  const bool scheme = lower.starts_with("mailto:") || lower.starts_with("https://");
  // RFC 8460 has no size limits in its URIs, unlike DMARC.
  return scheme && uri.find('!') == std::string_view::npos && dmarc::uri_host(uri);
}

bool is_https(std::string_view uri) {
  return ascii_lower(uri.substr(0, 8)) == "https://" && dmarc::uri_host(uri);
}

}  // namespace

bool is_mta_sts(std::string_view text) { return text.starts_with("v=STSv1;"); }

bool is_tls_rpt(std::string_view text) { return text.starts_with("v=TLSRPTv1;"); }

bool is_bimi(std::string_view text) { return text.starts_with('v') && version_of(text) == "BIMI1"; }

Result<MtaStsRecord> parse_mta_sts(std::string_view text) {
  if (!is_mta_sts(text)) return Error{"it must begin with exactly `v=STSv1;`"};
  TRY(auto tags, tags_after_version(text));
  const auto id = extract(tags, "id");
  if (!id) return Error{"`id=` is missing (RFC 8461 section 3.1)"};
  const bool fits = !id->empty() && id->size() <= 32;
  if (!fits || !std::ranges::all_of(*id, is_alnum)) {
    return Error{fmt::format("`id={}`: an id has 1 to 32 letters and digits", *id)};
  }
  return MtaStsRecord{.id = *id, .unknown = std::move(tags)};
}

std::string print(const MtaStsRecord& record) {
  // With a final `;`, as RFC 8461 section 3.1 shows it; some validators insist.
  return print_with({{"v", "STSv1"}, {"id", record.id}}, record.unknown) + ";";
}

Result<TlsRptRecord> parse_tls_rpt(std::string_view text) {
  if (!is_tls_rpt(text)) return Error{"it must begin with exactly `v=TLSRPTv1;`"};
  TRY(auto tags, tags_after_version(text));
  const auto rua = extract(tags, "rua");
  if (!rua) return Error{"`rua=` is missing (RFC 8460 section 3)"};
  TlsRptRecord record;
  for (const std::string_view uri : split(*rua, ',')) {
    if (!is_tls_rpt_uri(uri)) {
      return Error{fmt::format("`rua`: `{}` is neither a mailto: nor an https: address", uri)};
    }
    record.rua.emplace_back(uri);
  }
  record.unknown = std::move(tags);
  return record;
}

std::string print(const TlsRptRecord& record) {
  const std::string rua = fmt::format("{}", fmt::join(record.rua, ","));
  return print_with({{"v", "TLSRPTv1"}, {"rua", rua}}, record.unknown);
}

Result<BimiRecord> parse_bimi(std::string_view text) {
  if (!is_bimi(text)) return Error{"it must begin with `v=BIMI1`"};
  TRY(auto tags, tags_after_version(text));
  const auto logo = extract(tags, "l");
  // An empty l= is legal: it declines.
  if (!logo) return Error{"`l=` is missing"};
  BimiRecord record{.logo = *logo,
                    .evidence = extract(tags, "a"),
                    .avatar = extract(tags, "avp"),
                    .local_part_selector = extract(tags, "lps"),
                    .unknown = {}};
  if (!record.logo.empty() && !is_https(record.logo))
    return Error{"`l=` must be an https: address"};
  // An empty a= says that there is no certificate, which is legal.
  const bool has_evidence = record.evidence && !record.evidence->empty();
  if (has_evidence && !is_https(*record.evidence)) return Error{"`a=` must be an https: address"};
  record.unknown = std::move(tags);
  return record;
}

std::string print(const BimiRecord& record) {
  std::vector<Tag> tags = {{"v", "BIMI1"}, {"l", record.logo}};
  if (record.evidence) tags.push_back({"a", *record.evidence});
  if (record.avatar) tags.push_back({"avp", *record.avatar});
  if (record.local_part_selector) tags.push_back({"lps", *record.local_part_selector});
  return print_with(std::move(tags), record.unknown);
}

}  // namespace rampart
