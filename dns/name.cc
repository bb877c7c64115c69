#include "dns/name.h"

#include <idn2.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "dns/display.h"
#include "dns/escape.h"
#include "dns/txt.h"

namespace rampart {
namespace {

constexpr std::size_t kMostLabelOctets = 63;
constexpr std::size_t kMostWireOctets = 255;
// Names come from third parties: an error must not repeat pages of them.
constexpr std::size_t kMostShown = 80;

// Text from libidn2, which allocates with malloc.
using IdnText = std::unique_ptr<char, decltype(&idn2_free)>;

bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }

Error not_a_name(std::string_view text, std::string_view why) {
  std::string shown = printable(text.substr(0, kMostShown));
  if (text.size() > kMostShown) shown += "...";
  return Error{.what = "\"" + shown + "\" is not a DNS name: " + std::string(why)};
}

// The octets of one label as Name spells it.
std::string octets_of(std::string_view label) {
  std::string octets;
  // A Name holds valid escapes only, so there is always a next index.
  for (std::size_t at = 0; at < label.size();) at = *read_octet(label, at, octets);
  return octets;
}

// Whether the dot at `at` separates labels: it follows an even number of backslashes.
bool is_separator(std::string_view text, std::size_t at) {
  std::size_t backslashes = 0;
  while (backslashes < at && text[at - 1 - backslashes] == '\\') ++backslashes;
  return backslashes % 2 == 0;
}

// The A-label of a U-label (RFC 5891 section 5, with the mappings of UTS 46, non-transitional).
Result<std::string> to_a_label(const std::string& label) {
  char* out = nullptr;
  // Non-transitional: the sharp s and its like keep their own names, as browsers and registries
  // have it.
  const int flags = IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL | IDN2_USE_STD3_ASCII_RULES;
  const int code = idn2_lookup_u8(reinterpret_cast<const std::uint8_t*>(label.c_str()),
                                  reinterpret_cast<std::uint8_t**>(&out), flags);
  const IdnText owned(out, &idn2_free);
  if (code != IDN2_OK) {
    return Error{.what = "\"" + printable(label) + "\" is not a valid internationalized label (" +
                         idn2_strerror(code) + ")"};
  }
  const std::string ascii(out);
  // Some code points map to a dot, which would turn one label into two.
  if (ascii.empty() || ascii.find('.') != std::string::npos) {
    return Error{.what = "\"" + printable(label) + "\" is not a single internationalized label"};
  }
  return ascii;
}

// A label while it is being read.
struct LabelText {
  std::string octets;
  bool escaped = false;
  bool unicode = false;
};

// Appends the octet or escape at `text[at]` to `label` and returns the index after it.
Result<std::size_t> read_label_octet(std::string_view text, std::size_t at, LabelText& label) {
  const char c = text[at];
  if (c == '\\') {
    const std::optional<Escaped> escape = read_escape(text.substr(at));
    if (!escape) return Error{.what = R"(a backslash needs a character or three digits up to 255)"};
    label.octets += escape->octet;
    label.escaped = true;
    return at + escape->length;
  }
  // These end a word or begin a comment in zone files, so such a name could not be written back.
  if (c >= 0 && (c <= ' ' || c == 0x7F || std::string_view("\"();").find(c) != std::string::npos)) {
    return Error{.what = "the character \"" + printable(std::string_view(&c, 1)) +
                         "\" is not allowed unless it is escaped"};
  }
  label.unicode = label.unicode || !is_ascii(c);
  label.octets += c;
  return at + 1;
}

// The label's final octets: an A-label for a U-label, within the limits.
Result<std::string> finish(const LabelText& label) {
  std::string octets = label.octets;
  if (octets.empty()) return Error{.what = "it has an empty label"};
  if (label.unicode) {
    // An escape is an octet and a U-label is made of characters: together they have no defined
    // A-label.
    if (label.escaped) return Error{.what = "a label mixes Unicode and escapes"};
    TRY(octets, to_a_label(octets));
  }
  // RFC 1035 section 2.3.4; checked after the conversion, since an A-label is longer than its
  // U-label.
  if (octets.size() > kMostLabelOctets) {
    return Error{.what =
                     "a label has " + std::to_string(octets.size()) + " octets, at most 63 fit"};
  }
  return octets;
}

// Every label's octets; `text` is neither empty nor the root.
Result<std::vector<std::string>> read_labels(std::string_view text) {
  std::vector<std::string> labels;
  LabelText label;
  // One step beyond the end, so that the last label is finished by the same lines as the others.
  for (std::size_t at = 0; at <= text.size();) {
    if (at < text.size() && text[at] != '.') {
      TRY(at, read_label_octet(text, at, label));
      continue;
    }
    TRY(std::string octets, finish(label));
    labels.push_back(std::move(octets));
    label = LabelText{};
    at += at + 1 == text.size() ? 2 : 1;  // A final dot ends the name.
  }
  return labels;
}

// Whether `text` already is Name's own spelling. Most names are, and this one pass without an
// allocation replaces the reading of labels.
bool is_spelled(std::string_view text) {
  // The text is two octets shorter than the wire form: the first length and the final zero.
  if (text.size() > kMostWireOctets - 2) return false;
  std::size_t label = 0;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    if (c == '.' ? label == 0 : !plain) return false;
    label = c == '.' ? 0 : label + 1;
    if (label > kMostLabelOctets) return false;
  }
  return label > 0;
}

