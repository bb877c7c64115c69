/// Taking reports in: whatever is named is opened, read, judged and stored; what is refused is
/// listed with its reason and stops nothing else.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "reports/input/unpack.h"
#include "reports/store/store.h"

namespace rampart::reports {

/// Answers questions: through a resolver, or a test's table.
using Resolve = std::function<void(Answers& answers, std::span<const Question> questions)>;

/// How far a long ingest has come.
struct Progress {
  std::size_t files = 0;  ///< Done, of `of_files`.
  std::size_t of_files = 0;
  std::uint64_t octets = 0;  ///< Read from files.
  std::int64_t reports = 0;
};

struct IngestOptions {
  InputLimits limits;
  Trust trust = Trust::Asserted;  ///< Verified: the user vouches for all of it.
  Time now;
  Resolve resolve;                                ///< For the keys of mails; empty: none is asked.
  std::function<void(const Progress&)> progress;  ///< Called after each file.
};

struct Refused {
  std::string file;  ///< Where it stands: "box.mbox#3/report.xml.gz".
  std::string error;
  std::string input;  ///< The file that was handed in.

  bool operator==(const Refused&) const = default;
};

/// What became of it all (contract section 4).
struct Ingested {
  std::int64_t files = 0;
  std::int64_t reports = 0;  ///< New ones.
  std::int64_t duplicates = 0;
  std::int64_t verified = 0;  ///< Of the new ones.
  std::int64_t records = 0;
  std::int64_t messages = 0;
  std::vector<Refused> refused;
};

/// Takes inputs in one after the other, as ingest does, from wherever they come. The store and the
/// options must outlive it.
class Ingester {
 public:
  Ingester(Store& store, const IngestOptions& options);
  ~Ingester();
  Ingester(const Ingester&) = delete;
  Ingester& operator=(const Ingester&) = delete;

  /// Reads one input to its end; what is refused of it stands in the outcome at once.
  void take(const std::string& place, ByteSource pull);
  /// Lists an input as refused that was not even read.
  void refuse(const std::string& place, const Error& error);
  /// After it, all that was taken is in the store; an Error where the store failed.
  Result<Ok> commit();

  const Ingested& outcome() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Ingests files; an Error only where the store itself fails. What was committed before stays.
Result<Ingested> ingest(const std::vector<std::string>& files, Store& store,
                        const IngestOptions& options);

}  // namespace rampart::reports
