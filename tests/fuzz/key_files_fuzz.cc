/// Any octets as the key files of one selector, which a NUL separates: what is imported can be
/// published, and its halves belong together.
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "keys/import.h"
#include "mail/dkim/key.h"
#include "mail/dkim/public_key.h"

namespace {

using namespace rampart;

void must(bool holds) {
  if (!holds) std::abort();
}

void check_text(std::string_view text) {
  const Unlock unlock;
  if (const auto pair = open_key(text, unlock)) must(form_of(text).has_value());
  if (const auto pair = pair_of_seed(text)) {
    const auto seed = base64_seed(*pair);
    must(seed.ok());
    const auto again = pair_of_seed(seed->text());
    must(again && check_pair(*again, *public_pem(*pair)).ok());
    // Only one text is the seed of a key: other text of this length is no key at all.
    must(text.find(seed->text().substr(0, 42)) != text.npos);
  }
  if (const auto record = record_in(text)) must(dkim::parse_key(*record).ok());
  if (const auto pem = pem_of_record(text)) must(pem->starts_with("-----BEGIN PUBLIC KEY-----"));
}

void check_der(std::string_view der) {
  if (const auto key = dkim::read_public_key(der)) must(key->bits > 0);
  for (const auto& verified :
       {dkim::verify_rsa(der, "data", der), dkim::verify_ed25519(der, "data", der)}) {
    must(!verified || !*verified);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  check_text(rest);
  check_der(rest);
  std::vector<KeyFile> files;
  for (bool more = true; more && files.size() < 4;) {
    const std::size_t end = rest.find('\0');
    files.push_back({"a.key", Secret(rest.substr(0, end))});
    more = end != rest.npos;
    if (more) rest.remove_prefix(end + 1);
  }
  const auto imported = read_key_files(files, {});
  if (!imported) return 0;
  const auto record = dkim::key_from_pem(imported->public_pem);
  must(record.ok() && dkim::shape_of(*record).ok());
  if (imported->pair) must(check_pair(*imported->pair, imported->public_pem).ok());
  return 0;
}
