/// Records that nobody reads: misspelt, at the wrong name, or behind a CNAME to
/// nowhere. One list for audit, plan and init.
#pragma once

#include <optional>
#include <string>

#include "policies/rules/fault.h"

namespace rampart::rules {

/// `record-near-miss` or `record-misplaced`: `value` at `key`, within `domain`, looks like a record
/// of mail authentication, and no receiver reads it there; nullopt where one does, or where it
/// looks like none. A name is misplaced that repeats the domain, lacks an underscore, or has a
/// whole name for a selector; and a record of another name: DMARC at the domain itself, SPF at
/// `_dmarc`. For TXT and CNAME.
std::optional<Fault> stray_record(const Name& domain, const RecordKey& key,
                                  const std::string& value);

/// `record-dangling`: `name`, where a record of mail authentication belongs, is a CNAME to
/// `target`, which does not exist.
Fault record_dangling(const Name& name, const Name& target);

}  // namespace rampart::rules
