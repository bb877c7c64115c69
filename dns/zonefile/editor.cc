// Editing in two passes: EditPlanner decides what happens to each record, Rewriter writes the file.
// Deciding first keeps the choice of siblings independent of what has been written already.
#include <algorithm>
#include <array>
#include <set>

#include "dns/rdata.h"
#include "dns/zonefile/edit_checks.h"
#include "dns/zonefile/layout.h"
#include "dns/zonefile/parser.h"
#include "dns/zonefile/zone_file.h"
#include "dns/zonefile/zone_serial.h"

namespace rampart {
namespace {

using std::chrono::seconds;

struct Addition {
  RecordKey key;
  std::string value;
  seconds ttl;
};

// What the edits do to one record of the file.
struct RecordEdit {
  bool removed = false;
  std::optional<std::string> value;  ///< Resiblings the old value.
  std::optional<seconds> ttl;        ///< The new TTL.
  std::vector<Addition> after;       ///< New records after it.
};

// What the edits do to a file: one RecordEdit per record, and records for its end.
struct FileEdit {
  std::vector<RecordEdit> records;
  std::vector<Addition> at_end;
};

// The length of the common prefix of `a` and `b`.
std::size_t common_prefix(std::string_view a, std::string_view b) {
  return static_cast<std::size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
}

class EditPlanner {
 public:
  explicit EditPlanner(const ZoneParts& parts) : parts_(parts) {
    edit_.records.resize(parts.records.size());
  }

  void apply(const ZoneEdit& edit) {
    static const RecordSet kNothing{};
    const RecordSet& desired = edit.set ? *edit.set : kNothing;
    std::vector<std::size_t> kept;
    std::vector<std::size_t> leaving;
    // Values that remain are recognised by content, so a record that only moves in the set is not
    // rewritten.
    std::set<std::string> missing = desired.values;
    std::optional<seconds> least;
    bool shown_elsewhere = false;
    for (const ZoneEntry& entry : parts_.borrowed) {
      if (entry.key != edit.key) continue;
      least = std::min(least.value_or(entry.ttl), entry.ttl);
      missing.erase(entry.value);
      shown_elsewhere = shown_elsewhere || entry.ttl == desired.ttl;
    }
    for (std::size_t i = 0; i < parts_.records.size(); ++i) {
      const ZoneEntry& entry = parts_.records[i].entry;
      if (entry.key != edit.key) continue;
      least = std::min(least.value_or(entry.ttl), entry.ttl);
      missing.erase(entry.value);
      (desired.values.contains(entry.value) ? kept : leaving).push_back(i);
    }
    // A set whose smallest TTL is the desired one may keep its other TTLs: the edit does not
    // concern them. Where it would no longer be the smallest, every kept record gets the desired
    // TTL.
    const bool shown =
        !missing.empty() || shown_elsewhere || std::ranges::any_of(kept, [&](std::size_t i) {
          return parts_.records[i].entry.ttl == desired.ttl;
        });
    if (least != desired.ttl || !shown) change_ttls(kept, desired.ttl);
    replace(leaving, missing, desired.ttl);
    for (const std::size_t i : leaving) edit_.records[i].removed = true;
    for (const std::string& value : missing) add({edit.key, value, desired.ttl});
  }

  // Whether anything changes at all.
  // Without a change the serial stays: a new one would make secondaries transfer an equal zone.
  bool changes() const {
    return !edit_.at_end.empty() || std::ranges::any_of(edit_.records, [](const RecordEdit& edit) {
      return edit.removed || edit.value || edit.ttl || !edit.after.empty();
    });
  }

  const FileEdit& edit() const { return edit_; }

 private:
  void change_ttls(const std::vector<std::size_t>& kept, seconds ttl) {
    for (const std::size_t i : kept) {
      if (parts_.records[i].entry.ttl != ttl) edit_.records[i].ttl = ttl;
    }
  }

  // Puts missing values in place of leaving ones, the most similar pair first, so that a comment
  // stays with the record that it describes.
  void replace(std::vector<std::size_t>& leaving, std::set<std::string>& missing, seconds ttl) {
    constexpr std::size_t kMostCompared = 4096;  // Quadratic; above this, any order.
    while (!leaving.empty() && !missing.empty()) {
      const bool compares = leaving.size() * missing.size() <= kMostCompared;
      auto best_record = leaving.begin();
      auto best_value = missing.begin();
      std::size_t best = 0;
      for (auto record = leaving.begin(); compares && record != leaving.end(); ++record) {
        for (auto value = missing.begin(); value != missing.end(); ++value) {
          const std::size_t common = common_prefix(parts_.records[*record].entry.value, *value);
          // By prefix: an SPF record that gained a term, or a DMARC record with another policy,
          // begins as before.
          if (common <= best) continue;
          best = common;
          best_record = record;
          best_value = value;
        }
      }
      RecordEdit& edit = edit_.records[*best_record];
      edit.value = *best_value;
      edit.ttl = ttl;
      leaving.erase(best_record);
      missing.erase(best_value);
    }
  }

