/// Alignment, and facts as one text.
#include "reports/store/facts.h"

#include <algorithm>
#include <array>

#include "mail/dmarc/org_domain.h"

namespace rampart::reports {
namespace {

// The reader lets no control character through, so these never stand in a field.
constexpr char kField = '\x1f';
constexpr char kGroup = '\x1e';

char digit(int value) { return static_cast<char>('0' + value); }

template <class Enum>
char letter(Enum value) {
  return digit(static_cast<int>(value));
}

template <class Enum>
bool read_letter(char c, int count, Enum& value) {
  if (c < '0' || c - '0' >= count) return false;
  value = static_cast<Enum>(c - '0');
  return true;
}

/// What stands behind the flags: all that the reporter says.
void append_said(const RecordResults& results, std::string& out) {
  out += letter(results.disposition);
  out += letter(results.dkim_evaluated);
  out += letter(results.spf_evaluated);
  const auto field = [&](const std::string& text) {
    out += kField;
    out += text;
  };
  field(results.header_from);
  field(results.envelope_from);
  field(results.envelope_to);
  out += kGroup;
  for (const DkimAuth& one : results.dkim) {
    out += letter(one.result);
    out += one.domain;
    field(one.selector);
    out += kField;
  }
  out += kGroup;
  for (const SpfAuth& one : results.spf) {
    out += letter(one.result);
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

std::vector<std::string_view> split(std::string_view text, char mark) {
  std::vector<std::string_view> pieces;
  for (std::size_t at = 0;;) {
    const std::size_t end = text.find(mark, at);
    pieces.push_back(text.substr(at, end == text.npos ? end : end - at));
    if (end == text.npos) return pieces;
    at = end + 1;
  }
}

bool read_head(std::string_view text, Facts& facts) {
  const auto fields = split(text, kField);
  if (fields.size() != 4 || fields[0].size() != 4) return false;
  const std::string_view flags = fields[0];
  if (flags[0] < '0' || flags[0] > '7') return false;
  const int bits = flags[0] - '0';
  facts.dkim_aligned = (bits & 1) != 0;
  facts.spf_aligned = (bits & 2) != 0;
  facts.contradicts = (bits & 4) != 0;
  facts.header_from = fields[1];
  facts.envelope_from = fields[2];
  facts.envelope_to = fields[3];
  return read_letter(flags[1], 6, facts.disposition) &&
         read_letter(flags[2], 3, facts.dkim_evaluated) &&
         read_letter(flags[3], 3, facts.spf_evaluated);
}

bool read_dkim(std::string_view text, Facts& facts) {
  const auto fields = split(text, kField);
  for (std::size_t i = 0; i + 1 < fields.size(); i += 2) {
    DkimAuth one;
    if (fields[i].empty() || !read_letter(fields[i][0], 9, one.result)) return false;
    one.domain = fields[i].substr(1);
    one.selector = fields[i + 1];
    facts.dkim.push_back(std::move(one));
  }
  return true;
}

bool read_spf(std::string_view text, Facts& facts) {
  const auto fields = split(text, kField);
  for (std::size_t i = 0; i + 1 < fields.size(); ++i) {
    SpfAuth one;
    if (fields[i].size() < 2 || !read_letter(fields[i][0], 9, one.result)) return false;
    one.helo = fields[i][1] == 'h';
    one.domain = fields[i].substr(2);
    facts.spf.push_back(std::move(one));
  }
  return true;
}

void read_overrides(std::string_view text, Facts& facts) {
  const auto fields = split(text, kField);
  for (std::size_t i = 0; i + 1 < fields.size(); i += 2) {
    facts.overrides.push_back({std::string(fields[i]), std::string(fields[i + 1])});
  }
}

bool dkim_aligned(const RecordResults& results, const std::string& author, dmarc::Alignment mode,
                  OrgDomains& domains) {
  return std::ranges::any_of(results.dkim, [&](const DkimAuth& one) {
    return one.result == AuthResult::Pass && domains.aligned(one.domain, author, mode);
  });
}

/// RFC 7489 section 3.1.2: the MAIL FROM domain counts; HELO stands in only where there is none.
bool spf_aligned(const RecordResults& results, const std::string& author, dmarc::Alignment mode,
                 OrgDomains& domains) {
  const bool mail_from =
      std::ranges::any_of(results.spf, [](const SpfAuth& one) { return !one.helo; });
  return std::ranges::any_of(results.spf, [&](const SpfAuth& one) {
    return one.result == AuthResult::Pass && one.helo != mail_from &&
           domains.aligned(one.domain, author, mode);
  });
}

bool differs(PolicyEvaluated results, bool found) {
  return results != PolicyEvaluated::Absent && (results == PolicyEvaluated::Pass) != found;
}

}  // namespace

const std::string& OrgDomains::of(const std::string& domain) {
  const auto found = known_.find(domain);
  if (found != known_.end()) return found->second;
  // What reporters write is bounded by nobody but us.
  if (known_.size() > 100'000) known_.clear();
  const Result<Name> name = Name::parse(domain);
  std::string org = name ? dmarc::org_domain_psl(*name).text() : domain;
  return known_.emplace(domain, std::move(org)).first->second;
}

bool OrgDomains::aligned(const std::string& a, const std::string& b, dmarc::Alignment mode) {
  if (a.empty() || b.empty()) return false;
  if (a == b) return true;
  if (mode == dmarc::Alignment::Strict) return false;
  const std::string org = of(a);
  return org == of(b);
}

Facts facts_of(const RecordResults& results, const Header& header, OrgDomains& domains) {
  Facts facts;
  facts.disposition = results.disposition;
  facts.dkim_evaluated = results.dkim_evaluated;
  facts.spf_evaluated = results.spf_evaluated;
  // Old reporters leave the author domain out where it is the policy's own.
  facts.header_from = results.header_from.empty() ? header.domain : results.header_from;
  facts.envelope_from = results.envelope_from;
  facts.envelope_to = results.envelope_to;
  facts.dkim = results.dkim;
  facts.spf = results.spf;
  facts.overrides = results.overrides;
  if (results.dkim.empty() && results.spf.empty()) {
    // Nothing but the reporter's word is there.
    facts.dkim_aligned = results.dkim_evaluated == PolicyEvaluated::Pass;
    facts.spf_aligned = results.spf_evaluated == PolicyEvaluated::Pass;
    return facts;
  }
  facts.dkim_aligned = dkim_aligned(results, facts.header_from, header.adkim, domains);
  facts.spf_aligned = spf_aligned(results, facts.header_from, header.aspf, domains);
  facts.contradicts = differs(results.dkim_evaluated, facts.dkim_aligned) ||
                      differs(results.spf_evaluated, facts.spf_aligned);
  return facts;
}

void facts_key(const RecordResults& results, const Header& header, std::string& key) {
  key.clear();
  key += letter(header.adkim);
  key += letter(header.aspf);
  append_said(results, key);
  if (results.header_from.empty()) key += header.domain;
}

std::string encode(const Facts& facts) {
  RecordResults results;
  results.disposition = facts.disposition;
  results.dkim_evaluated = facts.dkim_evaluated;
  results.spf_evaluated = facts.spf_evaluated;
  results.header_from = facts.header_from;
  results.envelope_from = facts.envelope_from;
  results.envelope_to = facts.envelope_to;
  results.dkim = facts.dkim;
  results.spf = facts.spf;
  results.overrides = facts.overrides;
  std::string out(1, digit((facts.dkim_aligned ? 1 : 0) + (facts.spf_aligned ? 2 : 0) +
                           (facts.contradicts ? 4 : 0)));
  append_said(results, out);
  return out;
}

std::optional<Facts> decode(std::string_view text) {
  const auto groups = split(text, kGroup);
  Facts facts;
  if (groups.size() != 4 || !read_head(groups[0], facts) || !read_dkim(groups[1], facts) ||
      !read_spf(groups[2], facts)) {
    return std::nullopt;
  }
  read_overrides(groups[3], facts);
  return facts;
}

std::string encode_policy(const Header& header) {
  const auto policy = [](const std::optional<dmarc::Policy>& one) {
    return one ? letter(*one) : '-';
  };
  std::string out{policy(header.p), policy(header.sp), policy(header.np), letter(header.adkim),
                  letter(header.aspf)};
  out += !header.testing ? '-' : *header.testing ? 'y' : 'n';
  if (header.pct) out += std::to_string(*header.pct);
  return out;
}

Published decode_policy(std::string_view text) {
  Published published;
  if (text.size() < 6) return published;
  if (text[0] >= '0' && text[0] <= '2') {
    published.policy = static_cast<dmarc::Policy>(text[0] - '0');
  }
  if (text[5] != '-') published.testing = text[5] == 'y';
  int pct = 0;
  for (const char c : text.substr(6)) pct = pct * 10 + (c - '0');
  if (text.size() > 6) published.pct = pct;
  return published;
}

}  // namespace rampart::reports
