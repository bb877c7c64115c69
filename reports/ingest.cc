/// Reports on their way into the store, many per transaction.
#include "reports/ingest.h"

#include <fmt/format.h>

#include <optional>
#include <set>

#include "policies/model/reporters.h"
#include "reports/dates.h"
#include "reports/identity.h"
#include "reports/outcome.h"
#include "reports/parse/parse_values.h"
#include "reports/parse/read.h"
#include "reports/plain_reports.h"
#include "reports/trust.h"

namespace rampart::reports {
namespace {

/// A commit costs about as much as writing some hundred reports (measurements.md E3). The limits on
/// rows and facts bound the memory instead.
constexpr std::size_t kMostReports = 500;
constexpr std::size_t kMostRows = 16'384;
constexpr std::size_t kMostFacts = 16'384;
constexpr std::size_t kMostFactOctets = 4 << 20;
/// Of what waits beside the rows: reports of other kinds, and the headers of the mails.
constexpr std::size_t kMostWaitingOctets = 4 << 20;

/// A report whose rows wait in memory for the next transaction.
struct PendingReport {
  ReportMeta meta;
  std::vector<PackedRow> rows;
  Carrier carrier;
  bool proved = false;  ///< A signature verifies it, whatever --trusted says.
};

}  // namespace

/// Collects reports until a transaction is worth its cost, then looks up all their DKIM keys at
/// once and writes them. A report with too many rows to wait in memory is written piece by piece in
/// a transaction of its own.
class Ingester::Run {
 public:
  Run(Store& store, const IngestOptions& options)
      : store_(store), options_(options), outcome_(options.now) {}

  void add_file(const std::string& path) {
    // A refused report is named by its location within archives; the input is what --quarantine
    // copies.
    input_ = path;
    visit_file(path, options_.limits, visitor_);
    ++outcome_.value().files;
  }

  void add_stream(const std::string& location, ByteSource source) {
    input_ = location;
    visit_stream(location, std::move(source), options_.limits, visitor_);
    ++outcome_.value().files;
  }

  void refuse(const std::string& location, const Error& error) {
    outcome_.refuse(location, error, input_);
  }

  /// Writes all pending reports in one transaction.
  Result<Ok> flush() {
    if (store_failure_) return *store_failure_;
    TRY_OK(or_fail(write_pending()));
    forget_facts_beyond_limit();
    return Ok{};
  }

  const Outcome& outcome() const { return outcome_; }
  const std::optional<Error>& store_failure() const { return store_failure_; }

 private:
  void begin(const std::string& location, Carrier carrier) {
    location_ = location;
    carrier_ = std::move(carrier);
    start_report();
    reader_.emplace(
        Handlers{[this](const Header& header, std::span<const Row> rows) -> Result<Ok> {
                   TRY_OK(count_messages(rows));
                   return or_fail(add_rows(header, rows));
                 },
                 [this](const Header& header) { return or_fail(complete_report(header)); }},
        cache_);
  }

  Result<Ok> feed(std::string_view octets) {
    if (store_failure_) return *store_failure_;
    return reader_->feed(octets);
  }

  void end(std::optional<Error> error) {
    if (!error) {
      const Result<Ok> finished = reader_->finish();
      if (!finished) error = finished.error();
    }
    reader_.reset();
    if (large_) {
      // The stream ended within a large report: nothing of its transaction is kept.
      store_.drop_large(facts_);
      abandon_transaction();
    }
    // After a failure of the store, the file itself is not at fault.
    if (error && !store_failure_) refuse(location_, *error);
    start_report();
    flush_if_full();
  }

  void start_report() {
    identity_.clear();
    current_ = PendingReport();
  }

  /// Sums over many reports must fit into their numbers, and no reporter receives so much mail.
  Result<Ok> count_messages(std::span<const Row> rows) {
    for (const Row& row : rows) {
      current_.meta.messages += row.count;
      if (current_.meta.messages <= kMostMessages) continue;
      return Error{fmt::format("its counts of messages add up to more than {}", kMostMessages)};
    }
    return Ok{};
  }

  Result<Ok> add_rows(const Header& header, std::span<const Row> rows) {
    for (const Row& row : rows) {
      // The rows are kept as numbers of facts: a million rows of a report mostly have a few dozen
      // different facts.
      const std::size_t known = facts_.size();
      const PackedRow packed{facts_.index_of(row, header), row.ip, row.count};
      if (facts_.size() > known) fact_octets_ += facts_.text(packed.facts).size();
      identity_.add(packed, facts_.text(packed.facts));
      if (facts_.contradicts(packed.facts)) ++current_.meta.contradictions;
      current_.rows.push_back(packed);
    }
    current_.meta.records += static_cast<std::int64_t>(rows.size());
    const bool full = current_.rows.size() > kMostRows || fact_octets_ > kMostFactOctets;
    if (large_ || full) return write_piece(header);
    return Ok{};
  }

