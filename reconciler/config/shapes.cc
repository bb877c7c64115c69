/// The shapes that several rows of the table share.
#include "reconciler/config/shapes.h"

namespace rampart::config {

const Shape& text() {
  static const Shape shape{.kind = Kind::Text};
  return shape;
}

const Shape& boolean() {
  static const Shape shape{.kind = Kind::Boolean};
  return shape;
}

const Shape& duration() {
  static const Shape shape{.kind = Kind::Duration};
  return shape;
}

const Shape& date() {
  static const Shape shape{.kind = Kind::Date};
  return shape;
}

const Shape& rate() {
  static const Shape shape{.kind = Kind::Number, .min = 0, .max = 1};
  return shape;
}

// RFC 2181 section 8: a TTL has 31 bits.
const Shape& ttl() {
  static const Shape shape = integer(0, 2147483647);
  return shape;
}

const Shape& percent() {
  static const Shape shape = integer(1, 100);
  return shape;
}

// More than any domain gets in a window; a bound makes a slip of the keyboard an error.
const Shape& count() {
  static const Shape shape = integer(0, 1'000'000'000);
  return shape;
}

const Shape& path() {
  static const Shape shape = text_like(check_path, R"(^(?!/)(?!(.*/)?\.\.(/|$))[^\\]+$)");
  return shape;
}

const Shape& paths() {
  static const Shape shape = set_of(path());
  return shape;
}

const Shape& identifier() {
  static const Shape shape = text_like(check_identifier, "^[A-Za-z0-9_.-]+$");
  return shape;
}

const Shape& selector() {
  static const Shape shape = text_like(
      check_selector,
      "^[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*$");
  return shape;
}

const Shape& selectors() {
  static const Shape shape = set_of(selector());
  return shape;
}

const Shape& sender_id() {
  static const Shape shape = text_like(check_sender);
  return shape;
}

const Shape& phase() {
  static const Shape shape = choice<Phase>({{"discovery", Phase::Discovery},
                                            {"spf", Phase::Spf},
                                            {"dkim", Phase::Dkim},
                                            {"monitor", Phase::Monitor},
                                            {"quarantine", Phase::Quarantine},
                                            {"reject", Phase::Reject}});
  return shape;
}

const Shape& reason() {
  static const Shape shape = text_like(check_reason, R"(\S)");
  return shape;
}

const Shape& spf_terms() {
  static const Shape term = text_like(check_spf_term, R"(^[^\s]+$)");
  static const Shape shape = set_of(term);
  return shape;
}

const Shape& mailto_list() {
  static const Shape uri = text_like(check_mailto, "^mailto:[^,;! ]+@[^,;! ]+$");
  static const Shape shape = set_of(uri);
  return shape;
}

}  // namespace rampart::config
