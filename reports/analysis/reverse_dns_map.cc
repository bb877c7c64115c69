/// Host domains and their operators, from CSV.
#include "reports/analysis/reverse_dns_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "dns/name.h"

namespace rampart::reports {
namespace {

/// The columns are those of the map that parsedmarc maintains, so that its file can be used as it
/// is.
constexpr std::array<std::string_view, 3> kColumns = {"base_reverse_dns", "name", "type"};

/// The lines of one file, counted for error messages.
class Lines {
 public:
  Lines(std::string_view text, const std::string& file) : text_(text), file_(file) {
    if (text_.starts_with("\xef\xbb\xbf")) text_.remove_prefix(3);
  }

  std::optional<std::string_view> next() {
    if (text_.empty()) return {};
    ++number_;
    const std::size_t end = std::min(text_.find('\n'), text_.size());
    std::string_view line = text_.substr(0, end);
    text_.remove_prefix(std::min(end + 1, text_.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  }

  Error error_here(const std::string& what) const {
    return {.what = what, .where = fmt::format("{}:{}", file_, number_)};
  }

 private:
  std::string_view text_;
  const std::string& file_;
  int number_ = 0;
};

/// The fields of a line; nothing where a quote is not closed or is inside an unquoted field. A
/// field with a line break is not supported: the line number of errors would be wrong, and no map
/// needs it.
std::optional<std::vector<std::string>> fields_of(std::string_view line) {
  std::vector<std::string> fields(1);
  std::size_t at = 0;
  while (at < line.size()) {
    if (line[at] == '"' && fields.back().empty()) {
      for (++at;; ++at) {
        if (at >= line.size()) return {};
        // RFC 4180 section 2: two quotes within quotes are one.
        if (line[at] == '"' && line.substr(at + 1, 1) != "\"") break;
        if (line[at] == '"') ++at;
        fields.back() += line[at];
      }
      if (++at < line.size() && line[at] != ',') return {};
    } else if (line[at] == ',') {
      fields.emplace_back();
      ++at;
    } else {
      if (line[at] == '"') return {};
      fields.back() += line[at++];
    }
  }
  return fields;
}

/// The index of each of kColumns in the header line.
std::optional<std::array<std::size_t, 3>> columns_of(const std::vector<std::string>& head) {
  std::array<std::size_t, 3> indexes{};
  for (std::size_t i = 0; i < kColumns.size(); ++i) {
    const auto found = std::ranges::find(head, kColumns[i]);
    if (found == head.end()) return {};
    indexes[i] = static_cast<std::size_t>(found - head.begin());
  }
  return indexes;
}

}  // namespace

Result<ReverseDnsMap> parse_reverse_dns_map(std::string_view text, const std::string& file) {
  Lines lines(text, file);
  const auto first = lines.next();
  const auto head = fields_of(first.value_or(""));
  const auto indexes = head ? columns_of(*head) : std::nullopt;
  if (!indexes)
    return lines.error_here("the header line must name base_reverse_dns, name and type");
  ReverseDnsMap map;
  while (const auto line = lines.next()) {
    if (line->empty()) continue;
    const auto fields = fields_of(*line);
    if (!fields) return lines.error_here("a quote is misplaced or not closed");
    if (fields->size() != head->size()) {
      return lines.error_here(
          fmt::format("{} fields, but the header line has {}", fields->size(), head->size()));
    }
    const Result<Name> domain = Name::parse((*fields)[(*indexes)[0]]);
    if (!domain) return lines.error_here("not a host domain: " + domain.error().what);
    // The root would be the operator of every host.
    if (*domain == Name::root()) return lines.error_here("the host domain is empty");
    HostOwner owner{(*fields)[(*indexes)[1]], (*fields)[(*indexes)[2]]};
    if (owner.name.empty()) return lines.error_here("the name is empty");
    map.insert_or_assign(domain->text(), std::move(owner));
  }
  return map;
}

const HostOwner* owner_of(const ReverseDnsMap& map, std::string_view host) {
  // From the longest name to the shortest, so that a customer's own domain wins over its
  // provider's.
  while (!host.empty()) {
    if (const auto found = map.find(host); found != map.end()) return &found->second;
    host.remove_prefix(std::min(host.find('.'), host.size() - 1) + 1);
  }
  return nullptr;
}

}  // namespace rampart::reports
