// The public suffix list, and discovery by it (RFC 7489 section 6.6.3).
#include "mail/dmarc/org_domain.h"

#include <libpsl.h>

#include "mail/dmarc/discovery.h"

namespace rampart::dmarc {

Name org_domain_psl(const Name& name) {
  // The list that was compiled into libpsl: no file is read.
  const char* registrable = psl_registrable_domain(psl_builtin(), name.text().c_str());
  // A public suffix itself, or a name under no known suffix, is its own organization.
  if (registrable == nullptr) return name;
  const auto parsed = Name::parse(registrable);
  return parsed ? *parsed : name;
}

// Private suffixes, such as those of hosting companies, count too: their customers are
// organizations of their own.
bool is_public_suffix(const Name& name) {
  return psl_is_public_suffix(psl_builtin(), name.text().c_str()) != 0;
}

// Without the list's default rule, by which any top level would be a suffix.
bool is_listed_suffix(const Name& name) {
  const int kind = PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE;
  return psl_is_public_suffix2(psl_builtin(), name.text().c_str(), kind) != 0;
}

Known<DiscoveredPolicy> discover_by_psl(const Name& author, const Answers& answers,
                                        std::vector<Question>& unknown) {
  using Result = rampart::Known<DiscoveredPolicy>;
  const Name org = org_domain_psl(author);
  // Both questions go out in one round, although the second is needed only where the first has no
  // record.
  const auto own = find_record(author, answers, unknown);
  const auto above =
      org == author ? Known<std::string>(NoneFound()) : find_record(org, answers, unknown);
  const auto none = [] { return Result(NoneFound()); };
  const auto gap = [](const Unanswered& one) { return Result(one); };
  // RFC 7489 section 6.6.3: several records at the author domain count as none, and the search
  // continues at the organizational domain.
  const auto inherited = [&] {
    return above.match(
        [&](const std::string& text) { return discovered_policy_of(org, text, org, &Record::sp); },
        none, gap);
  };
  return own.match(
      [&](const std::string& text) { return discovered_policy_of(author, text, org, &Record::p); },
      inherited, gap);
}

}  // namespace rampart::dmarc
