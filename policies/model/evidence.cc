#include "policies/model/evidence.h"

namespace rampart {

bool is_fresh(const Evidence& evidence, Time now) {
  return evidence.newest && now - *evidence.newest <= kEvidenceAge;
}

}  // namespace rampart
