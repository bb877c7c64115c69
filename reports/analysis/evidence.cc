/// Folds rows of verified reports into evidence.
#include "reports/analysis/evidence.h"

#include <algorithm>
#include <tuple>

#include "reports/analysis/evidence_rows.h"
#include "reports/analysis/largest_names.h"

namespace rampart::reports {
namespace {

/// EvidenceRow::lacks of those that are not named one by one.
constexpr std::string_view kFurtherNames = "the PTR records of further addresses";

DmarcOutcome outcome_of(Category category, const Facts& facts) {
  if (facts.dkim_aligned && facts.spf_aligned) return DmarcOutcome::Both;
  if (facts.dkim_aligned) return DmarcOutcome::DkimOnly;
  if (facts.spf_aligned) return DmarcOutcome::SpfOnly;
  return category == Category::Forwarded ? DmarcOutcome::Forwarded : DmarcOutcome::Fail;
}

auto key_of(const EvidenceRow& row) {
  return std::tie(row.policy_domain, row.day, row.reporter, row.source, row.header_from,
                  row.outcome, row.marked, row.lacks, row.selectors, row.passed,
                  row.selectors_reported, row.published.policy, row.published.pct,
                  row.published.testing);
}

bool before(const EvidenceRow& a, const EvidenceRow& b) { return key_of(a) < key_of(b); }

/// Turns one domain's rows into evidence: they are scanned, classified, and summed up in a second
/// pass. Failing mail that may come from anybody is never more than a sum.
class EvidenceBuilder {
 public:
  EvidenceBuilder(Store& store, const Range& range, const NamingContext& context,
                  std::size_t most_addresses)
      : store_(store),
        context_(context),
        namer_(context, *context.cache, analysis_.hosts),
        scan_(store, range, namer_, most_addresses) {}

  Result<Ok> append_to(std::vector<EvidenceRow>& out) {
    TRY_OK(scan_.run());
    analysis_.hosts = find_hosts(scan_.addresses(), store_, context_);
    take_groups();
    classify(analysis_, namer_);
    choose_named();
    give_shapes();
    sum_up();
    append_rows(context_.name, scan_, std::move(evidence_sums_), out);
    return Ok{};
  }

 private:
  /// A shape with an author domain, by number; the report's kind, too, in the key of a sum.
  using Key = std::uint64_t;
  static Key key_of(std::uint32_t a, std::uint32_t b) { return Key{a} << 32 | b; }

  /// Adds up messages by report and shape with author.
  void sum_up() {
    sum_groups();
    sum_plain();
    for (const auto& [key, messages] : sums_) keep(key, messages);
    sums_ = {};
  }

  /// The rows of groups arrive report by report, so that each is added in an array.
  void sum_groups() {
    std::vector<std::int64_t> sums(evidence_sums_.numbers.size());
    std::vector<std::uint32_t> used;
    std::uint32_t part = 0;
    const auto end_part = [&] {
      // A number whose messages are 0 at times is in the list more than once, and then adds 0.
      for (const std::uint32_t number : used) {
        sums_[key_of(part, number)] += std::exchange(sums[number], 0);
      }
      used.clear();
    };
    scan_.for_each_in_group([&](const LoggedRow& row, std::uint32_t group) {
      if (row.part != part) end_part();
      part = row.part;
      const std::uint32_t number = numbers_of_groups_[group];
      if (sums[number] == 0) used.push_back(number);
      sums[number] += row.count;
    });
    end_part();
  }

