/// Failures as values: a Result is a value or an Error; nothing here throws.
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace rampart {

/// One failure: what went wrong, where, and whether trying again later may help.
/// Each layer adds one piece of context in front with `within`.
struct Error {
  std::string what{};
  std::string where{};     ///< A file, a server, a zone; empty where `what` says it all.
  bool retryable = false;  ///< The same call may succeed later (timeouts, 429, 5xx).
  bool conflict = false;   ///< Somebody else changed what was read before: nothing was written.

  bool operator==(const Error&) const = default;
};

/// `error` with one more layer of context: "reading zone example.com: route53: 403 ...".
inline Error within(std::string context, Error error) {
  error.where =
      error.where.empty() ? std::move(context) : std::move(context) + ": " + std::move(error.where);
  return error;
}

/// The sentence a person reads: "where: what", or "what" alone.
inline std::string sentence(const Error& error) {
  return error.where.empty() ? error.what : error.where + ": " + error.what;
}

/// Nothing, as a successful outcome.
struct Ok {
  bool operator==(const Ok&) const = default;
};

/// A T or an Error. Check `ok()` (or `if (result)`) before `value()`.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}
  Result(Error error) : state_(std::move(error)) {}

  bool ok() const { return std::holds_alternative<T>(state_); }
  explicit operator bool() const { return ok(); }
  const T& value() const& { return std::get<T>(state_); }
  T& value() & { return std::get<T>(state_); }
  T&& value() && { return std::get<T>(std::move(state_)); }
  const T& operator*() const& { return value(); }
  const T* operator->() const { return &value(); }
  const Error& error() const& { return std::get<Error>(state_); }
  Error&& error() && { return std::get<Error>(std::move(state_)); }

 private:
  std::variant<T, Error> state_;
};

/// `result`, its Error with one more layer of context.
template <class T>
Result<T> within(std::string context, Result<T> result) {
  if (!result.ok()) return within(std::move(context), std::move(result).error());
  return result;
}

}  // namespace rampart

// The early return that nearly every step at the edges needs, once instead of in three lines each:
//   TRY(const Name name, Name::parse(text));         // name, or the enclosing function returns
//   TRY_OK(store.commit());                          // for results without a value
// The declaration must not contain a comma outside parentheses: write `auto` for such types.
#define RAMPART_JOIN_(a, b) a##b
#define RAMPART_JOIN(a, b) RAMPART_JOIN_(a, b)
#define RAMPART_TRY(result, declaration, ...)         \
  auto result = (__VA_ARGS__);                        \
  if (!result.ok()) return std::move(result).error(); \
  declaration = std::move(result).value()
#define TRY(declaration, ...) \
  RAMPART_TRY(RAMPART_JOIN(try_result_, __COUNTER__), declaration, __VA_ARGS__)
#define TRY_OK(...) \
  if (auto try_result = (__VA_ARGS__); !try_result.ok()) return std::move(try_result).error()
