/// The DKIM-Signature header field (RFC 6376 section 3.5) and ARC's two signatures, which share
/// its tags (RFC 8617 section 4.1).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "dns/name.h"

namespace rampart::dkim {

enum class Algorithm { RsaSha256, Ed25519Sha256, RsaSha1 };
enum class Canonicalization { Simple, Relaxed };

/// "rsa-sha256", "relaxed", ...
std::string_view to_text(Algorithm algorithm);
std::string_view to_text(Canonicalization method);

/// A signature's tags, decoded.
struct Signature {
  Algorithm algorithm = Algorithm::RsaSha256;
  Canonicalization header = Canonicalization::Simple;
  Canonicalization body = Canonicalization::Simple;
  Name domain = Name::root();           ///< `d=`
  Name selector = Name::root();         ///< `s=`
  std::string identity;                 ///< `i=` as written; "@<d>" where it is absent.
  Name identity_domain = Name::root();  ///< The domain of `i=`.
  std::vector<std::string> headers;     ///< `h=`, lower case, in order.
  std::string body_hash;                ///< `bh=`, the octets.
  std::string octets;                   ///< `b=`, the octets.
  std::string beginning;                ///< The first eight characters of b= (RFC 6008).
  std::optional<std::uint64_t> length;  ///< `l=`
  std::optional<std::int64_t> time;     ///< `t=`
  std::optional<std::int64_t> expires;  ///< `x=`
  std::optional<int> instance;          ///< ARC's `i=`, 1 to 50.
  std::string chain;                    ///< ARC-Seal's `cv=`.
  std::vector<std::string> slips;       ///< Where it breaks the grammar, each as a clause.
};

/// Reads a field's value as HeaderField::value() returns it, and as verifiers in wide use do: an
/// empty item of h= and an odd name of an unknown tag are slips, and d=, s= and i= may hold
/// U-labels (RFC 8616 section 5). An Error names the tag.
Result<Signature> parse_signature(std::string_view value);

/// ARC-Message-Signature: as above, without v=, and i= is the instance.
Result<Signature> parse_arc_signature(std::string_view value);

/// ARC-Seal: no h=, bh=, c= or l=, but cv=.
Result<Signature> parse_arc_seal(std::string_view value);

/// The d= and s= of a field that may otherwise be broken, to name it in a report.
struct SignatureOwner {
  std::string domain;
  std::string selector;
};

/// Reads them; empty where the field has none.
SignatureOwner owner_of(std::string_view value);

/// The whole field with the value of its b= tag removed (RFC 6376 section 3.7).
std::string without_signature(std::string_view raw);

}  // namespace rampart::dkim