  /// Plain rows are explained by their address alone. Those of most addresses may come from
  /// anybody, and are one sum for each report.
  void sum_plain() {
    const std::uint32_t anybodys = number_of(unmarked_, 0);
    std::vector<std::optional<std::int64_t>> sums(scan_.parts().size());
    scan_.for_each_plain([&](const LoggedRow& row, std::uint32_t slot) {
      const bool listed = slot != AddressTable::kNone;
      const std::uint32_t special = listed ? special_of_[slot] : 0;
      if (special == 0 && row.author == 0 && (listed || unlisted_ == unmarked_)) {
        sums[row.part] = sums[row.part].value_or(0) + row.count;
        return;
      }
      const bool counts = scan_.parts()[row.part].counts;
      const std::uint32_t shape = special != 0
                                      ? shapes_of_specials_[2 * (special - 1) + (counts ? 0 : 1)]
                                  : listed ? unmarked_
                                           : unlisted_;
      sums_[key_of(row.part, number_of(shape, row.author))] += row.count;
    });
    for (std::uint32_t part = 0; part < sums.size(); ++part) {
      if (sums[part]) keep(key_of(part, anybodys), *sums[part]);
    }
  }

  std::uint32_t number_of(std::uint32_t shape, std::uint32_t author) {
    const auto [at, added] = numbers_.try_emplace(
        key_of(shape, author), static_cast<std::uint32_t>(evidence_sums_.numbers.size()));
    if (added) evidence_sums_.numbers.emplace_back(shapes_[shape], author);
    return at->second;
  }

  /// Keeps the sum of one part and number.
  void keep(Key key, std::int64_t messages) {
    const ReportPart& part = scan_.parts()[key >> 32];
    evidence_sums_.days.push_back(
        {part.day, part.report_kind, static_cast<std::uint32_t>(key & 0xffffffff), messages});
  }

  /// Labels of addresses and hosts have a prefix, ids of senders no colon.
  bool is_service(const Classification& one) const {
    return one.label != kByAddress && analysis_.labels[one.label].find(':') == std::string::npos;
  }

  /// Failing mail that may come from anybody, and of which nothing is unknown.
  bool is_anybodys(const Classification& one) const {
    return failed(one.category) && !one.marked() && !one.ignored && one.lacks == 0 &&
           !is_service(one);
  }

  std::string label_of(std::size_t group) const {
    const Classification& one = analysis_.classifications[group];
    return one.label == kByAddress ? "ip:" + analysis_.groups.groups[group].ip.text()
                                   : analysis_.labels[one.label];
  }

  /// Takes the scan's groups, and for each address that is not anybody's one for its plain rows: a
  /// name, the mark or a missing answer may concern them. Their facts_id becomes their number.
  void take_groups() {
    auto& groups = analysis_.groups.groups;
    groups = scan_.take_groups();
    scanned_ = groups.size();
    for (std::size_t i = 0; i < scanned_; ++i) groups[i].facts_id = static_cast<std::uint32_t>(i);
    // One set of facts for all plain rows: they show nothing on which a name or the mark depends.
    Facts facts;
    facts.results.header_from = context_.name.text();
    analysis_.groups.facts.push_back(std::make_shared<const Facts>(std::move(facts)));
    const Facts* const plain = analysis_.groups.facts.back().get();
    const AddressTable& addresses = scan_.addresses();
    special_of_.assign(addresses.size(), 0);
    std::uint32_t specials = 0;
    for (std::uint32_t slot = 0; slot < addresses.size(); ++slot) {
      const std::uint8_t marks = addresses.marks(slot);
      if ((marks & (MailScan::kByCounting | MailScan::kByOthers)) == 0) continue;
      const spf::Ip ip = addresses.ip(slot);
      // An address whose other mail shows more may give its plain rows a name or the mark, so it
      // stays special.
      if ((marks & MailScan::kInGroup) == 0 && namer_.is_anybodys(ip)) continue;
      special_of_[slot] = ++specials;
      // Two groups, because what counting reporters saw may only be explained by counting
      // reporters.
      for (const std::uint8_t mark : {MailScan::kByCounting, MailScan::kByOthers}) {
        if ((marks & mark) == 0) continue;
        const std::size_t number =
            scanned_ + 2 * (specials - 1) + (mark == MailScan::kByCounting ? 0 : 1);
        groups.push_back({.ip = ip,
                          .trust = Trust::Verified,
                          .counts = mark == MailScan::kByCounting,
                          .facts_id = static_cast<std::uint32_t>(number),
                          .facts = plain});
      }
    }
    shapes_of_specials_.assign(std::size_t{2} * specials, 0);
    std::ranges::sort(groups, [](const TrafficGroup& a, const TrafficGroup& b) {
      return std::tie(a.ip, a.facts_id) < std::tie(b.ip, b.facts_id);
    });
  }

