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
  std::vector<HeaderField> fields;   ///< In order; the topmost first.
  std::size_t body_offset = 0;       ///< Where the body begins in the octets that were read.
  std::vector<std::string> skipped;  ///< Lines that are no field, as "line 3: it has no colon".

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
/// octet like others. An mbox separator ("From ...") in the first line is skipped, and so is, with
/// its continuations, any line that is no field: receivers go on behind it. An Error where no line
/// is a field, or beyond the limits. Octets that end within the header are a message without a
/// body.
Result<Head> read_head(std::string_view octets, const HeadLimits& limits = {});

/// The author of a message.
struct Authors {
  std::vector<Name> domains;  ///< Of the From field, each once, in order.
  std::string slip;  ///< Not empty: what breaks the grammar, although receivers read one address.
};

/// Reads the From field (RFC 5322 section 3.6.2; groups of RFC 6854 too). Where its grammar is
/// broken and yet it has one address alone, in `<>` at its end, that address counts, as tolerant
/// receivers read it. An Error where there is no From field or more than one, or where it cannot be
/// read: DMARC cannot be evaluated then (RFC 9989 section 5.3.1, RFC 9989 section 11.5).
Result<Authors> read_authors(const Head& head);

/// The domains of read_authors().
Result<std::vector<Name>> author_domains(const Head& head);

/// As author_domains, where exactly one domain is named.
Result<Name> author_domain(const Head& head);

}  // namespace rampart::mail
