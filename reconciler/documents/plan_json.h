/// The plan document as a JSON value, for documents that contain a plan.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "policies/model/plan.h"

namespace rampart {

/// The content of `plan_to_json`, before it is printed.
nlohmann::ordered_json plan_json(const Plan& plan);

}  // namespace rampart