  /// Chooses the sources without a service's name that keep a name of their own.
  void choose_named() {
    LargestNames names = named();
    if (names.offered() > kMostNamed) {
      // Only where they are too many does it matter how many messages the plain rows have.
      count_plain();
      names = named();
    }
    for (const auto& [messages, name] : names.kept()) named_.insert(name);
  }

  LargestNames named() const {
    LargestNames names;
    std::unordered_map<std::uint32_t, std::int64_t> by_label;
    const auto& groups = analysis_.groups.groups;
    for (std::size_t i = 0; i < groups.size();) {
      const spf::Ip& ip = groups[i].ip;
      std::optional<std::int64_t> messages;
      for (; i < groups.size() && groups[i].ip == ip; ++i) {
        const Classification& one = analysis_.classifications[i];
        // Services and ignored sources always keep their names: there are few of them.
        if (is_anybodys(one) || is_service(one) || one.ignored) continue;
        if (one.label == kByAddress) {
          messages = messages.value_or(0) + groups[i].messages;
        } else {
          by_label[one.label] += groups[i].messages;
        }
      }
      if (messages) names.offer(*messages, [&] { return "ip:" + ip.text(); });
    }
    for (const auto& [label, messages] : by_label) {
      names.offer(messages, [&] { return analysis_.labels[label]; });
    }
    return names;
  }

  void count_plain() {
    auto& groups = analysis_.groups.groups;
    std::vector<std::uint32_t> position(scanned_ + shapes_of_specials_.size());
    for (std::size_t i = 0; i < groups.size(); ++i) {
      position[groups[i].facts_id] = static_cast<std::uint32_t>(i);
    }
    scan_.for_each_plain([&](const LoggedRow& row, std::uint32_t slot) {
      const std::uint32_t special = slot == AddressTable::kNone ? 0 : special_of_[slot];
      if (special == 0) return;
      const bool counts = scan_.parts()[row.part].counts;
      groups[position[scanned_ + 2 * (special - 1) + (counts ? 0 : 1)]].messages += row.count;
    });
  }

  /// What got no answer, in few different texts: an outsider may use many addresses of one service.
  std::string lacks_of(const Classification& one) const {
    const bool many = one.lacks != 0 && is_service(one) && analysis_.lacks.size() > kMostNamed;
    return many ? std::string(kFurtherNames) : analysis_.lacks[one.lacks];
  }

  EvidenceShape shape_of(std::size_t group) {
    const Classification& one = analysis_.classifications[group];
    const Facts& facts = *analysis_.groups.groups[group].facts;
    EvidenceShape shape{.source = std::string(kUnmarkedSources),
                        .outcome = outcome_of(one.category, facts),
                        .marked = one.marked(),
                        .lacks = lacks_of(one),
                        .selectors = {}};
    // Without selectors, domains and name: what anybody may write must not make more rows of
    // evidence.
    if (is_anybodys(one)) return shape;
    std::set<std::string> selectors;
    for (const DkimAuth* signature : aligned_signatures(facts, domains_)) {
      if (!signature->selector.empty()) selectors.insert(signature->selector);
    }
    shape.selectors.assign(selectors.begin(), selectors.end());
    const std::size_t number = analysis_.groups.groups[group].facts_id;
    if (number < scanned_) shape.passed = scan_.passed_of_group(number);
    shape.source = label_of(group);
    if (is_service(one) || one.ignored || named_.contains(shape.source)) return shape;
    shape.source = kOtherSources;
    if (!shape.lacks.empty()) shape.lacks = kFurtherNames;
    return shape;
  }

  std::uint32_t number_of(EvidenceShape shape) {
    const auto [at, added] =
        known_.try_emplace(std::move(shape), static_cast<std::uint32_t>(shapes_.size()));
    if (added) shapes_.push_back(&at->first);
    return at->second;
  }

