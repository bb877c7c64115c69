/// Walking a zone's list in the host's own order.
#include "providers/route53/walk.h"

#include <algorithm>

#include "providers/route53/text.h"

namespace rampart::route53 {
namespace {

/// A name's position in the list: by reversed labels. The host compares "com.example.www." as text,
/// where '-' comes before '.'; canonical order (RFC 4034 section 6.1) compares label by label. Only
/// positions on which both orders agree are relied upon.
struct Position {
  std::string text;
  std::vector<std::string> labels;

  bool before(const Position& other) const { return text < other.text && labels < other.labels; }
};

// Built once for each comparison, because names are few and pages are slow.
Position position_of(const Name& name) {
  Position position;
  for (const std::string_view label : name.labels()) position.labels.emplace_back(label);
  std::ranges::reverse(position.labels);
  for (const std::string& label : position.labels) position.text += label + ".";
  return position;
}

/// Whether the host's sort position of this name is certain. Escaped octets sort by their escape at
/// the host and by their value elsewhere.
bool is_plain(const Name& name) {
  return std::ranges::all_of(name.text(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  });
}

/// What one page covers: from a position (or the start) up to another (or the end). Open at both
/// ends, since the names at its borders were read by themselves.
struct Span {
  std::optional<Position> from;
  std::optional<Position> to;

  bool covers(const Name& name) const {
    if (!from && !to) return true;
    const Position position = position_of(name);
    return is_plain(name) && (!from || from->before(position)) && (!to || position.before(*to));
  }
};

// Pages are requested only for names that no page has covered yet.
class Walk {
 public:
  Walk(std::span<const Name> names, const FetchPage& fetch)
      : unknown_(names.begin(), names.end()), fetch_(fetch), whole_(names.empty()) {
    // In the list's order, so that one page covers neighbours.
    std::ranges::sort(unknown_, {}, [](const Name& name) { return position_of(name).text; });
  }

  Result<Walked> go(WalkFrom from) {
    std::optional<Name> first;
    if (from == WalkFrom::FirstName && !unknown_.empty()) first = unknown_.front();
    TRY_OK(page_from(first, std::nullopt));
    while (!unknown_.empty() || (whole_ && next_)) {
      if (!whole_) first = unknown_.front();
      TRY_OK(page_from(first, whole_ ? next_ : std::nullopt));
    }
    return std::move(out_);
  }

 private:
  /// Reads a page, and further ones while they begin at the requested name itself: it may have more
  /// sets than fit one page.
  Result<Ok> page_from(const std::optional<Name>& first, std::optional<NextSet> from) {
    if (first) from = NextSet{.name = name_text(*first)};
    while (true) {
      TRY(const SetPage page, fetch_(from));
      // A faulty host must not hold the run for ever.
      if (page.next && from && *page.next == *from) {
        return Error{.what = "Route 53's list repeats a page"};
      }
      add_page(page, first, from);
      if (!page.next || !first || next_name_ != *first) break;
      from = page.next;
    }
    if (first) std::erase(unknown_, *first);
    return Ok{};
  }

  // Names inside the page that it does not list are proven absent, so that they need no request.
  void add_page(const SetPage& page, const std::optional<Name>& first,
                const std::optional<NextSet>& from) {
    next_ = page.next;
    Span span;
    if (first) span.from = position_of(*first);
    if (next_) {
      const Result<Name> name = read_name(next_->name);
      next_name_ = name ? std::optional(*name) : std::nullopt;
      // A name that cannot be read covers nothing.
      span.to = next_name_ ? position_of(*next_name_) : Position{};
    }
    if (!from || whole_) out_.complete = !next_;
    std::erase_if(unknown_, [&](const Name& name) { return span.covers(name); });
    out_.sets.insert(out_.sets.end(), page.sets.begin(), page.sets.end());
  }

  std::vector<Name> unknown_;
  const FetchPage& fetch_;
  bool whole_;
  std::optional<NextSet> next_;
  std::optional<Name> next_name_;
  Walked out_;
};

}  // namespace

Result<Walked> walk(std::span<const Name> names, WalkFrom from, const FetchPage& fetch) {
  return Walk(names, fetch).go(from);
}

}  // namespace rampart::route53
