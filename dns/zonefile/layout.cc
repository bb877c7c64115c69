#include "dns/zonefile/layout.h"

#include <algorithm>
#include <ranges>

#include "dns/rdata.h"
#include "dns/txt.h"

namespace rampart {
namespace {

// What terminals, editors and `cat` use for zone files.
constexpr std::size_t kTab = 8;

// The blanks between two words; one blank where there is anything else, such as a parenthesis.
std::string_view gap(const ZoneParts& parts, std::size_t begin, std::size_t end) {
  const std::string_view between = parts.text.substr(begin, end - begin);
  const bool blank = !between.empty() && between.find_first_not_of(" \t") == std::string::npos;
  return blank ? between : " ";
}

// Blanks after `line` so that the next word begins at column `target`. A gap of one blank is a
// separator and not an alignment, so it stays one blank.
std::string fill(const std::string& line, std::string_view model_gap, std::size_t target) {
  std::string blanks;
  if (model_gap.find('\t') != std::string_view::npos) {
    // Tabs are kept as tabs, at least one, until the column of the model is reached.
    do {
      blanks += '\t';
    } while (column_after(line + blanks) < target);
    return blanks;
  }
  if (model_gap.size() == 1) return " ";
  const std::size_t column = column_after(line);
  return std::string(column < target ? target - column : 1, ' ');
}

// Writes a record word by word, aligned to the columns of a model.
class Writer {
 public:
  Writer(const ZoneParts& parts, const ZoneRecord& model)
      : parts_(parts), statement_(parts.statements[model.statement]), model_(model) {}

  std::string write(const NewRecord& record, const ZoneStyle& style) {
    write_owner(record, style);
    for (std::size_t i = model_.owner ? 1 : 0; i <= model_.type; ++i) {
      // A TTL that the model does not have goes first, before class and type, as name servers print
      // it.
      const bool first_of_rest = !model_.ttl && i == (model_.owner ? 1U : 0U);
      if (first_of_rest && record.ttl) {
        write_word(i, std::to_string(record.ttl->count()));
        line_ += ' ';
        line_ += text_for(i, record);
      } else {
        write_word(i, text_for(i, record));
      }
    }
    const std::size_t data = model_.type + 1;
    if (data < statement_.words.size()) {
      write_gap(data);
    } else {
      line_ += ' ';
    }
    line_ += print_data(record.key.type, record.value, style, column_after(line_));
    return line_ + style.line_break;
  }

 private:
  void write_owner(const NewRecord& record, const ZoneStyle& style) {
    const bool inherits = !model_.owner && record.owner_before == record.key.name;
    if (!inherits) line_ = print_owner(record.key.name, record.origin, style);
  }

  std::string text_for(std::size_t word, const NewRecord& record) const {
    if (word == model_.ttl) {
      return std::to_string(record.ttl.value_or(model_.entry.ttl).count());
    }
    if (word == model_.type) return to_text(record.key.type);
    return std::string(statement_.words[word].text);
  }

  void write_word(std::size_t word, const std::string& text) {
    write_gap(word);
    line_ += text;
  }

  // The blanks before the model's word.
  void write_gap(std::size_t word) {
    const std::size_t begin = word == 0 ? statement_.begin : statement_.words[word - 1].end;
    const std::size_t end = statement_.words[word].begin;
    const std::string_view before = parts_.text.substr(statement_.begin, end - statement_.begin);
    line_ += fill(line_, gap(parts_, begin, end), column_after(before));
  }

  const ZoneParts& parts_;
  const ZoneStatement& statement_;
  const ZoneRecord& model_;
  std::string line_;
};

// Quoted from the file and not guessed: a single relative owner shows that its author uses them.
bool writes_relative(const ZoneParts& parts, const ZoneRecord& record) {
  if (!record.owner) return false;
  return !parts.statements[record.statement].words[0].text.ends_with('.');
}

bool writes_rows(const ZoneParts& parts, const ZoneRecord& record) {
  const ZoneStatement& statement = parts.statements[record.statement];
  return is_text(record.entry.key.type) && statement.open &&
         statement.first_line != statement.last_line;
}

}  // namespace

std::size_t column_after(std::string_view text) {
  std::size_t column = 0;
  for (const char c : text) {
    if (c == '\n') {
      column = 0;
    } else if (c == '\t') {
      column += kTab - column % kTab;
    } else {
      ++column;
    }
  }
  return column;
}

ZoneStyle style_of(const ZoneParts& parts) {
  // The first line decides; files with mixed line ends keep those of the lines that stay.
  const std::size_t end = parts.text.find('\n');
  const bool dos = end != std::string_view::npos && end > 0 && parts.text[end - 1] == '\r';
  return ZoneStyle{
      .line_break = dos ? "\r\n" : "\n",
      .relative_names = std::ranges::any_of(
          parts.records, [&](const ZoneRecord& record) { return writes_relative(parts, record); }),
      .long_text_in_rows = std::ranges::any_of(
          parts.records, [&](const ZoneRecord& record) { return writes_rows(parts, record); }),
  };
}

std::string print_owner(const Name& name, const Name& origin, const ZoneStyle& style) {
  if (style.relative_names && name.is_within(origin)) return name.relative_to(origin);
  return name.is_root() ? "." : name.text() + ".";
}

std::string print_data(RecordType type, std::string_view value, const ZoneStyle& style,
                       std::size_t column) {
  const std::vector<std::string> strings =
      is_text(type) ? cut_txt(value) : std::vector<std::string>{};
  // Only texts above 255 octets have several strings, and only they gain from rows.
  if (!style.long_text_in_rows || strings.size() < 2) return print_rdata(type, value);
  std::string text = "( ";
  for (const std::string& string : strings) {
    if (text.size() > 2) text += style.line_break + std::string(column + 2, ' ');
    text += quote_txt(string);
  }
  return text + " )";
}

// A new record should look as if the file's author had written it, so that the difference under
// review is one line.
std::string print_like(const ZoneParts& parts, const ZoneRecord& model, const ZoneStyle& style,
                       const NewRecord& record) {
  return Writer(parts, model).write(record, style);
}

}  // namespace rampart