std::string unicode_label(std::string_view label) {
  if (!label.starts_with("xn--")) return std::string(label);
  char* out = nullptr;
  const std::string ascii(label);
  if (idn2_to_unicode_8z8z(ascii.c_str(), &out, 0) != IDN2_OK) return ascii;
  const IdnText owned(out, &idn2_free);
  std::string shown(out);
  // Unicode that does not convert back to the same label would name another domain.
  const Result<std::string> again = to_a_label(shown);
  if (!again || *again != ascii || !is_safe_to_show(shown)) return ascii;
  return shown;
}

}  // namespace

Result<Name> Name::parse(std::string_view text) {
  if (is_spelled(text)) return Name(std::string(text));
  if (text.empty()) return Error{.what = "an empty text is not a DNS name; the root is \".\""};
  if (text == "@") return not_a_name(text, "it means the origin, and there is none here");
  if (text == ".") return root();
  const Result<std::vector<std::string>> labels = read_labels(text);
  if (!labels) return not_a_name(text, labels.error().what);
  // The final zero; each label adds its length octet.
  std::size_t wire_octets = 1;
  std::string spelled;
  for (const std::string& label : *labels) {
    wire_octets += label.size() + 1;
    if (!spelled.empty()) spelled += '.';
    spelled += spell_label(label);
  }
  if (wire_octets > kMostWireOctets) {
    return not_a_name(text, "it takes " + std::to_string(wire_octets) + " octets, at most 255 fit");
  }
  return Name(std::move(spelled));
}

Name Name::literal(std::string_view text) {
  Result<Name> name = parse(text);
  if (!name) {
    // For constants in code only: a wrong one is a mistake of the programmer.
    std::fprintf(stderr, "%s\n", sentence(name.error()).c_str());
    std::abort();
  }
  return *name;
}

std::vector<std::string_view> Name::labels() const {
  std::vector<std::string_view> labels;
  if (is_root()) return labels;
  const std::string_view text = text_;
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '.') {
      labels.push_back(text.substr(begin, at - begin));
      begin = at + 1;
    }
  }
  labels.push_back(text.substr(begin));
  return labels;
}

// The root is its own parent, which ends every loop that walks up.
Name Name::parent() const {
  if (is_root()) return *this;
  const std::size_t first = labels().front().size();
  return first == text_.size() ? root() : Name(text_.substr(first + 1));
}

Result<Name> Name::child(std::string_view prefix) const {
  if (prefix == "@") return not_a_name(prefix, "it adds no label");
  // A prefix may have several labels, such as `s1._domainkey`, and is parsed together with the
  // rest, as only the whole can be checked against the limit.
  const std::string below = std::string(prefix) + ".";
  if (below == ".") return not_a_name(prefix, "it adds no label");
  return parse(is_root() ? below : below + text_);
}

bool Name::is_within(const Name& ancestor) const {
  if (ancestor.is_root() || *this == ancestor) return true;
  if (text_.size() <= ancestor.text_.size() || !text_.ends_with(ancestor.text_)) return false;
  // `notexample.com` ends with `example.com` too, and so does `a\.example.com`: the dot before it
  // must separate labels.
  const std::size_t dot = text_.size() - ancestor.text_.size() - 1;
  return text_[dot] == '.' && is_separator(text_, dot);
}

std::string Name::relative_to(const Name& zone) const {
  if (*this == zone) return "@";
  if (zone.is_root()) return text_;
  return text_.substr(0, text_.size() - zone.text_.size() - 1);
}

std::string Name::wire() const {
  std::string wire;
  for (const std::string_view label : labels()) {
    const std::string octets = octets_of(label);
    wire += static_cast<char>(octets.size());
    wire += octets;
  }
  wire += '\0';
  return wire;
}

std::string Name::unicode() const {
  if (is_root()) return text_;
  std::string shown;
  for (const std::string_view label : labels()) {
    if (!shown.empty()) shown += '.';
    shown += unicode_label(label);
  }
  return shown;
}

}  // namespace rampart
