/// Evidence packs: a folder with a page and a JSON file, for an auditor.
#pragma once

#include <string>

#include "cli/views/audit.h"

namespace rampart {

/// Whether a pack may be written to `folder`: an Error where it is a link or no folder, or holds
/// anything but the files of an earlier pack.
Result<Ok> check_pack_folder(const std::string& folder);

/// Writes index.html and evidence.json to `folder`, which is created where it is missing. Checks it
/// again first. `view.profile` is set.
Result<Ok> write_pack(const std::string& folder, const AuditView& view, const PackOrigin& origin);

/// The page: every domain with each requirement, its verdict, what was seen, and its source. Equal
/// views and origins give equal bytes.
std::string evidence_pack_page(const AuditView& view, const PackOrigin& origin);

}  // namespace rampart
