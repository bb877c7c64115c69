#include "mail/spf/terms.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/decimal.h"
#include "dns/txt.h"
#include "mail/spf/ip_text.h"
#include "mail/spf/macro.h"

namespace rampart::spf {
namespace {

struct MechanismRow {
  std::string_view name;
  Mechanism mechanism;
};

constexpr std::array kMechanisms = {
    MechanismRow{"all", Mechanism::All}, MechanismRow{"include", Mechanism::Include},
    MechanismRow{"a", Mechanism::A},     MechanismRow{"mx", Mechanism::Mx},
    MechanismRow{"ptr", Mechanism::Ptr}, MechanismRow{"ip4", Mechanism::Ip4},
    MechanismRow{"ip6", Mechanism::Ip6}, MechanismRow{"exists", Mechanism::Exists},
};

// Cut, because a term without blanks can be as long as the record.
Error bad_term(std::string_view term, std::string_view why) {
  return Error{fmt::format("`{}`: {}", printable(term.substr(0, 100)), why)};
}

// The qualifier at the front, removed where one is written.
Qualifier consume_qualifier(std::string_view& term) {
  if (term.empty() || std::string_view("+-~?").find(term[0]) == std::string_view::npos) {
    return Qualifier::Pass;
  }
  const auto qualifier = static_cast<Qualifier>(term[0]);
  term.remove_prefix(1);
  return qualifier;
}

// A prefix length: decimal, no leading zero, at most `most`.
std::optional<int> read_length(std::string_view digits, int most) {
  // RFC 7208 section 12: leading zeros are a syntax error, which receivers report as permerror.
  if (digits.empty() || digits.size() > 3 || (digits.size() > 1 && digits[0] == '0')) {
    return std::nullopt;
  }
  const auto value = parse_decimal<int>(digits);
  return value <= most ? value : std::nullopt;
}

// The start of a `/digits` at the end of `text`, or npos.
std::size_t length_at_end(std::string_view text) {
  std::size_t start = text.size();
  while (start > 0 && is_digit(text[start - 1])) --start;
  return start > 0 && start < text.size() && text[start - 1] == '/' ? start - 1
                                                                    : std::string_view::npos;
}

// Removes `dual-cidr-length` from the end of an a or mx term.
Result<Ok> consume_dual_cidr(std::string_view term, std::string_view& rest, Directive& directive) {
  // From the end, because a domain-spec may contain slashes itself, in macro delimiters.
  std::size_t slash = length_at_end(rest);
  // The IPv6 length comes last: `a/24//64` (RFC 7208 section 5.6).
  if (slash != std::string_view::npos && slash > 0 && rest[slash - 1] == '/') {
    directive.cidr6 = read_length(rest.substr(slash + 1), 128);
    if (!directive.cidr6) return bad_term(term, "an IPv6 prefix length is 0 to 128");
    rest = rest.substr(0, slash - 1);
    slash = length_at_end(rest);
  }
  if (slash != std::string_view::npos) {
    directive.cidr4 = read_length(rest.substr(slash + 1), 32);
    if (!directive.cidr4) return bad_term(term, "an IPv4 prefix length is 0 to 32");
    rest = rest.substr(0, slash);
  }
  return Ok{};
}

// `rest` is ":domain" or nothing.
Result<Ok> read_domain(std::string_view term, std::string_view rest, Directive& directive) {
  if (rest.empty()) return Ok{};
  if (rest[0] != ':') return bad_term(term, "a colon and a domain are expected after the name");
  rest.remove_prefix(1);
  const auto spec = parse_domain_spec(rest);
  if (!spec) {
    // `include:example.com~all`, the most frequent slip with this message.
    const bool glued = rest.find("~all") != rest.npos || rest.find("-all") != rest.npos;
    return bad_term(term, glued ? "a blank is missing before the last term" : spec.error().what);
  }
  directive.domain = std::string(rest);
  return Ok{};
}

// `rest` is ":address" with or without a prefix length.
// The address is kept as text in its canonical form, since records are printed more often than they
// are evaluated here.
Result<Ok> read_network(std::string_view term, std::string_view rest, Directive& directive) {
  const bool v6 = directive.mechanism == Mechanism::Ip6;
  if (!rest.starts_with(':')) return bad_term(term, "an address is missing after the colon");
  rest.remove_prefix(1);
  const std::size_t slash = rest.find('/');
  const std::string_view address = rest.substr(0, slash);
  if (slash != std::string_view::npos) {
    const auto length = read_length(rest.substr(slash + 1), v6 ? 128 : 32);
    if (!length) {
      return bad_term(term, v6 ? "an IPv6 prefix length is 0 to 128, without leading zeros"
                               : "an IPv4 prefix length is 0 to 32, without leading zeros");
    }
    (v6 ? directive.cidr6 : directive.cidr4) = length;
  }
  if (v6) {
    const auto octets = read_ip6(address);
    if (!octets) return bad_term(term, "that is not an IPv6 address");
    // Canonical text, so that equal networks compare as equal.
    directive.network = print_ip6(*octets);
    return Ok{};
  }
  const auto octets = read_ip4(address);
  if (!octets) {
    return bad_term(term, read_ip6(address) ? "that is an IPv6 address; write `ip6:`"
                                            : "that is not an IPv4 address of four octets");
  }
  directive.network = print_ip4(*octets);
  return Ok{};
}

// The mechanism whose name differs by one letter or a swap, for "did you mean". Comparing sorted
// letters is enough for eight short names; names of two letters would match almost anything.
std::string nearest(const std::string& name) {
  for (const MechanismRow& row : kMechanisms) {
    std::string a = name, b(row.name);
    std::ranges::sort(a);
    std::ranges::sort(b);
    std::string missing;
    std::ranges::set_symmetric_difference(a, b, std::back_inserter(missing));
    if (row.name.size() > 2 && missing.size() <= 1) {
      return fmt::format("; did you mean `{}`?", row.name);
    }
  }
  if (name == "ipv4" || name == "ip") return "; did you mean `ip4`?";
  if (name == "ipv6") return "; did you mean `ip6`?";
  return "";
}

Result<Ok> read_rest(std::string_view term, std::string_view rest, Directive& directive) {
  switch (directive.mechanism) {
    case Mechanism::All:
      if (!rest.empty()) return bad_term(term, "`all` takes nothing after it");
      return Ok{};
    case Mechanism::Ip4:
    case Mechanism::Ip6:
      return read_network(term, rest, directive);
    case Mechanism::A:
    case Mechanism::Mx:
      TRY_OK(consume_dual_cidr(term, rest, directive));
      return read_domain(term, rest, directive);
    case Mechanism::Ptr:
      return read_domain(term, rest, directive);
    case Mechanism::Include:
    case Mechanism::Exists:
      if (rest.empty()) return bad_term(term, "a domain is missing");
      return read_domain(term, rest, directive);
  }
  return Ok{};
}

// RFC 7208 section 4.6.1: names of mechanisms compare without case.
Result<Ok> add_directive(std::string_view term, Record& record) {
  std::string_view rest = term;
  Directive directive{.qualifier = consume_qualifier(rest)};
  const std::size_t end = std::min(rest.find_first_of(":/"), rest.size());
  const std::string name = ascii_lower(rest.substr(0, end));
  const auto row = std::ranges::find(kMechanisms, std::string_view(name), &MechanismRow::name);
  if (row == kMechanisms.end()) {
    // A tab is easily pasted and cannot be seen in most editors.
    const bool blank = term.find('\t') != std::string_view::npos;
    return bad_term(term, blank ? "terms are separated by blanks, not tabs (RFC 7208 section 4.6.1)"
                                : "there is no such mechanism" + nearest(name));
  }
  directive.mechanism = row->mechanism;
  TRY_OK(read_rest(term, rest.substr(end), directive));
  record.directives.push_back(std::move(directive));
  return Ok{};
}

// How long a modifier's name at the front of `term` is: 0 where `term` is no modifier.
std::size_t modifier_name_length(std::string_view term) {
  if (term.empty() || !is_alpha(term[0])) return 0;
  std::size_t end = 1;
  const auto inner = [](char c) { return is_alnum(c) || c == '-' || c == '_' || c == '.'; };
  while (end < term.size() && inner(term[end])) ++end;
  return end < term.size() && term[end] == '=' ? end : 0;
}

Result<Ok> add_modifier(std::string_view term, std::size_t length, Record& record) {
  Modifier modifier{ascii_lower(term.substr(0, length)), std::string(term.substr(length + 1))};
  // RFC 7208 section 6: unknown modifiers are ignored, but their syntax must be right.
  const bool known = modifier.name == "redirect" || modifier.name == "exp";
  if (known && record.find_modifier(modifier.name)) {
    return bad_term(term,
                    fmt::format("`{}` may occur only once (RFC 7208 section 6)", modifier.name));
  }
  const auto value = known ? parse_domain_spec(modifier.value)
                           : parse_macros(modifier.value, MacroPlace::Modifier);
  if (!value) return bad_term(term, value.error().what);
  record.modifiers.push_back(std::move(modifier));
  return Ok{};
}

}  // namespace

std::string_view to_text(Mechanism mechanism) {
  return std::ranges::find(kMechanisms, mechanism, &MechanismRow::mechanism)->name;
}

// The aliases are those that `nearest` knows: people write them with either sign.
std::string mechanism_meant_by(const Modifier& modifier) {
  std::string_view name = modifier.name;
  if (name == "ip" || name == "ipv4") name = "ip4";
  if (name == "ipv6") name = "ip6";
  const auto row = std::ranges::find(kMechanisms, name, &MechanismRow::name);
  if (row == kMechanisms.end()) return "";
  const bool bare = row->mechanism == Mechanism::All || modifier.value.empty();
  return bare ? std::string(row->name) : fmt::format("{}:{}", row->name, modifier.value);
}

Result<Ok> add_term(std::string_view term, Record& record) {
  const std::size_t name = modifier_name_length(term);
  return name > 0 ? add_modifier(term, name, record) : add_directive(term, record);
}

Network network_of(const Directive& directive) {
  const bool v6 = directive.mechanism == Mechanism::Ip6;
  Network network{.ip = {.v6 = v6},
                  .length = v6 ? directive.cidr6.value_or(128) : directive.cidr4.value_or(32)};
  if (v6) {
    network.ip.octets = read_ip6(directive.network).value_or(Octets6{});
  } else {
    std::ranges::copy(read_ip4(directive.network).value_or(Octets4{}), network.ip.octets.begin());
  }
  const Family family = network.ip.family();
  network.ip = ip_of(number_of(network.ip) & ~host_bits(network.length, family), family);
  return network;
}

}  // namespace rampart::spf
