#include "policies/rules/strays.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/text.h"

namespace rampart::rules {
namespace {

using Labels = std::vector<std::string_view>;

// A key's value may have 500 octets; its beginning shows what it is.
constexpr std::size_t kShown = 60;

std::string shown(const std::string& value) {
  return value.size() <= kShown ? value : value.substr(0, kShown) + "...";
}

std::string joined(const Labels& labels) { return fmt::format("{}", fmt::join(labels, ".")); }

// What people write for `_domainkey`.
bool is_misspelt_key_label(std::string_view label) {
  constexpr std::array<std::string_view, 6> kWords = {"domainkey",   "domainkeys",  "_domainkeys",
                                                      "_domain-key", "_domain_key", "_dkim"};
  return std::ranges::find(kWords, label) != kWords.end();
}

// Whether the value would be a key at a selector: at any other name a version need not tell.
bool looks_like_key(const Name& domain, const RecordKey& key, const std::string& value) {
  if (key.type == RecordType::CNAME) return true;
  const auto selector = domain.child("s._domainkey");
  return selector && kind_of({*selector, RecordType::TXT}, value) == RecordKind::DkimKey;
}

// The name with the domain once, where it has the domain twice: "_dmarc.example.com.example.com".
std::optional<std::string> without_second_domain(const Name& domain, const Name& name) {
  const auto doubled = domain.child(domain.text());
  if (!doubled || !name.is_within(*doubled)) return std::nullopt;
  return name.text().substr(0, name.text().size() - domain.text().size() - 1);
}

// The selector's right name, where `_domainkey` occurs twice in it or is misspelt.
std::optional<std::string> right_selector_name(const Name& domain, const Name& name) {
  const std::string prefix = name.relative_to(domain);
  Labels labels;
  for (const std::string_view label : split(prefix, '.')) labels.push_back(label);
  const auto is_label = [](std::string_view label) {
    return label == "_domainkey" || is_misspelt_key_label(label);
  };
  const auto first = std::ranges::find_if(labels, is_label);
  if (first == labels.begin() || first == labels.end()) return std::nullopt;
  const bool twice = std::ranges::count(labels, "_domainkey") > 1;
  if (!twice && *first == "_domainkey") return std::nullopt;
  return joined({labels.begin(), first}) + "._domainkey." + domain.text();
}

Fault misplaced(const RecordKey& key, const std::string& value, const std::string& why,
                std::string hint) {
  return {.code = "record-misplaced",
          .message = fmt::format("{} {} holds `{}`, where no receiver looks: {}", key.name.text(),
                                 to_text(key.type), shown(value), why),
          .hint = std::move(hint)};
}

// By the name alone, whatever the record is.
std::optional<Fault> misplaced_name(const Name& domain, const RecordKey& key,
                                    const std::string& value) {
  const bool record = key.type == RecordType::CNAME ? name_kind(key.name) != NameKind::Other
                                                    : kind_of(key, value) != RecordKind::Foreign;
  if (const auto right = without_second_domain(domain, key.name); right && record) {
    return misplaced(
        key, value, "the name has the domain twice",
        fmt::format("move it to {}: enter the name without the domain, which the host appends",
                    *right));
  }
  const auto right = right_selector_name(domain, key.name);
  if (!right || !looks_like_key(domain, key, value)) return std::nullopt;
  return misplaced(key, value, "a key belongs at <selector>._domainkey.<domain>",
                   fmt::format("move it to {}", *right));
}

}  // namespace

std::optional<Fault> stray_record(const Name& domain, const RecordKey& key,
                                  const std::string& value) {
  if (!key.name.is_within(domain)) return std::nullopt;
  if (auto fault = misplaced_name(domain, key, value)) return fault;
  if (key.type != RecordType::TXT) return std::nullopt;
  if (kind_of(key, value) == RecordKind::Spf && name_kind(key.name) != NameKind::Other) {
    return misplaced(key, value, "an SPF record belongs at the domain itself",
                     "move it there, or remove it");
  }
  const auto slip = near_miss(key, value);
  if (!slip) return std::nullopt;
  if (!spf_near_miss(key, value) && !own_near_miss(key, value)) {
    return misplaced(key, value, *slip, "move it there, or remove it");
  }
  return Fault{.code = "record-near-miss",
               .message = fmt::format("{} holds `{}`, which receivers do not read: {}",
                                      key.name.text(), shown(value), *slip),
               .hint = kind_of(key, value) == RecordKind::Foreign
                           ? "correct or remove the value by hand"
                           : "a plan that declares this record replaces it; else correct it by "
                             "hand"};
}

Fault record_dangling(const Name& name, const Name& target) {
  return {.code = "record-dangling",
          .message = fmt::format("{} is a CNAME to {}, which does not exist: there is no record",
                                 name.text(), target.text()),
          .hint = "remove the CNAME, or set the record up at its target"};
}

}  // namespace rampart::rules
