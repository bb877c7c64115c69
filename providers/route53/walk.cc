/// Walking a zone's list in the host's own order.
#include "providers/route53/walk.h"

#include <algorithm>

#include "providers/route53/text.h"

namespace rampart::route53 {
namespace {

/// A name's place in the list: by reversed labels. The host compares "com.example.www." as text,
/// where '-' comes before '.'; other orders compare label by label. Only what both agree on is
/// relied upon.
struct Place {
  std::string text;
  std::vector<std::string> labels;

  bool before(const Place& other) const { return text < other.text && labels < other.labels; }
};

Place place_of(const Name& name) {
  Place place;
  for (const std::string_view label : name.labels()) place.labels.emplace_back(label);
  std::ranges::reverse(place.labels);
  for (const std::string& label : place.labels) place.text += label + ".";
  return place;
}

/// Whether it is certain where the host sorts this name.
bool is_plain(const Name& name) {
  return std::ranges::all_of(name.text(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  });
}

/// What one page covers: from a place (or the start) up to another (or the end).
struct Span {
  std::optional<Place> from;
  std::optional<Place> to;

  bool covers(const Name& name) const {
    if (!from && !to) return true;
    const Place place = place_of(name);
    return is_plain(name) && (!from || from->before(place)) && (!to || place.before(*to));
  }
};

class Walk {
 public:
  Walk(std::span<const Name> names, const FetchPage& fetch)
      : unknown_(names.begin(), names.end()), fetch_(fetch), whole_(names.empty()) {
    std::ranges::sort(unknown_, {}, [](const Name& name) { return place_of(name).text; });
  }

  Result<Walked> go(WalkFrom from) {
    std::optional<Name> first;
    if (from == WalkFrom::FirstName && !unknown_.empty()) first = unknown_.front();
    bool starting = true;
    while (starting || !unknown_.empty() || (whole_ && next_)) {
      if (!starting) first = choose();
      const Result<Ok> read = page_from(first, starting);
      if (!read) return read.error();
      starting = false;
    }
    return std::move(out_);
  }

 private:
  /// The name to begin the next page at; nothing to go on with the list.
  std::optional<Name> choose() const {
    return whole_ ? std::nullopt : std::optional(unknown_.front());
  }

  /// Reads a page, and further ones for as long as they begin at the very name asked for.
  Result<Ok> page_from(const std::optional<Name>& first, bool starting) {
    std::optional<NextSet> from = whole_ && !starting ? next_ : std::nullopt;
    if (first) from = NextSet{.name = name_text(*first)};
    while (true) {
      const Result<SetPage> page = fetch_(from);
      if (!page) return page.error();
      if (page->next && from && *page->next == *from) {
        return Error{.what = "Route 53's list does not go on"};
      }
      take(*page, first, from);
      if (!page->next || !first || next_name_ != *first) break;
      from = page->next;
    }
    if (first) std::erase(unknown_, *first);
    return Ok{};
  }

  void take(const SetPage& page, const std::optional<Name>& first,
            const std::optional<NextSet>& from) {
    next_ = page.next;
    Span span;
    if (first) span.from = place_of(*first);
    if (next_) {
      const Result<Name> name = read_name(next_->name);
      next_name_ = name ? std::optional(*name) : std::nullopt;
      // A name that cannot be read covers nothing.
      span.to = next_name_ ? place_of(*next_name_) : Place{};
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
