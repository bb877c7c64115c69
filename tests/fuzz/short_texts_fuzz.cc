/// Any text as each of the short values that files, options and responses hold: what is read prints
/// as a text that reads the same.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/base64.h"
#include "base/calendar.h"
#include "base/decimal.h"
#include "base/utf8.h"
#include "dns/escape.h"
#include "dns/rdata.h"
#include "dns/resolver/resolver.h"
#include "keys/export.h"
#include "mail/spf/check_host.h"
#include "mail/spf/compiled.h"
#include "mail/spf/ip_text.h"
#include "mail/spf/macro.h"
#include "policies/dkim/rotation.h"
#include "policies/model/config.h"
#include "policies/model/permission.h"
#include "providers/http/text.h"
#include "providers/model/account.h"
#include "providers/rfc2136/address.h"
#include "providers/rfc2136/tsig.h"
#include "providers/zonefile/file_names.h"
#include "providers/zonefile/journal.h"
#include "reconciler/config/loader.h"
#include "reports/mailbox/imap_address.h"
#include "reports/parse/parse_values.h"

namespace {

using namespace rampart;

void must(bool holds) {
  if (!holds) std::abort();
}

/// What `parse` reads, `to_text` prints such that the same is read again.
template <class Parse>
void round_trips(std::string_view text, Parse parse) {
  const auto value = parse(text);
  if (!value) return;
  const auto again = parse(to_text(*value));
  must(again && *again == *value);
}

void check_times(const std::string& text) {
  round_trips(text, parse_duration);
  round_trips(text, parse_date);
  round_trips(text, parse_time);
  if (const auto range = parse_date_range(text)) must(range->contains(range->last));
  if (const auto time = parse_http_date(text)) must(time->time_since_epoch().count() > -1LL << 40);
  if (const auto time = reports::parse_moment(text)) {
    must(time->time_since_epoch().count() >= 0);
  }
  (void)date_of(text);
}

void check_numbers(const std::string& text) {
  if (const auto number = parse_decimal<std::uint32_t>(text)) {
    must(parse_decimal<std::uint32_t>(std::to_string(*number)) == number);
    must(read_period(text).value_or(*number) == *number);
  }
  if (const auto number = config::parse_integer(text)) {
    must(config::parse_integer(std::to_string(*number)) == number);
  }
  if (const auto number = config::parse_number(text)) must(std::isfinite(*number));
  if (const auto pace = parse_pace(text)) must(*pace > 0 && *pace <= 1000);
  if (const auto count = reports::parse_count(text)) {
    must(*count >= 0 && *count <= reports::kMostMessages);
  }
  if (const auto octets = decode_base64(text)) must(encode_base64(*octets) == text);
  (void)journal_serial(text);
}

void check_addresses(const std::string& text) {
  round_trips(text, parse_server);
  round_trips(text, parse_server_address);
  must(!parse_resolv_conf(text).empty());
  if (const auto ip = spf::Ip::parse(text)) {
    // An IPv4 address may be written as an IPv6 one.
    must(spf::read_ip6(text).has_value() || (!ip->v6 && spf::read_ip4(text).has_value()));
  }
  must(spf::address_in(text).size() <= text.size());
  if (const auto name = spf::name_from_octets(text)) {
    must(spf::name_from_octets(spf::octets_of(*name)) == *name);
  }
  if (const auto address = reports::parse_imap_address(text)) {
    must(reports::imap_folder(address->folder).ok() && address->port > 0 && address->port < 65536);
  }
  if (const auto names = ZoneFileNames::parse(text)) {
    const Name zone = Name::literal("example.com");
    const std::string file = names->file_of(zone);
    must(file.find('/') == file.npos && names->zone_in(file) == zone.text());
  }
}

void check_words(const std::string& text) {
  round_trips(text, parse_record_type);
  round_trips(text, parse_key_algorithm);
  (void)parse_phase(text);
  (void)parse_signer_format(text);
  if (const auto algorithm = parse_tsig_algorithm(text)) {
    must(tsig_algorithms()[static_cast<std::size_t>(*algorithm)] == text);
  }
  if (const auto secret = parse_tsig_secret(text)) must(encode_base64(*secret) == text);
  const Permission permission = Permission::parse(text);
  must(Permission::parse(permission.text()) == permission);
  const auto result = reports::parse_auth_result(text);
  must(reports::parse_auth_result(reports::to_text(result)) == result);
  const auto evaluated = reports::parse_evaluated(text);
  must(reports::parse_evaluated(reports::to_text(evaluated)) == evaluated);
  const auto disposition = reports::parse_disposition(text);
  must(reports::parse_disposition(reports::to_text(disposition)) == disposition);
}

void check_octets(const std::string& text) {
  if (const auto point = first_code_point(text)) must(point->octets <= text.size());
  if (text.starts_with('\\')) {
    if (const auto escaped = read_escape(text)) must(escaped->length <= text.size());
  }
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto next = read_octet(text, at, out);
    if (!next) break;
    must(*next > at && *next <= text.size());
    at = *next;
  }
  must(percent_decoded(text).size() <= text.size());
  for (const auto place :
       {spf::MacroPlace::DomainSpec, spf::MacroPlace::Modifier, spf::MacroPlace::Explanation}) {
    const auto macros = spf::parse_macros(text, place);
    if (!macros) continue;
    const std::string expanded = spf::expand(*macros, [](char) { return "a.b.c"; });
    must(spf::shorten_name(expanded).size() <= std::max<std::size_t>(expanded.size(), 253));
  }
  // A domain-spec stays one, whatever the case of its letters.
  if (spf::parse_domain_spec(text)) must(spf::parse_domain_spec(spf::normalize_spec(text)).ok());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  check_times(text);
  check_numbers(text);
  check_addresses(text);
  check_words(text);
  check_octets(text);
  return 0;
}
