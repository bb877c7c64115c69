/// Reading JSON with paths in the errors, and record sets as JSON.
#include "reconciler/documents/plan_file_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/base64.h"
#include "base/json_depth.h"
#include "base/utf8.h"

namespace rampart::document {
namespace {

const Json kNull;

/// Line and column, 1-based, of the octet at `offset`.
std::string line_and_column(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const auto line = std::ranges::count(before, '\n') + 1;
  const std::size_t start = before.rfind('\n') == before.npos ? 0 : before.rfind('\n') + 1;
  return fmt::format("line {}, column {}", line, before.size() - start + 1);
}

std::string decoded(const Reader& encoded) {
  const Result<std::string> octets = decode_base64(encoded.text());
  if (!octets) encoded.fail("base64 is expected");
  return octets ? *octets : "";
}

}  // namespace

void Reader::fail(const std::string& what) const {
  if (problem_->empty()) *problem_ = path_.empty() ? what : path_ + ": " + what;
}

// After a problem the reader continues on a null node, which yields neutral values: callers stay
// free of checks between members.
Reader Reader::at(const char* key) const {
  const std::string path = path_.empty() ? key : path_ + "." + key;
  const bool object = node_->is_object();
  if (object && node_->contains(key)) return {(*node_)[key], path, *problem_};
  fail(object ? fmt::format("\"{}\" is missing", key) : "an object is expected");
  return {kNull, path, *problem_};
}

bool Reader::has(const char* key) const {
  return node_->is_object() && node_->contains(key) && !(*node_)[key].is_null();
}

std::string Reader::text() const {
  if (node_->is_string()) return node_->get<std::string>();
  fail("a string is expected");
  return {};
}

// 32 bits fit every field that is read by this (lines, columns, TTLs), so that the conversion to
// int cannot overflow.
std::int64_t Reader::integer() const {
  constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();
  const bool fits = node_->is_number_unsigned()
                        ? node_->get<std::uint64_t>() <= static_cast<std::uint64_t>(kMost)
                        : node_->is_number_integer() && node_->get<std::int64_t>() >= -kMost;
  if (fits) return node_->get<std::int64_t>();
  fail("a whole number is expected");
  return 0;
}

// Message counts of a large domain exceed 32 bits within a year.
std::int64_t Reader::count() const {
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  if (node_->is_number_unsigned() && node_->get<std::uint64_t>() <= kMost) {
    return node_->get<std::int64_t>();
  }
  fail("a count is expected");
  return 0;
}

bool Reader::truth() const {
  if (node_->is_boolean()) return node_->get<bool>();
  fail("true or false is expected");
  return false;
}

std::vector<Reader> Reader::items() const {
  std::vector<Reader> items;
  if (!node_->is_array()) {
    fail("an array is expected");
    return items;
  }
  for (const Json& item : *node_) {
    items.emplace_back(item, fmt::format("{}[{}]", path_, items.size()), *problem_);
  }
  return items;
}

Name Reader::name() const {
  const Result<Name> name = Name::parse(text());
  if (name) return *name;
  fail("a DNS name is expected: " + sentence(name.error()));
  return Name::root();
}

RecordType Reader::type() const {
  const auto type = parse_record_type(text());
  if (!type) fail("a DNS record type is expected");
  return type.value_or(RecordType::TXT);
}

RecordKey Reader::key() const { return {at("name").name(), at("type").type()}; }

Time Reader::time() const {
  const auto time = parse_time(text());
  if (!time) fail("a time such as 2026-11-21T00:00:00Z is expected");
  return time.value_or(Time{});
}

Date Reader::date() const {
  const auto date = parse_date(text());
  if (!date) fail("a date such as 2026-11-21 is expected");
  return date.value_or(Date{});
}

std::vector<std::string> Reader::texts() const {
  std::vector<std::string> texts;
  for (const Reader& item : items()) texts.push_back(item.text());
  return texts;
}

// The library's own message quotes the input, which may hold what should not be in a CI log; the
// position is enough.
Result<Json> parse_document(std::string_view text, std::string_view what) {
  if (nests_too_deep(text)) {
    return Error{fmt::format("{} is nested deeper than {} levels", what, kMostJsonDepth)};
  }
  try {
    return Json::parse(text);
  } catch (const Json::out_of_range&) {
    return Error{fmt::format("{} has a number that no computer number can hold", what)};
  } catch (const Json::parse_error& error) {
    // nlohmann counts the octets read, so that 1 is the first.
    const std::size_t offset = error.byte == 0 ? 0 : error.byte - 1;
    return Error{fmt::format("{} is not JSON: {}", what, line_and_column(text, offset))};
  }
}

std::string print_document(const Json& document) {
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json key_to_json(const RecordKey& key) {
  return {{"name", key.name.text()}, {"type", to_text(key.type)}};
}

// JSON is UTF-8, and TXT values are octets: values that are not UTF-8 go to a list in base64.
Json set_to_json(const RecordSet& set) {
  Json values = Json::array();
  Json others = Json::array();
  for (const std::string& value : set.values) {
    (is_utf8(value) ? values : others).push_back(is_utf8(value) ? value : encode_base64(value));
  }
  Json json = {{"ttl", set.ttl.count()}, {"values", std::move(values)}};
  if (!others.empty()) json["values_base64"] = std::move(others);
  return json;
}

// Values are a set again after reading, so a document that lists one twice equals one that lists it
// once.
RecordSet set_from_json(const Reader& reader) {
  RecordSet set;
  const Reader ttl = reader.at("ttl");
  set.ttl = std::chrono::seconds(ttl.integer());
  // RFC 2181 section 8: a TTL is a number from 0 to 2147483647.
  if (set.ttl.count() < 0) ttl.fail("a TTL is never negative");
  for (const Reader& value : reader.at("values").items()) set.values.insert(value.text());
  if (!reader.has("values_base64")) return set;
  for (const Reader& value : reader.at("values_base64").items()) {
    set.values.insert(decoded(value));
  }
  return set;
}

Json octets_to_json(const std::string& octets) {
  if (is_utf8(octets)) return octets;
  return {{"base64", encode_base64(octets)}};
}

std::string octets_from_json(const Reader& reader) {
  if (!reader.is_object()) return reader.text();
  return decoded(reader.at("base64"));
}

// By the same decoder as the YAML reader, which refuses surrogates and overlong forms.
bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::optional<CodePoint> point = first_code_point(text);
    if (!point) return false;
    text.remove_prefix(point->octets);
  }
  return true;
}

}  // namespace rampart::document
