/// A domain's verified rows, read from the store in one pass that keeps few octets of each, and
/// then visited any number of times without reading anything again.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "reports/analysis/address_table.h"
#include "reports/analysis/row_log.h"
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
  SharedDomains passed;
};

/// Reports of one reporter under one published record.
struct ReportKind {
  std::string reporter;
  Published published;
};

/// The rows of one report and day.
struct ReportPart {
  std::int64_t report = 0;  ///< The store's number.
  Date day;
  std::uint32_t report_kind = 0;  ///< In MailScan::report_kinds.
  bool counts = false;            ///< The reporter's word about forwarding counts.
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

  /// Reads the rows.
  Result<Ok> run();
  /// In the order of their days. The rows below name them by number.
  const std::vector<ReportPart>& parts() const { return parts_; }
  /// Visits all rows that are not plain by part: `visit(row, group)`.
  template <class Visit>
  void for_each_in_group(const Visit& visit) const {
    log_.for_each_in_group(visit);
  }
  /// Visits all plain rows, those of an address by part: `visit(row, slot)` with the address's slot
  /// in addresses, or AddressTable::kNone.
  template <class Visit>
  void for_each_plain(const Visit& visit) const {
    log_.for_each_plain(visit);
  }

  const AddressTable& addresses() const { return addresses_; }
  /// Rows that are not plain, summed by address, kind and whose word they are; taken once.
  std::vector<TrafficGroup> take_groups();
  /// The author domain of the group with this number, and the domains for which its mail passed.
  std::uint32_t author_of_group(std::size_t number) const {
    return kinds_[kinds_of_groups_[number]].author;
  }
  const SharedDomains& passed_of_group(std::size_t number) const {
    return kinds_[kinds_of_groups_[number]].passed;
  }
  /// The author domains that evidence keeps; the first is the policy domain.
  const std::vector<Name>& authors() const { return authors_; }
  const std::vector<ReportKind>& report_kinds() const { return report_kinds_; }
  /// By report kind: some row states a selector.
  const std::vector<bool>& states_selectors() const { return states_selectors_; }

 private:
  struct Report {
    bool verified = false;
    bool counts = false;
    std::uint32_t kind = 0;
  };
  /// A number of facts with its kind, kept in front of kind_by_facts_.
  struct RecentKind {
    std::int64_t facts = -1;
    std::uint32_t kind = 0;
  };
  Report& report_of(std::int64_t id);
  std::uint32_t part_of(const StoredBlock& block, const Report& report);
  std::uint32_t kind_of(std::int64_t facts_id);
  std::uint32_t look_up_kind(std::int64_t facts_id);
  FactsKind read_kind(const Facts& facts, std::string& key);
  bool knows_all(const std::vector<Name>& passed);
  std::uint32_t author_of(const Facts& facts);
  void add(std::uint32_t part, const BlockRow& row);
  void add_to_group(std::uint32_t part, const BlockRow& row, std::uint32_t number);
  Result<Ok> list_plain();

  Store& store_;
  Range range_;
  const SourceNamer& namer_;
  std::size_t most_addresses_;
  OrgDomains domains_;
  AddressTable addresses_;
  std::vector<TrafficGroup> groups_;
  GroupIndex index_;                            ///< Of groups_.
  std::vector<std::uint32_t> kinds_of_groups_;  ///< Once they are taken.
  std::set<Name> passed_;                       ///< All domains for which mail passed.
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
  std::vector<ReportPart> parts_;
  RowLog log_;
  std::vector<bool> states_selectors_;       ///< By report kind.
  std::array<RecentKind, 256> recent_ = {};  ///< By the low bits of the number of facts.
  std::optional<Error> problem_;
};

}  // namespace rampart::reports
