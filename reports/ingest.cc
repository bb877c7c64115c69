/// Reports on their way into the store, many to a transaction.
#include "reports/ingest.h"

#include <filesystem>
#include <optional>
#include <set>

#include "mail/dkim/crypto.h"
#include "reports/parse/read.h"
#include "reports/trust.h"

namespace rampart::reports {
namespace {

/// measurements.md E3: many reports to a transaction; more rows than this are not held in memory.
constexpr std::size_t kMostReports = 500;
constexpr std::size_t kMostRows = 16'384;
constexpr std::size_t kMostFacts = 16'384;

/// A report whose rows wait in memory.
struct Waiting {
  ReportMeta meta;
  std::vector<PackedRow> rows;
  std::shared_ptr<const CarryingMail> carrier;
};

/// Hashes what makes two reports one.
class Identity {
 public:
  void add(const PackedRow& row, const std::string& facts) {
    text_.append(reinterpret_cast<const char*>(row.ip.octets.data()), row.ip.v6 ? 16 : 4);
    text_ += std::to_string(row.count);
    text_ += '\n';
    text_ += facts;
    text_ += '\n';
    if (text_.size() >= kPiece) hash_text();
  }

  void clear() {
    text_.clear();
    records_.reset();
  }

  /// The first 16 octets of a SHA-256 are more than enough to tell reports apart.
  std::string finish(const Header& header) {
    hash_text();
    dkim::Sha256 all;
    for (const std::string& part :
         {header.org.empty() ? header.email : header.org, header.domain, header.id}) {
      all.add(part);
      all.add(std::string_view("\0", 1));
    }
    all.add(std::to_string(header.begin->time_since_epoch().count()) + "-");
    all.add(std::to_string(header.end->time_since_epoch().count()) + "\n");
    all.add(records_->finish());
    records_.reset();
    return all.finish().substr(0, 16);
  }

 private:
  /// Hashing pays for what is large.
  static constexpr std::size_t kPiece = 16 << 10;

  void hash_text() {
    if (!records_) records_.emplace();
    records_->add(text_);
    text_.clear();
  }

  std::optional<dkim::Sha256> records_;
  std::string text_;
};

class IngestRun {
 public:
  IngestRun(Store& store, const IngestOptions& options) : store_(store), options_(options) {}

  Visitor visitor() {
    return {
        .begin =
            [this](const std::string& place, std::shared_ptr<const CarryingMail> carrier) {
              begin(place, std::move(carrier));
            },
        .feed = [this](std::string_view octets) { return feed(octets); },
        .end = [this](const std::optional<Error>& error) { end(error); },
        .refuse = [this](const std::string& place, const Error& error) { refuse(place, error); }};
  }

  /// Writes what waits. Everything of it is there afterwards, or nothing.
  Result<Ok> flush() {
    if (fault_) return *fault_;
    if (waiting_.empty()) return Ok{};
    judge_all();
    if (Result<Ok> written = write(); !written) return fail(written.error());
    waiting_.clear();
    rows_ = 0;
    if (facts_.size() > kMostFacts) facts_.clear();
    return Ok{};
  }

  void open(const std::string& file, const Visitor& visitor) {
    input_ = file;
    visit_file(file, options_.limits, visitor);
  }

  void open(const std::string& place, ByteSource pull, const Visitor& visitor) {
    input_ = place;
    visit_stream(place, std::move(pull), options_.limits, visitor);
  }

  Ingested& outcome() { return done_; }
  const std::optional<Error>& fault() const { return fault_; }

 private:
  void refuse(const std::string& place, const Error& error) {
    done_.refused.push_back({place, sentence(error), input_});
  }

  void begin(const std::string& place, std::shared_ptr<const CarryingMail> carrier) {
    place_ = place;
    carrier_ = std::move(carrier);
    restart();
    reader_.emplace(Handlers{[this](const Header& header, std::span<const Row> rows) {
                               return take(header, rows);
                             },
                             [this](const Header& header) { return complete(header); }},
                    shapes_);
  }

  Result<Ok> feed(std::string_view octets) {
    if (fault_) return *fault_;
    return reader_->feed(octets);
  }

  void end(std::optional<Error> error) {
    if (!error) {
      const Result<Ok> finished = reader_->finish();
      if (!finished) error = finished.error();
    }
    reader_.reset();
    if (large_) {
      store_.drop_large(facts_);
      close_large();
    }
    if (error && !fault_) refuse(place_, *error);
    restart();
    // One file may hold any number of reports; a fault is kept and told at the next one.
    if (is_full()) (void)flush();
  }

  bool is_full() const { return waiting_.size() >= kMostReports || rows_ >= kMostRows; }

  void restart() {
    identity_.clear();
    current_ = Waiting();
  }

  Result<Ok> take(const Header& header, std::span<const Row> rows) {
    for (const Row& row : rows) {
      const PackedRow packed{facts_.index_of(row, header), row.ip, row.count};
      identity_.add(packed, facts_.text(packed.facts));
      current_.meta.messages += row.count;
      current_.meta.contradictions += (facts_.text(packed.facts)[0] - '0') >= 4 ? 1 : 0;
      current_.rows.push_back(packed);
    }
    current_.meta.records += static_cast<std::int64_t>(rows.size());
    if (large_ || current_.rows.size() > kMostRows) return spill(header);
    return Ok{};
  }

  /// A report too large to wait in memory goes to the store piece by piece.
  Result<Ok> spill(const Header& header) {
    if (!large_) {
      if (Result<Ok> flushed = write_waiting(); !flushed) return flushed;
      if (Result<Ok> begun = store_.begin(); !begun) return fail(begun.error());
      large_ = true;
      if (Result<Ok> begun = store_.begin_large(header); !begun) return fail(begun.error());
    }
    if (Result<Ok> added = store_.add_large(current_.rows, facts_); !added) {
      return fail(added.error());
    }
    current_.rows.clear();
    if (facts_.size() > kMostFacts) facts_.clear();
    return Ok{};
  }

