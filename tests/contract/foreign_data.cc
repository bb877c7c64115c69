/// The records of others that any host may keep.
#include <fmt/format.h>

#include "tests/contract/backends.h"

namespace rampart::contract {

// Data in the form in which servers show it, so that the same words go in and come out.
std::vector<Sample> common_samples() {
  using enum Place;
  return {
      {"A", "192.0.2.77"},
      {"AAAA", "2001:db8::77"},
      {"MX", "10 mx.example.net."},
      {"SRV", "10 60 5060 sip.example.net."},
      {"CAA", "0 issue \"ca.example.net; account=1\""},
      {"TLSA", "3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"},
      {"SSHFP", "4 2 123456789abcdef67890123456789abcdef67890123456789abcdef123456789"},
      {"NAPTR", "100 10 \"U\" \"E2U+sip\" \"!^.*$!sip:info@example.net!\" ."},
      {"HTTPS", "1 . alpn=\"h2,h3\" ipv4hint=\"192.0.2.1\""},
      {"SVCB", "16 svc.example.net. alpn=\"h2\" port=\"8443\""},
      {"PTR", "host.example.net."},
      {"NS", "ns1.example.net.", Cut},
      {"DS", "60485 8 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", Cut}};
}

std::vector<Sample> server_samples() {
  using enum Place;
  std::vector<Sample> samples = common_samples();
  const std::vector<Sample> more = {
      {"SPF", "\"v=spf1 -all\""},
      {"LOC", "51 28 38.000 N 0 0 1.000 W 30.00m 10m 100m 10m"},
      {"URI", "10 1 \"https://www.example.net/path\""},
      {"HINFO", "\"PC\" \"Unix\""},
      {"RP", "admin.example.net. text.example.net."},
      {"AFSDB", "1 afs.example.net."},
      {"KX", "10 kx.example.net."},
      {"CERT", "1 12345 8 MIIBIjANBgkq"},
      {"SMIMEA", "3 0 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"},
      {"OPENPGPKEY", "mQENBFVHm5sBCACX"},
      {"DHCID", "AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA="},
      {"EUI48", "00-00-5e-00-53-2a"},
      {"EUI64", "00-00-5e-ef-10-00-00-2a"},
      {"DNSKEY",
       "256 3 13 mdsswUyr3DPW132mOi8V9xESWE8jTo0dxCjjnopKl+GqJxpVXckHAeF+KkxLbxIL"
       "fDLUT0rAK9iUzy1L53eKGQ==",
       NotAtApex},
      {"CSYNC", "66 3 A NS AAAA", NotAtApex},
      {"TYPE65280", "\\# 4 0a000001"},
      {"DNAME", "other.example.net.", Cut}};
  samples.insert(samples.end(), more.begin(), more.end());
  return samples;
}

std::vector<std::string> Backend::texts() const {
  const std::string hundred(100, 'x');
  return {R"("a" "b")",
          R"("" "x")",
          R"("x" "")",
          R"("v=spf10 near" " miss")",
          fmt::format(R"("{0}1" "{0}2" "{0}3")", hundred),
          fmt::format(R"("{}" "y")", std::string(255, 'x')),
          R"("gr\195\188n")",
          R"("\000\001\255")",
          R"("\"quoted\" text")",
          R"("a\\b" "\\")",
          R"("  blanks  ")",
          R"("v=DMARC1; p=none;")",
          R"("(a) ; not a comment")",
          R"("")"};
}

}  // namespace rampart::contract
