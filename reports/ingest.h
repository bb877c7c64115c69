/// Ingests reports: every input is opened, read, checked for its sender and stored. What is refused
/// is listed with its reason and does not stop the rest.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "policies/model/config.h"
#include "reports/input/unpack.h"
#include "reports/store/store.h"

namespace rampart::reports {

/// Adds the answers to questions: by a resolver, or from a test's table.
using Resolve = std::function<void(Answers& answers, std::span<const Question> questions)>;

/// Progress of a long ingest.
struct Progress {
  std::size_t files = 0;  ///< Done, of `of_files`.
  std::size_t of_files = 0;
  std::uint64_t octets = 0;  ///< Read from files.
  std::int64_t reports = 0;  ///< New ones.
};

/// How inputs are read, and what is called meanwhile.
struct IngestOptions {
  const Config* organizations = nullptr;  ///< Its built-in list of them, or null.
  InputLimits limits;
  Trust trust = Trust::Asserted;  ///< Verified: the user vouches for every report.
  AddressPrivacy addresses = AddressPrivacy::Redacted;  ///< In failure reports.
  Time now;
  Resolve resolve;                                ///< For DKIM keys; empty: no key is looked up.
  std::function<void(const Progress&)> progress;  ///< Called after each file; may be empty.
};

/// An input, or a part of one, that is not in the store.
struct Refused {
  std::string file;   ///< Its location within the input: "box.mbox#3/report.xml.gz".
  std::string error;  ///< The reason, one sentence.
  std::string input;  ///< The input as it was named.

  bool operator==(const Refused&) const = default;
};

/// A report that was read, but not as it is: in part, or set aside.
struct Remark {
  std::string file;  ///< Its location, as in Refused.
  std::string text;  ///< One sentence.

  bool operator==(const Remark&) const = default;
};

/// The day before which no report can have been made: DMARC was published in January 2012.
constexpr Date kFirstReportDay{std::chrono::year(2012) / 1 / 1};
/// How far a reporter's clock and time zone may be ahead.
constexpr std::chrono::days kClockTolerance{2};

/// The outcome of an ingest (contract section 4).
struct Ingested {
  std::int64_t files = 0;
  std::int64_t reports = 0;  ///< New ones.
  std::int64_t duplicates = 0;
  std::int64_t verified = 0;  ///< Of the new ones.
  std::int64_t vouched = 0;   ///< Of the verified ones: by --trusted alone, without a signature.
  std::int64_t records = 0;
  std::int64_t messages = 0;
  std::int64_t skipped_records = 0;  ///< Of the new ones: records whose address is none.
  std::int64_t tls_reports = 0;      ///< New ones, as the next; not among `reports`.
  std::int64_t failure_reports = 0;
  std::int64_t set_aside = 0;  ///< Of the new ones: reports of days that cannot be.
  std::vector<Remark> remarks;
  std::vector<Refused> refused;
  std::int64_t unlisted = 0;  ///< Refused and remarked beyond the lists, which end at kMostListed.
};

/// The longest lists of an outcome: one small file can hold millions of things to refuse.
constexpr std::size_t kMostListed = 10'000;

/// Ingests inputs one after the other, from files or streams. The store and the options must
/// outlive it.
class Ingester {
 public:
  Ingester(Store& store, const IngestOptions& options);
  ~Ingester();
  Ingester(const Ingester&) = delete;
  Ingester& operator=(const Ingester&) = delete;

  /// Reads one input to its end. What is refused of it is in the outcome at once; a failure of the
  /// store is kept for `commit`.
  void add_file(const std::string& path);
  void add_stream(const std::string& location, ByteSource source);
  /// Lists an input as refused that was not even read.
  void refuse(const std::string& location, const Error& error);
  /// How much was refused so far, listed or not.
  std::int64_t refusals() const;
  /// After it, everything added so far is in the store; an Error where the store failed.
  Result<Ok> commit();

  const Ingested& outcome() const;
  /// The failure of the store that ended the ingest, if any.
  const std::optional<Error>& store_failure() const;

 private:
  class Run;
  std::unique_ptr<Run> run_;
};

/// Ingests files. An Error only where the store itself fails; what was committed before remains.
Result<Ingested> ingest(const std::vector<std::string>& files, Store& store,
                        const IngestOptions& options);

}  // namespace rampart::reports
