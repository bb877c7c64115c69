/// A domain's verified rows, read in one pass that keeps few octets of each, and then any number of
/// times more without looking anything up again.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "reports/analysis/address_table.h"
#include "reports/analysis/sources.h"
#include "reports/analysis/traffic_groups.h"
#include "reports/store/blocks.h"

namespace rampart::reports {

/// What rows of equal meaning share. Different facts may mean the same: an outsider can make them
/// differ without end.
struct FactsKind {
  /// Failing mail that shows nothing but its address: no part of ours in it, no proved service, no
  /// override, and no declared service's name.
  bool plain = false;
  bool states_selectors = false;       ///< Some result of DKIM has a selector.
  std::uint32_t author = 0;            ///< In MailScan::authors.
  std::shared_ptr<const Facts> facts;  ///< One of them; null where they are plain.
};

/// Reports of one reporter under one published record.
struct ReportKind {
  std::string reporter;
  Published published;
};

/// A row at a later pass.
struct ScannedRow {
  Date day;
  std::uint32_t report_kind = 0;  ///< In MailScan::report_kinds.
  bool counts = false;            ///< The reporter's word about forwarding counts.
  std::uint32_t kind = 0;         ///< In MailScan::kinds.
  /// For a plain row the slot of its address in MailScan::addresses, or AddressTable::kNone; else
  /// the number of its group.
  std::uint32_t at = 0;
  std::int64_t count = 0;
};

/// The scan of one domain.
class MailScan {
 public:
  /// Marks of addresses: plain rows by reporters whose word counts, by others; rows in groups.
  static constexpr std::uint8_t kByCounting = 1;
  static constexpr std::uint8_t kByOthers = 2;
  static constexpr std::uint8_t kInGroup = 4;

  /// `namer` must outlive it; its host names need not be known yet.
  MailScan(Store& store, Range range, const SourceNamer& namer, std::size_t most_addresses);

  /// The first pass.
  Result<Ok> run();
  /// Visits the rows of run() again, reports in the order of their days. A report that has arrived
  /// since is left out.
  template <class Visit>
  Result<Ok> replay(const Visit& visit);

  const AddressTable& addresses() const { return addresses_; }
  /// Rows that are not plain, summed by address, kind and whose word they are; taken once.
  std::vector<TrafficGroup> take_groups();
  /// The author domain of the group with this number.
  std::uint32_t author_of_group(std::size_t number) const { return authors_of_groups_[number]; }
  const std::vector<FactsKind>& kinds() const { return kinds_; }
  /// The author domains that evidence keeps; the first is the policy domain.
  const std::vector<Name>& authors() const { return authors_; }
  const std::vector<ReportKind>& report_kinds() const { return report_kinds_; }

 private:
  struct Report {
    bool verified = false;
    bool counts = false;
    std::uint32_t kind = 0;
    std::size_t first = 0;  ///< Its first row in places_.
    std::size_t rows = 0;
    std::size_t replayed = 0;
  };

  template <class Visit>
  Result<Ok> walk(const Visit& visit);
  Report& report_of(std::int64_t id);
  std::uint32_t kind_of(std::int64_t facts_id);
  FactsKind read_kind(const Facts& facts, std::string& key);
  std::uint32_t author_of(const Facts& facts);
  bool add_block(Report& report, std::string_view rows);
  void add_plain(const Report& report, const BlockRow& row, std::uint32_t slot);
  void add_to_group(const Report& report, const BlockRow& row, std::uint32_t number);
  Result<Ok> list_rest();

  Store& store_;
  Range range_;
  const SourceNamer& namer_;
  std::size_t most_addresses_;
  OrgDomains domains_;
  AddressTable addresses_;
  std::vector<TrafficGroup> groups_;
  GroupIndex index_;                              ///< Of groups_.
  std::vector<std::uint32_t> authors_of_groups_;  ///< Once they are taken.
  std::vector<FactsKind> kinds_;
  std::unordered_map<std::int64_t, std::uint32_t> kind_by_facts_;
  std::unordered_map<std::string, std::uint32_t> kind_by_key_;
  std::vector<Name> authors_;
  std::map<Name, std::uint32_t> author_by_name_;
  std::vector<ReportKind> report_kinds_;
  using ReportKey = std::tuple<std::string, dmarc::Policy, std::optional<int>, std::optional<bool>>;
  std::map<ReportKey, std::uint32_t> report_kind_by_key_;
  std::unordered_map<std::string, bool> counts_;  ///< By reporter.
  std::unordered_map<std::int64_t, Report> reports_;
  std::vector<std::uint32_t> places_;  ///< Of all rows: ScannedRow::at.
  std::size_t unlisted_ = 0;           ///< Plain rows without a slot.
  std::int64_t last_facts_ = -1;       ///< Of the last row: most rows repeat the one before.
  std::uint32_t last_kind_ = 0;
  std::vector<std::pair<BlockRow, std::uint32_t>> rows_;  ///< Of the block, with their kinds.
  std::vector<spf::Ip> plain_;                            ///< The addresses of its plain rows, ...
  std::vector<std::uint32_t> slots_;                      ///< ... and their slots.
  std::optional<Error> problem_;
};

/// Visits rows with their addresses; what `visit` sets as a place stays.
template <class Visit>
Result<Ok> MailScan::walk(const Visit& visit) {
  for (auto& [id, report] : reports_) report.replayed = 0;
  TRY_OK(store_.for_each_block(range_, [&](const StoredBlock& block) {
    const auto found = reports_.find(block.report);
    if (found == reports_.end() || !found->second.verified) return true;
    Report& report = found->second;
    ScannedRow scanned{.day = block.day, .report_kind = report.kind, .counts = report.counts};
    return for_each_in(block.rows, [&](const BlockRow& row) {
      if (report.replayed == report.rows) return;
      std::uint32_t& place = places_[report.first + report.replayed++];
      scanned.kind = kind_of(row.facts);
      scanned.at = place;
      scanned.count = row.count;
      visit(scanned, row.ip, place);
    });
  }));
  return problem_ ? Result<Ok>(*problem_) : Ok{};
}

/// A visit of rows as they are after run().
template <class Visit>
Result<Ok> MailScan::replay(const Visit& visit) {
  return walk([&](const ScannedRow& row, const spf::Ip&, std::uint32_t&) { visit(row); });
}

}  // namespace rampart::reports
