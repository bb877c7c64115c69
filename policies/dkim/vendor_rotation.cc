/// How services exchange their keys.
#include "policies/dkim/vendor_rotation.h"

#include <algorithm>

namespace rampart {

std::string how_keys_rotate(const Sender& sender) {
  if (!sender.key_rotation.empty()) return sender.key_rotation;
  if (sender.dkim_kind == "none") return "";
  if (sender.dkim_kind == "self") {
    return "it signs with your keys: `rotate:` makes and exchanges them";
  }
  const auto is_cname = [](const DkimTemplate& row) { return row.type == RecordType::CNAME; };
  if (std::ranges::any_of(sender.dkim, is_cname)) {
    return "it can exchange the keys behind its CNAMEs without you; how often is not known";
  }
  const auto is_txt = [](const DkimTemplate& row) { return row.type == RecordType::TXT; };
  if (std::ranges::any_of(sender.dkim, is_txt)) {
    return "by hand: a new key is made at the service, and its TXT record declared under `dkim:` "
           "beside the old one until reports no longer show that";
  }
  return "";
}

}  // namespace rampart
