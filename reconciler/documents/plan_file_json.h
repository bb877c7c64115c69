/// What plan.json and world.json share: a reader that remembers its first error and where it was,
/// and the JSON of record sets, whose octets always survive.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "policies/model/policy.h"

namespace rampart::document {

using Json = nlohmann::ordered_json;

/// Reads one node. What is missing or of the wrong type is noted once, with its path, and gives a
/// neutral value, so that reading needs no checks between; the caller checks `problem` at the end.
class Reader {
 public:
  Reader(const Json& node, std::string path, std::string& problem)
      : node_(&node), path_(std::move(path)), problem_(&problem) {}

  Reader at(const char* key) const;  ///< A member that must be there.
  bool has(const char* key) const;   ///< A member that is there and is not null.
  bool is_null() const { return node_->is_null(); }
  bool is_object() const { return node_->is_object(); }
  std::string text() const;
  std::int64_t integer() const;  ///< Must fit in 32 bits, signed.
  std::int64_t count() const;    ///< Any whole number from 0 up.
  bool truth() const;
  std::vector<Reader> items() const;  ///< Of an array.
  Name name() const;
  RecordType type() const;
  RecordKey key() const;  ///< Of an object with "name" and "type".
  Time time() const;
  Date date() const;
  std::vector<std::string> texts() const;    ///< Of an array of strings.
  void fail(const std::string& what) const;  ///< Notes the first problem only.

  /// What `read` makes of each item of the array at `key`.
  template <class Read>
  auto list(const char* key, Read read) const {
    std::vector<std::decay_t<std::invoke_result_t<Read, const Reader&>>> all;
    for (const Reader& item : at(key).items()) all.push_back(std::invoke(read, item));
    return all;
  }
  /// As `list`; empty if there is no such member, as in documents of earlier versions.
  template <class Read>
  auto list_if_any(const char* key, Read read) const {
    return has(key) ? list(key, read) : decltype(list(key, read))();
  }

 private:
  const Json* node_;
  std::string path_;
  std::string* problem_;
};

/// Reads `text` as JSON; an Error names line and column.
Result<Json> parse_document(std::string_view text, std::string_view what);

/// Text of a document: indented, other octets than UTF-8 replaced, one final newline.
std::string print_document(const Json& document);

/// A JSON array of what `to_json` makes of each item.
template <class Items, class ToJson>
Json list(const Items& items, ToJson to_json) {
  Json json = Json::array();
  for (const auto& item : items) json.push_back(std::invoke(to_json, item));
  return json;
}

/// {"name", "type"}.
Json key_to_json(const RecordKey& key);

/// {"ttl", "values"}, and "values_base64" for values that are no UTF-8.
Json set_to_json(const RecordSet& set);
RecordSet set_from_json(const Reader& reader);

/// A string, or {"base64": "..."} where it is no UTF-8.
Json octets_to_json(const std::string& octets);
std::string octets_from_json(const Reader& reader);

/// Whether `text` is UTF-8 (RFC 3629 section 3).
bool is_utf8(std::string_view text);

}  // namespace rampart::document
