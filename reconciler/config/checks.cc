/// Checks of scalars: URIs, SPF terms, keys, paths, addresses, references.
#include "reconciler/config/checks.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "mail/dkim/key.h"
#include "policies/model/codes.h"
#include "reconciler/config/names.h"

namespace rampart::config {
namespace {

// An alias counts as the value it refers to, so that a list may name one address in several places
// without any check knowing about aliases.
const std::string& text_of(const Node& node) { return node.value().text; }

// URIs are ASCII (RFC 3986 section 2). Receivers that are sent others ignore the whole tag without
// a word, so the mistake would only show as missing reports.
bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// Printable ASCII without the characters that need quotes or end an address in a URI (RFC 5321
// section 4.1.2): report addresses with quoted local parts reach no known receiver.
bool is_local_part(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    const auto octet = static_cast<unsigned char>(c);
    return octet > 0x20 && octet < 0x7F && c != '"' && c != '<' && c != '>' && c != '@';
  });
}

// Whether `text` has letters, digits and `punctuation` alone.
bool is_word(std::string_view text, std::string_view punctuation) {
  return std::ranges::all_of(text, [&](char c) {
    return is_alpha(c) || is_digit(c) || punctuation.find(c) != std::string_view::npos;
  });
}

// A host of a URI, with a dot: reports go to Internet hosts only.
bool is_host(std::string_view text) {
  return text.find('.') != std::string_view::npos && is_word(text, "-.") && Name::parse(text).ok();
}

bool is_address(std::string_view text) {
  const auto at = text.rfind('@');
  return at != std::string_view::npos && is_local_part(text.substr(0, at)) &&
         is_host(text.substr(at + 1));
}

