/// The mails of an mbox.
#include "reports/input/mbox.h"

#include <fmt/format.h>

#include <utility>

namespace rampart::reports {
namespace {

/// RFC 5322 section 2.1.1 permits 998 octets per line; careless programs write much longer ones.
constexpr std::size_t kLongestLine = 8 << 20;

/// Collects lines into mails.
class MailSplitter {
 public:
  MailSplitter(std::uint64_t most, const std::function<void(const Result<std::string>&)>& visit)
      : most_(most), visit_(visit) {}

  /// One line, including its line end.
  void line(std::string_view text) {
    // A paragraph of a mail may begin with "From" as well. Programs that do not quote it write
    // separators only after a blank line.
    if (text.starts_with("From ") && after_blank_) {
      finish();
      open_ = true;
      after_blank_ = false;
      return;
    }
    after_blank_ = text == "\n" || text == "\r\n";
    // Undoes mboxrd quoting: ">From " was "From ", and ">>From " was ">From ".
    const auto quotes = text.find_first_not_of('>');
    if (quotes != text.npos && quotes > 0 && text.substr(quotes).starts_with("From ")) {
      text.remove_prefix(1);
    }
    add(text);
  }

  void finish() {
    if (!open_) return;
    if (too_large_) {
      visit_(Error{fmt::format("the mail is larger than {} MiB", most_ >> 20)});
    } else {
      // The blank line before the next "From " line belongs to the mbox, not to the mail.
      if (mail_.ends_with("\r\n\r\n")) {
        mail_.resize(mail_.size() - 2);
      } else if (mail_.ends_with("\n\n")) {
        mail_.pop_back();
      }
      // Moved: a copy would double the memory of a large mail.
      visit_(std::exchange(mail_, {}));
    }
    mail_.clear();
    too_large_ = false;
  }

 private:
  void add(std::string_view text) {
    too_large_ = too_large_ || mail_.size() + text.size() > most_;
    if (too_large_) {
      mail_.clear();
    } else {
      mail_ += text;
    }
  }

  std::uint64_t most_;
  const std::function<void(const Result<std::string>&)>& visit_;
  std::string mail_;
  bool open_ = false;
  bool after_blank_ = true;
  bool too_large_ = false;
};

}  // namespace

Result<Ok> for_each_mail(const ByteSource& source, std::uint64_t most,
                         const std::function<void(const Result<std::string>&)>& visit) {
  MailSplitter splitter(most, visit);
  std::string rest;
  for (;;) {
    TRY(const std::string_view block, source());
    if (block.empty()) break;
    std::string joined;
    std::string_view text = block;
    if (!rest.empty()) {
      joined = rest + std::string(text);
      text = joined;
    }
    std::size_t at = 0;
    for (std::size_t end = 0; (end = text.find('\n', at)) != text.npos; at = end + 1) {
      splitter.line(text.substr(at, end + 1 - at));
    }
    rest = text.substr(at);
    if (rest.size() > kLongestLine) return Error{"the mbox contains a line that is too long"};
  }
  if (!rest.empty()) splitter.line(rest);
  splitter.finish();
  return Ok{};
}

}  // namespace rampart::reports
