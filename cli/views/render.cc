/// The desired records as zone-file text, octoDNS YAML and dnscontrol JavaScript.
#include "cli/views/render.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/text.h"
#include "dns/txt.h"

namespace rampart {
namespace {

/// The text without line ends, which would end a comment.
std::string one_line(const std::string& text) {
  std::string out = printable(text);
  std::ranges::replace(out, '\n', ' ');
  return out;
}

/// Whether a comment on other TXT values at SPF's names is needed.
bool has_apex_spf(const RenderedZone& zone) {
  return std::ranges::any_of(zone.sets, [&](const RenderedSet& one) {
    const bool spf = std::ranges::any_of(
        one.set.values, [](const std::string& value) { return value.starts_with("v=spf1"); });
    return one.key.type == RecordType::TXT && spf;
  });
}

/// A key that sorts as octoDNS requires: runs of digits compare as numbers. octoDNS rejects a file
/// in another order.
using NaturalKey = std::vector<std::tuple<std::string, std::size_t, std::string>>;

NaturalKey natural_key(std::string_view text) {
  NaturalKey key;
  while (!text.empty()) {
    const auto digits = std::ranges::find_if(text, is_digit);
    const auto end = std::find_if_not(digits, text.end(), is_digit);
    std::string number(digits, end);
    // Leading zeros do not count: "s01" and "s1" are equal here, and the length then compares
    // before the digits.
    number.erase(0, std::min(number.find_first_not_of('0'), number.size()));
    const std::size_t length = number.size();
    key.emplace_back(std::string(text.begin(), digits), length, std::move(number));
    text.remove_prefix(static_cast<std::size_t>(end - text.begin()));
  }
  return key;
}

// Single quotes, in which YAML escapes nothing but the quote itself.
std::string yaml_text(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out += '\'';
    out += c;
  }
  return out + "'";
}

bool is_plain(char c) { return c >= 0x20 && c < 0x7F; }

/// octoDNS requires `;` escaped, and passes quotes and backslashes on as they are.
Result<std::string> octodns_txt(const std::string& value) {
  std::string out;
  for (const char c : value) {
    // Refused and not replaced: a record that differs in one octet may break DKIM.
    if (!is_plain(c) || c == '"' || c == '\\') {
      return Error{"octoDNS cannot express this TXT value: " + printable(value)};
    }
    if (c == ';') out += '\\';
    out += c;
  }
  return yaml_text(out);
}

/// Host names are absolute in octoDNS, with a final dot; "." alone is the null MX (RFC 7505).
Result<std::string> octodns_value(RecordType type, const std::string& value) {
  if (type == RecordType::TXT) return octodns_txt(value);
  if (type == RecordType::MX) {
    const auto blank = value.find(' ');
    const std::string host = value.substr(blank + 1);
    return fmt::format("{{exchange: '{}', preference: {}}}", host == "." ? host : host + ".",
                       value.substr(0, blank));
  }
  return yaml_text(value + ".");
}

/// One record of a name: `first` begins its first line, and as many blanks the others.
Result<std::string> octodns_set(const RenderedSet& one, std::string_view first) {
  const std::string rest(first.size(), ' ');
  std::string text = fmt::format("{}ttl: {}\n{}type: {}\n", first, one.set.ttl.count(), rest,
                                 to_text(one.key.type));
  // A CNAME has one value at most (RFC 1034 section 3.6.2), and octoDNS names the member
  // accordingly.
  const bool single = one.key.type == RecordType::CNAME;
  if (!single) text += rest + "values:\n";
  for (const std::string& raw : one.set.values) {
    TRY(const std::string value, octodns_value(one.key.type, raw));
    text += fmt::format("{}{} {}\n", rest, single ? "value:" : "-", value);
  }
  return text;
}

/// A JavaScript string; octets outside ASCII are escaped, so that the file's encoding is
/// irrelevant.
/// Single quotes and backticks need no escape within double quotes.
std::string js_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (is_plain(c)) {
      out += c;
    } else {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
  return out + "\"";
}

/// dnscontrol names records relative to the zone, "@" at its apex; hosts are absolute.
std::string js_record(const RenderedSet& one, const Name& apex, const std::string& value) {
  const std::string name = js_text(one.key.name.relative_to(apex));
  const auto ttl = one.set.ttl.count();
  switch (one.key.type) {
    case RecordType::CNAME:
      return fmt::format("CNAME({}, {}, TTL({}))", name, js_text(value + "."), ttl);
    case RecordType::MX: {
      const auto blank = value.find(' ');
      const std::string host = value.substr(blank + 1);
      return fmt::format("MX({}, {}, {}, TTL({}))", name, value.substr(0, blank),
                         js_text(host == "." ? host : host + "."), ttl);
    }
    default:
      return fmt::format("TXT({}, {}, TTL({}))", name, js_text(value), ttl);
  }
}

// Names get a final dot: without it, a zone file's reader appends the origin.
std::string zone_data(RecordType type, const std::string& value) {
  if (type == RecordType::TXT) return quote_txt(value);
  return value.ends_with('.') ? value : value + ".";
}

}  // namespace

