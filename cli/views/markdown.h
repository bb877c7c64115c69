/// Markdown that is safe to paste: its text cannot become markup, mention anyone or embed anything,
/// and a page stays within the host's limit.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace rampart::markdown {

/// Text outside code: no markup, no HTML, no mention, no reference to an issue.
std::string prose(std::string_view text);

/// Text inside an HTML element, where Markdown does not apply.
std::string html(std::string_view text);

/// A code span whose fence is longer than any run of backticks within (CommonMark section 6.1).
std::string code(std::string_view text);

/// A fenced diff block (CommonMark section 4.5); `lines` end with a newline.
std::string fenced(const std::string& lines);

/// Text that grows within a limit.
class Page {
 public:
  explicit Page(std::size_t limit) : limit_(limit) {}

  /// Octets that may still be added.
  std::size_t left() const;

  /// Adds all of `block` or nothing.
  bool add(const std::string& block);

  /// A section of `count` blocks that takes at most `share` bytes; it ends with the number of
  /// blocks that did not fit.
  void add_section(const std::string& title, std::size_t count, std::size_t share,
                   const std::function<std::string(std::size_t)>& block);

  std::string text() && { return std::move(text_); }

 private:
  std::size_t limit_;
  std::string text_;
};

}  // namespace rampart::markdown
