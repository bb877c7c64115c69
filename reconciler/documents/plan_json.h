/// The plan document as a JSON value, for documents that contain a plan.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "policies/model/plan.h"

namespace rampart {

/// The content of `plan_to_json`, before it is printed.
nlohmann::ordered_json plan_json(const Plan& plan);

/// {severity, code, domain, message, hint, file, line, column}, and "withholds" if there are any.
nlohmann::ordered_json finding_json(const Finding& finding);

}  // namespace rampart
