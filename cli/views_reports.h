/// How the commands about reports print: text for people, JSON as the contract has it.
#pragma once

#include <string>

#include "reports/ingest.h"

namespace rampart {

std::string ingested_text(const reports::Ingested& outcome);
std::string ingested_json(const reports::Ingested& outcome);

}  // namespace rampart
