/// Folds rows of verified reports into evidence.
#include "reports/analysis/evidence.h"

#include <algorithm>
#include <tuple>

#include "reports/analysis/largest_names.h"
#include "reports/analysis/mail_scan.h"

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
                  row.outcome, row.marked, row.lacks, row.selectors, row.selectors_reported,
                  row.published.policy, row.published.pct, row.published.testing);
}

bool before(const EvidenceRow& a, const EvidenceRow& b) { return key_of(a) < key_of(b); }

/// What evidence carries of a row, apart from its author domain; one number each, so that rows of
/// equal shape are added up without comparing texts.
struct Shape {
  std::string source;
  DmarcOutcome outcome = DmarcOutcome::Fail;
  bool marked = false;
  std::string lacks;
  std::vector<std::string> selectors;

  auto operator<=>(const Shape&) const = default;
};

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
    TRY_OK(choose_named());
    give_shapes();
    states_.assign(scan_.report_kinds().size(), false);
    TRY_OK(scan_.replay([&](const ScannedRow& row) {
      if (row.day != day_) end_day();
      day_ = row.day;
      add(row);
    }));
    end_day();
    write_rows(out);
    return Ok{};
  }

 private:
  /// A shape with an author domain, by number; the report's kind, too, in the key of a sum.
  using Key = std::uint64_t;
  static Key key_of(std::uint32_t a, std::uint32_t b) { return Key{a} << 32 | b; }

  void add(const ScannedRow& row) {
    const Key key = key_of(row.report_kind, number_of(row));
    // Rows of a wave repeat the one before.
    if (sum_ == nullptr || key != last_key_) {
      sum_ = &sums_[key];
      last_key_ = key;
    }
    *sum_ += row.count;
    if (scan_.kinds()[row.kind].states_selectors) states_[row.report_kind] = true;
  }

  /// The number of the row's shape with its author domain.
  std::uint32_t number_of(const ScannedRow& row) {
    const FactsKind& kind = scan_.kinds()[row.kind];
    // Rows that show more than an address belong to a group, which was classified on its own. Plain
    // ones are explained by their address alone.
    if (!kind.plain) return numbers_of_groups_[row.at];
    if (row.at == AddressTable::kNone) return number_of(unlisted_, kind.author);
    const std::uint32_t special = special_of_[row.at];
    if (special == 0) return number_of(unmarked_, kind.author);
    return number_of(shapes_of_specials_[2 * (special - 1) + (row.counts ? 0 : 1)], kind.author);
  }

  std::uint32_t number_of(std::uint32_t shape, std::uint32_t author) {
    const auto [at, added] =
        numbers_.try_emplace(key_of(shape, author), static_cast<std::uint32_t>(authored_.size()));
    if (added) authored_.emplace_back(shape, author);
    return at->second;
  }

  /// Keeps the sums of one day. Rows arrive by day, so the map that is searched stays small.
  void end_day() {
    for (const auto& [key, messages] : sums_) {
      days_.push_back({day_, static_cast<std::uint32_t>(key >> 32),
                       static_cast<std::uint32_t>(key & 0xffffffff), messages});
    }
    sums_.clear();
    sum_ = nullptr;
  }

  /// Sorts the sums by numbers in the order of their texts, and writes each row once, in the order
  /// of Evidence::rows: there may be hundreds of thousands of them.
  void write_rows(std::vector<EvidenceRow>& out) {
    const auto& kinds = scan_.report_kinds();
    const auto reporter_rank = ranks_of(kinds.size(), [&](std::uint32_t a, std::uint32_t b) {
      return kinds[a].reporter < kinds[b].reporter;
    });
    // Ranks replace texts: a sort by numbers does not compare names and selectors in each step.
    const auto published_rank = ranks_of(kinds.size(), [&](std::uint32_t a, std::uint32_t b) {
      const auto key = [](const Published& one) {
        return std::tie(one.policy, one.pct, one.testing);
      };
      return key(kinds[a].published) < key(kinds[b].published);
    });
    const auto source_rank = ranks_of(authored_.size(), [&](std::uint32_t a, std::uint32_t b) {
      const auto key = [&](const std::pair<std::uint32_t, std::uint32_t>& one) {
        const Shape& shape = *shapes_[one.first];
        return std::tie(shape.source, scan_.authors()[one.second], shape.outcome, shape.marked,
                        shape.lacks, shape.selectors);
      };
      return key(authored_[a]) < key(authored_[b]);
    });
    const auto key = [&](const DaySum& one) {
      return std::tuple(one.day, reporter_rank[one.report_kind], source_rank[one.number],
                        published_rank[one.report_kind]);
    };
    std::ranges::sort(days_, {}, key);
    // Only now is it known which reporters state selectors at all: the absence of a selector in
    // the reports of any other reporter is not evidence that it is unused.
    std::set<std::string> states_selectors;
    for (std::size_t i = 0; i < states_.size(); ++i) {
      if (states_[i]) states_selectors.insert(kinds[i].reporter);
    }
    for (std::size_t i = 0; i < days_.size(); ++i) {
      const DaySum& sum = days_[i];
      if (i > 0 && key(days_[i - 1]) == key(sum)) {
        out.back().messages += sum.messages;
        continue;
      }
      const ReportKind& report = kinds[sum.report_kind];
      const auto& [number, author] = authored_[sum.number];
      const Shape& shape = *shapes_[number];
      out.push_back({.day = sum.day,
                     .policy_domain = context_.name,
                     .header_from = scan_.authors()[author],
                     .reporter = report.reporter,
                     .source = shape.source,
                     .outcome = shape.outcome,
                     .marked = shape.marked,
                     .lacks = shape.lacks,
                     .selectors = shape.selectors,
                     .selectors_reported = states_selectors.contains(report.reporter),
                     .published = report.published,
                     .messages = sum.messages});
    }
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
    for (std::size_t i = 0; i < scanned_; ++i) groups[i].facts_id = static_cast<std::int64_t>(i);
    // One set of facts for all plain rows: they show nothing on which a name or the mark depends.
    Facts facts;
    facts.results.header_from = context_.name.text();
    const auto plain = std::make_shared<const Facts>(std::move(facts));
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
                          .facts = plain,
                          .facts_id = static_cast<std::int64_t>(number),
                          .trust = Trust::Verified,
                          .counts = mark == MailScan::kByCounting});
      }
    }
    shapes_of_specials_.assign(std::size_t{2} * specials, 0);
    std::ranges::sort(groups, [](const TrafficGroup& a, const TrafficGroup& b) {
      return std::tie(a.ip, a.facts_id) < std::tie(b.ip, b.facts_id);
    });
  }

  /// Chooses the sources without a service's name that keep a name of their own.
  Result<Ok> choose_named() {
    LargestNames names = named();
    if (names.offered() > kMostNamed) {
      // Only where they are too many does it matter how many messages the plain rows have.
      TRY_OK(count_plain());
      names = named();
    }
    for (const auto& [messages, name] : names.kept()) named_.insert(name);
    return Ok{};
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

  Result<Ok> count_plain() {
    auto& groups = analysis_.groups.groups;
    std::vector<std::uint32_t> position(scanned_ + shapes_of_specials_.size());
    for (std::size_t i = 0; i < groups.size(); ++i) {
      position[static_cast<std::size_t>(groups[i].facts_id)] = static_cast<std::uint32_t>(i);
    }
    return scan_.replay([&](const ScannedRow& row) {
      if (!scan_.kinds()[row.kind].plain || row.at == AddressTable::kNone) return;
      const std::uint32_t special = special_of_[row.at];
      if (special == 0) return;
      const std::size_t number = scanned_ + 2 * (special - 1) + (row.counts ? 0 : 1);
      groups[position[number]].messages += row.count;
    });
  }

  /// What got no answer, in few different texts: an outsider may use many addresses of one service.
  std::string lacks_of(const Classification& one) const {
    const bool many = one.lacks != 0 && is_service(one) && analysis_.lacks.size() > kMostNamed;
    return many ? std::string(kFurtherNames) : analysis_.lacks[one.lacks];
  }

  Shape shape_of(std::size_t group) {
    const Classification& one = analysis_.classifications[group];
    const Facts& facts = *analysis_.groups.groups[group].facts;
    Shape shape{.source = std::string(kUnmarkedSources),
                .outcome = outcome_of(one.category, facts),
                .marked = one.marked(),
                .lacks = lacks_of(one),
                .selectors = {}};
    // Without selectors and name: what anybody may write must not make more rows of evidence.
    if (is_anybodys(one)) return shape;
    std::set<std::string> selectors;
    for (const DkimAuth* signature : aligned_signatures(facts, domains_)) {
      if (!signature->selector.empty()) selectors.insert(signature->selector);
    }
    shape.selectors.assign(selectors.begin(), selectors.end());
    shape.source = label_of(group);
    if (is_service(one) || one.ignored || named_.contains(shape.source)) return shape;
    shape.source = kOtherSources;
    if (!shape.lacks.empty()) shape.lacks = kFurtherNames;
    return shape;
  }

  std::uint32_t number_of(Shape shape) {
    const auto [at, added] =
        known_.try_emplace(std::move(shape), static_cast<std::uint32_t>(shapes_.size()));
    if (added) shapes_.push_back(&at->first);
    return at->second;
  }

  void give_shapes() {
    const auto& groups = analysis_.groups.groups;
    unmarked_ = number_of(Shape{.source = std::string(kUnmarkedSources)});
    // Without an answer about a declared sender's record, any address may be one of its hosts.
    unlisted_ = namer_.lacks_record().empty()
                    ? unmarked_
                    : number_of(Shape{.source = std::string(kOtherSources),
                                      .lacks = std::string(kFurtherNames)});
    numbers_of_groups_.resize(scanned_);
    for (std::size_t i = 0; i < groups.size(); ++i) {
      const std::uint32_t shape = number_of(shape_of(i));
      const auto number = static_cast<std::size_t>(groups[i].facts_id);
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
  std::map<Shape, std::uint32_t> known_;
  std::vector<const Shape*> shapes_;  ///< By number; they point into known_.
  std::uint32_t unmarked_ = 0;        ///< The shape of plain rows that may come from anybody, ...
  std::uint32_t unlisted_ = 0;        ///< ... and of those whose address has no slot.
  std::unordered_map<Key, std::uint32_t> numbers_;                 ///< By shape and author.
  std::vector<std::pair<std::uint32_t, std::uint32_t>> authored_;  ///< Shape and author by number.
  std::vector<std::uint32_t> numbers_of_groups_;                   ///< Of the scan's groups.
  std::vector<std::uint32_t> special_of_;  ///< By slot; 0: its plain rows may come from anybody.
  std::vector<std::uint32_t> shapes_of_specials_;  ///< Two each, by reporters that count first.
  /// The messages of one day by kind of report and by number of shape and author.
  struct DaySum {
    Date day;
    std::uint32_t report_kind = 0;
    std::uint32_t number = 0;
    std::int64_t messages = 0;
  };
  std::vector<DaySum> days_;
  std::unordered_map<Key, std::int64_t> sums_;  ///< Of the day, by kind of report and number.
  Key last_key_ = 0;
  std::int64_t* sum_ = nullptr;  ///< Of last_key_.
  std::vector<bool> states_;     ///< By kind of report: some row states a selector.
  Date day_;
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
    TRY_OK(builder.append_to(evidence.rows));
  }
  // Each domain's rows are in order; the store's order of domains is that of text, not of labels.
  if (!std::ranges::is_sorted(evidence.rows, before)) {
    std::ranges::stable_sort(evidence.rows, before);
  }
  return evidence;
}

}  // namespace rampart::reports
