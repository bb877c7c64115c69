/// Alignment of a row: from raw results where the reporter gives them, else as it evaluated them.
#include "reports/store/facts.h"

#include <catch2/catch.hpp>

namespace rampart::reports {
namespace {

constexpr auto kPass = PolicyEvaluated::Pass;
constexpr auto kFail = PolicyEvaluated::Fail;

struct FactsCase {
  std::string story;
  PolicyEvaluated dkim;
  PolicyEvaluated spf;
  std::vector<DkimAuth> raw_dkim;
  std::vector<SpfAuth> raw_spf;
  bool dkim_aligned;
  bool spf_aligned;
  bool contradicts;
};

}  // namespace

// RFC 9990 section 3.1.1.12: the raw results of DKIM are optional. Each mechanism counts by its
// own results, and by the reporter's evaluation where it has none that can be used.
TEST_CASE("a mechanism without raw results is as the reporter evaluated it") {
  const DkimAuth ours{"example.com", "s1", AuthResult::Pass};
  const DkimAuth others{"esp.example", "s1", AuthResult::Pass};
  const SpfAuth envelope{"esp.example", false, AuthResult::Pass};
  const DkimAuth empty{"", "", AuthResult::None};
  const FactsCase rows[] = {
      {"no dkim element", kPass, kFail, {}, {envelope}, true, false, false},
      {"an empty dkim element", kPass, kFail, {empty}, {envelope}, true, false, false},
      {"no dkim element, evaluated as failed", kFail, kFail, {}, {envelope}, false, false, false},
      {"no spf element", kPass, kPass, {ours}, {}, true, true, false},
      {"nothing raw at all", kPass, kFail, {}, {}, true, false, false},
      {"raw results agree", kPass, kFail, {ours}, {envelope}, true, false, false},
      {"raw results of another domain contradict",
       kPass,
       kFail,
       {others},
       {envelope},
       false,
       false,
       true},
      {"one usable result is enough", kPass, kFail, {empty, ours}, {envelope}, true, false, false},
  };
  for (const FactsCase& row : rows) {
    INFO(row.story);
    RecordResults results{.dkim_evaluated = row.dkim, .spf_evaluated = row.spf};
    results.header_from = "example.com";
    results.dkim = row.raw_dkim;
    results.spf = row.raw_spf;
    OrgDomains domains;
    const Facts facts = facts_of(results, Header{.domain = "example.com"}, domains);
    CHECK(facts.dkim_aligned == row.dkim_aligned);
    CHECK(facts.spf_aligned == row.spf_aligned);
    CHECK(facts.contradicts == row.contradicts);
  }
}

}  // namespace rampart::reports
