/// A mail's MIME tree, by GMime.
#include "reports/input/mime.h"

#include <gmime/gmime.h>

#include <memory>
#include <mutex>

#include "base/text.h"
#include "reports/input/unpack.h"

namespace rampart::reports {
namespace {

/// Deeper nesting is ignored; it only occurs in attacks.
constexpr int kMostLevels = 20;

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

void visit(GMimeObject* object, const Place& place, const Leaf& leaf);
void visit_mail(std::string_view mail, const Place& place, const Leaf& leaf);

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

/// GMime decodes the transfer encoding while it writes to the memory stream.
void visit_leaf(GMimePart* part, const Place& place, const Leaf& leaf) {
  GMimeDataWrapper* content = g_mime_part_get_content(part);
  if (content == nullptr) return;
  const Owned<GMimeStream> memory(g_mime_stream_mem_new());
  if (g_mime_data_wrapper_write_to_stream(content, memory.get()) < 0) return;
  const GByteArray* octets = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(memory.get()));
  const char* name = g_mime_part_get_filename(part);
  const MimePart found{{reinterpret_cast<const char*>(octets->data), octets->len},
                       type_of(GMIME_OBJECT(part)),
                       name == nullptr ? "" : name,
                       place.attached};
  if (is_attached_mail(found)) return visit_mail(found.octets, place.in_attached_mail(), leaf);
  leaf(found);
}

void visit_message(GMimeMessage* message, const Place& place, const Leaf& leaf) {
  // The header of an attached mail is a part too: it may be the original of a failure report, whose
  // body is not needed.
  if (place.attached) {
    g_autofree char* header = g_mime_object_get_headers(GMIME_OBJECT(message), nullptr);
    if (header != nullptr) leaf({header, "message/rfc822", "", true});
  }
  visit(g_mime_message_get_mime_part(message), place.below(), leaf);
}

void visit(GMimeObject* object, const Place& place, const Leaf& leaf) {
  if (object == nullptr || place.level > kMostLevels) return;
  if (GMIME_IS_MULTIPART(object)) {
    GMimeMultipart* parts = GMIME_MULTIPART(object);
    const int count = g_mime_multipart_get_count(parts);
    for (int i = 0; i < count; ++i) {
      visit(g_mime_multipart_get_part(parts, i), place.below(), leaf);
    }
  } else if (GMIME_IS_MESSAGE_PART(object)) {
    GMimeMessage* inner = g_mime_message_part_get_message(GMIME_MESSAGE_PART(object));
    if (inner != nullptr) visit_message(inner, place.in_attached_mail(), leaf);
  } else if (GMIME_IS_PART(object)) {
    visit_leaf(GMIME_PART(object), place, leaf);
  }
}

void visit_mail(std::string_view mail, const Place& place, const Leaf& leaf) {
  if (place.level > kMostLevels) return;
  const Owned<GMimeStream> stream(g_mime_stream_mem_new_with_buffer(mail.data(), mail.size()));
  const Owned<GMimeParser> parser(g_mime_parser_new_with_stream(stream.get()));
  const Owned<GMimeMessage> message(g_mime_parser_construct_message(parser.get(), nullptr));
  if (message) visit_message(message.get(), place, leaf);
}

}  // namespace

void for_each_part(std::string_view mail, const Leaf& leaf) {
  // g_mime_init is not safe to call from two threads.
  static std::once_flag ready;
  std::call_once(ready, g_mime_init);
  visit_mail(mail, {}, leaf);
}

}  // namespace rampart::reports