// One line per value with all fields, so that lines can be moved between files.
Result<std::string> zone_records(const RenderedZone& zone) {
  std::string text;
  for (const RenderedSet& one : zone.sets) {
    for (const std::string& value : one.set.values) {
      text += fmt::format("{}. {} IN {} {}\n", one.key.name.text(), one.set.ttl.count(),
                          to_text(one.key.type), zone_data(one.key.type, value));
    }
  }
  return text;
}

// Records are grouped by name, as YamlProvider requires; the apex has the empty name.
// The map of a file must be sorted for octoDNS' strict order check, which compares digits as
// numbers.
Result<std::string> octodns_records(const RenderedZone& zone) {
  std::vector<std::pair<std::string, std::vector<const RenderedSet*>>> names;
  for (const RenderedSet& one : zone.sets) {
    std::string name = one.key.name.relative_to(zone.apex);
    if (name == "@") name.clear();
    if (names.empty() || names.back().first != name) names.push_back({name, {}});
    names.back().second.push_back(&one);
  }
  std::ranges::stable_sort(names, {}, [](const auto& row) { return natural_key(row.first); });
  std::string text = "---\n";
  // An empty mapping, because an empty document would be null.
  if (names.empty()) text += "{}\n";
  for (const auto& [name, sets] : names) {
    text += yaml_text(name) + ":\n";
    for (const RenderedSet* one : sets) {
      // One record is a mapping; several are a list of mappings.
      TRY(const std::string printed, octodns_set(*one, sets.size() > 1 ? "  - " : "  "));
      text += printed;
    }
  }
  return text;
}

// D_EXTEND adds to a domain that is declared elsewhere; D would replace it.
Result<std::string> dnscontrol_records(const RenderedZone& zone) {
  std::string text = fmt::format("D_EXTEND({}", js_text(zone.apex.text()));
  for (const RenderedSet& one : zone.sets) {
    for (const std::string& value : one.set.values) {
      text += ",\n  " + js_record(one, zone.apex, value);
    }
  }
  return text + "\n);\n";
}

// Advice is part of the format: what a person has to do with the file depends on the tool.
const std::vector<RenderForm>& render_forms() {
  static const std::vector<RenderForm> forms = {
      {"zone",
       "; ",
       ".zone",
       zone_records,
       {"Include it in the zone's own file with $INCLUDE, and increase that file's serial.",
        "Records of the same name and type in the zone's own file are added to these: remove "
        "older SPF, DKIM and DMARC records there."}},
      {"octodns",
       "# ",
       ".yaml",
       octodns_records,
       {"For a separate YamlProvider, listed with the zone's other sources."}},
      {"dnscontrol",
       "// ",
       ".js",
       dnscontrol_records,
       {"For require() in dnsconfig.js, after the D() of this zone."}},
      {"terraform",
       "# ",
       ".tf",
       terraform_records,
       {"For the folder of the Terraform configuration that holds the zone."}},
  };
  return forms;
}

// Comments have one line each; values of the YAML in them must not start a line of their own.
Result<std::string> render_file(const RenderForm& form, const RenderedZone& zone,
                                const std::string& source) {
  std::string text;
  const auto comment = [&](std::string_view line) {
    text += fmt::format("{}{}\n", form.comment, one_line(std::string(line)));
  };
  comment(fmt::format("{}: the records of {}, by `rampart render`. Edit that file, not this one.",
                      zone.apex.text(), source));
  for (const std::string_view line : form.advice) comment(line);
  if (has_apex_spf(zone)) {
    comment(
        "SPF is one of several TXT values at its name: keep the others, such as the tokens by "
        "which services verify the domain.");
  }
  for (const std::string& remark : zone.remarks) comment("Left out: " + remark);
  TRY(const std::string records, form.records(zone));
  return text + records;
}

}  // namespace rampart
