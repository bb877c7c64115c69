/// What DNS returned in earlier runs: host names of addresses, and answers about SPF records. They
/// keep sources named while a resolver returns nothing.
#include <charconv>

#include "reports/store/blocks.h"
#include "reports/store/statements.h"

namespace rampart::reports {
namespace {

Time moment(std::int64_t seconds) { return Time(std::chrono::seconds(seconds)); }

/// Values as one text: each as its length, a colon and its octets. TXT values may contain any
/// octet, so no separator is safe.
std::string packed(const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& one : values) text += std::to_string(one.size()) + ":" + one;
  return text;
}

std::optional<std::vector<std::string>> unpacked(std::string_view text) {
  std::vector<std::string> values;
  while (!text.empty()) {
    std::size_t size = 0;
    // A damaged entry is as good as none: the name is looked up again.
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), size);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (problem != std::errc() || !text.starts_with(':') || text.size() - 1 < size) return {};
    values.emplace_back(text.substr(1, size));
    text.remove_prefix(size + 1);
  }
  return values;
}

}  // namespace

Result<std::optional<KnownHost>> Store::host(const spf::Ip& ip) {
  Statement& find = statements_->host;
  TRY(const bool found, find.bind_blob(1, octets_of(ip)).step());
  std::optional<KnownHost> host;
  if (found) host = KnownHost{std::string(find.text(0)), moment(find.integer(1))};
  find.reset();
  return host;
}

/// The order is that of the primary key, so it costs no sort.
Result<Ok> Store::for_each_host(
    const std::function<void(const spf::Ip&, const KnownHost&)>& visit) {
  TRY(Statement all, database_.prepare("SELECT ip, host, seen FROM hosts ORDER BY ip"));
  Result<bool> row = all.step();
  for (; row && *row; row = all.step()) {
    visit(ip_of(all.text(0)), {std::string(all.text(1)), moment(all.integer(2))});
  }
  return row ? Result<Ok>(Ok{}) : row.error();
}

/// An empty name is stored as well: it says that the address has no confirmed name, and spares the
/// lookup until the entry is too old.
Result<Ok> Store::remember_host(const spf::Ip& ip, const std::string& host, Time now) {
  Statement& add = statements_->add_host;
  add.bind_blob(1, octets_of(ip)).bind(2, std::string_view(host));
  return add.bind(3, number(now)).run();
}

Result<std::optional<KnownAnswer>> Store::answer(const Question& question) {
  Statement& find = statements_->answer;
  const std::string type = to_text(question.type);
  find.bind(1, std::string_view(question.name.text())).bind(2, std::string_view(type));
  TRY(const bool found, find.step());
  std::optional<KnownAnswer> known;
  // A status out of range comes from a newer version, which may know more of them.
  const std::int64_t status = found ? find.integer(0) : -1;
  auto values = found ? unpacked(find.text(1)) : std::nullopt;
  constexpr auto kLast = static_cast<std::int64_t>(AnswerStatus::NxDomain);
  if (values && status >= 0 && status <= kLast) {
    known.emplace();
    known->answer.status = static_cast<AnswerStatus>(status);
    known->answer.values = std::move(*values);
    known->seen = moment(find.integer(2));
  }
  find.reset();
  return known;
}

Result<Ok> Store::remember_answer(const Question& question, const Answer& answer, Time now) {
  // A failure must not replace the last answer, which is what this table exists for.
  if (answer.status == AnswerStatus::Failed) return Ok{};
  Statement& add = statements_->add_answer;
  const std::string type = to_text(question.type);
  const std::string values = packed(answer.values_or_none());
  add.bind(1, std::string_view(question.name.text())).bind(2, std::string_view(type));
  // As a blob, because values may contain a NUL, at which SQLite's text functions end.
  add.bind(3, static_cast<std::int64_t>(answer.status)).bind_blob(4, values);
  return add.bind(5, number(now)).run();
}

}  // namespace rampart::reports
