/// Writing to the store: whole reports, many per transaction.
#include <array>

#include "reports/store/blocks.h"
#include "reports/store/statements.h"

namespace rampart::reports {
namespace {

std::int64_t day_of(const Header& header) {
  // A report's mail counts on the first day of its range, even if the range is longer: the report
  // does not show which mail is of which day.
  return std::chrono::floor<std::chrono::days>(*header.begin).time_since_epoch().count();
}

std::int64_t seconds_of(const std::optional<Time>& time) {
  return time->time_since_epoch().count();
}

}  // namespace

/// Facts depend on the results and on three fields of the header. Reports arrive with long runs of
/// equal headers, so remembering the last header per results id saves almost every key.
std::uint32_t FactTable::index_of(const Row& row, const Header& header) {
  // A row whose record could not enter the cache has no id.
  if (row.results_id == 0) return index_by_key(*row.results, header);
  LastUse& last = by_results_[row.results_id];
  const bool same = last.index && last.adkim == header.adkim && last.aspf == header.aspf &&
                    (!row.results->header_from.empty() || last.domain == header.domain);
  if (same) return *last.index;
  last = {index_by_key(*row.results, header), header.adkim, header.aspf, header.domain};
  return *last.index;
}

std::uint32_t FactTable::index_by_key(const RecordResults& results, const Header& header) {
  facts_key(results, header, key_);
  const auto found = by_key_.find(key_);
  if (found != by_key_.end()) return found->second;
  const auto index = static_cast<std::uint32_t>(entries_.size());
  const Facts facts = facts_of(results, header, domains_);
  entries_.push_back({encode(facts), 0, facts.contradicts});
  by_key_.emplace(key_, index);
  return index;
}

void FactTable::clear() {
  by_results_.clear();
  by_key_.clear();
  entries_.clear();
}

/// After a rollback, numbers of texts that were undone would point to other texts, or to none.
void FactTable::forget_ids() {
  for (Entry& entry : entries_) entry.id = 0;
}

/// IMMEDIATE takes the write lock at once. A transaction that began by reading could fail at its
/// first write, after all its work.
Result<Ok> Store::begin() { return database_.run("BEGIN IMMEDIATE"); }

Result<Ok> Store::commit() { return database_.run("COMMIT"); }

void Store::rollback() {
  interned_.clear();  // Some of these numbers may have been undone.
  texts_.clear();
  (void)database_.run("ROLLBACK");
}

/// Whether the store has the report. A verified copy of an asserted report raises its trust, and
/// one of a known reporter makes that the reporter, so that it does not matter which of the two
/// arrives first.
Result<bool> Store::is_known(const ReportMeta& report) {
  Statement& find = statements_->find_report;
  TRY(const bool known, find.bind_blob(1, report.identity).step());
  const std::int64_t id = known ? find.integer(0) : 0;
  const bool asserted = known && find.integer(1) == 0;
  const std::int64_t before = known ? find.integer(2) : 0;
  find.reset();
  if (!known || report.trust != Trust::Verified) return known;
  TRY(const std::int64_t reporter, intern(report.reporter));
  // What is not part of the identity is set with the trust: a copy that was mailed before may
  // state another reporter or another published policy, and only the verified mail proves them.
  if (asserted || (report.by_known && reporter != before)) {
    TRY(const std::int64_t policy, intern(encode_policy(report.header)));
    Statement& raise = statements_->raise_trust;
    raise.bind(1, id).bind(2, std::int64_t{1}).bind(3, reporter).bind(4, policy);
    TRY_OK(raise.run());
    TRY_OK(remember_reporter(report));
  }
  return known;
}

/// Keeps when a verified reporter was first heard on a domain; the earliest arrival counts, because
/// mail may be ingested in any order.
Result<Ok> Store::remember_reporter(const ReportMeta& report) {
  if (report.trust != Trust::Verified) return Ok{};
  TRY(const std::int64_t domain, intern(report.header.domain));
  TRY(const std::int64_t reporter, intern(report.reporter));
  return statements_->hear.bind(1, domain).bind(2, reporter).bind(3, number(report.arrived)).run();
}

Result<std::int64_t> Store::put_report(const ReportMeta& report) {
  const Header& header = report.header;
  std::array<std::int64_t, 4> ids{};
  const std::array<std::string, 4> texts = {header.domain,
                                            header.org.empty() ? header.email : header.org,
                                            report.reporter, encode_policy(header)};
  for (std::size_t i = 0; i < texts.size(); ++i) {
    TRY(ids[i], intern(texts[i]));
  }
  Statement& add = statements_->add_report;
  add.bind(1, ids[0]).bind(2, seconds_of(header.begin)).bind(3, seconds_of(header.end));
  add.bind(4, ids[1]).bind(5, std::string_view(header.id));
  add.bind(6, static_cast<std::int64_t>(report.trust)).bind(7, ids[2]).bind(8, ids[3]);
  add.bind(9, report.records).bind(10, report.messages).bind(11, report.contradictions);
  add.bind_blob(12, report.identity);
  TRY_OK(add.run());
  // Kept for the blocks that follow: a large report's rows arrive in many calls.
  domain_ = ids[0];
  day_ = day_of(header);
  next_part_ = 0;
  return database_.last_id();
}

Result<Ok> Store::put_rows(std::int64_t report, std::span<const PackedRow> rows, FactTable& facts) {
  block_.clear();
  for (const PackedRow& row : rows) {
    std::int64_t& id = facts.id(row.facts);
    // Facts are stored when the first row needs them, so that a duplicate report leaves none
    // behind.
    if (id == 0) {
      TRY(id, intern(facts.text(row.facts)));
    }
    append_row({id, row.ip, row.count}, block_);
    if (block_.size() + kMostRowOctets <= kBlockOctets) continue;
    TRY_OK(put_block(report));
  }
  return block_.empty() ? Ok{} : put_block(report);
}

Result<Ok> Store::put_block(std::int64_t report) {
  Statement& add = statements_->add_block;
  add.bind(1, domain_).bind(2, day_).bind(3, report).bind(4, next_part_++).bind_blob(5, block_);
  Result<Ok> added = add.run();
  block_.clear();
  return added;
}

Result<Added> Store::add(const ReportMeta& report, std::span<const PackedRow> rows,
                         FactTable& facts) {
  TRY(const bool known, is_known(report));
  if (known) return Added::Duplicate;
  TRY(const std::int64_t id, put_report(report));
  TRY_OK(put_rows(id, rows, facts));
  TRY_OK(remember_reporter(report));
  return Added::New;
}

/// A large report is written before its identity, trust and totals are known. A savepoint makes it
/// possible to drop it without losing the rest of the transaction.
Result<Ok> Store::begin_large(const Header& header) {
  TRY_OK(database_.run("SAVEPOINT large"));
  ReportMeta meta;
  meta.header = header;
  // A placeholder that no digest equals: finish_large replaces it, or the report is dropped.
  meta.identity = "unfinished";
  TRY(large_, put_report(meta));
  return Ok{};
}

Result<Ok> Store::add_large(std::span<const PackedRow> rows, FactTable& facts) {
  return put_rows(large_, rows, facts);
}

Result<Added> Store::finish_large(const ReportMeta& report, FactTable& facts) {
  TRY(const bool known, is_known(report));
  if (known) {
    drop_large(facts);
    // Dropping also undid the raised trust, so it is raised again.
    TRY_OK(is_known(report));
    return Added::Duplicate;
  }
  TRY(const std::int64_t reporter, intern(report.reporter));
  Statement& set = statements_->update_report;
  set.bind(1, large_).bind(2, static_cast<std::int64_t>(report.trust)).bind(3, reporter);
  set.bind(4, report.records).bind(5, report.messages).bind(6, report.contradictions);
  set.bind_blob(7, report.identity);
  TRY_OK(set.run());
  TRY_OK(remember_reporter(report));
  TRY_OK(database_.run("RELEASE large"));
  return Added::New;
}

void Store::drop_large(FactTable& facts) {
  interned_.clear();
  texts_.clear();
  facts.forget_ids();
  // ROLLBACK TO keeps the savepoint open; RELEASE ends it.
  (void)database_.run("ROLLBACK TO large");
  (void)database_.run("RELEASE large");
}

}  // namespace rampart::reports
