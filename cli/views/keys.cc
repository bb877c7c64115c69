/// The output of `rotate` and of the `keys` commands.
#include "cli/views/keys.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/counted.h"
#include "cli/views/json_parts.h"
#include "mail/dkim/key.h"
#include "policies/dkim/names.h"

namespace rampart {
namespace {

// Times of rotations are exact inside the program; people plan by days.
std::string day(Time time) { return to_text(std::chrono::floor<std::chrono::days>(time)); }

// JSON has the bare word; beside a path in text it would not read as a sentence.
std::string_view storage_of(KeyForm form) {
  switch (form) {
    case KeyForm::Plain:
      return "unencrypted";
    case KeyForm::Passphrase:
      return "encrypted with the passphrase";
    case KeyForm::Recipients:
      return "encrypted to the recipients";
  }
  return "";
}

// In the order in which they are carried out.
std::vector<std::string> actions_of(const RotationRun& run) {
  const RotationStep& step = run.step;
  std::vector<std::string> actions;
  if (!run.compromised.empty()) {
    actions.push_back(fmt::format("mark {} as compromised", run.compromised));
  }
  if (step.make) actions.push_back(fmt::format("make the key {}", *step.make));
  // The dates are noted in the YAML, because there is no other state: the next run computes from
  // them.
  if (step.published) actions.push_back("record that the next key is on every server");
  if (step.promote) actions.push_back(step.what);
  if (step.signing_since)
    actions.push_back("record the day from which the signer uses the current key");
  for (const auto& [selector, seen] : step.revoked) {
    actions.push_back(fmt::format("record that {} is revoked in DNS", selector));
  }
  return actions;
}

/// "on 2027-03-06 or later"; "now" where that day has come.
std::string on_or_after(Time due, Date today) {
  return std::chrono::floor<std::chrono::days>(due) <= today
             ? "now"
             : fmt::format("on {} or later", day(due));
}

/// What the date of a selector's next state means; empty without one.
std::string next_state(const SelectorState& state) {
  if (!state.changes) return "";
  const std::string on = day(*state.changes);
  switch (state.state) {
    case KeyState::Published:
      return fmt::format("; it can become the current key on {} or later", on);
    case KeyState::Retiring:
      return fmt::format("; it can be revoked on {} or later", on);
    case KeyState::Revoked:
      return fmt::format("; its record can be removed on {} or later", on);
    case KeyState::Pending:
    case KeyState::Active:
    case KeyState::Removed:
      break;
  }
  return fmt::format("; its state changes on {} or later", on);
}

// What is left to a person after the YAML is written: DNS, the signer, or nothing.
std::string steps_after_writing(const std::vector<RotationRun>& runs, Date today) {
  const bool publishes = std::ranges::any_of(
      runs, [](const RotationRun& run) { return run.step.make || !run.compromised.empty(); });
  const bool promotes = std::ranges::any_of(runs, [](const auto& run) { return run.step.promote; });
  std::string text = "Written into the YAML.\n";
  if (publishes) {
    text += "Next: publish the new key with `rampart apply`, then run `rampart rotate` again.\n";
  }
  if (promotes) {
    text +=
        "Next: give the current key to the signer with `rampart keys export`, and reload the "
        "signer.\n";
  }
  std::optional<Time> due;
  for (const RotationRun& run : runs) {
    if (run.acts() && run.step.due) due = std::min(due.value_or(*run.step.due), *run.step.due);
  }
  if (!publishes && !promotes && due) {
    text += fmt::format("Next: run `rampart rotate` again {}.\n", on_or_after(*due, today));
  }
  return text;
}

// The day is enough: rotations act once a day at most.
Json selector_state_json(const SelectorState& state) {
  return {{"selector", state.selector},
          {"state", to_text(state.state)},
          {"until", state.changes ? Json(day(*state.changes)) : Json()},
          {"reason", text_or_null(state.why)},
          {"hold", text_or_null(state.hold)}};
}

// From the public half in the folder, so that it is what was stored and not what was meant.
std::string record_of(const KeyEntry& entry, const KeyFolder& folder) {
  const auto text = folder.public_half(entry.place);
  const auto record = text ? dkim::key_from_pem(*text) : Result<dkim::KeyRecord>(Error{});
  return record ? dkim::print_key(*record) : "";
}

}  // namespace

// `next` is null where nothing is due, so that a program tests one member.
std::string rotate_json(const std::vector<RotationRun>& runs) {
  const auto run_json = [](const RotationRun& run) {
    const RotationStep& step = run.step;
    const Json next{{"date", step.due ? day(*step.due) : ""}, {"what", step.what}};
    return Json{{"domain", run.domain.text()},
                {"name", run.spec.name},
                {"selectors", array_of(step.selectors, selector_state_json)},
                {"actions", actions_of(run)},
                {"next", step.due ? next : Json()}};
  };
  return document({{"rotations", array_of(runs, run_json)}});
}

// Actions have an arrow, since a list of states hides what will happen.
std::string rotate_text(const std::vector<RotationRun>& runs, Written written, Date today) {
  if (runs.empty()) return "No domain has a rotation.\n";
  std::string text;
  bool acts = false;
  for (const RotationRun& run : runs) {
    text += fmt::format("{}, rotation {}\n", run.domain.unicode(), run.spec.name);
    for (const SelectorState& state : run.step.selectors) {
      // Its next state is reached in this run: the action below shows it.
      const bool done = run.step.promote && state.state == KeyState::Published;
      text += fmt::format("  {:<24} {}{}{}\n", state.selector, to_text(state.state),
                          state.why.empty() ? "" : ": " + state.why, done ? "" : next_state(state));
    }
    for (const std::string& action : actions_of(run)) text += fmt::format("  -> {}\n", action);
    // Not where something is done now: the date of the step after it is known only then.
    if (run.step.due && !run.acts()) {
      text += fmt::format("  next: {}, {}\n", run.step.what, on_or_after(*run.step.due, today));
    }
    acts = acts || run.acts();
  }
  if (!acts) return text;
  return text + (written == Written::Yes
                     ? steps_after_writing(runs, today)
                     : "Nothing was written. Run the command again with --write to do this.\n");
}

// Null where nothing is known: a key without a YAML has no state, which differs from being unused.
std::string keys_json(const std::vector<KeyRow>& rows) {
  const auto row_json = [](const KeyRow& row) {
    const KeyEntry& entry = row.entry;
    return Json{{"domain", entry.place.domain.text()},
                {"selector", entry.place.selector},
                {"algorithm", text_or_null(entry.algorithm)},
                {"fingerprint", text_or_null(entry.fingerprint)},
                {"made", text_or_null(entry.made)},
                {"age_days", or_null(row.age_days)},
                {"state", text_or_null(row.state)},
                {"published", text_or_null(row.published)},
                {"next", text_or_null(row.next)},
                {"private", entry.private_key ? Json(to_text(*entry.private_key)) : Json()},
                {"error", text_or_null(entry.error)}};
  };
  return document({{"keys", array_of(rows, row_json)}});
}

// JSON has the one word; a person needs to know what is unclear.
std::string published_clause(const std::string& word) {
  if (word == "yes") return "published in DNS";
  if (word == "no") return "not published in DNS";
  if (word == "revoked") return "revoked in DNS";
  return "unclear in DNS (another key, not on every server, or no answer)";
}

// A key without a private half is normal where another host signs, and says so.
std::string keys_text(const std::vector<KeyRow>& rows) {
  if (rows.empty()) return "The key folder is empty.\n";
  const auto name_of = [](const KeyRow& row) {
    return row.entry.place.domain.unicode() + " " + row.entry.place.selector;
  };
  std::size_t width = 0;
  for (const KeyRow& row : rows) width = std::max(width, name_of(row).size());
  std::string text;
  for (const KeyRow& row : rows) {
    const KeyEntry& entry = row.entry;
    text += fmt::format("{:<{}}  {}", name_of(row), width,
                        entry.error.empty() ? entry.algorithm : "unreadable: " + entry.error);
    if (row.age_days) text += fmt::format(", {} old", counted(*row.age_days, "day"));
    if (!row.state.empty()) text += ", " + row.state;
    if (!row.published.empty()) text += ", " + published_clause(row.published);
    if (!row.next.empty()) text += fmt::format(", next change on {} or later", row.next);
    text += fmt::format(", private key: {}\n",
                        entry.private_key ? storage_of(*entry.private_key) : "not stored here");
  }
  return text;
}

// The record is part of the answer, as the caller may have to publish it.
std::string made_keys_json(const std::vector<KeyEntry>& entries, const KeyFolder& folder) {
  const auto row_json = [&](const KeyEntry& entry) {
    return Json{{"domain", entry.place.domain.text()},
                {"selector", entry.place.selector},
                {"algorithm", entry.algorithm},
                {"fingerprint", entry.fingerprint},
                {"record", record_of(entry, folder)},
                {"private", entry.private_key ? Json(to_text(*entry.private_key)) : Json()},
                {"public_key", folder.path_of(entry.place, ".pub")}};
  };
  return document({{"keys", array_of(entries, row_json)}});
}

// The record is printed in full: some people publish it by hand before Rampart does.
std::string made_keys_text(const std::vector<KeyEntry>& entries, const KeyFolder& folder) {
  std::string text;
  for (const KeyEntry& entry : entries) {
    text += fmt::format("{}: {}, {}\n", folder.path_of(entry.place, ".pub"), entry.algorithm,
                        entry.fingerprint);
    if (entry.private_key) {
      text += fmt::format("{}: {}\n", folder.path_of(entry.place, ".key"),
                          storage_of(*entry.private_key));
    }
    text += fmt::format("{}._domainkey.{} TXT {}\n", entry.place.selector,
                        entry.place.domain.text(), record_of(entry, folder));
  }
  for (const KeyEntry& entry : entries) {
    text += fmt::format(
        "Next: if the YAML does not name {0} yet, add `- {{selector: {0}, public_key: {1}}}` under "
        "`dkim:` of {2}; then publish it with `rampart apply`.\n",
        entry.place.selector, rotation_key_path(entry.place.domain, entry.place.selector),
        entry.place.domain.text());
  }
  return text;
}

}  // namespace rampart