  // Next to its siblings: after the last record of the same set, otherwise of the same name,
  // otherwise of the same parent below the apex, otherwise at the end.
  void add(Addition addition) {
    const Name parent = addition.key.name.parent();
    // A name directly below the apex has nearly every other name as a sibling, which says nothing
    // about where it belongs.
    const bool below_apex = parent != apex() && parent.is_within(apex());
    std::array<std::optional<std::size_t>, 3> siblings;
    for (std::size_t i = 0; i < parts_.records.size(); ++i) {
      const RecordKey& key = parts_.records[i].entry.key;
      if (key == addition.key) siblings[0] = i;
      if (key.name == addition.key.name) siblings[1] = i;
      if (below_apex && key.name.parent() == parent) siblings[2] = i;
    }
    for (const std::optional<std::size_t>& sibling : siblings) {
      if (!sibling) continue;
      edit_.records[*sibling].after.push_back(std::move(addition));
      return;
    }
    edit_.at_end.push_back(std::move(addition));
  }

  const Name& apex() const {
    const auto soa =
        std::ranges::find(parts_.records, RecordType::SOA,
                          [](const ZoneRecord& record) { return record.entry.key.type; });
    return soa->entry.key.name;
  }

  const ZoneParts& parts_;
  FileEdit edit_;
};

// Octets of the file to be replaced.
struct Patch {
  std::size_t begin;
  std::size_t end;
  std::string text;
};

// Writes the file from top to bottom and tracks which owner and TTL a reader inherits at each
// position: a record that relied on a changed or removed predecessor gets them written out.
class Rewriter {
 public:
  Rewriter(const ZoneParts& parts, const FileEdit& edit, std::uint32_t serial)
      : parts_(parts), edit_(edit), style_(style_of(parts)), serial_(serial) {}

  std::string run() {
    // Records are in the order of their statements, so one index walks along.
    std::size_t next = 0;
    for (std::size_t i = 0; i < parts_.statements.size(); ++i) {
      origin_ = parts_.contexts[i].origin;
      default_ttl_ = parts_.contexts[i].default_ttl;
      unclear_ttl_ = !parts_.contexts[i].unclear_after.empty();
      if (next < parts_.records.size() && parts_.records[next].statement == i) {
        write_record(next++);
      } else {
        out_ += bytes(parts_.statements[i].begin, parts_.statements[i].end);
      }
    }
    // In the layout of the last record, since no other one is related.
    for (const Addition& addition : edit_.at_end) write_new(parts_.records.size() - 1, addition);
    return std::move(out_);
  }

 private:
  std::string_view bytes(std::size_t begin, std::size_t end) const {
    return parts_.text.substr(begin, end - begin);
  }

  const ZoneStatement& statement_of(const ZoneRecord& record) const {
    return parts_.statements[record.statement];
  }

  // Whether the type precedes every parenthesis, so that the data can be replaced by itself.
  bool is_plain(const ZoneRecord& record) const {
    const ZoneStatement& statement = statement_of(record);
    const std::size_t end = statement.words[record.type].end;
    return (!statement.open || *statement.open >= end) && record.type + 1 < statement.words.size();
  }

  void write_record(std::size_t index) {
    const ZoneRecord& record = parts_.records[index];
    const RecordEdit& edit = edit_.records[index];
    // A parenthesis around name or TTL leaves no span of octets that is the data alone.
    if (edit.value && !is_plain(record)) {
      write_new(index, {record.entry.key, *edit.value, edit.ttl.value_or(record.entry.ttl)});
    } else if (!edit.removed) {
      write_patched(record, edit);
    }
    for (const Addition& addition : edit.after) write_new(index, addition);
  }

  void write_patched(const ZoneRecord& record, const RecordEdit& edit) {
    // In the order of the file: each patch begins where the one before ended or later.
    std::vector<Patch> patches;
    patch_owner(record, patches);
    patch_ttl(record, edit.ttl.value_or(record.entry.ttl), patches);
    patch_data(record, edit, patches);
    std::size_t at = statement_of(record).begin;
    for (const Patch& patch : patches) {
      out_ += bytes(at, patch.begin);
      out_ += patch.text;
      at = patch.end;
    }
    out_ += bytes(at, statement_of(record).end);
  }

