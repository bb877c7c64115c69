/// Exports keys for signers: opendkim's tables, rspamd's maps, or PEM files.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "keys/key_folder.h"

namespace rampart {

enum class SignerFormat { OpenDkim, Rspamd, Pem };

/// Reads "opendkim", "rspamd" or "pem".
std::optional<SignerFormat> parse_signer_format(std::string_view text);

/// What to write, and where.
struct ExportJob {
  SignerFormat format = SignerFormat::Pem;
  std::string out;                ///< The folder, created where it is missing.
  std::string installed_at = {};  ///< The folder's path on the signer; empty: `out` itself.
  std::vector<KeyPlace> places;   ///< The selectors to export, sorted by domain.
};

/// Writes key files first and tables last. Each file is written in full or not at all. A file that
/// is replaced keeps its owner, group and mode; a key stays unreadable for others. Only its owner
/// can read a new file: the user of this run or, if that is root, the owner of its folder. Returns
/// the paths written, relative to `out`.
Result<std::vector<std::string>> export_keys(const ExportJob& job, const KeyFolder& folder,
                                             const Unlock& unlock);

/// Differences between `out` and what export_keys would write, one sentence each. Opens no private
/// key of the key folder: exported keys are compared with the public halves there, and by the form
/// (PEM or seed) that the format needs.
std::vector<std::string> check_export(const ExportJob& job, const KeyFolder& folder);

}  // namespace rampart
