/// The first pass over a domain's rows.
#include "reports/analysis/mail_scan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace rampart::reports {
namespace {

/// Whether failing mail shows nothing but its address. A declared service's bounce domain may make
/// it that service's, and an ignored one's is left out.
bool is_plain(const FactsTraits& traits, const SourceNamer& namer) {
  if (traits.passes() || traits.ours || traits.excused || traits.signed_as != nullptr) return false;
  if (traits.envelope == nullptr) return true;
  if (traits.envelope_passed || namer.declared().has(traits.envelope)) return false;
  const Domain* domain = namer.context().domain;
  return domain == nullptr ||
         std::ranges::find(domain->ignored_sources, traits.envelope->id, &IgnoredSource::source) ==
             domain->ignored_sources.end();
}

}  // namespace

MailScan::MailScan(Store& store, Range range, const SourceNamer& namer, std::size_t most_addresses)
    : store_(store),
      range_(std::move(range)),
      namer_(namer),
      most_addresses_(most_addresses),
      authors_{namer.context().name},
      author_by_name_{{namer.context().name, 0}} {}

Result<Ok> MailScan::run() {
  TRY_OK(store_.for_each_block(range_, [&](const StoredBlock& block) {
    Report& report = report_of(block.report);
    // Asserted reports are no evidence: anybody can write one.
    return !report.verified || add_block(report, block.rows);
  }));
  if (problem_) return *problem_;
  for (const TrafficGroup& group : groups_) {
    const std::uint32_t slot = addresses_.find_or_add(group.ip);
    addresses_.messages(slot) += group.messages;
    addresses_.marks(slot) |= kInGroup;
  }
  return unlisted_ > 0 ? list_rest() : Ok{};
}

MailScan::Report& MailScan::report_of(std::int64_t id) {
  const auto [at, added] = reports_.try_emplace(id);
  Report& report = at->second;
  if (!added) return report;
  const Result<StoredReport> stored = store_.report(id);
  if (!stored) {
    problem_ = stored.error();
    return report;
  }
  report.verified = stored->trust == Trust::Verified;
  report.first = places_.size();
  if (!report.verified) return report;
  // Once per reporter, because the check searches the YAML and the built-in list.
  const auto [counts, is_new] = counts_.try_emplace(stored->reporter);
  if (is_new) {
    counts->second = report_counts(*stored, {Trust::Verified, namer_.context().counts});
  }
  report.counts = counts->second;
  const auto& published = stored->published;
  const auto [kind, is_new_kind] = report_kind_by_key_.try_emplace(
      {stored->reporter, published.policy, published.pct, published.testing},
      static_cast<std::uint32_t>(report_kinds_.size()));
  if (is_new_kind) report_kinds_.push_back({stored->reporter, published});
  report.kind = kind->second;
  return report;
}

/// A block's rows are decoded first, so that the addresses of all are fetched at once.
bool MailScan::add_block(Report& report, std::string_view rows) {
  rows_.clear();
  plain_.clear();
  const bool valid = for_each_in(rows, [this](const BlockRow& row) {
    rows_.emplace_back(row, kind_of(row.facts));
    if (kinds_[rows_.back().second].plain) plain_.push_back(row.ip);
  });
  addresses_.find_all(plain_, slots_);
  std::size_t plain = 0;
  for (const auto& [row, kind] : rows_) {
    ++report.rows;
    if (kinds_[kind].plain) {
      add_plain(report, row, slots_[plain++]);
    } else {
      add_to_group(report, row, kind);
    }
  }
  return valid;
}

void MailScan::add_plain(const Report& report, const BlockRow& row, std::uint32_t slot) {
  if (slot == AddressTable::kNone) {
    // It may have been listed since the block was looked up.
    const bool listed = addresses_.size() < most_addresses_;
    slot = listed ? addresses_.find_or_add(row.ip) : addresses_.find(row.ip);
  }
  places_.push_back(slot);
  if (slot == AddressTable::kNone) {
    ++unlisted_;
    return;
  }
  addresses_.messages(slot) += row.count;
  addresses_.marks(slot) |= report.counts ? kByCounting : kByOthers;
}

void MailScan::add_to_group(const Report& report, const BlockRow& row, std::uint32_t number) {
  const TrafficGroup key{.ip = row.ip,
                         .facts = nullptr,
                         .facts_id = number,
                         .trust = Trust::Verified,
                         .counts = report.counts};
  const std::size_t at = index_.find_or_add(groups_, key);
  if (at == groups_.size()) {
    groups_.push_back(key);
    groups_.back().facts = kinds_[number].facts;
  }
  groups_[at].messages += row.count;
  // Kept for the second pass, which then needs no search: four octets a row are cheaper than a
  // hash.
  places_.push_back(static_cast<std::uint32_t>(at));
}

