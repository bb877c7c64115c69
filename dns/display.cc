// Which internationalized labels may be shown as Unicode without misleading a reader.
///
// The rule is the one that UTS 39 calls "highly restrictive", made stricter: scripts written from
// right to left are never shown, since they reorder the text around them.
#include "dns/display.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/utf8.h"

namespace rampart {
namespace {

// Only scripts with many registered names; a label in any other stays an A-label, which is always
// safe to show.
enum class Script { Common, Latin, Greek, Cyrillic, Han, Kana, Hangul, Thai, Devanagari };

struct Range {
  char32_t first;
  char32_t last;
  Script script;
};

// Letters in everyday use; labels with any other letter are not shown. U+0131 and U+0138 are left
// out because they look like i and k.
constexpr auto kRanges = std::to_array<Range>({
    {'-', '-', Script::Common},         {'0', '9', Script::Common},
    {'a', 'z', Script::Latin},          {0xDF, 0xF6, Script::Latin},
    {0xF8, 0x130, Script::Latin},       {0x132, 0x137, Script::Latin},
    {0x139, 0x148, Script::Latin},      {0x14A, 0x17E, Script::Latin},
    {0x218, 0x21B, Script::Latin},      {0x1E80, 0x1E85, Script::Latin},
    {0x1EA0, 0x1EF9, Script::Latin},    {0x390, 0x390, Script::Greek},
    {0x3AC, 0x3CE, Script::Greek},      {0x430, 0x45F, Script::Cyrillic},
    {0x491, 0x491, Script::Cyrillic},   {0x904, 0x939, Script::Devanagari},
    {0x93C, 0x94D, Script::Devanagari}, {0xE01, 0xE3A, Script::Thai},
    {0xE40, 0xE4E, Script::Thai},       {0x3041, 0x3096, Script::Kana},
    {0x30A1, 0x30FA, Script::Kana},     {0x30FC, 0x30FE, Script::Kana},
    {0x3005, 0x3007, Script::Han},      {0x4E00, 0x9FFF, Script::Han},
    {0xAC00, 0xD7A3, Script::Hangul},
});

// Cyrillic and Greek letters that look like Latin ones.
constexpr std::u32string_view kLatinLookalikes =
    U"\u0430\u0441\u0435\u043e\u0440\u0445\u0443\u0455\u0456\u0458\u0433\u043a\u043c\u0442\u0432"
    U"\u043d\u045a\u045b\u045f\u0457\u0451\u0450\u045d\u03b1\u03b3\u03b5\u03b9\u03ba\u03bd\u03bf"
    U"\u03c1\u03c4\u03c5\u03c7\u03c9\u03b7\u03ac\u03ad\u03ae\u03af\u03cc\u03cd\u03ce";

std::optional<Script> script_of(char32_t c) {
  const auto found = std::ranges::find_if(
      kRanges, [c](const Range& range) { return c >= range.first && c <= range.last; });
  if (found == kRanges.end()) return std::nullopt;
  return found->script;
}

bool is_east_asian(Script script) {
  return script == Script::Han || script == Script::Kana || script == Script::Hangul;
}

// Whether one word customarily mixes both scripts; Kana and Hangul never mix.
bool mix(Script a, Script b) {
  if (a == b || a == Script::Common || b == Script::Common) return true;
  return is_east_asian(a) && is_east_asian(b) && (a == Script::Han || b == Script::Han);
}

// Only letters that nearly all fonts draw alike; accents alone make a letter distinct enough.
bool is_lookalike(char32_t c) { return kLatinLookalikes.find(c) != std::u32string_view::npos; }

}  // namespace

bool is_safe_to_show(std::string_view u_label) {
  // Han is replaced by the script that follows it: Japanese and Korean words mix Han with their own
  // letters, and from there on the narrower script decides.
  Script seen = Script::Common;
  bool looks_latin = true;
  while (!u_label.empty()) {
    const std::optional<CodePoint> point = first_code_point(u_label);
    if (!point) return false;
    const std::optional<Script> script = script_of(point->value);
    if (!script || !mix(seen, *script)) return false;
    if (*script != Script::Common) {
      looks_latin = looks_latin && is_lookalike(point->value);
      if (seen == Script::Common || seen == Script::Han) seen = *script;
    }
    u_label.remove_prefix(point->octets);
  }
  // A whole word of look-alikes, such as Cyrillic "ѕсоре", is what mixed-script rules alone miss.
  return seen == Script::Latin || (seen != Script::Common && !looks_latin);
}

}  // namespace rampart
