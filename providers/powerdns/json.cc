/// The JSON of PowerDNS' API v1.
#include "providers/powerdns/json.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "dns/rdata.h"
#include "dns/txt.h"
#include "providers/model/json_text.h"
#include "providers/model/sets.h"

namespace rampart::powerdns {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kLongestReason = 300;

// Nothing of the body is quoted, since it may be another server's page with unknown content.
Error malformed() {
  return Error{.what = "the response is not what PowerDNS' API returns", .retryable = true};
}

// The API insists on the final dot.
std::string absolute(const Name& name) { return name.is_root() ? "." : name.text() + "."; }

/// The value of a record's content. One that cannot be parsed is kept as it is written: another
/// party's record must not make the zone unreadable.
std::string api_value(RecordType type, const std::string& content) {
  const Result<std::string> value =
      is_text(type) ? unquote_txt(content) : canonical_rdata(type, content);
  return value ? *value : content;
}

/// One rrset; nothing for one without records, which only carries comments, and for a name that
/// we cannot represent.
std::optional<std::pair<RecordKey, ApiSet>> read_set(const Json& rrset) {
  const Result<Name> name = Name::parse(text_at(rrset, "name"));
  const std::string kind = text_at(rrset, "type");
  const auto records = rrset.find("records");
  if (!name || kind.empty() || records == rrset.end() || !records->is_array()) return std::nullopt;
  const RecordType type = reported_type(kind);
  const auto ttl = rrset.find("ttl");
  const bool has_ttl = ttl != rrset.end() && ttl->is_number_integer();
  ApiSet out{.set = {sound_ttl(has_ttl ? ttl->get<std::int64_t>() : 0), {}}, .disabled = {}};
  for (const Json& record : *records) {
    const std::string content = text_at(record, "content");
    const auto disabled = record.find("disabled");
    if (disabled != record.end() && *disabled == Json(true)) {
      out.disabled.push_back(content);
      continue;
    }
    const std::string value = api_value(type, content);
    out.set.values.insert(value);
    out.spellings[value].push_back(content);
  }
  const auto comments = rrset.find("comments");
  const bool commented = comments != rrset.end() && comments->is_array() && !comments->empty();
  if (commented) out.comments = comments->dump(-1, ' ', false, Json::error_handler_t::replace);
  if (out.set.values.empty() && out.disabled.empty()) return std::nullopt;
  return std::pair(RecordKey{*name, type}, std::move(out));
}

/// Disabled records are in the zone, but the server does not serve them.
enum class Served { Yes, No };

Json record_of(std::string content, Served served) {
  return {{"content", std::move(content)}, {"disabled", served == Served::No}};
}

Json rrset_of(const RecordKey& key, const char* changetype) {
  return {{"name", absolute(key.name)}, {"type", to_text(key.type)}, {"changetype", changetype}};
}

/// The contents of a value that exists, as they are spelled; else the usual spelling.
std::vector<std::string> contents_of(const RecordKey& key, const std::string& value,
                                     const ApiSets& live) {
  const auto set = live.find(key);
  if (set != live.end()) {
    const auto found = set->second.spellings.find(value);
    if (found != set->second.spellings.end()) return found->second;
  }
  return {print_rdata(key.type, value)};
}

/// The whole set, with the live disabled records: REPLACE would otherwise delete those. The API has
/// no way to add to a set on older servers, so that it is sent whole.
Json replacing(const RecordKey& key, const RecordSet& set, const ApiSets& live) {
  Json rrset = rrset_of(key, "REPLACE");
  rrset["ttl"] = set.ttl.count();
  rrset["records"] = Json::array();
  for (const std::string& value : set.values) {
    for (const std::string& content : contents_of(key, value, live)) {
      rrset["records"].push_back(record_of(content, Served::Yes));
    }
  }
  const auto found = live.find(key);
  if (found == live.end()) return rrset;
  for (const std::string& content : found->second.disabled) {
    // The API refuses a record twice: one that is desired now is enabled by this write.
    if (set.values.contains(api_value(key.type, content))) continue;
    rrset["records"].push_back(record_of(content, Served::No));
  }
  return rrset;
}

/// The one value that `after` has more than `before`; nothing where they differ otherwise. Equal
/// TTLs are required, since EXTEND and PRUNE would change the TTL of the whole set.
std::optional<std::string> one_more(const RecordSet& before, const RecordSet& after) {
  if (before.ttl != after.ttl || after.values.size() != before.values.size() + 1) {
    return std::nullopt;
  }
  if (!std::ranges::includes(after.values, before.values)) return std::nullopt;
  return *std::ranges::find_if(
      after.values, [&](const std::string& value) { return !before.values.contains(value); });
}

/// The change as one value added or removed, where it is no more than that. Two writers that add
/// different values then do not overwrite each other. A set with disabled records is sent whole. A
/// whole set would undo what another writer added between our reading and writing.
std::optional<Json> single_value(const SetChange& change, const ApiSets& live) {
  if (!change.before || !change.after || change.before->type != change.after->type) return {};
  const RecordKey key{change.name, change.after->type};
  const auto added = one_more(change.before->set, change.after->set);
  const auto removed = one_more(change.after->set, change.before->set);
  const auto found = live.find(key);
  const bool all_served = found != live.end() && found->second.disabled.empty();
  if ((!added && !removed) || !all_served) return {};
  Json rrset = rrset_of(key, added ? "EXTEND" : "PRUNE");
  rrset["ttl"] = change.after->set.ttl.count();
  rrset["records"] = Json::array();
  for (const std::string& content : contents_of(key, added ? *added : *removed, live)) {
    rrset["records"].push_back(record_of(content, Served::Yes));
  }
  return rrset;
}

Json deleting(const RecordKey& key, const ApiSets& live) {
  const auto found = live.find(key);
  if (found == live.end()) return rrset_of(key, "DELETE");
  const ApiSet& set = found->second;
  if (set.disabled.empty() && set.comments.empty()) return rrset_of(key, "DELETE");
  // Disabled records and comments stay: somebody keeps them for later. DELETE removes them, and so
  // does a REPLACE without records, unless it has the comments too.
  Json rrset = replacing(key, {set.set.ttl, {}}, live);
  if (!set.comments.empty()) rrset["comments"] = Json::parse(set.comments, nullptr, false);
  return rrset;
}

std::optional<std::uint32_t> serial_of(const Json& zone) {
  const auto serial = zone.find("serial");
  if (serial == zone.end() || !serial->is_number_unsigned()) return std::nullopt;
  return serial->get<std::uint32_t>();
}

}  // namespace

