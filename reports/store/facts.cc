/// Alignment, and the text form of facts.
#include "reports/store/facts.h"

#include <algorithm>
#include <array>

#include "base/decimal.h"
#include "mail/dmarc/org_domain.h"

namespace rampart::reports {
namespace {

// The decoder removes control characters from reports, so no field can contain a separator.
constexpr char kField = '\x1f';
constexpr char kGroup = '\x1e';

/// OrgDomains holds no more: reporters choose these names, so nothing else bounds their number.
constexpr std::size_t kMostOrgDomains = 10'000;

/// An enumerator, or a set of flags, as one digit.
template <class Value>
char digit(Value value) {
  return static_cast<char>('0' + static_cast<int>(value));
}

/// Reads a digit back; false where it is not one of the enum's `count` values. Databases outlive
/// programs, so a digit is checked before it becomes an enumerator.
template <class Enum>
bool read_digit(char c, int count, Enum& value) {
  if (c < '0' || c - '0' >= count) return false;
  value = static_cast<Enum>(c - '0');
  return true;
}

/// Appends everything but the flags.
void append_results(const RecordResults& results, std::string& out) {
  out += digit(results.disposition);
  out += digit(results.dkim_evaluated);
  out += digit(results.spf_evaluated);
  const auto field = [&](const std::string& text) {
    out += kField;
    out += text;
  };
  // The order is that of the stored form and may not change: databases hold texts of every version.
  field(results.header_from);
  field(results.envelope_from);
  field(results.envelope_to);
  out += kGroup;
  for (const DkimAuth& one : results.dkim) {
    out += digit(one.result);
    out += one.domain;
    field(one.selector);
    out += kField;
  }
  out += kGroup;
  for (const SpfAuth& one : results.spf) {
    out += digit(one.result);
    out += one.helo ? 'h' : 'm';
    out += one.domain;
    out += kField;
  }
  out += kGroup;
  for (const Override& one : results.overrides) {
    out += one.type;
    field(one.comment);
    out += kField;
  }
}

/// As `split`, but without trimming: blanks within a field belong to it.
std::vector<std::string_view> split_exactly(std::string_view text, char separator) {
  std::vector<std::string_view> pieces;
  for (;;) {
    const std::size_t end = text.find(separator);
    pieces.push_back(text.substr(0, end));
    if (end == text.npos) return pieces;
    text.remove_prefix(end + 1);
  }
}

bool read_head(std::string_view text, Facts& facts) {
  const auto fields = split_exactly(text, kField);
  const auto flags = decode_flags(text);
  // The first field is the flags and three digits; the others are texts that may be empty.
  if (fields.size() != 4 || fields[0].size() != 4 || !flags) return false;
  facts.dkim_aligned = (*flags & kDkimAligned) != 0;
  facts.spf_aligned = (*flags & kSpfAligned) != 0;
  facts.contradicts = (*flags & kContradicts) != 0;
  RecordResults& results = facts.results;
  results.header_from = fields[1];
  results.envelope_from = fields[2];
  results.envelope_to = fields[3];
  // The counts are those of the enumerators; a value that a newer version added is refused, not
  // misread.
  return read_digit(text[1], 6, results.disposition) &&
         read_digit(text[2], 3, results.dkim_evaluated) &&
         read_digit(text[3], 3, results.spf_evaluated);
}

// Every entry of the three lists ends in a separator, so the last piece is always empty.

bool read_dkim(std::string_view text, std::vector<DkimAuth>& dkim) {
  const auto fields = split_exactly(text, kField);
  for (std::size_t i = 0; i + 1 < fields.size(); i += 2) {
    AuthResult result = AuthResult::None;
    if (fields[i].empty() || !read_digit(fields[i][0], 9, result)) return false;
    dkim.push_back({std::string(fields[i].substr(1)), std::string(fields[i + 1]), result});
  }
  return true;
}

bool read_spf(std::string_view text, std::vector<SpfAuth>& spf) {
  const auto fields = split_exactly(text, kField);
  for (std::size_t i = 0; i + 1 < fields.size(); ++i) {
    AuthResult result = AuthResult::None;
    if (fields[i].size() < 2 || !read_digit(fields[i][0], 9, result)) return false;
    spf.push_back({std::string(fields[i].substr(2)), fields[i][1] == 'h', result});
  }
  return true;
}

void read_overrides(std::string_view text, std::vector<Override>& overrides) {
  const auto fields = split_exactly(text, kField);
  for (std::size_t i = 0; i + 1 < fields.size(); i += 2) {
    overrides.push_back({std::string(fields[i]), std::string(fields[i + 1])});
  }
}

/// Whether the reporter says which domain it checked. RFC 9990 section 3.1.1.12 makes the raw
/// results of DKIM optional, and some reporters write an empty one for mail without a signature.
template <class Auth>
bool has_raw_results(const std::vector<Auth>& results) {
  return std::ranges::any_of(results, [](const Auth& one) { return !one.domain.empty(); });
}

/// RFC 7489 section 3.1.1: one aligned passing signature is enough, whatever the others say.
bool dkim_aligned(const RecordResults& results, const std::string& author, dmarc::Alignment mode,
                  OrgDomains& domains) {
  return std::ranges::any_of(results.dkim, [&](const DkimAuth& one) {
    return one.result == AuthResult::Pass && domains.aligned(one.domain, author, mode);
  });
}

/// RFC 7489 section 3.1.2: the MAIL FROM domain counts; HELO counts only where there is none.
/// Calls `visit` for each result of SPF that passed and counts.
template <class Visit>
void each_spf_pass(const RecordResults& results, const Visit& visit) {
  // Reporters list both scopes where both were checked. HELO then proves nothing: it names the
  // host, not the sender of the mail.
  const bool mail_from =
      std::ranges::any_of(results.spf, [](const SpfAuth& one) { return !one.helo; });
  for (const SpfAuth& one : results.spf) {
    if (one.result == AuthResult::Pass && one.helo != mail_from) visit(one);
  }
}

bool spf_aligned(const RecordResults& results, const std::string& author, dmarc::Alignment mode,
                 OrgDomains& domains) {
  bool aligned = false;
  each_spf_pass(results, [&](const SpfAuth& one) {
    aligned = aligned || domains.aligned(one.domain, author, mode);
  });
  return aligned;
}

// Adds a domain that is aligned (relaxed) with the author domain. Text that is no name, such as an
// address, is aligned with itself alone, and no change of the policy alters that.
void add_passed(const std::string& domain, const std::string& author, OrgDomains& domains,
                std::vector<Name>& passed) {
  if (!domains.aligned(domain, author, dmarc::Alignment::Relaxed)) return;
  if (const Result<Name> name = Name::parse(domain)) passed.push_back(*name);
}

void sort_names(std::vector<Name>& names) {
  std::ranges::sort(names);
  const auto repeated = std::ranges::unique(names);
  names.erase(repeated.begin(), repeated.end());
}

// One mechanism: what the raw results give, or where there is none that can be used, the reporter's
// own evaluation, which then is all there is.
struct Mechanism {
  PolicyEvaluated evaluated;
  bool has_raw;
  bool computed;

