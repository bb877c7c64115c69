/// Any octets as a report before it is parsed: valid UTF-8, the same in pieces of any size, and
/// sanitized once and for all. The first octet says how large the pieces are.
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "base/utf8.h"
#include "reports/parse/parse_values.h"
#include "reports/parse/record_cache.h"
#include "reports/parse/sanitize.h"

namespace {

using namespace rampart;
using namespace rampart::reports;

void must(bool holds) {
  if (!holds) std::abort();
}

std::string decoded(std::string_view octets, std::size_t piece) {
  std::string out;
  Decoder decoder;
  for (std::size_t at = 0; at < octets.size(); at += piece) {
    decoder.feed(octets.substr(at, piece), out);
  }
  decoder.finish(out);
  return out;
}

/// Sanitized text, and where its root elements ended.
struct Clean {
  bool ok = true;
  std::string text = {};
  std::vector<std::size_t> ends = {};

  bool operator==(const Clean&) const = default;
};

Clean sanitized(std::string_view text, std::size_t piece) {
  Clean clean;
  XmlSanitizer sanitizer;
  for (std::size_t at = 0; clean.ok && at < text.size(); at += piece) {
    clean.ok = sanitizer.feed(text.substr(at, piece), clean.text, clean.ends).ok();
  }
  clean.ok = clean.ok && sanitizer.finish(clean.text, clean.ends).ok();
  return clean;
}

void check_decoded(std::string_view text) {
  while (!text.empty()) {
    const auto point = first_code_point(text);
    must(point.has_value());
    const char32_t c = point->value;
    must(c >= ' ' || c == '\t' || c == '\n' || c == '\r');
    text.remove_prefix(point->octets);
  }
}

void check_record(std::string_view octets) {
  const auto split = split_record(octets);
  if (!split) return;
  must(split->count >= 0 && split->count <= kMostMessages);
  must(split->before.data() == octets.data());
  must(split->before.size() + split->between.size() + split->after.size() <= octets.size());
  (void)is_plain_record(*split);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece = data[0] + std::size_t{1};
  const std::string_view octets(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string text = decoded(octets, size);
  must(decoded(octets, piece) == text);
  check_decoded(text);
  const Clean clean = sanitized(text, text.size() + 1);
  const Clean pieces = sanitized(text, piece);
  must(pieces.ok == clean.ok);
  if (clean.ok) {
    must(pieces == clean && !clean.ends.empty() && clean.ends.back() <= clean.text.size());
    must(sanitized(clean.text, piece) == clean);
  }
  check_record(octets);
  return 0;
}
