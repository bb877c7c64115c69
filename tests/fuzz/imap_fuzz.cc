/// Any octets as what a mail server says: never more is kept than the limits admit.
#include <cstdint>
#include <cstdlib>

#include "reports/mailbox/imap_session.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rampart;
  using namespace rampart::reports;
  if (size == 0) return 0;
  // The first octet says in what pieces the rest comes.
  const std::size_t piece = 1 + data[0] % 64;
  std::string_view left(reinterpret_cast<const char*>(data) + 1, size - 1);
  const ImapWire wire{[](std::string_view) -> Result<Ok> { return Ok{}; },
                      [&]() -> Result<std::string_view> {
                        if (left.empty()) return Error{"the end"};
                        const std::string_view some = left.substr(0, piece);
                        left.remove_prefix(some.size());
                        return some;
                      }};
  constexpr ImapLimits kLimits{.line = 4096, .literal = 256, .skipped = 1024, .words = 500};
  ImapSession session(wire, kLimits, {});
  (void)session.select("INBOX");
  const Result<Uids> uids = session.search("UNSEEN");
  if (uids) {
    std::size_t taken = 0;
    if (uid_set(*uids, 900, taken).size() > 900) std::abort();
    if (taken == 0 && !uids->empty()) std::abort();
  }
  (void)session.fetch("1:*", [](ImapMail&& mail) {
    if (mail.uid == 0 || mail.octets.size() > 4096) std::abort();
  });
  (void)session.move("1", "Done");

  const Result<ImapAddress> address =
      parse_imap_address({reinterpret_cast<const char*>(data), size});
  if (address && (address->host.empty() || !imap_folder(address->folder))) std::abort();
  return 0;
}
