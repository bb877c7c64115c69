/// Fuzzes plan.json and world.json: what is read prints to a document that reads the same.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "policies/model/plan.h"
#include "reconciler/documents/plan_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* octets, std::size_t size) {
  using namespace rampart;
  const std::string_view text(reinterpret_cast<const char*>(octets), size);
  const Result<Plan> plan = plan_from_json(text);
  if (plan) {
    const Result<Plan> again = plan_from_json(plan_to_json(*plan));
    if (!again || plan_to_json(*again) != plan_to_json(*plan)) std::abort();
  }
  const Result<World> world = world_from_json(text);
  if (world) {
    const Result<World> again = world_from_json(world_to_json(*world));
    if (!again || world_to_json(*again) != world_to_json(*world)) std::abort();
  }
  return 0;
}
