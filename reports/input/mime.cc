/// A mail's MIME tree, by GMime.
#include "reports/input/mime.h"

#include <fmt/format.h>
#include <gmime/gmime.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <optional>

#include "base/text.h"
#include "reports/input/unpack.h"

namespace rampart::reports {
namespace {

/// Deeper nesting is ignored; it only occurs in attacks.
constexpr int kMostLevels = 20;

/// GMime needs about 1,300 octets for a part and 330 for a field or an address, whose text may be
/// three octets long. A mail that forwards hundreds of reports stays far below these limits.
constexpr std::size_t kMostDelimiters = 5'000;
constexpr std::size_t kMostItems = 50'000;
constexpr std::size_t kMostHeaderOctets = 4 << 20;

struct Unref {
  void operator()(void* object) const {
    if (object != nullptr) g_object_unref(object);
  }
};
template <class T>
using Owned = std::unique_ptr<T, Unref>;

using Leaf = std::function<void(const MimePart&)>;

/// Where an object is in the tree of a mail. An attached mail, and what is in it, has another
/// author than the outer mail, whose signature must not vouch for it.
struct Place {
  int level = 0;
  bool attached = false;

  Place below() const { return {level + 1, attached}; }
  Place in_attached_mail() const { return {level + 1, true}; }
};

/// One walk through a mail: who is called, and what is left of the limits.
struct Walk {
  const Leaf& leaf;
  MimeSize live;         ///< Of the mails that are parsed at present, one in another.
  std::size_t room = 0;  ///< Octets that attached mails may still hold.
  std::optional<Error> fault = std::nullopt;
};

void visit(GMimeObject* object, const Place& place, Walk& walk);
void visit_mail(std::string_view mail, const Place& place, Walk& walk);

std::string type_of(GMimeObject* object) {
  GMimeContentType* type = g_mime_object_get_content_type(object);
  if (type == nullptr) return {};
  g_autofree char* text = g_mime_content_type_get_mime_type(type);
  return text == nullptr ? std::string() : ascii_lower(text);
}

/// GMime sees a message/rfc822 part in base64 as an opaque part, because RFC 2046 section 5.2.1
/// forbids the encoding, and mail programs attach a saved mail as any file.
bool is_attached_mail(const MimePart& part) {
  const bool may_be = part.type == "message/rfc822" || part.type == "message/global" ||
                      part.type == "application/octet-stream" || part.name.ends_with(".eml");
  return may_be && detect_content(part.octets.substr(0, kDetectedOctets)) == Content::Mail;
}

/// The length of a part's content as it is in the mail: decoding only makes it shorter.
std::size_t encoded_size(GMimeDataWrapper* content) {
  const gint64 length = g_mime_stream_length(g_mime_data_wrapper_get_stream(content));
  return length < 0 ? 0 : static_cast<std::size_t>(length);
}

/// GMime decodes the transfer encoding while it writes to the memory stream.
void visit_leaf(GMimePart* part, const Place& place, Walk& walk) {
  GMimeDataWrapper* content = g_mime_part_get_content(part);
  if (content == nullptr) return;
  // A part of the mail itself is never larger than the mail, whose size is limited already.
  // Attached mails could hold a copy of themselves at each level.
  const std::size_t held = place.attached ? encoded_size(content) : 0;
  if (held > walk.room) {
    walk.fault = Error{"an attached mail is too large to be opened"};
    return;
  }
  const Owned<GMimeStream> memory(g_mime_stream_mem_new());
  if (g_mime_data_wrapper_write_to_stream(content, memory.get()) < 0) return;
  const GByteArray* octets = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(memory.get()));
  const char* name = g_mime_part_get_filename(part);
  const MimePart found{{reinterpret_cast<const char*>(octets->data), octets->len},
                       type_of(GMIME_OBJECT(part)),
                       name == nullptr ? "" : name,
                       place.attached};
  walk.room -= held;
  if (is_attached_mail(found)) {
    visit_mail(found.octets, place.in_attached_mail(), walk);
  } else {
    walk.leaf(found);
  }
  walk.room += held;
}

void visit_message(GMimeMessage* message, const Place& place, Walk& walk) {
  // The header of an attached mail is a part too: it may be the original of a failure report, whose
  // body is not needed.
  if (place.attached) {
    g_autofree char* header = g_mime_object_get_headers(GMIME_OBJECT(message), nullptr);
    if (header != nullptr) walk.leaf({header, "message/rfc822", "", true});
  }
  visit(g_mime_message_get_mime_part(message), place.below(), walk);
}

void visit(GMimeObject* object, const Place& place, Walk& walk) {
  if (object == nullptr || place.level > kMostLevels) return;
  if (GMIME_IS_MULTIPART(object)) {
    GMimeMultipart* parts = GMIME_MULTIPART(object);
    const int count = g_mime_multipart_get_count(parts);
    for (int i = 0; i < count; ++i) {
      visit(g_mime_multipart_get_part(parts, i), place.below(), walk);
    }
  } else if (GMIME_IS_MESSAGE_PART(object)) {
    GMimeMessage* inner = g_mime_message_part_get_message(GMIME_MESSAGE_PART(object));
    if (inner != nullptr) visit_message(inner, place.in_attached_mail(), walk);
  } else if (GMIME_IS_PART(object)) {
    visit_leaf(GMIME_PART(object), place, walk);
  }
}

/// The array of a stream over octets that it must not free.
struct Borrowed {
  GByteArray* array;
  explicit Borrowed(std::string_view mail)
      // GMime only reads the array; its interface predates const.
      : array(g_byte_array_new_take(
            reinterpret_cast<guint8*>(const_cast<char*>(mail.data())), mail.size())) {}
  ~Borrowed() { g_byte_array_free(array, FALSE); }
  Borrowed(const Borrowed&) = delete;
  Borrowed& operator=(const Borrowed&) = delete;
};

void visit_mail(std::string_view mail, const Place& place, Walk& walk) {
  if (place.level > kMostLevels) return;
  const MimeSize outer = walk.live;
  walk.live = outer + mime_size(mail);
  if (std::string excess = excess_of(walk.live); !excess.empty()) {
    walk.live = outer;
    walk.fault = Error{(place.attached ? "an attached mail has " : "the mail has ") + excess};
    return;
  }
  // No copy of the mail, which may be most of the memory that is allowed.
  const Borrowed borrowed(mail);
  const Owned<GMimeStream> stream(g_mime_stream_mem_new_with_byte_array(borrowed.array));
  // The stream would free the mail's own memory.
  g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(stream.get()), FALSE);
  const Owned<GMimeParser> parser(g_mime_parser_new_with_stream(stream.get()));
  const Owned<GMimeMessage> message(g_mime_parser_construct_message(parser.get(), nullptr));
  if (message) visit_message(message.get(), place, walk);
  walk.live = outer;
}

