/// Any octets as AWS's shared files and as the responses that hold temporary credentials: what is
/// read is complete.
#include <cstdint>
#include <cstdlib>

#include "base/text.h"
#include "providers/route53/profiles.h"
#include "providers/route53/tokens.h"

namespace {

using namespace rampart;

void must(bool holds) {
  if (!holds) std::abort();
}

void check_profiles(std::string_view text) {
  for (const std::string_view prefix : {"", "profile "}) {
    route53::Profiles profiles;
    route53::read_profiles(text, prefix, profiles);
    for (const auto& [name, settings] : profiles) {
      must(!name.empty() && trim(name) == name);
      for (const auto& [key, value] : settings) {
        must(trim(key) == key && trim(value) == value && key.find('=') == key.npos);
      }
    }
    // What is there already wins, so that the same file a second time changes nothing.
    route53::Profiles again = profiles;
    route53::read_profiles(text, prefix, again);
    must(again == profiles);
  }
}

void check_credentials(const Result<AwsCredentials>& read) {
  if (!read) return must(!read.error().what.empty());
  must(!read->key_id.empty() && !read->secret.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  check_profiles(text);
  for (const int status : {200, 403}) {
    const HttpResponse response{.status = status, .headers = {}, .body = text};
    check_credentials(route53::read_sts(response, "AssumeRoleResult"));
    check_credentials(route53::read_metadata(response));
  }
  (void)route53::read_instant(text);
  return 0;
}
