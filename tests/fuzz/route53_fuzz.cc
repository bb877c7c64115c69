/// Route 53's answers, names and values: nothing crashes, and what is read survives being written.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "providers/route53/answers.h"
#include "providers/route53/text.h"

namespace {

using namespace rampart;

/// A value that was read is written such that the same is read again.
void check_value(RecordType type, const std::string& text) {
  const auto value = route53::read_value(type, text);
  if (!value) return;
  const auto again = route53::read_value(type, route53::value_text(type, *value));
  if (!again || *again != *value) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const HttpResponse response{.status = 200, .body = text};
  (void)route53::read_sets(response).ok();
  (void)route53::read_zones(response).ok();
  (void)route53::read_change_id(response).ok();
  (void)route53::read_change_state(response).ok();
  (void)route53::read_refusal(response);
  check_value(RecordType::TXT, text);
  const auto name = route53::read_name(text);
  if (name && route53::read_name(route53::name_text(*name)).value() != *name) std::abort();
  return 0;
}