// A body without rrsets is an Error and no empty zone: everything would look absent.
Result<ApiZone> read_zone(std::string_view body) {
  const Json zone = parse_body(body);
  const auto rrsets = zone.is_object() ? zone.find("rrsets") : zone.end();
  if (!zone.is_object() || rrsets == zone.end() || !rrsets->is_array()) return malformed();
  ApiZone out{.kind = text_at(zone, "kind"), .sets = {}};
  if (zone.contains("soa_edit_api")) out.soa_edit_api = text_at(zone, "soa_edit_api");
  out.serial = serial_of(zone);
  for (const Json& rrset : *rrsets) {
    if (auto set = read_set(rrset)) out.sets.insert(std::move(*set));
  }
  return out;
}

std::optional<std::uint32_t> read_serial(std::string_view body) {
  const Json zone = parse_body(body);
  return zone.is_object() ? serial_of(zone) : std::nullopt;
}

// DEFAULT raises a serial by one, and one that is below today's YYYYMMDD01 to that.
bool is_own_serial(const ApiZone& before, std::uint32_t after, std::uint32_t writes) {
  const std::string how = before.soa_edit_api.value_or("");
  if (!before.serial || (how != "DEFAULT" && how != "INCREASE")) return true;
  if (after == *before.serial + writes) return true;
  const std::uint32_t first_of_day = after - after % 100 + 1;
  return how == "DEFAULT" && *before.serial < first_of_day && after % 100 == writes;
}

// Zones whose names cannot be represented are left out, as no domain of the YAML can be in them.
Result<std::vector<Name>> read_zone_names(std::string_view body) {
  const Json zones = parse_body(body);
  if (!zones.is_array()) return malformed();
  std::vector<Name> names;
  for (const Json& zone : zones) {
    if (const Result<Name> name = Name::parse(text_at(zone, "name"))) names.push_back(*name);
  }
  return names;
}

// Removals go first within one request, which the server applies as one transaction.
std::string patch_body(std::span<const SetChange> changes, const ApiSets& live, Editing editing) {
  // The server applies the rrsets in order: a CNAME must go before a TXT can come.
  Json removals = Json::array();
  Json rest = Json::array();
  for (const SetChange& change : changes) {
    if (change.before == change.after) continue;
    const auto alone = editing == Editing::SingleValues ? single_value(change, live) : std::nullopt;
    if (alone) {
      rest.push_back(*alone);
      continue;
    }
    if (const auto removed = removed_key(change)) removals.push_back(deleting(*removed, live));
    if (change.after) {
      rest.push_back(replacing({change.name, change.after->type}, change.after->set, live));
    }
  }
  removals.insert(removals.end(), rest.begin(), rest.end());
  if (removals.empty()) return {};
  return Json{{"rrsets", std::move(removals)}}.dump();
}

// The plain body is shown where it is no JSON, since a proxy's message helps as well.
std::string reason_of(std::string_view body) {
  const Json answer = parse_body(body);
  std::string reason = text_at(answer, "error");
  if (reason.empty()) reason = body;
  return printable(reason.substr(0, kLongestReason));
}

}  // namespace rampart::powerdns
