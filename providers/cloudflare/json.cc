/// The JSON of Cloudflare's API v4.
#include "providers/cloudflare/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <set>

#include "dns/rdata.h"
#include "dns/txt.h"
#include "providers/model/json_text.h"

namespace rampart::cloudflare {
namespace {

using Json = nlohmann::json;

/// Edits that one batch may hold, by the zone's plan (documented, 2024-11).
constexpr std::size_t kMostEditsFree = 200;
constexpr std::size_t kMostEditsPaid = 3500;

/// Ends a list that a faulty host would never end.
constexpr int kMostPages = 100000;

/// Shown beside our records in the dashboard; at most 100 characters, one line.
constexpr std::string_view kComment = "Rampart: e-mail authentication";

// Retryable, since proxies on the way answer in the host's place and do so for a short time.
Error not_understood(std::string_view what) {
  return Error{.what = fmt::format("the response does not match the API's documentation: {}", what),
               .retryable = true};
}

/// The member `key`; null where there is none. Nothing in a response is certain to exist, so that
/// every access goes through here.
const Json& member(const Json& json, const char* key) {
  static const Json none;
  if (!json.is_object()) return none;
  const auto found = json.find(key);
  return found == json.end() ? none : *found;
}

// Zero for anything else: limits and counts that are missing must not stop a run.
std::int64_t number_at(const Json& json, const char* key) {
  const Json& value = member(json, key);
  return value.is_number_integer() ? value.get<std::int64_t>() : 0;
}

/// A record's value in the form of RecordSet. Types with structured data alone (SRV, CAA, ...) are
/// compared by their JSON: they are never written, only kept. TXT is compared by its octets,
/// because the API returns it with or without quotes.
std::string value_of(RecordType type, const Json& json) {
  std::string content = text_at(json, "content");
  if (type == RecordType::TXT) return decode_content(content);
  const Json& data = member(json, "data");
  if (content.empty() && data.is_object()) return data.dump();
  if (type == RecordType::MX) {
    content = fmt::format("{} {}", number_at(json, "priority"), content);
  }
  const Result<std::string> canonical = canonical_rdata(type, content);
  return canonical ? *canonical : content;
}

/// Until 2024 the API said `locked`; since then `meta` has `read_only` and the product's name.
Lock lock_of(const Json& json) {
  const Json& meta = member(json, "meta");
  const bool routing = member(meta, "email_routing") == Json(true);
  if (member(json, "locked") == Json(true) || member(meta, "read_only") == Json(true)) {
    return routing ? Lock::EmailRouting : Lock::Product;
  }
  return routing ? Lock::Unlocked : Lock::None;
}

Result<Record> read_item(const Json& json, Record*) {
  const std::string owner = text_at(json, "name");
  const std::string kind = text_at(json, "type");
  const std::string id = text_at(json, "id");
  if (owner.empty() || kind.empty() || id.empty()) {
    return not_understood("a record without name, type or id");
  }
  // A name that cannot be represented is no name of ours: the record is counted, and no more.
  const Result<Name> name = Name::parse(owner);
  const RecordType type = reported_type(kind);
  return Record{.id = id,
                .key = {name ? *name : Name::root(), type},
                .value = value_of(type, json),
                .ttl = sound_ttl(number_at(json, "ttl")),
                .proxied = member(json, "proxied") == Json(true),
                .lock = lock_of(json)};
}

// A zone without an id cannot be written, so that the list is refused as a whole.
Result<Zone> read_item(const Json& json, Zone*) {
  const Result<Name> name = Name::parse(text_at(json, "name"));
  const std::string id = text_at(json, "id");
  if (!name || id.empty()) return not_understood("a zone without name or id");
  const std::string plan = text_at(member(json, "plan"), "legacy_id");
  // Every paid plan has the higher limit.
  const bool paid = !plan.empty() && plan != "free";
  return Zone{.id = id,
              .name = *name,
              .status = text_at(json, "status"),
              .type = text_at(json, "type"),
              .most_edits = paid ? kMostEditsPaid : kMostEditsFree};
}

/// Puts a value into an edit's members. Types that Rampart does not write are refused rather than
/// guessed: their JSON is not flat text.
Result<Ok> put_value(Json& json, RecordType type, const std::string& value) {
  constexpr std::array kPlain = {RecordType::A, RecordType::AAAA, RecordType::CNAME, RecordType::NS,
                                 RecordType::PTR};
  if (type == RecordType::TXT) {
    json["content"] = quote_txt(value);
  } else if (type == RecordType::MX) {
    const std::size_t blank = value.find(' ');
    int priority = -1;
    std::from_chars(value.data(), value.data() + std::min(blank, value.size()), priority);
    if (blank == std::string::npos || priority < 0) {
      return Error{.what = fmt::format("\"{}\" is not a valid MX value", printable(value))};
    }
    json["priority"] = priority;
    json["content"] = value.substr(blank + 1);
  } else if (std::ranges::find(kPlain, type) != kPlain.end()) {
    json["content"] = value;
  } else {
    return Error{.what = fmt::format("Rampart writes no {} records at Cloudflare", to_text(type))};
  }
  // Behind Cloudflare's proxy a name resolves to addresses, never to what mail receivers look up.
  if (type == RecordType::A || type == RecordType::AAAA || type == RecordType::CNAME) {
    json["proxied"] = false;
  }
  return Ok{};
}

// Post names everything, Patch only what changes.
Result<Json> json_of(const Edit& edit) {
  // A member that is left out keeps its value: comments, tags and proxying of others survive.
  Json json = Json::object();
  if (!edit.id.empty()) json["id"] = edit.id;
  if (edit.kind == EditKind::Delete) return json;
  if (edit.kind == EditKind::Post) {
    json["name"] = edit.key.name.text();
    json["type"] = to_text(edit.key.type);
    json["comment"] = kComment;
  }
  if (edit.ttl) json["ttl"] = edit.ttl->count();
  if (edit.value) TRY_OK(put_value(json, edit.key.type, *edit.value));
  return json;
}

/// The codes of an answer's errors and of their chains. The specific code is often in the chain,
/// while the outer one says "validation error".
void collect_codes(const Json& errors, std::set<std::int64_t>& codes) {
  if (!errors.is_array()) return;
  for (const Json& error : errors) {
    codes.insert(number_at(error, "code"));
    const Json& chain = member(error, "error_chain");
    if (!chain.is_array()) continue;
    for (const Json& deeper : chain) codes.insert(number_at(deeper, "code"));
  }
}

/// The host's own message: "DNS Validation Error (1004): Invalid TTL (9021)". Shortened, since some
/// responses quote the whole request.
std::string words_of(const Json& errors) {
  constexpr std::size_t kMost = 300;
  std::string words;
  if (!errors.is_array()) return words;
  for (const Json& error : errors) {
    if (!words.empty()) words += "; ";
    words += fmt::format("{} ({})", text_at(error, "message"), number_at(error, "code"));
    const Json& chain = member(error, "error_chain");
    if (chain.is_array() && !chain.empty()) words += ": " + words_of(chain);
  }
  return printable(words.substr(0, kMost));
}

/// In the order of Permission.
constexpr std::array<std::string_view, 3> kPermissions = {
    "Zone Read", "DNS Read (which DNS Write includes)", "DNS Write"};

/// What a refusal means: its codes are more specific than its status. Checked in this order because
/// one response may carry several codes, and the first match should be the cause.
std::string meaning(int status, const std::set<std::int64_t>& codes, Permission needed) {
  const auto any = [&](std::initializer_list<std::int64_t> wanted) {
    return std::ranges::any_of(wanted, [&](std::int64_t code) { return codes.contains(code); });
  };
  if (status == 429 || any({971})) {
    return "too many requests; the limit of 1200 in five minutes is shared by everything that uses "
           "this account's tokens";
  }
  if (any({890190, 1046})) {
    return "Email Routing manages the MX records of this zone; disable it before others are "
           "written";
  }
  if (any({1043})) {
    return "Cloudflare keeps a record for one of its own products, such as Email Routing, and "
           "refuses to change it";
  }
  if (any({6003, 6111})) return "the API token is malformed: look for a missing or extra character";
  if (status == 401 || any({1000, 1001})) {
    return "the API token was not accepted: it may be mistyped, expired or revoked";
  }
  if (status == 403 || any({10000, 9109})) {
    return fmt::format(
        "the API token was refused: it is mistyped, expired or revoked, or it lacks the permission "
        "{} for this zone",
        kPermissions.at(static_cast<std::size_t>(needed)));
  }
  if (any({81053})) return "an A, AAAA or CNAME record already exists at that name";
  if (any({81057, 81058})) return "an identical record already exists; plan again";
  if (any({81044})) return "a record to change no longer exists; plan again";
  if (any({1004, 9005})) return "Cloudflare rejected a record as invalid; nothing was written";
  if (status == 404 || any({7003})) return "the zone does not exist, or the token cannot reach it";
  if (status >= 500) return fmt::format("Cloudflare failed with status {}", status);
  return fmt::format("Cloudflare refused with status {}", status);
}

}  // namespace

// A count of pages is not trusted alone: it is missing for filtered lists at some hosts.
bool goes_on(const PageInfo& info, int number, std::size_t items) {
  if (items == 0 || number >= kMostPages) return false;
  return info.per_page <= 0 || info.total <= 0 || info.per_page * number < info.total;
}

// Without a page size the rest is unknown, so that a whole listing must look expensive.
std::int64_t pages_left(const PageInfo& info) {
  if (info.per_page <= 0) return kMostPages;
  return (std::max<std::int64_t>(info.total, 1) - 1) / info.per_page;
}

// Both spellings are stored by the API as they were sent by different clients.
std::string decode_content(std::string_view content) {
  const std::size_t first = content.find_first_not_of(" \t");
  if (first == std::string_view::npos || content[first] != '"') return std::string(content);
  const Result<std::string> joined = unquote_txt(content);
  return joined ? *joined : std::string(content);
}

// A page whose items are all readable, or an Error: an item left out could be overwritten.
template <class T>
Result<Page<T>> read_page(std::string_view body) {
  const Json json = parse_body(body);
  if (member(json, "success") != Json(true)) return not_understood("a list without success");
  const Json& items = member(json, "result");
  if (!items.is_array()) return not_understood("a list without result");
  const Json& info = member(json, "result_info");
  Page<T> page{
      .items = {},
      .info = {.per_page = number_at(info, "per_page"), .total = number_at(info, "total_count")}};
  for (const Json& item : items) {
    TRY(T read, read_item(item, static_cast<T*>(nullptr)));
    page.items.push_back(std::move(read));
  }
  return page;
}

template Result<Page<Record>> read_page<Record>(std::string_view body);
template Result<Page<Zone>> read_page<Zone>(std::string_view body);

// Octets that are not UTF-8 are replaced, since JSON cannot carry them and an exception would end
// the run.
Result<std::string> batch_body(std::span<const Edit> edits) {
  Json body = Json::object();
  for (const Edit& edit : edits) {
    TRY(Json entry, json_of(edit));
    const char* const list = edit.kind == EditKind::Delete  ? "deletes"
                             : edit.kind == EditKind::Patch ? "patches"
                                                            : "posts";
    body[list].push_back(std::move(entry));
  }
  return body.dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool succeeded(std::string_view body) { return member(parse_body(body), "success") == Json(true); }

// The API's own words are shown in addition, as its codes change more often than this table.
Error refusal(int status, std::string_view body, Permission needed) {
  const Json json = parse_body(body);
  if (status == 200 && member(json, "success") != Json(false)) {
    return not_understood("neither a success nor an error");
  }
  const Json& errors = member(json, "errors");
  std::set<std::int64_t> codes;
  collect_codes(errors, codes);
  const std::string words = words_of(errors);
  std::string what = meaning(status, codes, needed);
  if (!words.empty()) what += fmt::format(" (Cloudflare reports: {})", words);
  return Error{.what = what,
               .retryable = status == 429 || status >= 500 || codes.contains(971),
               .conflict = codes.contains(81044) || codes.contains(81057) || codes.contains(81058)};
}

}  // namespace rampart::cloudflare
