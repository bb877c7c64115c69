/// The store of reports: a SQLite file that several processes may use at once. A report is stored
/// whole or not at all, and once, however often it is ingested.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "dns/answers.h"
#include "reports/failures/failure_report.h"
#include "reports/store/facts.h"
#include "reports/store/sqlite.h"
#include "reports/tls/tls_report.h"

namespace rampart::reports {

/// Whether a report is proved to come from its reporter; only verified reports count for gates
/// (contract section 4).
enum class Trust : std::uint8_t { Asserted, Verified };

/// The facts met during an ingest, encoded, each with its number in the store once it is written.
class FactTable {
 public:
  /// The index of the row's facts. All rows must come from one RecordCache.
  std::uint32_t index_of(const Row& row, const Header& header);

  /// The encoded facts at an index.
  const std::string& text(std::uint32_t index) const { return entries_[index].text; }
  /// Whether those facts contradict themselves (Facts::contradicts).
  bool contradicts(std::uint32_t index) const { return entries_[index].contradicts; }
  /// Their number in the store; 0 until they are written.
  std::int64_t& id(std::uint32_t index) { return entries_[index].id; }
  std::size_t size() const { return entries_.size(); }

  /// Forgets everything; all indexes become invalid.
  void clear();
  /// Forgets the numbers in the store, after a transaction was undone.
  void forget_ids();

 private:
  struct Entry {
    std::string text;
    std::int64_t id = 0;
    bool contradicts = false;
  };

  /// The index of cached results under the header of their last use.
  struct LastUse {
    std::optional<std::uint32_t> index;
    dmarc::Alignment adkim = dmarc::Alignment::Relaxed;
    dmarc::Alignment aspf = dmarc::Alignment::Relaxed;
    std::string domain;
  };

  std::uint32_t index_by_key(const RecordResults& results, const Header& header);

  std::unordered_map<std::uint64_t, LastUse> by_results_;  ///< By Row::results_id.
  std::unordered_map<std::string, std::uint32_t> by_key_;
  std::vector<Entry> entries_;
  OrgDomains domains_;
  std::string key_;  ///< Reused by index_by_key.
};

/// A row on its way into the store.
struct PackedRow {
  std::uint32_t facts = 0;  ///< An index into the FactTable.
  spf::Ip ip;
  std::int64_t count = 0;
};

/// A report without its rows.
struct ReportMeta {
  Header header;
  Trust trust = Trust::Asserted;
  std::string reporter;  ///< The reporter's organizational domain.
  /// When it arrived, for Store::heard. Of a report that the user vouches for, its begin.
  Time arrived;
  /// The reporter is known (policies/model/reporters.h). A verified report that is stored already
  /// becomes its own: somebody else may have mailed a copy before.
  bool by_known = false;
  std::string identity;  ///< 16 octets over org, policy domain, id, range and all records.
  std::int64_t records = 0;
  std::int64_t messages = 0;
  std::int64_t contradictions = 0;  ///< Rows whose facts contradict themselves.
};

/// Whether a report was new to the store.
enum class Added { New, Duplicate };

/// A row as read from the store; `report` and `facts` are numbers of the store.
struct StoredRow {
  Date day;
  std::int64_t report = 0;
  std::int64_t facts = 0;
  spf::Ip ip;
  std::int64_t count = 0;
};

/// Rows of one report and day as they are stored; for_each_in (blocks.h) reads them.
struct StoredBlock {
  Date day;
  std::int64_t report = 0;
  std::string_view rows;  ///< Valid during the visit.
};

/// The report of a row.
struct StoredReport {
  Trust trust = Trust::Asserted;
  std::string reporter;
  std::string org;
  std::string id;
  Time begin;
  Time end;
  Published published;
};

/// One policy domain and its days, both ends included.
struct Range {
  std::string domain;
  Date since;
  Date until;
};

/// The sum of rows that `prune` removed, by day, reporter and alignment.
struct DailySum {
  Date day;
  std::string reporter;
  Trust trust = Trust::Asserted;
  bool dkim_aligned = false;
  bool spf_aligned = false;
  std::int64_t records = 0;
  std::int64_t messages = 0;
  std::int64_t contradictions = 0;
};

/// Who sent a report, and whether that is proved.
struct ReportSender {
  Trust trust = Trust::Asserted;
  std::string reporter;  ///< An organizational domain.
};

/// The kinds of reports that are stored as they are, without interned facts.
enum class PlainKind { Tls, Failure };

/// What `prune` removed.
struct Pruned {
  std::int64_t records = 0;  ///< Of aggregate reports; daily sums replace them.
  std::int64_t tls_policies = 0;
  std::int64_t failure_reports = 0;
};

/// The forward-confirmed host name of an address, and when it was looked up.
struct KnownHost {
  std::string name;  ///< Empty: it has none.
  Time seen;

  bool operator==(const KnownHost&) const = default;
};

/// An answer of an earlier run, and when it came.
struct KnownAnswer {
  Answer answer;
  Time seen;
};

/// All stored reports: one SQLite file.
class Store {
 public:
  /// Opens or creates the file at `path`. An older schema is migrated, a newer one refused.
  static Result<Store> open(const std::string& path);
  /// As open, but never creates a file.
  static Result<Store> open_existing(const std::string& path);

  /// Begins a transaction; waits for other processes that write.
  Result<Ok> begin();
  /// Ends it and keeps its changes.
  Result<Ok> commit();
  /// Ends it and undoes its changes.
  void rollback();

