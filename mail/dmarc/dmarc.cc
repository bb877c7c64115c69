#include "mail/dmarc/dmarc.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "base/decimal.h"

namespace rampart::dmarc {
namespace {

// The tag that a value swallowed because no `;` is between the two: "none rua=mailto:..."
// holds `rua`. Empty where it holds none.
std::string_view swallowed_tag(std::string_view value) {
  const auto equals = value.find('=');
  if (equals == std::string_view::npos) return {};
  const std::string_view before = trim(value.substr(0, equals));
  const auto blank = before.find_last_of(" \t,:");
  return blank == std::string_view::npos ? std::string_view() : before.substr(blank + 1);
}

Error bad_value(const Tag& tag, std::string_view wanted) {
  if (const auto next = swallowed_tag(tag.value); !next.empty()) {
    return Error{fmt::format("`{}={}`: a `;` is missing before `{}=`", tag.name, tag.value, next)};
  }
  return Error{fmt::format("`{}={}`: the value must be {}", tag.name, tag.value, wanted)};
}

Result<Ok> read_policy(const Tag& tag, std::optional<Policy>& field) {
  field = parse_policy(tag.value);
  if (!field) return bad_value(tag, "none, quarantine or reject");
  return Ok{};
}

Result<Ok> read_alignment(const Tag& tag, std::optional<Alignment>& field) {
  const auto value = ascii_lower(tag.value);
  if (value != "r" && value != "s") return bad_value(tag, "r or s");
  field = value == "s" ? Alignment::Strict : Alignment::Relaxed;
  return Ok{};
}

Result<Ok> read_testing(const Tag& tag, std::optional<bool>& field) {
  const auto value = ascii_lower(tag.value);
  if (value != "y" && value != "n") return bad_value(tag, "y or n");
  field = value == "y";
  return Ok{};
}

Result<Ok> read_pct(const Tag& tag, std::optional<int>& field) {
  field = parse_decimal<int>(tag.value);
  if (field > 100) field.reset();
  if (!field) return bad_value(tag, "a number from 0 to 100");
  return Ok{};
}

Result<Ok> read_psd(const Tag& tag, std::optional<char>& field) {
  const auto value = ascii_lower(tag.value);
  if (value != "y" && value != "n" && value != "u") return bad_value(tag, "y, n or u");
  field = value.front();
  return Ok{};
}

// RFC 9989 section 4.8, dmarc-fo: at most one of 0 and 1, and d and s at most once each.
Result<Ok> read_fo(const Tag& tag, std::optional<std::string>& field) {
  std::string seen;
  for (const std::string_view item : split(tag.value, ':')) {
    const auto option = ascii_lower(item);
    const bool known = option == "0" || option == "1" || option == "d" || option == "s";
    if (!known || seen.find(option) != std::string::npos) {
      return bad_value(tag, "0 or 1, d and s at most once, with `:` between");
    }
    seen += option;
  }
  if (seen.find('0') != std::string::npos && seen.find('1') != std::string::npos) {
    return bad_value(tag, "either 0 or 1, not both");
  }
  field = fmt::format("{}", fmt::join(seen, ":"));
  return Ok{};
}

Result<Ok> read_uris(const Tag& tag, std::vector<std::string>& field) {
  for (const std::string_view uri : split(tag.value, ',')) {
    if (!uri_host(uri)) {
      return Error{fmt::format(
          "`{}`: `{}` is not a report address such as mailto:dmarc@example.com", tag.name, uri)};
    }
    field.emplace_back(uri);
  }
  return Ok{};
}

// RFC 9989 section 4.8: dmarc-value has at least one character.
Result<Ok> read_unknown(const Tag& tag, std::vector<Tag>& unknown) {
  if (tag.value.empty()) return Error{fmt::format("`{}` has no value", tag.name)};
  unknown.push_back(tag);
  return Ok{};
}

Result<Ok> read_tag(const Tag& tag, Record& record) {
  if (tag.name == "p") return read_policy(tag, record.p);
  if (tag.name == "sp") return read_policy(tag, record.sp);
  if (tag.name == "np") return read_policy(tag, record.np);
  if (tag.name == "adkim") return read_alignment(tag, record.adkim);
  if (tag.name == "aspf") return read_alignment(tag, record.aspf);
  if (tag.name == "t") return read_testing(tag, record.testing);
  if (tag.name == "pct") return read_pct(tag, record.pct);
  if (tag.name == "fo") return read_fo(tag, record.fo);
  if (tag.name == "rua") return read_uris(tag, record.rua);
  if (tag.name == "ruf") return read_uris(tag, record.ruf);
  if (tag.name == "psd") return read_psd(tag, record.psd);
  return read_unknown(tag, record.unknown);
}

std::string_view to_text(Alignment alignment) { return alignment == Alignment::Strict ? "s" : "r"; }

std::optional<Error> misplaced_version(std::string_view text) {
  if (is_dmarc(text)) return std::nullopt;
  return Error{"it does not begin with `v=DMARC1` (RFC 9989 section 4.10)"};
}

}  // namespace

std::string_view to_text(Policy policy) {
  constexpr std::array<std::string_view, 3> kNames = {"none", "quarantine", "reject"};
  return kNames[static_cast<std::size_t>(policy)];
}

std::optional<Policy> parse_policy(std::string_view text) {
  const auto value = ascii_lower(text);
  for (const Policy policy : {Policy::None, Policy::Quarantine, Policy::Reject}) {
    if (value == to_text(policy)) return policy;
  }
  return std::nullopt;
}

// RFC 9989 section 4.8: the version is the one value whose case matters.
bool is_dmarc(std::string_view text) { return version_of(text) == "DMARC1"; }

Result<Record> parse(std::string_view text) {
  if (auto error = misplaced_version(text)) return *error;
  TRY(const auto tags, parse_tags(text));
  // Legal by the grammar, and yet no record for receivers in wide use.
  if (!text.starts_with("v=DMARC1")) {
    return Error{"older receivers look for exactly `v=DMARC1`, in lower case and without blanks"};
  }
  Record record;
  for (const Tag& tag : tags) {
    if (&tag == &tags.front()) continue;
    if (tag.name != ascii_lower(tag.name)) {
      return Error{
          fmt::format("`{}`: older receivers ignore a tag that is not lower case", tag.name)};
    }
    TRY_OK(read_tag(tag, record));
  }
  if (!record.p) return Error{"`p=` is missing (RFC 7489 section 6.3)"};
  return record;
}

// Receivers ignore the order after `v` and `p`; a fixed one keeps the differences between two
// records small.
std::string print(const Record& record) {
  std::vector<Tag> tags = {{"v", "DMARC1"}};
  const auto add = [&tags](std::string_view name, std::string_view value) {
    tags.push_back({std::string(name), std::string(value)});
  };
  // RFC 7489 section 6.3: receivers of that generation require p directly after v.
  if (record.p) add("p", to_text(*record.p));
  if (record.sp) add("sp", to_text(*record.sp));
  if (record.np) add("np", to_text(*record.np));
  if (record.adkim) add("adkim", to_text(*record.adkim));
  if (record.aspf) add("aspf", to_text(*record.aspf));
  if (record.testing) add("t", *record.testing ? "y" : "n");
  if (record.pct) add("pct", std::to_string(*record.pct));
  if (record.fo) add("fo", *record.fo);
  if (!record.rua.empty()) add("rua", fmt::format("{}", fmt::join(record.rua, ",")));
  if (!record.ruf.empty()) add("ruf", fmt::format("{}", fmt::join(record.ruf, ",")));
  if (record.psd) add("psd", std::string_view(&*record.psd, 1));
  tags.insert(tags.end(), record.unknown.begin(), record.unknown.end());
  return print_tags(tags);
}

namespace {

// What a lenient reading found in the policy tags.
struct Policies {
  bool p_missing = true;
  std::string invalid;  // The first policy tag that cannot be read, and why; empty where all can.
};

// A tag-value pair of a lenient reading, or nullopt with a problem added.
std::optional<Tag> lenient_tag(std::string_view piece, Lenient& lenient) {
  const auto parts = split_tag(piece);
  if (!parts) {
    lenient.problems.push_back(piece.empty() ? "a tag is empty (two `;` in a row?)"
                                             : fmt::format("`{}` has no `=`", piece));
    return std::nullopt;
  }
  const auto& [name, value] = *parts;
  Tag tag{ascii_lower(name), std::string(value)};
  if (tag.name != name) {
    lenient.problems.push_back(fmt::format("`{}` is not lower case", name));
  }
  return tag;
}

// RFC 9989 section 4.10.1: at least one valid URI is enough; invalid ones are left out.
void read_uris_leniently(const Tag& tag, Lenient& lenient) {
  auto& field = tag.name == "rua" ? lenient.record.rua : lenient.record.ruf;
  for (const std::string_view uri : split(tag.value, ',')) {
    if (uri_host(uri)) {
      field.emplace_back(uri);
    } else {
      lenient.problems.push_back(fmt::format("`{}`: `{}` is not a report address", tag.name, uri));
    }
  }
}

// RFC 9989 section 4.8: a bad value falls back to its default, except in a policy tag, which may
// invalidate the record.
void read_leniently(const Tag& tag, Lenient& lenient, Policies& policies) {
  if (tag.name == "rua" || tag.name == "ruf") return read_uris_leniently(tag, lenient);
  const auto read = read_tag(tag, lenient.record);
  const bool policy = tag.name == "p" || tag.name == "sp" || tag.name == "np";
  if (tag.name == "p") policies.p_missing = false;
  if (!read) lenient.problems.push_back(read.error().what);
  if (!read && policy && policies.invalid.empty()) policies.invalid = read.error().what;
}

// RFC 7489 section 6.6.3 and RFC 9989 section 4.10.1: a missing p or an invalid policy is read as
// p=none where reports can be sent; otherwise the record is ignored.
Result<Lenient> resolve_policies(Lenient lenient, const Policies& policies) {
  if (!policies.p_missing && policies.invalid.empty()) return lenient;
  const std::string what = policies.p_missing ? "`p=` is missing" : policies.invalid;
  if (lenient.record.rua.empty()) {
    return Error{
        fmt::format("{} and there is no valid `rua=`, so receivers ignore the record", what)};
  }
  lenient.record.p = Policy::None;
  // The fallback replaces the policies of sub-domains as well.
  lenient.record.sp.reset();
  lenient.record.np.reset();
  lenient.problems.push_back(fmt::format("{}, so receivers read p=none", what));
  return lenient;
}

}  // namespace

Result<Lenient> parse_lenient(std::string_view text) {
  if (auto error = misplaced_version(text)) return *error;
  auto pieces = split(text, ';');
  if (pieces.size() > 1 && pieces.back().empty()) pieces.pop_back();
  Lenient lenient;
  Policies policies;
  std::vector<std::string> seen = {"v"};
  // The version; is_dmarc() checked it.
  pieces.erase(pieces.begin());
  for (const std::string_view piece : pieces) {
    const auto tag = lenient_tag(piece, lenient);
    if (!tag) continue;
    if (std::ranges::find(seen, tag->name) != seen.end()) {
      lenient.problems.push_back(fmt::format("`{}` is given twice; the first counts", tag->name));
      continue;
    }
    seen.push_back(tag->name);
    read_leniently(*tag, lenient, policies);
  }
  return resolve_policies(std::move(lenient), policies);
}

}  // namespace rampart::dmarc
