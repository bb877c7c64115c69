/// How services exchange their keys.
#include "policies/dkim/vendor_rotation.h"

#include "policies/model/lookup.h"

namespace rampart {

// The catalogue's own sentence wins: what follows from the form of the records is only a guess.
std::string how_keys_rotate(const Sender& sender) {
  if (!sender.key_rotation.empty()) return sender.key_rotation;
  if (sender.dkim_kind == DkimKind::None) return "";
  if (sender.dkim_kind == DkimKind::Self) {
    return "it signs with your keys: `rotate:` makes and replaces them";
  }
  if (contains(sender.dkim, RecordType::CNAME, &DkimTemplate::type)) {
    return "it can replace the keys behind its CNAMEs itself; how often is unknown";
  }
  if (contains(sender.dkim, RecordType::TXT, &DkimTemplate::type)) {
    return "by hand: make a new key at the service, and declare its TXT record under `dkim:` "
           "beside "
           "the old one until reports no longer show the old one";
  }
  return "";
}

}  // namespace rampart
