/// The desired records as Terraform resources.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "cli/views/render.h"
#include "dns/txt.h"

namespace rampart {
namespace {

/// A quoted HCL template that evaluates to exactly these octets. SPF macros begin with `%{`, which
/// HCL would take for a directive, as it would `${` for an interpolation.
std::string hcl_text(std::string_view text) {
  std::string out = "\"";
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    const bool opens = at + 1 < text.size() && text[at + 1] == '{';
    if (c == '"' || c == '\\') out += '\\';
    if ((c == '$' || c == '%') && opens) out += c;
    out += c;
  }
  return out + "\"";
}

/// An HCL identifier; a number keeps it distinct from those in `taken`.
/// Lower case with underscores, as `terraform validate` accepts; different names may become equal,
/// so later ones get a number.
std::string identifier(const RecordKey& key, std::set<std::string>& taken) {
  std::string word = "rampart_" + to_text(key.type) + "_" + key.name.text();
  for (char& c : word) {
    c = to_lower(c);
    if (!is_alpha(c) && !is_digit(c) && c != '-') c = '_';
  }
  std::string unique = word;
  for (int number = 2; !taken.insert(unique).second; ++number) {
    unique = fmt::format("{}_{}", word, number);
  }
  return unique;
}

// Zone ids are variables: they are secrets in no sense, but differ between accounts.
std::string variable(std::string_view name, std::string_view type, std::string_view description) {
  return fmt::format("variable \"{}\" {{\n  type        = {}\n  description = {}\n}}\n\n", name,
                     type, hcl_text(description));
}

std::string word_of(const Name& name) {
  std::set<std::string> none;
  return identifier({name, RecordType::TXT}, none).substr(std::string_view("rampart_txt_").size());
}

/// Terraform adds the outer quotes of a Route 53 TXT value itself; `""` separates its strings.
std::string route53_txt(const std::string& value) {
  const std::string quoted = quote_txt(value);
  std::string inner = quoted.substr(1, quoted.size() - 2);
  for (auto at = inner.find("\" \""); at != inner.npos; at = inner.find("\" \"", at + 2)) {
    inner.replace(at, 3, "\"\"");
  }
  return inner;
}

std::string target(RecordType type, const std::string& value) {
  return type == RecordType::TXT ? route53_txt(value) : value;
}

/// Whether the record set may contain values of other owners: SPF shares its name with them.
bool is_shared(const RenderedSet& one) {
  return one.key.type == RecordType::TXT &&
         std::ranges::any_of(one.set.values,
                             [](const std::string& v) { return v.starts_with("v=spf1"); }) &&
         !one.key.name.text().starts_with("_spf");
}

using Pairs = std::vector<std::pair<std::string_view, std::string>>;

/// A resource, formatted as by `terraform fmt`.
std::string resource(std::string_view type, const std::string& name, const Pairs& pairs) {
  std::size_t width = 0;
  for (const auto& pair : pairs) width = std::max(width, pair.first.size());
  std::string text = fmt::format("resource \"{}\" \"{}\" {{\n", type, name);
  for (const auto& [key, value] : pairs) text += fmt::format("  {:{}} = {}\n", key, width, value);
  return text + "}\n\n";
}

Pairs common_pairs(const RenderedSet& one, const std::string& zone_id) {
  return {{"zone_id", "var." + zone_id},
          {"name", hcl_text(one.key.name.text())},
          {"type", hcl_text(to_text(one.key.type))},
          {"ttl", fmt::format("{}", one.set.ttl.count())}};
}

/// The resource replaces the whole set: the other values of a shared one are a variable without a
/// default, because an empty default would delete them.
std::string route53(const RenderedZone& zone) {
  std::set<std::string> taken;
  const std::string zone_id = "zone_id_" + word_of(zone.apex);
  std::string text =
      variable(zone_id, "string", fmt::format("The id of the hosted zone {}.", zone.apex.text()));
  std::string resources;
  for (const RenderedSet& one : zone.sets) {
    std::string values;
    for (const std::string& value : one.set.values) {
      values += (values.empty() ? "" : ", ") + hcl_text(target(one.key.type, value));
    }
    values = "[" + values + "]";
    if (is_shared(one)) {
      const std::string others = "other_txt_" + word_of(one.key.name);
      text += variable(others, "list(string)",
                       fmt::format("The other TXT values of {}, without SPF; [] if there are none.",
                                   one.key.name.text()));
      values = fmt::format("concat({}, var.{})", values, others);
    }
    Pairs pairs = common_pairs(one, zone_id);
    pairs.emplace_back("records", values);
    resources += resource("aws_route53_record", identifier(one.key, taken), pairs);
  }
  return text + resources;
}

// The priority of an MX is an attribute of its own at Cloudflare.
std::string cloudflare_content(RecordType type, const std::string& value) {
  if (type == RecordType::TXT) return hcl_text(quote_txt(value));
  return hcl_text(type == RecordType::MX ? value.substr(value.find(' ') + 1) : value);
}

/// One resource per value: other values of a name are not affected.
std::string cloudflare(const RenderedZone& zone) {
  std::set<std::string> taken;
  const std::string zone_id = "cloudflare_zone_id_" + word_of(zone.apex);
  std::string text =
      variable(zone_id, "string", fmt::format("The id of the zone {}.", zone.apex.text()));
  for (const RenderedSet& one : zone.sets) {
    for (const std::string& value : one.set.values) {
      Pairs pairs = common_pairs(one, zone_id);
      pairs.emplace_back("content", cloudflare_content(one.key.type, value));
      // A proxied name would answer with Cloudflare's addresses instead of the CNAME.
      if (one.key.type == RecordType::CNAME) pairs.emplace_back("proxied", "false");
      if (one.key.type == RecordType::MX) {
        pairs.emplace_back("priority", value.substr(0, value.find(' ')));
      }
      text += resource("cloudflare_dns_record", identifier(one.key, taken), pairs);
    }
  }
  return text;
}

}  // namespace

// A zone may have providers of both kinds. Any other provider is rendered for Route 53.
Result<std::string> terraform_records(const RenderedZone& zone) {
  const bool at_cloudflare = zone.provider_types.contains("cloudflare");
  const bool elsewhere = zone.provider_types.contains("route53") || !at_cloudflare;
  if (zone.sets.empty()) return std::string();
  std::string text = "\n";
  if (elsewhere) text += route53(zone);
  if (at_cloudflare) text += cloudflare(zone);
  text.pop_back();
  return text;
}

}  // namespace rampart