  /// As flush, but the facts stay: the report in hand refers to them.
  Result<Ok> write_waiting() {
    if (waiting_.empty()) return Ok{};
    judge_all();
    if (Result<Ok> written = write(); !written) return fail(written.error());
    waiting_.clear();
    rows_ = 0;
    return Ok{};
  }

  Result<Ok> complete(const Header& header) {
    current_.meta.header = header;
    current_.meta.identity = identity_.finish(header);
    current_.carrier = carrier_;
    if (large_) return complete_large();
    rows_ += current_.rows.size();
    waiting_.push_back(std::move(current_));
    restart();
    return Ok{};
  }

  Result<Ok> complete_large() {
    std::vector<Question> unknown;
    check_one(current_, unknown);
    if (!unknown.empty() && options_.resolve) {
      options_.resolve(answers_, unknown);
      check_one(current_, unknown);
    }
    const Result<Added> added = store_.finish_large(current_.meta, facts_);
    if (!added) return fail(added.error());
    if (Result<Ok> committed = store_.commit(); !committed) return fail(committed.error());
    large_ = false;
    count(current_.meta, *added);
    restart();
    return Ok{};
  }

  /// After a large report was dropped: nothing of the transaction is left.
  void close_large() {
    large_ = false;
    store_.rollback();
    facts_.forget_ids();
  }

  void check_one(Waiting& report, std::vector<Question>& unknown) {
    Judgement judgement =
        evaluate(report.carrier.get(), report.meta.header, answers_, options_.now);
    if (options_.trust == Trust::Verified) judgement.trust = Trust::Verified;
    report.meta.trust = judgement.trust;
    report.meta.reporter = judgement.reporter;
    unknown.insert(unknown.end(), judgement.unknown.begin(), judgement.unknown.end());
  }

  /// Two rounds: the keys of the whole batch are asked at once.
  void judge_all() {
    std::vector<Question> unknown;
    for (Waiting& report : waiting_) check_one(report, unknown);
    if (unknown.empty() || !options_.resolve) return;
    const std::set<Question> once(unknown.begin(), unknown.end());
    options_.resolve(answers_, std::vector<Question>(once.begin(), once.end()));
    for (Waiting& report : waiting_) check_one(report, unknown);
  }

  Result<Ok> write() {
    if (Result<Ok> begun = store_.begin(); !begun) return begun;
    std::vector<Added> added;
    for (const Waiting& report : waiting_) {
      const Result<Added> one = store_.add(report.meta, report.rows, facts_);
      if (!one) return one.error();
      added.push_back(*one);
    }
    if (Result<Ok> committed = store_.commit(); !committed) return committed;
    for (std::size_t i = 0; i < waiting_.size(); ++i) count(waiting_[i].meta, added[i]);
    return Ok{};
  }

  void count(const ReportMeta& report, Added added) {
    if (added == Added::Duplicate) {
      ++done_.duplicates;
      return;
    }
    ++done_.reports;
    done_.verified += report.trust == Trust::Verified ? 1 : 0;
    done_.records += report.records;
    done_.messages += report.messages;
  }

  Error fail(const Error& error) {
    store_.rollback();
    facts_.forget_ids();
    large_ = false;
    fault_ = error;
    return error;
  }

  Store& store_;
  const IngestOptions& options_;
  Answers answers_;
  std::shared_ptr<RecordCache> shapes_ = std::make_shared<RecordCache>();
  FactTable facts_;
  std::vector<Waiting> waiting_;
  std::size_t rows_ = 0;
  Ingested done_;
  std::optional<Error> fault_;

  std::string input_;

  // The stream in hand.
  std::string place_;
  std::shared_ptr<const CarryingMail> carrier_;
  std::optional<Reader> reader_;
  Waiting current_;
  Identity identity_;
  bool large_ = false;
};

}  // namespace

struct Ingester::State {
  IngestRun ingest_run;
  Visitor visitor;

  State(Store& store, const IngestOptions& options)
      : ingest_run(store, options), visitor(ingest_run.visitor()) {}
};

Ingester::Ingester(Store& store, const IngestOptions& options)
    : state_(std::make_unique<State>(store, options)) {}

Ingester::~Ingester() = default;

void Ingester::take(const std::string& place, ByteSource pull) {
  state_->ingest_run.open(place, std::move(pull), state_->visitor);
  ++state_->ingest_run.outcome().files;
}

void Ingester::refuse(const std::string& place, const Error& error) {
  state_->visitor.refuse(place, error);
}

Result<Ok> Ingester::commit() { return state_->ingest_run.flush(); }

const Ingested& Ingester::outcome() const { return state_->ingest_run.outcome(); }

Result<Ingested> ingest(const std::vector<std::string>& files, Store& store,
                        const IngestOptions& options) {
  IngestRun ingest_run(store, options);
  const Visitor visitor = ingest_run.visitor();
  Progress progress{.of_files = files.size()};
  for (const std::string& file : files) {
    ingest_run.open(file, visitor);
    if (ingest_run.fault()) return *ingest_run.fault();
    ++ingest_run.outcome().files;
    if (options.progress) {
      std::error_code none;
      const auto size = std::filesystem::file_size(file, none);
      if (!none) progress.octets += size;
      ++progress.files;
      progress.reports = ingest_run.outcome().reports;
      options.progress(progress);
    }
  }
  if (Result<Ok> flushed = ingest_run.flush(); !flushed) return flushed.error();
  return std::move(ingest_run.outcome());
}

}  // namespace rampart::reports