  /// From now on, a commit survives a power cut right after it.
  Result<Ok> survive_power_cuts();

  /// From now on, sorting and the like make no temporary files.
  Result<Ok> keep_temporary_in_memory();

  /// Within a transaction: adds a report with all its rows.
  Result<Added> add(const ReportMeta& report, std::span<const PackedRow> rows, FactTable& facts);

  /// Within a transaction: adds a report whose rows come in pieces. `finish_large` returns whether
  /// it was new; `drop_large` removes it again.
  Result<Ok> begin_large(const Header& header);
  Result<Ok> add_large(std::span<const PackedRow> rows, FactTable& facts);
  Result<Added> finish_large(const ReportMeta& report, FactTable& facts);
  void drop_large(FactTable& facts);

  /// Within a transaction: adds an SMTP TLS report, or a failure report; one without a date of
  /// arrival counts on `today`.
  Result<Added> add(const TlsReport& report, const ReportSender& sender);
  Result<Added> add(const FailureReport& report, const ReportSender& sender, Date today);
  /// Visits the entries of the range, by day.
  Result<Ok> for_each_tls(const Range& range, const std::function<void(const TlsEntry&)>& visit);
  Result<Ok> for_each_failure(const Range& range,
                              const std::function<void(const FailureEntry&)>& visit);
  /// Every domain that has a report of the kind, in order.
  Result<std::vector<std::string>> domains_of(PlainKind kind);

  /// Every policy domain that has a report, in order.
  Result<std::vector<std::string>> domains();
  /// Visits the rows of the range, by day and then by report.
  Result<Ok> for_each_row(const Range& range, const std::function<void(const StoredRow&)>& visit);
  /// As for_each_row, by whole blocks. `visit` returns false for one that it cannot read, which
  /// ends the visit with an error.
  Result<Ok> for_each_block(const Range& range,
                            const std::function<bool(const StoredBlock&)>& visit);
  /// The facts and the report that a row names.
  Result<Facts> facts(std::int64_t id);
  Result<StoredReport> report(std::int64_t id);
  /// The sums of pruned rows.
  Result<std::vector<DailySum>> daily(const Range& range);
  /// The end of the newest verified report's range that is not after `now`.
  Result<std::optional<Time>> newest_verified(Time now);
  /// The day on which each reporter's first verified report on a domain arrived, by reporter. What
  /// a report states about its days does not change it.
  Result<std::map<std::string, Date>> heard(const std::string& domain);

  /// Replaces the rows of days before `first` by daily sums, and removes what other kinds of
  /// reports say of those days. All of them stay known, so that no copy brings them back.
  Result<Pruned> prune(Date first);

  /// What the last answered lookup of an address found; nothing where there was none.
  Result<std::optional<KnownHost>> host(const spf::Ip& ip);
  /// Visits every such lookup, by address.
  Result<Ok> for_each_host(const std::function<void(const spf::Ip&, const KnownHost&)>& visit);
  /// Keeps the result of such a lookup.
  Result<Ok> remember_host(const spf::Ip& ip, const std::string& host, Time now);

  /// The last answer to a question about a sender's SPF record; nothing where there was none.
  Result<std::optional<KnownAnswer>> answer(const Question& question);
  /// Keeps an answer. One that failed is never kept.
  Result<Ok> remember_answer(const Question& question, const Answer& answer, Time now);

 private:
  struct Statements;
  explicit Store(Database database);
  static Result<Store> set_up(const std::string& path);
  Result<Ok> prepare();
  Result<std::int64_t> intern(std::string_view text);
  Result<std::int64_t> find_string(std::string_view text);
  Result<std::string> string_of(std::int64_t id);
  Result<std::string> repeated_text(std::int64_t id);
  Result<std::int64_t> put_report(const ReportMeta& report);
  Result<Ok> put_rows(std::int64_t report, std::span<const PackedRow> rows, FactTable& facts);
  Result<Ok> put_block(std::int64_t report);
  Result<bool> is_known(const ReportMeta& report);
  Result<Ok> remember_reporter(const ReportMeta& report);
  Result<bool> is_known(PlainKind kind, std::string_view identity, const ReportSender& sender);

  Database database_;
  std::shared_ptr<Statements> statements_;
  std::unordered_map<std::string, std::int64_t> interned_;
  std::unordered_map<std::int64_t, std::string> texts_;  ///< Read by repeated_text.
  // The key of the current report's next block.
  std::int64_t domain_ = 0;
  std::int64_t day_ = 0;
  std::int64_t next_part_ = 0;
  std::string block_;       // Reused by put_rows.
  std::int64_t large_ = 0;  // The report between begin_large and finish_large.
};

/// Reports and facts of a store by number, each read once. Made for use within for_each_row: the
/// last failure is kept, and empty values are returned for what could not be read.
class StoreLookup {
 public:
  explicit StoreLookup(Store& store) : store_(store) {}

  const StoredReport& report(std::int64_t id);
  const std::shared_ptr<const Facts>& facts(std::int64_t id);  ///< Never null.
  /// All facts read so far.
  std::vector<std::shared_ptr<const Facts>> all_facts() const;
  const std::optional<Error>& problem() const { return problem_; }

 private:
  Store& store_;
  std::unordered_map<std::int64_t, StoredReport> reports_;
  std::unordered_map<std::int64_t, std::shared_ptr<const Facts>> facts_;
  std::optional<Error> problem_;
};

}  // namespace rampart::reports