  bool aligned() const { return has_raw ? computed : evaluated == PolicyEvaluated::Pass; }
  /// Whether the receiver reported the opposite of what its own results give. A result that it
  /// left out contradicts nothing.
  bool contradicts() const {
    return has_raw && evaluated != PolicyEvaluated::Absent &&
           (evaluated == PolicyEvaluated::Pass) != computed;
  }
};

}  // namespace

const std::string& OrgDomains::of(const std::string& domain) {
  const auto found = known_.find(domain);
  if (found != known_.end()) return found->second;
  // Clearing all is simpler than an order of use, and costs one lookup for each name that returns.
  if (known_.size() > kMostOrgDomains) known_.clear();
  // Reporters write addresses and worse where a domain belongs: such a text is aligned with itself
  // alone.
  const Result<Name> name = Name::parse(domain);
  std::string org = name ? dmarc::org_domain_psl(*name).text() : domain;
  return known_.emplace(domain, std::move(org)).first->second;
}

bool OrgDomains::aligned(const std::string& a, const std::string& b, dmarc::Alignment mode) {
  if (a.empty() || b.empty()) return false;
  // Most pairs are equal, and need no look at the public suffix list.
  if (a == b) return true;
  if (mode == dmarc::Alignment::Strict) return false;
  const std::string org = of(a);  // A copy: looking up `b` may clear the table.
  return org == of(b);
}

Facts facts_of(const RecordResults& results, const Header& header, OrgDomains& domains) {
  Facts facts{.results = results};
  // Old reporters omit the author domain where it equals the policy domain.
  std::string& author = facts.results.header_from;
  if (author.empty()) author = header.domain;
  const Mechanism dkim{results.dkim_evaluated, has_raw_results(results.dkim),
                       dkim_aligned(results, author, header.adkim, domains)};
  const Mechanism spf{results.spf_evaluated, has_raw_results(results.spf),
                      spf_aligned(results, author, header.aspf, domains)};
  facts.dkim_aligned = dkim.aligned();
  facts.spf_aligned = spf.aligned();
  facts.contradicts = dkim.contradicts() || spf.contradicts();
  return facts;
}

/// Relaxed, because the alignment mode is not part of the facts. Strict mode is covered by
/// `dkim_aligned`, which was computed under the mode that the report states.
std::vector<const DkimAuth*> aligned_signatures(const Facts& facts, OrgDomains& domains) {
  std::vector<const DkimAuth*> aligned;
  if (!facts.dkim_aligned) return aligned;
  for (const DkimAuth& one : facts.results.dkim) {
    if (one.result == AuthResult::Pass &&
        domains.aligned(one.domain, facts.results.header_from, dmarc::Alignment::Relaxed)) {
      aligned.push_back(&one);
    }
  }
  return aligned;
}

PassedDomains passed_domains(const Facts& facts, OrgDomains& domains) {
  PassedDomains passed;
  const std::string& author = facts.results.header_from;
  for (const DkimAuth& one : facts.results.dkim) {
    if (one.result == AuthResult::Pass) add_passed(one.domain, author, domains, passed.dkim);
  }
  each_spf_pass(facts.results,
                [&](const SpfAuth& one) { add_passed(one.domain, author, domains, passed.spf); });
  sort_names(passed.dkim);
  sort_names(passed.spf);
  return passed;
}

void facts_key(const RecordResults& results, const Header& header, std::string& key) {
  key.clear();
  key += digit(header.adkim);
  key += digit(header.aspf);
  append_results(results, key);
  // The policy domain matters only where it replaces the author domain. Otherwise facts of many
  // domains would have many keys.
  if (results.header_from.empty()) key += header.domain;
}

std::string encode(const Facts& facts) {
  std::string out(
      1, digit((facts.dkim_aligned ? kDkimAligned : 0) + (facts.spf_aligned ? kSpfAligned : 0) +
               (facts.contradicts ? kContradicts : 0)));
  append_results(facts.results, out);
  return out;
}

std::optional<Facts> decode(std::string_view text) {
  const auto groups = split_exactly(text, kGroup);
  Facts facts;
  if (groups.size() != 4 || !read_head(groups[0], facts) ||
      !read_dkim(groups[1], facts.results.dkim) || !read_spf(groups[2], facts.results.spf)) {
    return std::nullopt;
  }
  read_overrides(groups[3], facts.results.overrides);
  return facts;
}

std::optional<std::int64_t> decode_flags(std::string_view text) {
  // Three flags make eight digits.
  if (text.empty() || text[0] < '0' || text[0] > '7') return std::nullopt;
  return text[0] - '0';
}

std::string encode_policy(const Header& header) {
  const auto policy = [](const std::optional<dmarc::Policy>& one) {
    return one ? digit(*one) : '-';
  };
  std::string out{policy(header.p), policy(header.sp), policy(header.np), digit(header.adkim),
                  digit(header.aspf)};
  // RFC 9990 reports state `t` as testing, and RFC 7489 reports state `pct`. Absent is kept apart
  // from "n" and 100: it shows by which rules the reporter read the record.
  out += !header.testing ? '-' : *header.testing ? 'y' : 'n';
  if (header.pct) out += std::to_string(*header.pct);
  return out;
}

Published decode_policy(std::string_view text) {
  Published published;
  // Five policies and modes and the testing flag are always present; the percentage is the rest.
  if (text.size() < 6) return published;
  if (text[0] >= '0' && text[0] <= '2') {
    published.policy = static_cast<dmarc::Policy>(text[0] - '0');
  }
  if (text[5] != '-') published.testing = text[5] == 'y';
  const auto pct = parse_decimal<int>(text.substr(6));
  if (pct && *pct <= 100) published.pct = pct;
  return published;
}

}  // namespace rampart::reports