  /// Moves the current report's rows to the store. The facts may be forgotten between pieces, but
  /// not by write_pending: until then the current rows refer to them.
  Result<Ok> write_piece(const Header& header) {
    if (!large_) {
      TRY_OK(write_pending());
      // A transaction of its own, so that a large report that turns out to be damaged takes no
      // other report with it.
      TRY_OK(store_.begin());
      large_ = true;
      TRY_OK(store_.begin_large(header));
    }
    TRY_OK(store_.add_large(current_.rows, facts_));
    current_.rows.clear();
    forget_facts_beyond_limit();
    return Ok{};
  }

  Result<Ok> complete_report(const Header& header) {
    current_.meta.header = header;
    current_.meta.identity = identity_.finish(header);
    current_.carrier = carrier_;
    // A report that the user vouches for is believed to be of the days that it states.
    current_.meta.arrived =
        options_.trust == Trust::Verified ? *header.begin : arrival_of(carrier_, options_.now);
    outcome_.remark_on(location_, header);
    if (large_) return complete_large();
    pending_rows_ += current_.rows.size();
    count_waiting(0, carrier_);
    pending_.push_back(std::move(current_));
    start_report();
    return Ok{};
  }

  /// The header of a mail waits with its reports; several reports of one mail share it.
  void count_waiting(std::size_t octets, const Carrier& carrier) {
    const bool counted = carrier == nullptr || carrier.get() == last_waiting_;
    waiting_octets_ += octets + (counted ? 0 : carrier->head.body_offset);
    last_waiting_ = carrier.get();
  }

  void add_json(const std::string& location, std::string_view json, const Carrier& carrier) {
    Result<TlsReport> report = read_tls_report(json);
    if (!report) return refuse(location, report.error());
    outcome_.remark_on_days(location, report->begin, report->end);
    plain_.add(std::move(report).value(), carrier);
    count_waiting(json.size(), carrier);
    flush_if_full();
  }

  void add_failure(const std::string& location, const FailureParts& parts, const Carrier& carrier) {
    Result<FailureReport> report =
        read_failure_report(parts.fields, parts.original, options_.addresses);
    if (!report) return refuse(location, report.error());
    // A mail of an impossible day counts on the day of the ingest.
    std::optional<Time>& arrival = report.value().arrival;
    if (arrival && !implausible_days(*arrival, *arrival, options_.now).empty()) arrival.reset();
    plain_.add(std::move(report).value(), carrier);
    count_waiting(parts.fields.size() + parts.original.size(), carrier);
    flush_if_full();
  }

  /// A visitor cannot report a failure here: it is kept and returned by the next call.
  void flush_if_full() {
    const bool full = pending_.size() + plain_.size() >= kMostReports ||
                      pending_rows_ >= kMostRows || waiting_octets_ >= kMostWaitingOctets ||
                      fact_octets_ > kMostFactOctets;
    if (full) (void)flush();
  }

  Result<Ok> complete_large() {
    // A large report waits for its keys alone: its rows are in the transaction already and cannot
    // wait for other reports.
    std::vector<TrustQuestion> questions = {question_of(current_)};
    evaluate_trust_of(questions);
    current_.meta.by_known = is_known(current_.meta.reporter);
    TRY(const Added added, store_.finish_large(current_.meta, facts_));
    TRY_OK(store_.commit());
    large_ = false;
    count(current_, added);
    start_report();
    return Ok{};
  }

  /// Evaluates twice: first to learn which keys are needed, so that those of all the reports are
  /// looked up at once, then with the keys.
  void evaluate_trust_of(std::span<const TrustQuestion> reports) {
    std::set<Question> unknown;
    const auto evaluate_all = [&] {
      for (const TrustQuestion& report : reports) {
        TrustEvaluation evaluation = evaluate_trust(
            report.carrier, *report.claim, {answers_, options_.organizations, options_.now});
        // --trusted changes the trust and not the reporter's name, which an unverified mail can
        // only claim.
        const bool vouched = options_.trust == Trust::Verified;
        *report.trust = vouched ? Trust::Verified : evaluation.trust;
        *report.reporter = std::move(evaluation.reporter);
        if (report.proved != nullptr) *report.proved = evaluation.trust == Trust::Verified;
        unknown.insert(evaluation.unknown.begin(), evaluation.unknown.end());
      }
    };
    evaluate_all();
    // One round is enough: a key is one TXT record, and a CNAME is followed by the resolver.
    if (unknown.empty() || !options_.resolve) return;
    options_.resolve(answers_, std::vector<Question>(unknown.begin(), unknown.end()));
    evaluate_all();
  }

