/// DKIM's canonicalization (RFC 6376 section 3.4): header fields one by one, bodies as a stream.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "mail/dkim/signature.h"

namespace rampart::dkim {

/// A field as it is hashed, its closing line end left out. `raw` is HeaderField::raw, or what
/// without_signature() made of it.
std::string canonical_field(std::string_view raw, Canonicalization method);

/// Turns a body into its canonical form, in pieces of any size. A lone LF ends a line, as CR LF
/// does; a lone CR is an octet like others. Memory does not grow with the body.
class BodyCanonicalizer {
 public:
  using Sink = std::function<void(std::string_view)>;

  /// `sink` receives the canonical octets, in pieces.
  BodyCanonicalizer(Canonicalization method, Sink sink);

  void feed(std::string_view octets);

  /// No more octets follow.
  void finish();

 private:
  void end_line();
  void add_text(std::string_view text);
  void put(std::string_view text);

  Canonicalization method_;
  Sink sink_;
  std::string buffer_;
  std::uint64_t line_ends_ = 0;  ///< Held back: they are hashed only where text follows.
  bool carriage_return_ = false;
  bool blank_ = false;  ///< Relaxed: blanks held back until it is known whether the line ends.
  bool any_text_ = false;
};

}  // namespace rampart::dkim