std::vector<TrafficGroup> MailScan::take_groups() {
  authors_of_groups_.reserve(groups_.size());
  for (const TrafficGroup& group : groups_) {
    authors_of_groups_.push_back(kinds_[static_cast<std::size_t>(group.facts_id)].author);
  }
  // The index points into groups that move away, and takes memory that the next pass needs.
  index_ = {};
  return std::exchange(groups_, {});
}

/// Lists those of the remaining addresses that could bear a name or the mark: a size must not hide
/// the domain's own hosts.
Result<Ok> MailScan::list_rest() {
  AddressTable named;
  TRY_OK(store_.for_each_host([&](const spf::Ip& ip, const KnownHost& host) {
    if (!host.name.empty()) named.find_or_add(ip);
  }));
  return walk([&](const ScannedRow& row, const spf::Ip& ip, std::uint32_t& place) {
    if (place != AddressTable::kNone) return;
    std::uint32_t slot = addresses_.find(ip);
    if (slot == AddressTable::kNone) {
      if (named.find(ip) == AddressTable::kNone && !namer_.has_network(ip)) return;
      slot = addresses_.find_or_add(ip);
    }
    place = slot;
    addresses_.messages(slot) += row.count;
    addresses_.marks(slot) |= row.counts ? kByCounting : kByOthers;
  });
}

std::uint32_t MailScan::kind_of(std::int64_t facts_id) {
  // Blocks have long runs of the same facts.
  if (facts_id == last_facts_) return last_kind_;
  last_facts_ = facts_id;
  const auto known = kind_by_facts_.find(facts_id);
  if (known != kind_by_facts_.end()) return last_kind_ = known->second;
  const Result<Facts> facts = store_.facts(facts_id);
  if (!facts) problem_ = facts.error();
  std::string key;
  FactsKind kind = read_kind(facts ? *facts : Facts(), key);
  const auto [at, added] =
      kind_by_key_.try_emplace(std::move(key), static_cast<std::uint32_t>(kinds_.size()));
  if (added) {
    // Only groups need the facts; rows of plain kinds are explained by their address.
    if (!kind.plain) kind.facts = std::make_shared<const Facts>(facts ? *facts : Facts());
    kinds_.push_back(std::move(kind));
  }
  kind_by_facts_.emplace(facts_id, at->second);
  return last_kind_ = at->second;
}

/// The kind without its facts; `key` is equal for kinds of equal meaning.
FactsKind MailScan::read_kind(const Facts& facts, std::string& key) {
  const FactsTraits traits =
      traits_of(facts, namer_.context().name, namer_.senders(), namer_.declared(), domains_);
  const FactsKind kind{.plain = is_plain(traits, namer_),
                       .states_selectors = traits.selectors_stated,
                       .author = author_of(facts),
                       .facts = nullptr};
  // The key contains all that the analysis asks of the traits. Facts that differ in anything else,
  // such as a foreign d=, are of one kind.
  key =
      fmt::format("{}{}{}", kind.plain ? 'p' : 'g', kind.states_selectors ? 's' : '-', kind.author);
  if (kind.plain) return kind;
  const auto id_of = [](const Sender* sender) { return sender == nullptr ? "" : sender->id; };
  std::vector<std::string> signers;
  for (const Sender* one : traits.signers) signers.push_back(one->id);
  key += fmt::format(" {}{}{}{}{} {} {} {} {}", traits.dkim_aligned, traits.spf_aligned,
                     traits.envelope_passed, traits.ours, traits.excused, id_of(traits.signed_as),
                     id_of(traits.envelope), fmt::join(signers, ","),
                     fmt::join(traits.selectors, ","));
  return kind;
}

/// The author domain. An outsider may write any name below the domain: of failing mail, only
/// those that the YAML has are kept.
std::uint32_t MailScan::author_of(const Facts& facts) {
  const Result<Name> author = Name::parse(facts.results.header_from);
  // Number 0 is the policy domain, under which rows without a usable author count.
  if (!author) return 0;
  const bool passed = facts.dkim_aligned || facts.spf_aligned;
  if (!passed && !namer_.context().config.domains.contains(*author)) return 0;
  const auto [at, added] =
      author_by_name_.try_emplace(*author, static_cast<std::uint32_t>(authors_.size()));
  if (added) authors_.push_back(*author);
  return at->second;
}

}  // namespace rampart::reports
