#include "policies/rules/fault.h"

#include <algorithm>

namespace rampart::rules {

void add(Faults& faults, std::optional<Fault> fault) {
  if (fault) faults.push_back(std::move(*fault));
}

bool worsens(const Fault& fault, const Faults& before) {
  const auto was = std::ranges::find(before, fault.code, &Fault::code);
  return was == before.end() || fault.extent > was->extent;
}

Finding to_finding(Fault fault, const Name& domain, const Mark& mark) {
  return {.severity = fault.severity,
          .code = std::string(fault.code),
          .domain = domain,
          .message = std::move(fault.message),
          .hint = std::move(fault.hint),
          .mark = mark};
}

}  // namespace rampart::rules
