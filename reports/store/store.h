/// Where reports are kept: a SQLite file, several processes at once. A report is there wholly or
/// not at all, and once, however often it is handed in.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "reports/store/facts.h"
#include "reports/store/sqlite.h"

namespace rampart::reports {

/// Whether a report may move gates (contract section 4).
enum class Trust { Asserted, Verified };

/// Texts met while ingesting, each with its place in the store once it is written.
class FactTable {
 public:
  /// The index of the row's facts; rows of one Shapes only.
  std::uint32_t index_of(const Row& row, const Header& header);

  const std::string& text(std::uint32_t index) const { return texts_[index]; }
  std::int64_t& id(std::uint32_t index) { return ids_[index]; }
  std::size_t size() const { return texts_.size(); }

  /// Forgets everything; no index given out before is valid then.
  void clear();
  /// Forgets where texts stand in the store: a transaction was undone.
  void forget_ids();

 private:
  /// What became of a shape under the header that it stood under last.
  struct Known {
    std::optional<std::uint32_t> index;
    dmarc::Alignment adkim = dmarc::Alignment::Relaxed;
    dmarc::Alignment aspf = dmarc::Alignment::Relaxed;
    std::string domain;
  };

  std::uint32_t index_by_text(const RecordResults& results, const Header& header);

  std::unordered_map<std::uint64_t, Known> by_shape_;
  std::unordered_map<std::string, std::uint32_t> by_key_;
  std::vector<std::string> texts_;
  std::vector<std::int64_t> ids_;
  OrgDomains domains_;
  std::string key_;
};

/// One row, packed.
struct PackedRow {
  std::uint32_t facts = 0;
  spf::Ip ip;
  std::int64_t count = 0;
};

/// A report but for its rows.
struct ReportMeta {
  Header header;
  Trust trust = Trust::Asserted;
  std::string reporter;  ///< The reporter's organizational domain.
  std::string identity;  ///< 16 octets over org, policy domain, id, range and all records.
  std::int64_t records = 0;
  std::int64_t messages = 0;
  std::int64_t contradictions = 0;  ///< Rows whose verdict contradicts their results.
};

enum class Added { New, Duplicate };

/// A row as it is read back.
struct StoredRow {
  Date day;
  std::int64_t report = 0;
  std::int64_t facts = 0;
  spf::Ip ip;
  std::int64_t count = 0;
};

/// What a row's report says of itself.
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

/// Rows that `prune` has rolled up: a day, a reporter, how they fared.
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

class Store {
 public:
  /// Opens or makes the file at `path`; an older schema is brought up to date, a newer one refused.
  static Result<Store> open(const std::string& path);
  /// As open, but never makes a file.
  static Result<Store> open_existing(const std::string& path);

  /// Waits until this process alone may write.
  Result<Ok> begin();
  Result<Ok> commit();
  void rollback();

  /// From now on a commit stands even if the power fails right after it.
  Result<Ok> survive_power_cuts();

  /// Within a transaction: a report with all its rows.
  Result<Added> add(const ReportMeta& report, std::span<const PackedRow> rows, FactTable& facts);

  /// Within a transaction: a report whose rows come in pieces. `finish_large` says whether it was
  /// new; `drop_large` undoes it.
  Result<Ok> begin_large(const Header& header);
  Result<Ok> add_large(std::span<const PackedRow> rows, FactTable& facts);
  Result<Added> finish_large(const ReportMeta& report, FactTable& facts);
  void drop_large(FactTable& facts);

  /// Every policy domain that has a report, in order.
  Result<std::vector<std::string>> domains();
  Result<Ok> for_each_row(const Range& range, const std::function<void(const StoredRow&)>& take);
  Result<Facts> facts(std::int64_t id);
  Result<StoredReport> report(std::int64_t id);
  Result<std::vector<DailySum>> daily(const Range& range);
  /// The end of the newest verified report's range that is not after `now`.
  Result<std::optional<Time>> newest_verified(Time now);

  /// Rows of days before `first` become daily sums; returns how many rows went.
  Result<std::int64_t> prune(Date first);

  /// Host names of addresses, as they were last looked up: empty where there is none.
  Result<std::optional<std::string>> host(const spf::Ip& ip, Time since);
  Result<Ok> remember_host(const spf::Ip& ip, const std::string& host, Time now);

 private:
  struct Statements;
  explicit Store(Database database);
  Result<Ok> prepare();
  Result<std::int64_t> intern(std::string_view text);
  Result<std::int64_t> find_string(std::string_view text);
  Result<std::string> string_of(std::int64_t id);
  Result<std::int64_t> put_report(const ReportMeta& report);
  Result<Ok> put_rows(std::int64_t report, std::span<const PackedRow> rows, FactTable& facts);
  Result<Ok> put_block(std::int64_t report);
  Result<std::optional<Added>> already_there(const ReportMeta& report);

  Database database_;
  std::shared_ptr<Statements> statements_;
  std::unordered_map<std::string, std::int64_t> interned_;
  // Where rows of the report in hand go.
  std::int64_t domain_ = 0;
  std::int64_t day_ = 0;
  std::int64_t next_part_ = 0;
  std::string block_;
  std::int64_t large_ = 0;
};

}  // namespace rampart::reports
