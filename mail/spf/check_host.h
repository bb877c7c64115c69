/// check_host() of RFC 7208 section 4, and the static cost of a record's whole tree, both over the
/// answers table: evaluation is pure; questions without an answer yet are returned.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "dns/answers.h"
#include "mail/spf/spf.h"

namespace rampart::spf {

/// The two kinds of address.
enum class Family { V4, V6 };

/// Both, for loops.
inline constexpr std::array kFamilies = {Family::V4, Family::V6};

/// An IPv4 or IPv6 address; IPv4-mapped IPv6 is IPv4 (section 5).
struct Ip {
  bool v6 = false;
  std::array<std::uint8_t, 16> octets{};  ///< IPv4 uses the first four.

  static std::optional<Ip> parse(std::string_view text);
  std::string text() const;
  Family family() const { return v6 ? Family::V6 : Family::V4; }
  bool operator==(const Ip&) const = default;
  auto operator<=>(const Ip&) const = default;
};

enum class Outcome { None, Neutral, Pass, Fail, SoftFail, TempError, PermError };

/// "pass", "permerror", ...
std::string_view to_text(Outcome outcome);

/// The client of one message.
struct Client {
  Ip ip;
  std::string sender;  ///< MAIL FROM; "postmaster@<helo>" is used where it is empty (section 2.4).
  std::string helo;
  std::string receiver = "unknown";  ///< For the `r` macro in explanations.
  std::int64_t now = 0;              ///< Unix seconds, for the `t` macro.
};

/// The address of a MAIL FROM as people paste it: without the `<>` of RFC 5321 section 4.1.2 and
/// blanks; empty for "<>".
std::string address_in(std::string_view path);

/// A verdict and its derivation.
struct Verdict {
  Outcome outcome = Outcome::None;
  int lookups = 0;  ///< Terms that cost a lookup, so far.
  int void_lookups = 0;
  std::optional<std::string> matched;      ///< The directive that decided, as printed.
  std::string domain;                      ///< The domain whose record was checked.
  std::optional<std::string> explanation;  ///< For Fail, where exp= gives one (section 6.2).
  std::string reason;                      ///< For errors: a sentence naming the term.
  std::vector<std::string> path;           ///< "domain: term" of each match, outermost first.
  std::vector<Question> unknown;  ///< Resolve these and call again; until then the verdict is open.
};

/// Evaluates `client` against the answers. Where `unknown` is not empty, the verdict is not final;
/// every round has at least one new question, and the processing limits bound their number.
Verdict check_host(const Client& client, const Answers& answers);

class RecordCache;

/// Evaluates many clients against one table: records are read once and linked to each other.
/// The table must outlive the evaluator; it may grow between calls, its answers must not change.
class Evaluator {
 public:
  explicit Evaluator(const Answers& answers);
  ~Evaluator();
  Evaluator(Evaluator&&) noexcept;
  Evaluator& operator=(Evaluator&&) noexcept;

  Verdict check_host(const Client& client);

 private:
  std::unique_ptr<RecordCache> cache_;
};

/// One node of a record's tree.
struct TreeNode {
  std::string term;    ///< The term that led here, as printed; empty at the root.
  std::string domain;  ///< The domain queried.
  std::optional<std::string> record;
  int lookups = 0;  ///< The cost of this node and all below it.
  int void_lookups = 0;
  std::uint64_t addresses4 = 0;  ///< IPv4 addresses admitted with pass by ip4/a/mx here and below.
  bool lower_bound = false;      ///< Part of the cost is unknown, by macros or failures.
  std::string problem;           ///< Why this node cannot be used, or empty.
  bool temporary = false;        ///< The problem is a missing or failed DNS answer.
  std::vector<TreeNode> children;
};

/// The whole tree of a record with its static worst case: every term is counted, also after a
/// match (section 4.6.4), and each occurrence separately.
struct Tree {
  TreeNode root;
  int lookups = 0;
  int void_lookups = 0;
  bool lower_bound = false;
  std::vector<Question> unknown;  ///< As in Verdict.
};

/// The tree of `record` at `domain`; it need not be published yet.
Tree tree_of(const Name& domain, const Record& record, const Answers& answers);

struct CompiledRecord;

/// The tree of a published record, over a cache that many trees share. The record must be Ready.
Tree tree_of(const CompiledRecord& compiled, RecordCache& cache);

}  // namespace rampart::spf
