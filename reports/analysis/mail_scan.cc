/// The pass over a domain's rows.
#include "reports/analysis/mail_scan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace rampart::reports {
namespace {

/// How many domains for which mail passed are kept of one domain's reports.
constexpr std::size_t kMostPassed = 500;

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
    const Report& report = report_of(block.report);
    // Asserted reports are no evidence: anybody can write one.
    if (!report.verified) return true;
    const std::uint32_t part = part_of(block, report);
    return for_each_in(block.rows, [&](const BlockRow& row) { add(part, row); });
  }));
  if (problem_) return *problem_;
  for (const TrafficGroup& group : groups_) {
    const std::uint32_t slot = addresses_.find_or_add(group.ip);
    addresses_.messages(slot) += group.messages;
    addresses_.marks(slot) |= kInGroup;
  }
  return list_plain();
}

/// Blocks arrive by day and report.
std::uint32_t MailScan::part_of(const StoredBlock& block, const Report& report) {
  if (parts_.empty() || parts_.back().report != block.report || parts_.back().day != block.day) {
    parts_.push_back({block.report, block.day, report.kind, report.counts});
  }
  return static_cast<std::uint32_t>(parts_.size() - 1);
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
  if (is_new_kind) {
    report_kinds_.push_back({stored->reporter, published});
    states_selectors_.push_back(false);
  }
  report.kind = kind->second;
  return report;
}

/// The address of a plain row is not looked up yet: in the order of the rows, each lookup in a
/// table of a million addresses would wait for memory.
void MailScan::add(std::uint32_t part, const BlockRow& row) {
  const std::uint32_t number = kind_of(row.facts);
  const FactsKind& kind = kinds_[number];
  if (kind.states_selectors) states_selectors_[parts_[part].report_kind] = true;
  if (kind.plain) {
    log_.add_plain({part, kind.author, row.count}, row.ip);
  } else {
    add_to_group(part, row, number);
  }
}

void MailScan::add_to_group(std::uint32_t part, const BlockRow& row, std::uint32_t number) {
  const TrafficGroup key{
      .ip = row.ip, .trust = Trust::Verified, .counts = parts_[part].counts, .facts_id = number};
  const std::size_t at = index_.find_or_add(groups_, key);
  if (at == groups_.size()) {
    groups_.push_back(key);
    groups_.back().facts = kinds_[number].facts.get();
  }
  groups_[at].messages += row.count;
  log_.add_to_group({part, 0, row.count}, static_cast<std::uint32_t>(at));
}

std::vector<TrafficGroup> MailScan::take_groups() {
  kinds_of_groups_.reserve(groups_.size());
  for (const TrafficGroup& group : groups_) kinds_of_groups_.push_back(group.facts_id);
  // The index points into groups that move away, and takes memory that the next pass needs.
  index_ = {};
  return std::exchange(groups_, {});
}

/// Lists the addresses of plain rows up to a limit, and after it those that could bear a name or
/// the mark: a size must not hide the domain's own hosts.
Result<Ok> MailScan::list_plain() {
  std::size_t listed = 0;
  std::optional<AddressTable> named;
  Result<Ok> read = Ok{};
  const auto may_be_named = [&](const spf::Ip& ip) {
    if (!named) {
      named.emplace();
      read = store_.for_each_host([&](const spf::Ip& other, const KnownHost& host) {
        if (!host.name.empty()) named->find_or_add(other);
      });
    }
    return named->find(ip) != AddressTable::kNone || namer_.has_network(ip);
  };
  log_.replace_addresses([&](const LoggedRow& row, const spf::Ip& ip) {
    std::uint32_t slot = AddressTable::kNone;
    if (listed < most_addresses_) {
      const std::size_t before = addresses_.size();
      slot = addresses_.find_or_add(ip);
      listed += addresses_.size() - before;
    } else {
      slot = addresses_.find(ip);
      if (slot == AddressTable::kNone && may_be_named(ip)) slot = addresses_.find_or_add(ip);
    }
    if (slot == AddressTable::kNone) return slot;
    addresses_.messages(slot) += row.count;
    addresses_.marks(slot) |= parts_[row.part].counts ? kByCounting : kByOthers;
    return slot;
  });
  return read;
}

