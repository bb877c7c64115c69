/// A message as octets (RFC 5322): its header fields as written and where its body begins.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "dns/name.h"

namespace rampart::mail {

/// One header field as written: folds kept, each as CR LF, without the line end that closes it.
struct HeaderField {
  std::string name;  ///< Without blanks, case as written.
  std::string raw;   ///< All of it, "Name: value".

  /// Everything after the colon, folds and blanks included.
  std::string_view value() const;

  bool operator==(const HeaderField&) const = default;
};

/// Everything above the empty line.
struct Head {
  std::vector<HeaderField> fields;  ///< In order; the topmost first.
  std::size_t body_offset = 0;      ///< Where the body begins in the octets that were read.

  /// The fields of that name, whatever its case, in order.
  std::vector<const HeaderField*> all(std::string_view name) const;
};

/// The largest header that is read.
struct HeadLimits {
  std::size_t octets = 1 << 20;
  std::size_t fields = 2000;
};

/// Where the body begins, or nullopt where `octets` end within the header. A search of more octets
/// can resume at `from`, the size of what was searched before.
std::optional<std::size_t> find_body(std::string_view octets, std::size_t from = 0);

/// Reads the header. CR LF and a lone LF both end a line, as files have either; a lone CR is an
/// octet like others. An mbox separator ("From ...") in the first line is skipped. Octets that
/// end within the header are a message without a body.
Result<Head> read_head(std::string_view octets, const HeadLimits& limits = {});

/// The domains of the From field, each once, in order (RFC 5322 section 3.6.2; groups of
/// RFC 6854 too). An Error where there is no From field or more than one, or where it cannot be
/// read: DMARC does not apply to such a message (RFC 9989 section 5.3.1).
Result<std::vector<Name>> author_domains(const Head& head);

/// As author_domains, where exactly one domain is named.
Result<Name> author_domain(const Head& head);

}  // namespace rampart::mail
