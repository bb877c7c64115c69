/// Any octets as a container of reports: every report that begins also ends, within its limits.
#include <cstdint>
#include <cstdlib>

#include "reports/input/unpack.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rampart::reports;
  InputLimits limits;
  limits.octets = 1 << 20;
  limits.mail_octets = 1 << 20;
  limits.free_octets = 1 << 20;
  bool open = false;
  std::size_t fed = 0;
  const Visitor visitor{.begin =
                            [&](const std::string&, const std::shared_ptr<const CarryingMail>&) {
                              if (open) std::abort();
                              open = true;
                              fed = 0;
                            },
                        .feed = [&](std::string_view octets) -> rampart::Result<rampart::Ok> {
                          fed += octets.size();
                          if (!open || fed > (1 << 20)) std::abort();
                          return rampart::Ok{};
                        },
                        .end = [&](const std::optional<rampart::Error>&) { open = false; },
                        .json = [](const std::string&, std::string_view,
                                   const std::shared_ptr<const CarryingMail>&) {},
                        .failure = [](const std::string&, const FailureParts&,
                                      const std::shared_ptr<const CarryingMail>&) {},
                        .before_heavy_mail = {},
                        .refuse = [](const std::string&, const rampart::Error&) {}};
  // Nothing is the one thing that no content is made of.
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  if ((detect_content(octets.substr(0, kDetectedOctets)) == Content::Empty) != octets.empty()) {
    std::abort();
  }
  visit_stream("x", text_source(octets), limits, visitor);
  if (open) std::abort();
  return 0;
}
