// Any text as a zone file: where it is read, an edit gives exactly the wanted sets or an Error.
// The text behind the first NUL is what each $INCLUDE reads.
#include "dns/zonefile/zone_file.h"

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "dns/presentation_lexer.h"

namespace {

using rampart::Name;
using rampart::RecordSet;
using rampart::RecordType;

void must(bool holds) {
  if (!holds) std::abort();
}

/// One edit of each sort, on sets that exist where there are any.
std::vector<rampart::ZoneEdit> edits_of(const rampart::ZoneFile& file) {
  std::vector<rampart::ZoneEdit> edits;
  int stage = 0;
  for (const auto& [key, set] : file.sets()) {
    if (key.type != RecordType::TXT) continue;
    RecordSet changed = set;
    if (++stage % 3 == 0) changed.ttl += std::chrono::seconds(1);
    if (stage % 3 == 1) changed.values.erase(changed.values.begin());
    if (stage % 2 == 0) changed.values.insert("added; \"\\");
    edits.push_back({key, changed.values.empty() ? std::nullopt : std::optional(changed)});
  }
  edits.push_back({{Name::literal("fuzz-new.example.com"), RecordType::TXT},
                   RecordSet{std::chrono::seconds(77), {std::string(300, 'x')}}});
  return edits;
}

/// Concatenated, the statements of a file are all of its octets, and each word is one of them.
void check_lexer(std::string_view text) {
  const auto statements = rampart::lex_zone(text);
  if (!statements) return;
  std::size_t end = 0;
  for (const rampart::ZoneStatement& statement : *statements) {
    must(statement.begin == end && statement.end >= end);
    end = statement.end;
    for (const rampart::ZoneWord& word : statement.words) {
      must(word.begin >= statement.begin && word.end <= end && word.begin < word.end);
    }
  }
  must(end == text.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Name apex = Name::literal("example.com");
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  check_lexer(octets);
  const std::size_t nul = octets.find('\0');
  rampart::ZoneIncludes includes;
  if (nul != octets.npos) {
    includes = [&](const std::string&) { return std::string(octets.substr(nul + 1)); };
  }
  const auto file = rampart::parse_zone_file(apex, octets.substr(0, nul), includes);
  if (!file) return 0;
  must(*rampart::edit_zone_file(*file, {}, {}) == file->text);
  const auto edits = edits_of(*file);
  const auto edited = rampart::edit_zone_file(*file, edits, std::chrono::year{2026} / 11 / 21);
  if (!edited) return 0;
  const auto again = rampart::parse_zone_file(apex, *edited, includes);
  must(again.ok());
  const auto sets = again->sets();
  for (const auto& edit : edits) {
    const auto found = sets.find(edit.key);
    must(edit.set ? found != sets.end() && found->second == *edit.set : found == sets.end());
  }
  return 0;
}