  // Writes the owner out where the one that it inherited no longer precedes it.
  void patch_owner(const ZoneRecord& record, std::vector<Patch>& patches) {
    const Name& name = record.entry.key.name;
    if (!record.owner && owner_ != name) {
      const std::size_t begin = statement_of(record).begin;
      const std::string owner = print_owner(name, *origin_, style_);
      std::size_t end = begin;
      // The name replaces blanks, so that the columns stay aligned.
      while (end - begin < owner.size() && bytes(end, end + 2) == "  ") ++end;
      patches.push_back({begin, end, owner});
    }
    owner_ = name;
  }

  void patch_ttl(const ZoneRecord& record, seconds ttl, std::vector<Patch>& patches) {
    const ZoneStatement& statement = statement_of(record);
    const std::string text = std::to_string(ttl.count());
    if (record.ttl) {
      const ZoneWord& word = statement.words[*record.ttl];
      if (ttl != record.entry.ttl) patches.push_back({word.begin, word.end, text});
    } else if (inherited_ttl() != ttl) {
      const std::size_t at = statement.words[record.owner ? 1 : 0].begin;
      patches.push_back({at, at, text + " "});
    }
    last_ttl_ = ttl;
  }

  // The TTL of a record without one at this position.
  std::optional<seconds> inherited_ttl() const {
    if (unclear_ttl_) return std::nullopt;
    return default_ttl_ ? default_ttl_ : last_ttl_;
  }

  void patch_data(const ZoneRecord& record, const RecordEdit& edit, std::vector<Patch>& patches) {
    const ZoneStatement& statement = statement_of(record);
    // Only the serial changes; the third word of the data, by RFC 1035 section 3.3.13.
    if (record.entry.key.type == RecordType::SOA) {
      const ZoneWord& word = statement.words[record.type + 3];
      patches.push_back({word.begin, word.end, std::to_string(serial_)});
      return;
    }
    if (!edit.value) return;
    std::size_t begin = statement.words[record.type + 1].begin;
    std::size_t end = statement.words.back().end;
    if (statement.open) begin = std::min(begin, *statement.open);
    if (statement.close) end = std::max(end, *statement.close);
    // In `v=DMARC1; p=none` without quotes, `; p=none` is a comment that was meant as data.
    if (end < parts_.text.size() && parts_.text[end] == ';') {
      end = std::min(parts_.text.find_first_of("\r\n", end), statement.end);
    }
    const std::size_t column = column_after(bytes(statement.begin, begin));
    patches.push_back({begin, end, print_data(record.entry.key.type, *edit.value, style_, column)});
  }

  void write_new(std::size_t model_index, const Addition& addition) {
    const ZoneRecord& model = parts_.records[model_index];
    if (!out_.empty() && out_.back() != '\n') out_ += style_.line_break;
    // A column of TTLs stays complete; otherwise a TTL is written only where it differs.
    const bool needs_ttl = model.ttl || inherited_ttl() != addition.ttl;
    out_ += print_like(parts_, model, style_,
                       {.key = addition.key,
                        .value = addition.value,
                        .ttl = needs_ttl ? std::optional(addition.ttl) : std::nullopt,
                        .owner_before = owner_,
                        .origin = *origin_});
    owner_ = addition.key.name;
    last_ttl_ = addition.ttl;
  }

  const ZoneParts& parts_;
  const FileEdit& edit_;
  ZoneStyle style_;
  std::uint32_t serial_;
  std::string out_;
  std::optional<Name> owner_;
  std::optional<seconds> last_ttl_;
  std::optional<seconds> default_ttl_;
  std::optional<Name> origin_;
  bool unclear_ttl_ = false;
};

}  // namespace

Result<std::string> edit_zone_file(const ZoneFile& file, std::span<const ZoneEdit> edits,
                                   std::optional<std::chrono::sys_days> today) {
  TRY_OK(check_edits(file.apex, edits));
  TRY(const ZoneParts parts, parse_zone_parts(file.apex, file.text, includes_of(file)));
  TRY_OK(check_borrowed(parts, edits));
  EditPlanner planner(parts);
  for (const ZoneEdit& edit : edits) planner.apply(edit);
  if (!planner.changes()) return file.text;
  const std::uint32_t serial = today ? next_serial(file.serial, *today) : file.serial;
  std::string text = Rewriter(parts, planner.edit(), serial).run();
  return proven(file, edits, serial, std::move(text));
}

}  // namespace rampart
