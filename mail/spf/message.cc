#include "mail/spf/message.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace rampart::spf {
namespace {

constexpr std::size_t kMostPtrNames = 10;  // RFC 7208 section 4.6.4.

// RFC 7208 section 7.3: `i` of an IPv6 client, in the order of the address; reverse names use the
// other order.
std::string nibbles(const Ip& ip) {
  std::string text;
  for (const std::uint8_t octet : ip.octets) {
    text += fmt::format("{}{:X}.{:X}", text.empty() ? "" : ".", octet >> 4, octet & 15);
  }
  return text;
}

bool resolves_back(const Name& name, const Ip& ip, const Answers& answers,
                   std::vector<Question>& unknown) {
  const Answer* answer =
      find_or_note(answers, {name, ip.v6 ? RecordType::AAAA : RecordType::A}, unknown);
  // RFC 7208 section 5.5: a name whose address lookup fails is skipped.
  return answer && std::ranges::any_of(answer->values_or_none(), [&](const std::string& value) {
           return Ip::parse(value) == ip;
         });
}

}  // namespace

Message::Message(const Client& from) : client(from), sender(from.sender) {
  // RFC 7208 section 2.4: bounces have no sender, so the HELO name is checked.
  if (sender.empty()) sender = "postmaster@" + from.helo;
  // The last one: a quoted local part may contain others.
  const std::size_t at = sender.rfind('@');
  domain = at == std::string::npos ? sender : sender.substr(at + 1);
  // RFC 7208 section 4.3: a missing local part is `postmaster`.
  local = at == std::string::npos || at == 0 ? "postmaster" : sender.substr(0, at);
  if (at == std::string::npos || at == 0) sender = "postmaster@" + domain;
}

// Values are octets as received; transformers and escapes are applied by expand().
std::string macro_value(const Message& message, char letter) {
  const Client& client = message.client;
  switch (letter) {
    case 's':
      return message.sender;
    case 'l':
      return message.local;
    case 'o':
      return message.domain;
    case 'i':
      return client.ip.v6 ? nibbles(client.ip) : client.ip.text();
    case 'v':
      return client.ip.v6 ? "ip6" : "in-addr";
    case 'h':
      return client.helo;
    case 'c':
      return client.ip.text();
    // RFC 7208 section 7.3: the receiver's name, or "unknown".
    case 'r':
      return client.receiver.empty() ? "unknown" : client.receiver;
    case 't':
      return std::to_string(client.now);
    default:
      return "";
  }
}

Name reverse_name(const Ip& ip) {
  std::string text;
  for (std::size_t i = 0; i < (ip.v6 ? 16u : 4u); ++i) {
    const std::uint8_t octet = ip.octets[i];
    const std::string piece =
        ip.v6 ? fmt::format("{:x}.{:x}.", octet & 15, octet >> 4) : fmt::format("{}.", octet);
    text.insert(0, piece);
  }
  return Name::literal(text + (ip.v6 ? "ip6.arpa" : "in-addr.arpa"));
}

// RFC 7208 section 5.5: the reverse zone belongs to the client, so each name counts only where it
// resolves back to the client's address.
ValidatedNames validated_names(const Ip& ip, const Answers& answers,
                               std::vector<Question>& unknown) {
  ValidatedNames validated;
  const Name reverse = reverse_name(ip);
  const Answer* answer = find_or_note(answers, {reverse, RecordType::PTR}, unknown);
  if (!answer) return validated;
  validated.is_void = is_void(*answer);
  // RFC 7208 section 4.6.4: further names are ignored, which is no error.
  // RFC 7208 section 5.5: where the PTR lookup fails, `ptr` does not match.
  const std::vector<std::string>& names = answer->values_or_none();
  const std::size_t count = std::min(names.size(), kMostPtrNames);
  for (std::size_t i = 0; i < count; ++i) {
    const auto name = Name::parse(names[i]);
    if (name && resolves_back(*name, ip, answers, unknown)) validated.names.push_back(*name);
  }
  return validated;
}

std::string name_for_p(const std::vector<Name>& names, const Name& domain) {
  // RFC 7208 section 7.3, the text on `p`.
  if (names.empty()) return "unknown";
  if (std::ranges::find(names, domain) != names.end()) return domain.text();
  const auto below =
      std::ranges::find_if(names, [&](const Name& name) { return name.is_within(domain); });
  return below == names.end() ? names.front().text() : below->text();
}

std::string address_in(std::string_view path) {
  const auto open = path.find('<');
  const auto close = path.rfind('>');
  if (open != path.npos && close != path.npos && open < close) {
    path = path.substr(open + 1, close - open - 1);
  }
  return std::string(trim(path));
}

}  // namespace rampart::spf