std::uint32_t MailScan::kind_of(std::int64_t facts_id) {
  // Most rows have one of few facts, and these are found without the table of all.
  RecentKind& recent = recent_[static_cast<std::size_t>(facts_id) % recent_.size()];
  if (recent.facts == facts_id) return recent.kind;
  recent = {facts_id, look_up_kind(facts_id)};
  return recent.kind;
}

std::uint32_t MailScan::look_up_kind(std::int64_t facts_id) {
  const auto known = kind_by_facts_.find(facts_id);
  if (known != kind_by_facts_.end()) return known->second;
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
  return at->second;
}

/// The kind without its facts; `key` is equal for kinds of equal meaning.
FactsKind MailScan::read_kind(const Facts& facts, std::string& key) {
  const FactsTraits traits =
      traits_of(facts, namer_.context().name, namer_.senders(), namer_.declared(), domains_);
  FactsKind kind{.plain = is_plain(traits, namer_),
                 .states_selectors = traits.selectors_stated,
                 .author = author_of(facts),
                 .facts = nullptr,
                 .passed = {}};
  // The key contains all that the analysis asks of the traits. Facts that differ in anything else,
  // such as a foreign d=, are of one kind.
  key =
      fmt::format("{}{}{}", kind.plain ? 'p' : 'g', kind.states_selectors ? 's' : '-', kind.author);
  if (kind.plain) return kind;
  // A mechanism with a name too many is left without any: its alignment is then unknown.
  PassedDomains passed;
  if (knows_all(traits.passed.dkim)) passed.dkim = traits.passed.dkim;
  if (knows_all(traits.passed.spf)) passed.spf = traits.passed.spf;
  const auto id_of = [](const Sender* sender) { return sender == nullptr ? "" : sender->id; };
  std::vector<std::string> signers;
  for (const Sender* one : traits.signers) signers.push_back(one->id);
  const auto joined = [](const std::vector<Name>& names) {
    std::string text;
    for (const Name& one : names) text += one.text() + ",";
    return text;
  };
  key += fmt::format(" {}{}{}{}{} {} {} {} {} {} {}", traits.dkim_aligned, traits.spf_aligned,
                     traits.envelope_passed, traits.ours, traits.excused, id_of(traits.signed_as),
                     id_of(traits.envelope), fmt::join(signers, ","),
                     fmt::join(traits.selectors, ","), joined(passed.dkim), joined(passed.spf));
  if (passed != PassedDomains()) kind.passed = std::move(passed);
  return kind;
}

/// Whether all of these are among the first kMostPassed domains: a customer of a service that a
/// wildcard's SPF record authorizes can make any name below the domain pass.
bool MailScan::knows_all(const std::vector<Name>& passed) {
  return std::ranges::all_of(passed, [&](const Name& one) {
    if (passed_.size() < kMostPassed) passed_.insert(one);
    return passed_.contains(one);
  });
}

/// The author domain. An outsider may write any name below the domain: of failing mail, those that
/// the YAML does not have are one.
std::uint32_t MailScan::author_of(const Facts& facts) {
  Result<Name> author = Name::parse(facts.results.header_from);
  // Number 0 is the policy domain, under which rows without a usable author count.
  const Name& domain = namer_.context().name;
  if (!author || *author == domain) return 0;
  const bool passed = facts.dkim_aligned || facts.spf_aligned;
  if (!passed && !namer_.context().config.domains.contains(*author)) {
    if (!author->is_within(domain)) return 0;
    author = names_below(domain);
  }
  const auto [at, added] =
      author_by_name_.try_emplace(*author, static_cast<std::uint32_t>(authors_.size()));
  if (added) authors_.push_back(*author);
  return at->second;
}

}  // namespace rampart::reports
