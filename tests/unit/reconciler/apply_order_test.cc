/// Applying: what waits for a change of its domain that was not written.
#include <catch2/catch.hpp>

#include "tests/support/apply_rows.h"

namespace rampart {
namespace {

using namespace testing::applying;
using testing::Fault;

TEST_CASE("a review that withholds a new sender or key keeps the domain's removals back") {
  const Row other{"z.example", "_dmarc.z.example", {kSpf}, {kSofter}};
  const Row moved{"z.example", "_dmarc.z.example", {kTheirs}, {kSofter}};
  const Row admits{"z.example", "b.z.example", {kSpf}, {kSofter}, Stage::Authorize};
  const Row removes{"w.example", "w.example", {kSpf}, {}, Stage::Retire};
  const auto limited = [&](const Row& first, const Row& second, const Row& third) {
    const auto of_domains = [](Plan rows) {
      for (std::size_t i = 1; i < 3; ++i) rows.changes[i].domain = Name::literal("b.example");
      return rows;
    };
    return limit_to(of_domains(plan({first, second, third})),
                    of_domains(plan({other, admits, removes})), world({first, second, third}),
                    Strictness::ItsZone);
  };
  CHECK(shape(limited(other, admits, removes)) ==
        std::vector<std::string>{"+ _dmarc.z.example", "+ b.z.example", "+ w.example"});
  const Limited stale = limited(moved, admits, removes);
  CHECK(shape(stale) ==
        std::vector<std::string>{"! w.example plan-stale", "! _dmarc.z.example plan-stale",
                                 "! b.z.example plan-stale", "? plan-stale", "? plan-stale"});
  CHECK(account_for(stale, {}).front().why ==
        "plan-stale: w.example TXT at provider a waits for b.z.example TXT at provider a, which is "
        "withheld: it would remove a permission first");
  const Row unreviewed{"z.example", "b.z.example", {kSpf}, {"v=spf1 ?all"}, Stage::Authorize};
  CHECK(shape(limited(other, unreviewed, removes)) ==
        std::vector<std::string>{"+ _dmarc.z.example", "! w.example not-in-plan",
                                 "! b.z.example not-in-plan", "? not-in-plan", "? not-in-plan"});
  // What admits nobody replaces no sender.
  Row note = unreviewed;
  note.after = {"v=TLSRPTv1; rua=mailto:t@example.com"};
  CHECK(shape(limited(other, note, removes)) ==
        std::vector<std::string>{"+ _dmarc.z.example", "+ w.example", "! b.z.example not-in-plan",
                                 "? not-in-plan"});
}

// A plan whose changes belong to these domains, in their order.
Plan plan_of(const std::vector<Row>& rows, const std::vector<const char*>& domains) {
  Plan of_domains = plan(rows);
  for (std::size_t i = 0; i < domains.size(); ++i) {
    of_domains.changes[i].domain = Name::literal(domains[i]);
  }
  return of_domains;
}

TEST_CASE("a change that is kept back keeps its domain's later turns back in every zone") {
  const std::vector<Row> rows = {{"z.example", "p.z.example", {}, {kSofter}, Stage::Publish},
                                 {"z.example", "u.z.example", {kSpf}, {kSofter}, Stage::Authorize},
                                 {"x.example", "e.x.example", {kSpf}, {kSofter}, Stage::Enforce},
                                 {"w.example", "r.w.example", {kSpf}, {}, Stage::Retire},
                                 {"x.example", "r.x.example", {kSpf}, {}, Stage::Retire}};
  const Plan of_domains =
      plan_of(rows, {"a.example", "b.example", "b.example", "b.example", "c.example"});
  Hosts held = hosts(rows);
  held.calls = {0, 2, Fault::Refuse};  // The write of p.z.example.
  const auto outcomes = write(of_domains, held);
  CHECK(shape(outcomes) ==
        std::vector<std::string>{"failed p.z.example a", "withheld u.z.example a",
                                 "withheld e.x.example a", "withheld r.w.example a",
                                 "written r.x.example a"});
  CHECK(outcomes[1].why == "skipped, because an earlier write to z.example failed");
  CHECK(outcomes[3].why == "skipped, because an earlier change of b.example was not written");
  // An interruption that is taken back, too.
  Hosts all = hosts(rows);
  const auto stopped = [calls = 0]() mutable { return calls++ == 1; };
  std::vector<WriteState> states;
  for (const auto& one : write_plan(of_domains, all.providers(), {}, stopped)) {
    states.push_back(one.state);
  }
  CHECK(states == std::vector<WriteState>{WriteState::Written, WriteState::NotBegun,
                                          WriteState::Withheld, WriteState::Withheld,
                                          WriteState::Written});
}

}  // namespace
}  // namespace rampart
