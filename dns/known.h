/// What was learnt by queries: data, certainly none, or unknown because a query got no answer.
#pragma once

#include <string>
#include <utility>
#include <variant>

#include "dns/answers.h"

namespace rampart {

/// A query that decides something and got no answer.
struct Unanswered {
  Question question;
  std::string detail;  ///< Why, for a person: "127.0.0.1:53: SERVFAIL"; may be empty.

  bool operator==(const Unanswered&) const = default;
};

/// "_dmarc.example.com TXT got no answer (127.0.0.1:53: SERVFAIL)".
std::string to_text(const Unanswered& one);

/// Certainly nothing.
struct NoneFound {
  bool operator==(const NoneFound&) const = default;
};

/// A value, none, or unknown. The value is read by match() alone, so that each use says what it
/// does where it is unknown: silence is never taken for absence by accident.
template <class T>
class Known {
 public:
  Known(NoneFound none) : state_(none) {}
  Known(T value) : state_(std::move(value)) {}
  Known(Unanswered gap) : state_(std::move(gap)) {}

  /// What `found`, `none` or `unknown` makes of it; the three return one type.
  template <class OnFound, class OnNone, class OnUnknown>
  auto match(OnFound&& found, OnNone&& none, OnUnknown&& unknown) const {
    if (const T* value = std::get_if<T>(&state_)) return found(*value);
    if (const Unanswered* gap = std::get_if<Unanswered>(&state_)) return unknown(*gap);
    return none();
  }

  /// The query without an answer, or null where the value or its absence is known.
  const Unanswered* gap() const { return std::get_if<Unanswered>(&state_); }
  /// Whether a value was found: false for none as for unknown.
  bool has_value() const { return std::holds_alternative<T>(state_); }

  bool operator==(const Known&) const = default;

 private:
  std::variant<NoneFound, T, Unanswered> state_;
};

}  // namespace rampart
