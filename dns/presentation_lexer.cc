#include "dns/presentation_lexer.h"

#include <algorithm>
#include <string>

#include "base/text.h"
#include "base/utf8.h"

namespace rampart {
namespace {

// Keeps the position of every word: the editor replaces words in place and leaves all other octets
// of the file untouched.
class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Result<std::vector<ZoneStatement>> run() {
    std::vector<ZoneStatement> statements;
    // Name servers refuse such a file, or read the mark as part of the first name.
    if (text_.starts_with(kByteOrderMark)) {
      return at_line(1, "the file begins with a byte order mark; save it without one");
    }
    while (at_ < text_.size()) {
      TRY(ZoneStatement statement, read_statement());
      statements.push_back(std::move(statement));
    }
    return statements;
  }

 private:
  bool at_break() const {
    // A lone CR is no line break: BIND and NSD read it as a character of the word.
    return text_[at_] == '\n' || (text_[at_] == '\r' && text_.substr(at_, 2) == "\r\n");
  }

  void skip_break() {
    at_ += text_[at_] == '\r' ? 2 : 1;
    ++line_;
  }

  void skip_comment() {
    while (at_ < text_.size() && !at_break()) ++at_;
  }

  Result<ZoneStatement> read_statement() {
    ZoneStatement statement{at_, at_, line_, line_, is_blank(text_[at_]), {}, {}, {}};
    // Within parentheses a line break is a blank (RFC 1035 section 5.1), so a statement may have
    // many lines.
    int depth = 0;
    while (at_ < text_.size()) {
      statement.last_line = line_;
      if (at_break()) {
        skip_break();
        if (depth == 0) break;
        continue;
      }
      TRY(depth, read_piece(statement, depth));
    }
    if (depth > 0) return at_line(statement.first_line, "a parenthesis is opened but never closed");
    statement.end = at_;
    return statement;
  }

  // Reads a blank, a comment, a parenthesis or a word; returns the depth of parentheses after it.
  Result<int> read_piece(ZoneStatement& statement, int depth) {
    switch (text_[at_]) {
      case ' ':
      case '\t':
        ++at_;
        return depth;
      case ';':
        skip_comment();
        return depth;
      case '(':
        if (!statement.open) statement.open = at_;
        ++at_;
        return depth + 1;
      case ')':
        statement.close = ++at_;
        if (depth == 0) return at_line(line_, "a parenthesis is closed that was never opened");
        return depth - 1;
      default:
        break;
    }
    TRY(ZoneWord word, text_[at_] == '"' ? read_quoted() : read_plain());
    // `"a""b"` is two strings without a blank between; the editor must print them the same way.
    word.glued = !statement.words.empty() && statement.words.back().end == word.begin;
    statement.words.push_back(word);
    return depth;
  }

  Result<ZoneWord> read_quoted() {
    const std::size_t begin = at_++;
    // A quote that is left open would swallow the rest of the file without this bound.
    while (at_ < text_.size() && text_[at_] != '"' && !at_break()) TRY_OK(skip_octet());
    if (at_ >= text_.size() || at_break()) {
      return at_line(line_, "a quote is opened but not closed on its line");
    }
    ++at_;
    return ZoneWord{text_.substr(begin + 1, at_ - begin - 2), true, false, begin, at_, line_};
  }

  Result<ZoneWord> read_plain() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && !ends_word(text_[at_])) TRY_OK(skip_octet());
    return ZoneWord{text_.substr(begin, at_ - begin), false, false, begin, at_, line_};
  }

  bool ends_word(char c) const {
    return is_blank(c) || at_break() || std::string_view("();\"").find(c) != std::string_view::npos;
  }

  Result<Ok> skip_octet() {
    if (text_[at_] == '\\') {
      ++at_;
      if (at_ >= text_.size() || at_break()) {
        return at_line(line_, "there is a backslash at the end of a line");
      }
    }
    // C programs end a text at NUL, and so would read another record than this one.
    if (text_[at_] == '\0' || text_[at_] == '\r') {
      return at_line(line_, "there is a control character in the text; write it as \\DDD");
    }
    ++at_;
    return Ok{};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int line_ = 1;
};

}  // namespace

Result<std::vector<ZoneStatement>> lex_zone(std::string_view text) { return Lexer(text).run(); }

Error at_line(int line, std::string_view what) {
  return Error{.what = "line " + std::to_string(line) + ": " + std::string(what)};
}

}  // namespace rampart
