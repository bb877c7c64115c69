/// A mail's MIME tree, by GMime.
#include "reports/input/mime.h"

#include <gmime/gmime.h>

#include <memory>
#include <mutex>

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

// Whose part an object is: the mail's own, or that of a mail attached to it.
enum class Of { Mail, AttachedMail };
/// GMime decodes the transfer encoding while it writes to the memory stream.
void visit_leaf(GMimePart* part, Of of, const Leaf& leaf) {
  GMimeDataWrapper* content = g_mime_part_get_content(part);
  if (content == nullptr) return;
  const Owned<GMimeStream> memory(g_mime_stream_mem_new());
  if (g_mime_data_wrapper_write_to_stream(content, memory.get()) < 0) return;
  const GByteArray* octets = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(memory.get()));
  const char* name = g_mime_part_get_filename(part);
  leaf({{reinterpret_cast<const char*>(octets->data), octets->len},
        name == nullptr ? "" : name,
        of == Of::AttachedMail});
}

void visit(GMimeObject* object, int level, Of of, const Leaf& leaf) {
  if (object == nullptr || level > kMostLevels) return;
  if (GMIME_IS_MULTIPART(object)) {
    GMimeMultipart* parts = GMIME_MULTIPART(object);
    const int count = g_mime_multipart_get_count(parts);
    for (int i = 0; i < count; ++i) {
      visit(g_mime_multipart_get_part(parts, i), level + 1, of, leaf);
    }
  } else if (GMIME_IS_MESSAGE_PART(object)) {
    GMimeMessage* inner = g_mime_message_part_get_message(GMIME_MESSAGE_PART(object));
    if (inner == nullptr) return;
    visit(g_mime_message_get_mime_part(inner), level + 1, Of::AttachedMail, leaf);
  } else if (GMIME_IS_PART(object)) {
    visit_leaf(GMIME_PART(object), of, leaf);
  }
}

}  // namespace

void for_each_part(std::string_view mail, const Leaf& leaf) {
  static std::once_flag ready;
  std::call_once(ready, g_mime_init);
  const Owned<GMimeStream> stream(g_mime_stream_mem_new_with_buffer(mail.data(), mail.size()));
  const Owned<GMimeParser> parser(g_mime_parser_new_with_stream(stream.get()));
  const Owned<GMimeMessage> message(g_mime_parser_construct_message(parser.get(), nullptr));
  if (message) visit(g_mime_message_get_mime_part(message.get()), 0, Of::Mail, leaf);
}

}  // namespace rampart::reports
