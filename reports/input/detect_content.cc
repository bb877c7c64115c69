/// Detects the content of a stream by its first octets.
#include <algorithm>

#include "base/text.h"
#include "reports/input/unpack.h"

namespace rampart::reports {
namespace {

/// XML begins with "<" in UTF-8 or UTF-16, with or without a byte order mark.
bool is_xml(std::string_view head) {
  if (head.starts_with("\xFF\xFE") || head.starts_with("\xFE\xFF")) return true;
  if (head.size() > 2 && ((head[0] == '<' && head[1] == 0) || (head[0] == 0 && head[1] == '<'))) {
    return true;
  }
  if (head.starts_with("\xEF\xBB\xBF")) head.remove_prefix(3);
  return trim(head).starts_with('<');
}

/// RFC 1950 section 2.2: deflate with the largest window, at the four levels that encoders write.
bool is_zlib(std::string_view head) {
  if (head.size() < 2 || head[0] != 0x78) return false;
  const auto level = static_cast<unsigned char>(head[1]);
  return level == 0x01 || level == 0x5e || level == 0x9c || level == 0xda;
}

/// "BZh", the block size as a digit, then the mark of the first block.
bool is_bzip2(std::string_view head) {
  return head.size() > 9 && head.starts_with("BZh") && is_digit(head[3]) &&
         head.substr(4, 6) == "1AY&SY";
}

bool is_json(std::string_view head) {
  if (head.starts_with("\xEF\xBB\xBF")) head.remove_prefix(3);
  return trim(head).starts_with('{');
}

/// RFC 5322 section 2.2: a name of printable characters, then a colon.
bool is_mail(std::string_view head) {
  const auto colon = head.find(':');
  if (colon == head.npos || colon == 0) return false;
  std::string_view name = head.substr(0, colon);
  while (!name.empty() && is_blank(name.back())) name.remove_suffix(1);
  return std::ranges::all_of(name, [](unsigned char c) { return c > 32 && c < 127; }) &&
         std::ranges::any_of(name, is_alpha) && head.find('\n') != head.npos;
}

}  // namespace

/// The order matters: a zlib header is a weak sign, and an XML document may contain a colon as mail
/// does, so the certain signs are tested first.
Content detect_content(std::string_view head) {
  using namespace std::string_view_literals;
  if (head.find_first_not_of("\0 \t\r\n"sv) == head.npos) return Content::Empty;
  if (head.starts_with("\x1f\x8b")) return Content::Gzip;
  // "PK00PK" begins an archive that was made for several disks and fits on one.
  if (head.starts_with("PK\x03\x04") || head.starts_with("PK00PK")) return Content::Zip;
  if (head.starts_with("\xFD"
                       "7zXZ\0"sv))
    return Content::Xz;
  if (is_bzip2(head)) return Content::Bzip2;
  if (is_xml(head)) return Content::Xml;
  if (is_json(head)) return Content::Json;
  if (is_zlib(head)) return Content::Zlib;
  if (head.size() >= 262 && head.substr(257, 5) == "ustar") return Content::Tar;
  if (head.starts_with("From ")) return Content::Mbox;
  return is_mail(head) ? Content::Mail : Content::Unknown;
}

}  // namespace rampart::reports
