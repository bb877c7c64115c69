/// Verifies DKIM signatures (RFC 6376 section 6) over the answers table: the body is hashed as a
/// stream; questions for keys without an answer are returned.
#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/sha256.h"
#include "dns/answers.h"
#include "mail/dkim/canon.h"
#include "mail/message/message.h"

namespace rampart::dkim {

/// The results of RFC 8601 section 2.7.1.
enum class Outcome { None, Pass, Fail, Policy, Neutral, TempError, PermError };

/// "pass", "permerror", ...
std::string_view to_text(Outcome outcome);

/// The verdict on one signature.
struct SignatureVerdict {
  Outcome outcome = Outcome::None;
  std::string domain;     ///< `d=`; as written where the signature cannot be read, or empty.
  std::string selector;   ///< `s=`, likewise.
  std::string identity;   ///< `i=`
  std::string algorithm;  ///< "rsa-sha256"; empty where the signature cannot be read.
  std::string beginning;  ///< The first eight characters of b=, for header.b (RFC 6008).
  std::string reason;  ///< Why it did not pass, or what a pass does not cover; part of a sentence.
  int key_bits = 0;
  std::uint64_t unsigned_octets = 0;  ///< Body octets beyond l=: anybody can append them.
  bool testing = false;               ///< The key record has t=y.

  bool operator==(const SignatureVerdict&) const = default;
};

/// Every DKIM-Signature field of a message, the topmost first.
struct Verdict {
  std::vector<SignatureVerdict> signatures;
  std::vector<Question>
      unknown;  ///< Resolve these and evaluate again; until then the verdict is open.
};

/// Hashes a body once for each combination of c= and l= that the signatures use.
class BodyHashes {
 public:
  /// Registers a signature whose body hash will be needed; before the first octet.
  void add(const Signature& signature);
  void feed(std::string_view octets);
  void finish();

  /// The hash for the signature's c= and l=, and the length of the whole canonical body.
  struct Found {
    std::string hash;
    std::uint64_t length = 0;
  };
  Found find(const Signature& signature) const;

 private:
  struct Stream {
    Canonicalization method;
    std::optional<std::uint64_t> limit;
    Sha256 sha;
    BodyCanonicalizer canonicalizer;
    std::uint64_t length = 0;
    std::string hash;

    Stream(Canonicalization canonicalization, std::optional<std::uint64_t> most);
    void add(std::string_view octets);
  };
  std::list<Stream> streams_;  ///< A list: the canonicalizer keeps its stream's address.
};

/// Verifies one message: construct it with the head, feed the body, finish, then evaluate whenever
/// answers have arrived. The head must outlive it.
class Verifier {
 public:
  explicit Verifier(const mail::Head& head);

  /// Octets of the body, in pieces of any size.
  void feed(std::string_view octets) { bodies_.feed(octets); }
  void finish() { bodies_.finish(); }

  /// The verdict at `now` (Unix seconds). Pure; keys without an answer yet are in `unknown`.
  Verdict evaluate(const Answers& answers, std::int64_t now) const;

  const mail::Head& head() const { return head_; }
  const BodyHashes& bodies() const { return bodies_; }

 private:
  struct Item {
    std::size_t field;
    Result<Signature> signature;
  };
  SignatureVerdict check_one(const Item& item, const Answers& answers, std::int64_t now,
                             std::vector<Question>& unknown) const;

  const mail::Head& head_;
  std::vector<Item> items_;
  BodyHashes bodies_;
};

/// Verifies a message in memory. An Error where the header cannot be read.
Result<Verdict> verify(std::string_view message, const Answers& answers, std::int64_t now);

}  // namespace rampart::dkim