/// Follows a mail line by line, as far as needed to know which lines may be header fields.
class SizeScan {
 public:
  void line(std::string_view text) {
    if (text.ends_with('\r')) text.remove_suffix(1);
    // Whatever boundaries the mail declares, their lines begin like this (RFC 2046 section 5.1.1).
    if (text.starts_with("--")) {
      ++size_.delimiters;
      state_ = State::Header;
      message_ = false;
      return;
    }
    if (state_ == State::Body) return;
    if (text.empty()) return end_header();
    state_ = State::Header;
    size_.header_octets += text.size();
    size_.items += is_blank(text.front()) ? 0 : 1;
    // Each of these may separate two addresses or parameters.
    size_.items += static_cast<std::size_t>(
        std::ranges::count_if(text, [](char c) { return c == ',' || c == ';' || c == '<'; }));
    message_ = message_ || names_message(text);
  }

  const MimeSize& size() const { return size_; }

 private:
  /// Before: a mail begins, whose header may follow empty lines.
  enum class State { Before, Header, Body };

  /// The content of a part of type message/... begins with another header.
  void end_header() {
    if (state_ == State::Before) return;
    state_ = message_ ? State::Before : State::Body;
    message_ = false;
  }

  static bool names_message(std::string_view text) {
    constexpr std::string_view kWord = "message";
    return !std::ranges::search(text, kWord, {}, to_lower).empty();
  }

  MimeSize size_;
  State state_ = State::Before;
  bool message_ = false;  ///< The header names a type message/... or seems to.
};

}  // namespace

MimeSize operator+(const MimeSize& a, const MimeSize& b) {
  return {a.delimiters + b.delimiters, a.items + b.items, a.header_octets + b.header_octets};
}

MimeSize mime_size(std::string_view mail) {
  SizeScan scan;
  while (!mail.empty()) {
    const std::size_t end = mail.find('\n');
    scan.line(mail.substr(0, end));
    mail.remove_prefix(end == mail.npos ? mail.size() : end + 1);
  }
  return scan.size();
}

std::string excess_of(const MimeSize& size) {
  if (size.delimiters > kMostDelimiters) return fmt::format("more than {} parts", kMostDelimiters);
  if (size.items > kMostItems) {
    return fmt::format("more than {} header fields, addresses and parameters", kMostItems);
  }
  if (size.header_octets > kMostHeaderOctets) {
    return fmt::format("headers of more than {} MiB", kMostHeaderOctets >> 20);
  }
  return {};
}

Result<Ok> for_each_part(std::string_view mail, const MimeSize& outer, std::size_t room,
                         const Leaf& leaf) {
  // g_mime_init is not safe to call from two threads.
  static std::once_flag ready;
  std::call_once(ready, g_mime_init);
  Walk walk{.leaf = leaf, .live = outer, .room = room};
  visit_mail(mail, {}, walk);
  return walk.fault ? Result<Ok>(*walk.fault) : Ok{};
}

}  // namespace rampart::reports
