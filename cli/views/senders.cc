/// Lines and documents of `senders check`.
#include "cli/views/senders.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/counted.h"
#include "cli/views/json_parts.h"
#include "dns/txt.h"

namespace rampart {
namespace {

std::int64_t count_of(const std::vector<SenderCheck>& rows, RowState state) {
  std::int64_t count = 0;
  for (const SenderCheck& row : rows) {
    count += std::ranges::count(row.checks, state, &RowCheck::state);
  }
  return count;
}

Json check_json(const RowCheck& check) {
  return {{"fact", to_text(check.fact)},
          {"record", check.record},
          {"state", to_text(check.state)},
          {"detail", text_or_null(check.detail)}};
}

// `ok` is false where a fact moved, and where one is unknown: nothing was seen to hold there.
Json row_json(const SenderCheck& row) {
  return {{"id", row.sender->id},
          {"name", row.sender->name},
          {"ok", !row.any(RowState::Moved) && !row.any(RowState::Unknown)},
          {"checks", array_of(row.checks, check_json)},
          {"skipped", row.skipped}};
}

}  // namespace

std::string senders_check_text(const std::vector<SenderCheck>& rows, ShownFacts shown) {
  std::string text;
  std::int64_t skipped = 0;
  for (const SenderCheck& row : rows) {
    skipped += static_cast<std::int64_t>(row.skipped.size());
    for (const RowCheck& check : row.checks) {
      if (check.state == RowState::Holds && shown == ShownFacts::Differing) continue;
      text += fmt::format("{:<8}{}  {}", to_text(check.state), row.sender->id, check.record);
      // What a server answered may hold anything.
      if (!check.detail.empty()) text += ": " + printable(check.detail);
      text += '\n';
    }
  }
  text += fmt::format("{}: {} moved, {} unknown, {} as the catalogue says",
                      counted(rows.size(), "service"), count_of(rows, RowState::Moved),
                      count_of(rows, RowState::Unknown), count_of(rows, RowState::Holds));
  if (skipped > 0) {
    text += fmt::format("; {} with values of one customer cannot be checked",
                        counted(skipped, "record"));
  }
  return text + '\n';
}

std::string senders_check_json(const std::vector<SenderCheck>& rows) {
  return document({{"senders", array_of(rows, row_json)},
                   {"moved", count_of(rows, RowState::Moved)},
                   {"unknown", count_of(rows, RowState::Unknown)}});
}

}  // namespace rampart
