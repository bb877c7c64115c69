/// What Cloudflare's API v4 says and is told, as JSON.
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
  std::size_t most_edits;  ///< That its plan allows in one batch.
};

/// Where a page stands in its list; 0 where the answer does not say.
struct PageInfo {
  std::int64_t per_page = 0;
  std::int64_t total = 0;
};

/// Whether a list goes on after page `number` (from 1), which held `items`. A host that says
/// neither its page size nor the total is asked until a page is empty.
bool goes_on(const PageInfo& info, int number, std::size_t items);

/// The pages that follow the first one.
std::int64_t pages_left(const PageInfo& info);

template <class T>
struct Page {
  std::vector<T> items;
  PageInfo info;
};

/// Octets of a TXT record's content: quoted strings however they are cut, or text without quotes,
/// which the API keeps as it was sent and in which a backslash means itself. What begins with a
/// quote and is broken is taken as it stands: it is a stranger's, and must not hide its zone.
std::string decode_content(std::string_view content);

Result<Page<Record>> read_records(std::string_view body);
Result<Page<Zone>> read_zones(std::string_view body);

/// The body of one batch. An Error for a type that is not written here.
Result<std::string> batch_body(std::span<const Edit> edits);

/// What a token lacks if it was refused.
enum class Permission { ZoneRead, DnsRead, DnsWrite };

/// Whether an answer with this body says that the call succeeded.
bool succeeded(int status, std::string_view body);

/// A refusal in a sentence. `conflict` is set where records are not as they were read.
Error refusal(int status, std::string_view body, Permission needed);

}  // namespace rampart::cloudflare