  Result<Ok> write_pending() {
    if (pending_.empty() && plain_.size() == 0) return Ok{};
    std::vector<TrustQuestion> questions = plain_.questions();
    for (PendingReport& report : pending_) questions.push_back(question_of(report));
    evaluate_trust_of(questions);
    TRY_OK(store_.begin());
    std::vector<Added> added;
    for (PendingReport& report : pending_) {
      report.meta.by_known = is_known(report.meta.reporter);
      TRY(const Added one, store_.add(report.meta, report.rows, facts_));
      added.push_back(one);
    }
    const Date today = std::chrono::floor<std::chrono::days>(options_.now);
    TRY(const PlainCounts plain, plain_.write(store_, today));
    TRY_OK(store_.commit());
    // Counted only now: until the commit, none of them was certain to be kept.
    for (std::size_t i = 0; i < pending_.size(); ++i) count(pending_[i], added[i]);
    pending_.clear();
    pending_rows_ = 0;
    waiting_octets_ = 0;
    last_waiting_ = nullptr;
    plain_.clear();
    Ingested& sums = outcome_.value();
    sums.tls_reports += plain.tls_reports;
    sums.failure_reports += plain.failure_reports;
    sums.duplicates += plain.duplicates;
    return Ok{};
  }

  static TrustQuestion question_of(PendingReport& report) {
    return {report.carrier.get(), &report.meta.header, &report.meta.trust, &report.meta.reporter,
            &report.proved};
  }

  bool is_known(const std::string& reporter) const {
    return options_.organizations != nullptr &&
           reporter_kind(*options_.organizations, reporter) == ReporterKind::Known;
  }

  void count(const PendingReport& pending, Added added) {
    const ReportMeta& report = pending.meta;
    Ingested& sums = outcome_.value();
    ++(added == Added::Duplicate ? sums.duplicates : sums.reports);
    if (added == Added::Duplicate) return;
    sums.verified += report.trust == Trust::Verified ? 1 : 0;
    sums.vouched += report.trust == Trust::Verified && !pending.proved ? 1 : 0;
    sums.records += report.records;
    sums.messages += report.messages;
    const Header& header = report.header;
    sums.skipped_records += header.skipped_records;
    sums.set_aside += implausible_days(*header.begin, *header.end, options_.now).empty() ? 0 : 1;
  }

  void forget_facts_beyond_limit() {
    if (facts_.size() <= kMostFacts && fact_octets_ <= kMostFactOctets) return;
    facts_.clear();
    fact_octets_ = 0;
  }

  void abandon_transaction() {
    large_ = false;
    store_.rollback();
    facts_.forget_ids();
  }

  /// Passes a result of the store on. A failure ends the ingest: the transaction is undone and
  /// every later call returns it.
  Result<Ok> or_fail(Result<Ok> result) {
    if (!result) {
      abandon_transaction();
      store_failure_ = result.error();
    }
    return result;
  }

  Store& store_;
  const IngestOptions& options_;
  const Visitor visitor_{
      .begin = [this](const std::string& location,
                      Carrier carrier) { begin(location, std::move(carrier)); },
      .feed = [this](std::string_view octets) { return feed(octets); },
      .end = [this](const std::optional<Error>& error) { end(error); },
      .json = [this](const std::string& location, std::string_view json,
                     const Carrier& carrier) { add_json(location, json, carrier); },
      .failure = [this](const std::string& location, const FailureParts& parts,
                        const Carrier& carrier) { add_failure(location, parts, carrier); },
      // A mail that ends the process costs nothing that came before it.
      .before_heavy_mail = [this] { (void)flush(); },
      .refuse = [this](const std::string& location,
                       const Error& error) { refuse(location, error); }};
  Answers answers_;
  std::shared_ptr<RecordCache> cache_ = std::make_shared<RecordCache>();
  FactTable facts_;
  std::size_t fact_octets_ = 0;
  std::vector<PendingReport> pending_;
  std::size_t pending_rows_ = 0;
  std::size_t waiting_octets_ = 0;
  const CarryingMail* last_waiting_ = nullptr;
  PlainReports plain_;
  Outcome outcome_;
  std::optional<Error> store_failure_;

  std::string input_;
  std::string location_;  ///< Of the stream that is being read, as all below.
  Carrier carrier_;
  std::optional<Reader> reader_;
  PendingReport current_;
  IdentityHash identity_;
  bool large_ = false;  ///< The current report is written piece by piece.
};

Ingester::Ingester(Store& store, const IngestOptions& options)
    : run_(std::make_unique<Run>(store, options)) {}

Ingester::~Ingester() = default;

void Ingester::add_file(const std::string& path) { run_->add_file(path); }

void Ingester::add_stream(const std::string& location, ByteSource source) {
  run_->add_stream(location, std::move(source));
}

void Ingester::refuse(const std::string& location, const Error& error) {
  run_->refuse(location, error);
}

std::int64_t Ingester::refusals() const { return run_->outcome().refusals(); }

Result<Ok> Ingester::commit() { return run_->flush(); }

const Ingested& Ingester::outcome() const { return run_->outcome().value(); }

const std::optional<Error>& Ingester::store_failure() const { return run_->store_failure(); }

}  // namespace rampart::reports
