/// The JSON of Cloudflare's API v4.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "providers/cloudflare/edits.h"

namespace rampart::cloudflare {

/// A zone as the API lists it.
struct Zone {
  std::string id;
  Name name;
  std::string status;      ///< "active", "pending", ...
  std::string type;        ///< "full", "partial" (CNAME setup), "secondary"; or empty.
  std::size_t most_edits;  ///< Edits that its plan allows in one batch.
};

/// A page's share of its list; 0 where the response does not give it.
struct PageInfo {
  std::int64_t per_page = 0;
  std::int64_t total = 0;
};

/// Whether a list has more pages after page `number` (from 1), which brought `items` new ones. A
/// host that reports neither its page size nor the total is read until a page is empty.
bool goes_on(const PageInfo& info, int number, std::size_t items);

/// The pages that follow the first one.
std::int64_t pages_left(const PageInfo& info);

/// One page of a list.
template <class T>
struct Page {
  std::vector<T> items;
  PageInfo info;
};

/// The octets of a TXT record's content: quoted strings however they are split, or text without
/// quotes, which the API stores as it was sent and in which a backslash is a plain character.
/// Content that begins with a quote and is malformed is kept as it is: it belongs to another party
/// and must not make its zone unreadable.
std::string decode_content(std::string_view content);

/// A page of a list of Zone or of Record. An Error, retryable, where the body is not what the API
/// documents.
template <class T>
Result<Page<T>> read_page(std::string_view body);

/// The body of one batch. An Error for a type that Rampart does not write.
Result<std::string> batch_body(std::span<const Edit> edits);

/// What a refused token may lack.
enum class Permission { ZoneRead, DnsRead, DnsWrite };

/// Whether a response body with status 200 reports success.
bool succeeded(std::string_view body);

/// The Error for a refusal, in a sentence. `conflict` is set where records are not as they were
/// read.
Error refusal(int status, std::string_view body, Permission needed);

}  // namespace rampart::cloudflare