  void give_shapes() {
    const auto& groups = analysis_.groups.groups;
    unmarked_ = number_of(EvidenceShape{.source = std::string(kUnmarkedSources)});
    // Without an answer about a declared sender's record, any address may be one of its hosts.
    unlisted_ = namer_.lacks_record().empty()
                    ? unmarked_
                    : number_of(EvidenceShape{.source = std::string(kOtherSources),
                                              .lacks = std::string(kFurtherNames)});
    numbers_of_groups_.resize(scanned_);
    for (std::size_t i = 0; i < groups.size(); ++i) {
      const std::uint32_t shape = number_of(shape_of(i));
      const std::size_t number = groups[i].facts_id;
      if (number >= scanned_) {
        shapes_of_specials_[number - scanned_] = shape;
      } else {
        numbers_of_groups_[number] = number_of(shape, scan_.author_of_group(number));
      }
    }
  }

  Store& store_;
  const NamingContext& context_;
  Analysis analysis_;
  SourceNamer namer_;
  MailScan scan_;
  OrgDomains domains_;
  std::size_t scanned_ = 0;  ///< How many groups the scan has.
  std::set<std::string, std::less<>> named_;
  std::map<EvidenceShape, std::uint32_t> known_;
  std::vector<const EvidenceShape*> shapes_;  ///< By number; they point into known_.
  std::uint32_t unmarked_ = 0;  ///< The shape of plain rows that may come from anybody, ...
  std::uint32_t unlisted_ = 0;  ///< ... and of those whose address has no slot.
  std::unordered_map<Key, std::uint32_t> numbers_;  ///< By shape and author.
  std::vector<std::uint32_t> numbers_of_groups_;    ///< Of the scan's groups.
  std::vector<std::uint32_t> special_of_;  ///< By slot; 0: its plain rows may come from anybody.
  std::vector<std::uint32_t> shapes_of_specials_;  ///< Two each, by reporters that count first.
  EvidenceSums evidence_sums_;
  std::unordered_map<Key, std::int64_t> sums_;  ///< By part and number.
};

}  // namespace

Result<Evidence> fold(Store& store, const Config& config, Time now, const Resolve& resolve,
                      const FoldOptions& options) {
  Evidence evidence;
  TRY(evidence.newest, store.newest_verified(now));
  TRY(const std::vector<std::string> domains, store.domains());
  const Date today = std::chrono::floor<std::chrono::days>(now);
  const auto cache = std::make_shared<NamingCache>(config, store, resolve, now);
  for (const std::string& text : domains) {
    const Result<Name> name = Name::parse(text);
    if (!name) continue;
    // Without domains in the YAML, the evidence is of all domains in the store.
    if (!config.domains.empty() && !config.domains.contains(*name)) continue;
    NamingContext context = naming_of(config, *name, now, resolve);
    context.cache = cache;
    context.lookups = options.lookups;
    if (options.counts) context.counts = options.counts(*name);
    const Range range{text, today - kEvidenceDays, today};
    EvidenceBuilder builder(store, range, context, options.most_addresses);
    const auto first = static_cast<std::ptrdiff_t>(evidence.rows.size());
    TRY_OK(builder.append_to(evidence.rows));
    TRY(const HeardReporters heard, store.heard(text));
    // Of the reporters that have rows alone: the others decide nothing.
    HeardReporters& of_rows = evidence.heard[*name];
    for (auto row = evidence.rows.begin() + first; row != evidence.rows.end(); ++row) {
      if (const auto at = heard.find(row->reporter); at != heard.end()) of_rows.insert(*at);
    }
    if (of_rows.empty()) evidence.heard.erase(*name);
  }
  // Each domain's rows are in order; the store's order of domains is that of text, not of labels.
  if (!std::ranges::is_sorted(evidence.rows, before)) {
    std::ranges::stable_sort(evidence.rows, before);
  }
  return evidence;
}

}  // namespace rampart::reports
