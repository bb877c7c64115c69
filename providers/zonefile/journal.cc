/// Seen with named 9.18: it rolls its journal forward when it starts, and does not load the zone
/// where the file is newer than the journal's end. A reload of a running named replaces the
/// journal.
#include "providers/zonefile/journal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>

#include "base/confined_path.h"

namespace rampart {
namespace {

/// The format's name, the first and the last position in the journal, each a serial and an offset.
constexpr std::size_t kJournalHeader = 32;
constexpr std::size_t kEndSerial = 24;

bool exists_beside(const UniqueFd& folder, const std::string& name) {
  struct stat status {};
  return fstatat(folder.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
}

std::optional<std::uint32_t> last_serial(const UniqueFd& folder, const std::string& journal) {
  const Result<UniqueFd> file = open_file_in(folder, journal);
  if (!file) return std::nullopt;
  std::array<char, kJournalHeader> header{};
  const ssize_t size = pread(file->get(), header.data(), header.size(), 0);
  if (size != static_cast<ssize_t>(header.size())) return std::nullopt;
  return journal_serial({header.data(), header.size()});
}

/// Whether `a` is a later serial than `b` (RFC 1982 section 3.2).
bool is_later(std::uint32_t a, std::uint32_t b) {
  return a != b && static_cast<std::int32_t>(a - b) > 0;
}

// The first line of every file that named writes itself.
bool is_written_by_named(std::string_view text) { return text.starts_with("$ORIGIN .\n"); }

}  // namespace

std::optional<std::uint32_t> journal_serial(std::string_view header) {
  if (header.size() < kJournalHeader || !header.starts_with(";BIND LOG V9")) return std::nullopt;
  std::uint32_t serial = 0;
  for (const char octet : header.substr(kEndSerial, 4)) {
    serial = serial << 8U | static_cast<unsigned char>(octet);
  }
  return serial;
}

// Dynamic unless the traces show otherwise: named overwrites the file of a dynamic zone, and with
// it any change of ours. Such a file lacks the journal's changes, or was written by named.
JournalState journal_state(const UniqueFd& folder, const std::string& name, const ZoneFile& file) {
  const std::string journal = name + ".jnl";
  if (!exists_beside(folder, journal)) return JournalState::None;
  const std::optional<std::uint32_t> serial = last_serial(folder, journal);
  if (!serial || is_later(*serial, file.serial) || is_written_by_named(file.text)) {
    return JournalState::Dynamic;
  }
  const bool copied =
      exists_beside(folder, name + ".signed") || exists_beside(folder, name + ".jbk");
  return copied ? JournalState::SignedCopy : JournalState::FileAlone;
}

std::optional<ZoneNotice> journal_notice(JournalState state, const std::string& name,
                                         const Name& zone) {
  const std::string& apex = zone.text();
  constexpr std::string_view kRestart =
      "once the file is changed, named must reload it; if it restarts before that, it does not "
      "load "
      "the zone";
  switch (state) {
    case JournalState::None:
      break;
    case JournalState::SignedCopy:
      return ZoneNotice{
          .topic = ZoneNotice::Topic::Journal,
          .message = fmt::format("named signs a copy of {} and keeps the journal {}.jnl: {}", name,
                                 name, kRestart),
          .hint =
              fmt::format("run `rndc reload {}` right after the apply; or run `rndc sync -clean "
                          "{}` before it, which removes the journal",
                          apex, apex)};
    case JournalState::FileAlone:
      return ZoneNotice{
          .topic = ZoneNotice::Topic::Journal,
          .blocks = true,
          .message = fmt::format("named keeps the journal {}.jnl of {} (ixfr-from-differences): {}",
                                 name, name, kRestart),
          .hint =
              fmt::format("run `rndc sync -clean {}`, which removes the journal, and plan again; "
                          "a change that loosens enforcement is written all the same: run `rndc "
                          "reload {}` after it",
                          apex, apex)};
    case JournalState::Dynamic:
      return ZoneNotice{
          .topic = ZoneNotice::Topic::Journal,
          .blocks = true,
          .message = fmt::format("named changes the zone itself and overwrites {}: the journal "
                                 "{}.jnl is that of a zone with dynamic updates",
                                 name, name),
          .hint = fmt::format("use a provider of type rfc2136; or run `rndc freeze {}` and `rndc "
                              "sync -clean {}`, plan and apply, and run `rndc thaw {}`",
                              apex, apex, apex)};
  }
  return std::nullopt;
}

}  // namespace rampart
