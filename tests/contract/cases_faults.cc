/// What goes wrong on the way to the host: never half a write, nothing lost, and a second run ends
/// where the first was to end.
#include <fmt/format.h>

#include <array>

#include "tests/contract/contract.h"

namespace rampart::contract {
namespace {

constexpr int kMostCalls = 60;

std::vector<SetChange> some_changes(const Trial& trial) {
  const Name selector = trial.at("s1._domainkey");
  return {trial.change(trial.at("_dmarc"), RecordType::TXT, txt({"v=DMARC1; p=reject"})),
          trial.change(selector, RecordType::CNAME, txt({"v=DKIM1; p=AAAA"})),
          trial.change(trial.at("new"), RecordType::TXT, txt({"v=spf1 -all"}))};
}

void start(Trial& trial) {
  trial.start(
      {{{Name::literal("_dmarc.contract.example"), RecordType::TXT}, texts({"v=DMARC1; p=none"})},
       {{Name::literal("s1._domainkey.contract.example"), RecordType::CNAME},
        cname("s1.example.net").set}});
}

/// Whatever `done` reports, all of `changes` are live or none; then a second run completes them.
void settle(Trial& trial, const std::vector<SetChange>& changes, const Result<Ok>& done,
            const std::string& what) {
  if (!done) trial.check_error(done.error());
  const Sets before = trial.expected();
  trial.backend().arm(Fault::None, 0, 0);
  const Sets found = trial.dump();
  trial.accept(changes);
  const Sets after = trial.expected();
  trial.expect(found == before || found == after,
               what + ": half of a write is live:\n" + to_text(found));
  trial.expect(!done.ok() || found == after, what + ": success is reported, but nothing is live");
  if (found == after) return;
  trial.expected() = before;
  trial.renew();
  trial.must(changes);
}

/// The fault befalls the n-th request, for every n.
void at_every_request(Trial& trial, Fault fault) {
  for (int nth = 1; nth <= kMostCalls; ++nth) {
    start(trial);
    if (!trial.backend().arm(fault, nth, 1)) {
      return trial.does_not_apply("the host cannot have this fault");
    }
    const std::vector<SetChange> changes = some_changes(trial);
    const Result<Ok> done = trial.apply(changes);
    const int calls = trial.backend().calls();
    settle(trial, changes, done, fmt::format("at request {}", nth));
    if (calls < nth) return trial.expect(nth > 1, "no request was seen");
  }
  trial.expect(false, fmt::format("more than {} requests for three changes", kMostCalls));
}

/// The fault never ends: an Error that says so, and nothing written.
void for_ever(Trial& trial, Fault fault) {
  start(trial);
  if (!trial.backend().arm(fault, 1, 1000000)) {
    return trial.does_not_apply("the host cannot have this fault");
  }
  const Result<Ok> done = trial.apply(some_changes(trial));
  trial.expect(!done.ok(), "success is reported though every request failed");
  if (!done) trial.check_error(done.error());
  trial.expect(trial.backend().calls() <= kMostCalls, "requests without end");
  trial.backend().arm(Fault::None, 0, 0);
  trial.check_zone();
}

/// Repeating helps against what passes: the run succeeds.
void overcome(Trial& trial, Fault fault) {
  start(trial);
  if (!trial.backend().arm(fault, 1, 2)) {
    return trial.does_not_apply("the host cannot have this fault");
  }
  const std::vector<SetChange> changes = some_changes(trial);
  const Result<Ok> done = trial.apply(changes);
  trial.backend().arm(Fault::None, 0, 0);
  trial.expect(done.ok(), done.ok() ? "" : "not overcome: " + sentence(done.error()));
  if (done.ok()) trial.accept(changes);
  trial.check_zone();
}

void with_credentials(Trial& trial, Credentials credentials) {
  start(trial);
  trial.renew(credentials);
  if (!trial.inapplicable().empty()) return;
  const Result<Ok> done = trial.apply(some_changes(trial));
  trial.expect(!done.ok(), "such credentials write");
  if (!done) {
    trial.check_error(done.error());
    trial.expect(!done.error().conflict, "reported as a conflict: " + sentence(done.error()));
  }
  trial.check_zone();
  trial.renew();
  trial.must(some_changes(trial));
}

Case every(std::string what, Fault fault) {
  return {what + " at every request", [=](Trial& trial) { at_every_request(trial, fault); }};
}

}  // namespace

std::vector<Case> fault_cases() {
  std::vector<Case> cases = {
      every("throttled", Fault::Throttled),
      every("throttled with Retry-After", Fault::ThrottledRetryAfter),
      every("a server error", Fault::ServerError),
      every("a connection closed before the host saw it", Fault::ClosedBefore),
      every("a connection closed after the host did it", Fault::ClosedAfter),
      every("a slow answer", Fault::Slow),
      every("a truncated answer", Fault::Truncated),
      every("garbage", Fault::Garbage)};
  const std::array lasting = {
      std::pair("throttling", Fault::Throttled), std::pair("server errors", Fault::ServerError),
      std::pair("closed connections", Fault::ClosedBefore), std::pair("garbage", Fault::Garbage)};
  for (const auto& [what, fault] : lasting) {
    cases.push_back(
        {fmt::format("{} without end", what), [fault](Trial& trial) { for_ever(trial, fault); }});
  }
  const std::array passing = {std::pair("throttling", Fault::Throttled),
                              std::pair("throttling with Retry-After", Fault::ThrottledRetryAfter),
                              std::pair("slowness", Fault::Slow)};
  for (const auto& [what, fault] : passing) {
    cases.push_back({fmt::format("{} that passes is overcome", what),
                     [fault](Trial& trial) { overcome(trial, fault); }});
  }
  const std::array wrong = {std::pair("wrong", Credentials::Wrong),
                            std::pair("expired", Credentials::Expired),
                            std::pair("too narrow", Credentials::Narrow)};
  for (const auto& [what, credentials] : wrong) {
    cases.push_back({fmt::format("credentials that are {}", what),
                     [credentials](Trial& trial) { with_credentials(trial, credentials); }});
  }
  return cases;
}

}  // namespace rampart::contract