// For hints alone: the YAML's text is never changed, since a reader compares it with the published
// record.
std::string percent_encoded(std::string_view text, std::string_view octets) {
  std::string out;
  for (const char c : text) {
    const bool plain = octets.find(c) == std::string_view::npos;
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

// `,` and `!` separate URIs and sizes in DMARC records (RFC 7489 section 6.2), `;` ends a tag.
constexpr std::string_view kReserved = ",!;";

// The hint contains the whole corrected URI: people paste it, and a description of the encoding
// would be applied by half.
bool check_reserved(Loader& loader, const Node& node, std::string_view scheme,
                    std::string_view rest) {
  if (rest.find_first_of(kReserved) == std::string_view::npos) return true;
  return loader.fail(node, "bad-uri", "`,`, `;` and `!` must be percent-encoded in this URI",
                     fmt::format("write {}{}", scheme, percent_encoded(rest, kReserved)));
}

// Only what every receiver can fetch: a host with a dot, no user name, no blank. Ports and queries
// are allowed, as RFC 8460 section 3 does.
bool check_https_text(Loader& loader, const Node& node, std::string_view hint) {
  const std::string_view text = text_of(node);
  const std::string_view rest = text.substr(std::min<std::size_t>(text.size(), 8));
  const std::string_view host = rest.substr(0, rest.find_first_of("/:?#"));
  const bool blank = std::ranges::any_of(text, [](char c) {
    return static_cast<unsigned char>(c) <= 0x20 || c == '"' || c == '<' || c == '>';
  });
  const bool user = host.find('@') != std::string_view::npos;
  if (text.starts_with("https://") && is_host(host) && !blank && !user) {
    return check_reserved(loader, node, "", text);
  }
  const auto* why = user ? "has a user name, which is refused" : "is not a valid https URI";
  return loader.fail(node, "bad-uri", fmt::format("`{}` {}", text, why), std::string(hint));
}

// Whether `known` has a row of this name; else "unknown sender `x`" with a suggestion, where `code`
// is "unknown-sender".
bool check_known(Loader& loader, const Node& node, std::string_view code, const auto& known,
                 std::string otherwise) {
  const std::string& name = text_of(node);
  if (known.contains(name)) return true;
  const std::string_view what = code.substr(code.find('-') + 1);
  std::vector<std::string_view> names;
  for (const auto& [key, value] : known) names.push_back(key);
  return loader.fail(node, std::string(code), fmt::format("unknown {} `{}`", what, name),
                     did_you_mean(name, names, std::move(otherwise)));
}

}  // namespace

// The text is checked before the file system is touched: `..` and absolute paths are refused even
// where no such file exists, so that a pull request cannot probe the runner.
bool check_path(Loader& loader, const Node& node) {
  const std::string& path = text_of(node);
  const std::string_view escape = escape_of(path);
  if (!escape.empty()) {
    return loader.fail(node, "path-escapes", fmt::format("the path `{}` {}", path, escape),
                       "write a path under the folder of this file");
  }
  return check_no_symlink(loader, node, path);
}

bool check_no_symlink(Loader& loader, const Node& node, const std::string& path) {
  if (!loader.files().has_symlink(path)) return true;
  return loader.fail(node, "path-escapes",
                     fmt::format("the path `{}` goes through a symlink", path),
                     "put the file itself there: symlinks are not followed");
}

// Parsed now rather than at the plan: an editor's mistake in a long base64 text is found at its
// line.
bool check_key_record(Loader& loader, const Node& node) {
  const auto key = dkim::parse_key(text_of(node));
  if (key) return true;
  return loader.fail(node, "dkim-key-invalid", "this is not a DKIM key record",
                     sentence(key.error()));
}

// A CNAME to a wildcard is legal DNS and never what was meant: it would answer for no selector.
bool check_target(Loader& loader, const Node& node) {
  const auto name = Name::parse(text_of(node));
  if (name.ok() && !name->is_wildcard()) return true;
  return loader.fail(node, "bad-name", fmt::format("`{}` is not a DNS name", text_of(node)),
                     name ? "a target cannot be a wildcard" : name.error().what);
}

// `uri` with its host as A-labels, if that makes it ASCII.
std::optional<std::string> ascii_mailto(const std::string& uri) {
  const auto at = uri.rfind('@');
  if (at == std::string::npos) return std::nullopt;
  const Result<Name> host = Name::parse(uri.substr(at + 1));
  const std::string ascii = uri.substr(0, at + 1) + (host ? host->text() : "");
  return host && is_ascii(ascii) ? std::optional(ascii) : std::nullopt;
}

// The forms that people write for `rua`, each with its own correction: a bare address, several URIs
// in one, a size limit, reserved characters. A rejected URI costs all reports, since receivers
// ignore it silently.
bool check_mailto(Loader& loader, const Node& node) {
  const std::string& text = text_of(node);
  if (!is_ascii(text)) {
    const std::optional<std::string> ascii = ascii_mailto(text);
    return loader.fail(
        node, "bad-uri", fmt::format("`{}` is not ASCII, which a URI must be", text),
        ascii ? fmt::format("did you mean `{}`?", *ascii)
              : "write the host as A-labels (xn--...) and the mailbox in ASCII letters");
  }
  if (is_address(text) && !text.starts_with("mailto:")) {
    return loader.fail(node, "bad-uri", fmt::format("`{}` is an address, not a URI", text),
                       fmt::format("did you mean `mailto:{}`?", percent_encoded(text, kReserved)));
  }
  if (!text.starts_with("mailto:")) {
    return loader.fail(node, "bad-uri", fmt::format("`{}` is not a mailto: URI", text),
                       "receivers send DMARC reports by mail: write mailto:reports@example.com");
  }
  const std::string_view address = std::string_view(text).substr(7);
  if (address.find("mailto:") != std::string_view::npos) {
    return loader.fail(node, "bad-uri", fmt::format("`{}` is more than one URI", text),
                       "write each URI as an item of its own");
  }
  const auto bang = address.rfind('!');
  if (bang != std::string_view::npos && is_address(address.substr(0, bang))) {
    return loader.fail(node, "bad-uri", "size limits of report addresses are obsolete (RFC 9989)",
                       fmt::format("write mailto:{}", address.substr(0, bang)));
  }
  if (!is_address(address.substr(0, address.find('?')))) {
    return loader.fail(node, "bad-uri", fmt::format("`{}` has no valid mail address", text),
                       "write mailto:reports@example.com");
  }
  return check_reserved(loader, node, "mailto:", address);
}

// An address without a scheme gets the messages for mail addresses: that is what was meant.
bool check_report_uri(Loader& loader, const Node& node) {
  const std::string& text = text_of(node);
  const bool schemeless = !text.starts_with("mailto:") && text.find("://") == std::string::npos;
  if (schemeless && is_ascii(text) && !is_address(text)) {
    return loader.fail(node, "bad-uri",
                       fmt::format("`{}` is neither a mailto: nor an https: URI", text),
                       "write mailto:reports@example.com or https://host/path");
  }
  if (text.starts_with("mailto:") || text.find("://") == std::string::npos) {
    return check_mailto(loader, node);
  }
  return check_https_text(loader, node, "write mailto:reports@example.com or https://host/path");
}

bool check_https(Loader& loader, const Node& node) {
  return text_of(node).empty() || check_https_text(loader, node, "write https://host/path");
}

bool check_reporter(Loader& loader, const Node& node) {
  const std::string text = text_of(node);
  const std::string_view domain = text.starts_with("*.") ? std::string_view(text).substr(2) : text;
  const bool host = std::ranges::all_of(
      domain, [](char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '.'; });
  const Result<Name> name = Name::parse(domain);
  if (host && name && name->labels().size() >= 2) return true;
  return loader.fail(node, "bad-name", fmt::format("`{}` is not the domain of a reporter", text),
                     "write the domain that signs its mail, in lower case: google.com");
}

// Addresses only: resolving a resolver's name would need another resolver. An IPv6 address has
// several colons, so its port needs brackets.
bool check_resolver(Loader& loader, const Node& node) {
  std::string host = text_of(node);
  std::string port;
  if (host.starts_with('[') && host.find(']') != std::string::npos) {
    port = host.substr(host.find(']') + 1);
    host = host.substr(1, host.find(']') - 1);
  } else if (std::ranges::count(host, ':') == 1) {
    port = host.substr(host.find(':'));
    host = host.substr(0, host.find(':'));
  }
  in6_addr address{};
  const bool is_ip = ::inet_pton(AF_INET, host.c_str(), &address) == 1 ||
                     ::inet_pton(AF_INET6, host.c_str(), &address) == 1;
  const auto number = port.empty() ? std::optional<std::int64_t>(53)
                                   : parse_integer(std::string_view(port).substr(1));
  const bool port_is_good =
      port.empty() || (port.front() == ':' && number && *number > 0 && *number < 65536);
  if (is_ip && port_is_good) return true;
  return loader.fail(node, "wrong-value",
                     fmt::format("`{}` is not the IP address of a resolver", text_of(node)),
                     "write 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]:5353");
}

// Every second character is a colon; that is the whole grammar, and a regular expression engine is
// not linked for it.
bool check_failure_options(Loader& loader, const Node& node) {
  std::string_view rest = text_of(node);
  bool good = !rest.empty();
  for (std::size_t i = 0; good && i < rest.size(); ++i) {
    good = i % 2 == 1 ? rest[i] == ':'
                      : std::string_view("01ds").find(rest[i]) != std::string_view::npos;
  }
  if (good && rest.size() % 2 == 1) return true;
  return loader.fail(node, "wrong-value",
                     fmt::format("`{}` is not a list of failure options", text_of(node)),
                     "write 0, 1, d and s, separated by colons, such as 1:d:s");
}

// Names become file names, environment variables (CLOUDFLARE_API_TOKEN_CF) and JSON members, so the
// set of characters is small; 64 is more than any name needs.
bool check_identifier(Loader& loader, const Node& node) {
  const std::string& text = text_of(node);
  if (!text.empty() && text.size() <= 64 && is_word(text, "-_.")) return true;
  return loader.fail(node, "bad-name", fmt::format("`{}` is not a valid name", text),
                     "write at most 64 letters, digits, `-`, `_` and `.`");
}

bool check_sender(Loader& loader, const Node& node) {
  return check_known(loader, node, "unknown-sender", loader.config.senders,
                     "find it with `rampart senders search`, or declare it under `senders:`");
}

bool check_provider(Loader& loader, const Node& node) {
  return check_known(loader, node, "unknown-provider", loader.config.providers,
                     "declare it under `providers:`");
}

bool check_ramp_name(Loader& loader, const Node& node) {
  return check_known(loader, node, "unknown-ramp", loader.config.ramps,
                     "declare it under `ramps:`, or use standard");
}

// A waiver or an ignored source outlives the person who wrote it; without a reason nobody dares to
// remove it.
bool check_reason(Loader& loader, const Node& node) {
  if (text_of(node).find_first_not_of(" \t\r\n") != std::string::npos) return true;
  return loader.fail(node, "wrong-value", "the reason is blank",
                     "write in a few words why, for the next reader");
}

// Only the leftmost label may be a wildcard (RFC 8461 section 4.1), so the rest is checked as any
// other host.
bool check_mx_pattern(Loader& loader, const Node& node) {
  Node host = node.value();
  if (host.text.starts_with("*.")) host.text.erase(0, 2);
  return check_target(loader, host);
}

// The id is part of a TXT record with `;` between its members, so it has letters and digits alone.
bool check_policy_id(Loader& loader, const Node& node) {
  const std::string& id = text_of(node);
  if (!id.empty() && id.size() <= 32 && is_word(id, "")) return true;
  return loader.fail(node, "wrong-value", fmt::format("`{}` is not a policy id", id),
                     "write 1 to 32 letters and digits");
}

// Only some findings can be waived: waiving, say, zone-missing would not make the zone exist.
bool check_waiver_code(Loader& loader, const Node& node) {
  const Code* code = find_code(text_of(node));
  if (code && code->waivable) return true;
  std::vector<std::string_view> words;
  for (const Code& known : finding_codes()) {
    if (known.waivable) words.push_back(known.code);
  }
  if (code) {
    return loader.fail(node, "not-waivable", fmt::format("`{}` cannot be waived", text_of(node)),
                       "correct its cause: `rampart findings CODE` explains it");
  }
  return loader.fail(node, "unknown-code", fmt::format("unknown code `{}`", text_of(node)),
                     did_you_mean(text_of(node), words, "`rampart findings` lists the codes"));
}

// `%{d}` is an SPF macro and stays as it is. An opening brace that is never closed ends the search:
// the rest is literal text.
std::vector<std::string> placeholders(std::string_view text) {
  std::vector<std::string> names;
  for (auto open = text.find('{'); open != std::string_view::npos;
       open = text.find('{', open + 1)) {
    if (open > 0 && text[open - 1] == '%') continue;
    const auto close = text.find('}', open);
    if (close == std::string_view::npos) break;
    const std::string_view name = text.substr(open + 1, close - open - 1);
    if (name != "domain" && name != "domain_dashes") names.emplace_back(name);
  }
  return names;
}

}  // namespace rampart::config
