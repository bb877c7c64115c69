/// Writing to the store: whole reports, in transactions of many.
#include <algorithm>

#include "reports/store/blocks.h"
#include "reports/store/statements.h"

namespace rampart::reports {
namespace {

std::int64_t day_of(const Header& header) {
  return std::chrono::floor<std::chrono::days>(*header.begin).time_since_epoch().count();
}

std::int64_t seconds_of(const std::optional<Time>& time) {
  return time->time_since_epoch().count();
}

}  // namespace

std::uint32_t FactTable::index_of(const Row& row, const Header& header) {
  if (row.shape == 0) return index_by_text(*row.results, header);
  Known& known = by_shape_[row.shape];
  const bool same = known.index && known.adkim == header.adkim && known.aspf == header.aspf &&
                    (!row.results->header_from.empty() || known.domain == header.domain);
  if (same) return *known.index;
  known = {index_by_text(*row.results, header), header.adkim, header.aspf, header.domain};
  return *known.index;
}

std::uint32_t FactTable::index_by_text(const RecordResults& results, const Header& header) {
  facts_key(results, header, key_);
  const auto found = by_key_.find(key_);
  if (found != by_key_.end()) return found->second;
  const auto index = static_cast<std::uint32_t>(texts_.size());
  texts_.push_back(encode(facts_of(results, header, domains_)));
  ids_.push_back(0);
  by_key_.emplace(key_, index);
  return index;
}

void FactTable::clear() {
  by_shape_.clear();
  by_key_.clear();
  texts_.clear();
  ids_.clear();
}

void FactTable::forget_ids() { std::ranges::fill(ids_, 0); }

Result<Ok> Store::begin() { return database_.run("BEGIN IMMEDIATE"); }

Result<Ok> Store::commit() { return database_.run("COMMIT"); }

void Store::rollback() {
  interned_.clear();
  (void)database_.run("ROLLBACK");
}

Result<std::optional<Added>> Store::already_there(const ReportMeta& report) {
  Statement& find = statements_->find_report;
  const Result<bool> row = find.bind_blob(1, report.identity).step();
  if (!row) return row.error();
  const bool there = *row;
  const std::int64_t id = there ? find.integer(0) : 0;
  const bool raise = there && find.integer(1) == 0 && report.trust == Trust::Verified;
  find.reset();
  if (!there) return std::optional<Added>();
  if (raise) {
    const Result<std::int64_t> reporter = intern(report.reporter);
    if (!reporter) return reporter.error();
    Statement& set = statements_->raise_trust;
    const Result<Ok> done = set.bind(1, id).bind(2, std::int64_t{1}).bind(3, *reporter).run();
    if (!done) return done.error();
  }
  return std::optional<Added>(Added::Duplicate);
}

Result<std::int64_t> Store::put_report(const ReportMeta& report) {
  const Header& header = report.header;
  std::array<std::int64_t, 4> ids{};
  const std::array<std::string, 4> texts = {header.domain,
                                            header.org.empty() ? header.email : header.org,
                                            report.reporter, encode_policy(header)};
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const Result<std::int64_t> id = intern(texts[i]);
    if (!id) return id;
    ids[i] = *id;
  }
  Statement& add = statements_->add_report;
  add.bind(1, ids[0]).bind(2, seconds_of(header.begin)).bind(3, seconds_of(header.end));
  add.bind(4, ids[1]).bind(5, std::string_view(header.id));
  add.bind(6, static_cast<std::int64_t>(report.trust)).bind(7, ids[2]).bind(8, ids[3]);
  add.bind(9, report.records).bind(10, report.messages).bind(11, report.contradictions);
  add.bind_blob(12, report.identity);
  if (Result<Ok> added = add.run(); !added) return added.error();
  domain_ = ids[0];
  day_ = day_of(header);
  next_part_ = 0;
  return database_.last_id();
}

Result<Ok> Store::put_rows(std::int64_t report, std::span<const PackedRow> rows, FactTable& facts) {
  block_.clear();
  for (const PackedRow& row : rows) {
    std::int64_t& id = facts.id(row.facts);
    if (id == 0) {
      const Result<std::int64_t> made = intern(facts.text(row.facts));
      if (!made) return made.error();
      id = *made;
    }
    append_row({id, row.ip, row.count}, block_);
    if (block_.size() + kMostRowOctets <= kBlockOctets) continue;
    if (Result<Ok> put = put_block(report); !put) return put;
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
  const Result<std::optional<Added>> there = already_there(report);
  if (!there) return there.error();
  if (*there) return **there;
  const Result<std::int64_t> id = put_report(report);
  if (!id) return id.error();
  if (Result<Ok> put = put_rows(*id, rows, facts); !put) return put.error();
  return Added::New;
}

Result<Ok> Store::begin_large(const Header& header) {
  if (Result<Ok> saved = database_.run("SAVEPOINT large"); !saved) return saved;
  ReportMeta meta;
  meta.header = header;
  // No report's identity is this: it is replaced, or all of this undone.
  meta.identity = "unfinished";
  const Result<std::int64_t> id = put_report(meta);
  if (!id) return id.error();
  large_ = *id;
  return Ok{};
}

Result<Ok> Store::add_large(std::span<const PackedRow> rows, FactTable& facts) {
  return put_rows(large_, rows, facts);
}

Result<Added> Store::finish_large(const ReportMeta& report, FactTable& facts) {
  const Result<std::optional<Added>> there = already_there(report);
  if (!there) return there.error();
  if (*there) {
    drop_large(facts);
    // What already_there may have raised was undone with the rest.
    const Result<std::optional<Added>> again = already_there(report);
    return again ? Result<Added>(Added::Duplicate) : again.error();
  }
  const Result<std::int64_t> reporter = intern(report.reporter);
  if (!reporter) return reporter.error();
  Statement& set = statements_->update_report;
  set.bind(1, large_).bind(2, static_cast<std::int64_t>(report.trust)).bind(3, *reporter);
  set.bind(4, report.records).bind(5, report.messages).bind(6, report.contradictions);
  set.bind_blob(7, report.identity);
  if (Result<Ok> done = set.run(); !done) return done.error();
  if (Result<Ok> kept = database_.run("RELEASE large"); !kept) return kept.error();
  return Added::New;
}

void Store::drop_large(FactTable& facts) {
  interned_.clear();
  facts.forget_ids();
  (void)database_.run("ROLLBACK TO large");
  (void)database_.run("RELEASE large");
}

Result<Ok> Store::remember_host(const spf::Ip& ip, const std::string& host, Time now) {
  Statement& add = statements_->add_host;
  add.bind_blob(1, octets_of(ip)).bind(2, std::string_view(host));
  return add.bind(3, std::int64_t{now.time_since_epoch().count()}).run();
}

}  // namespace rampart::reports
