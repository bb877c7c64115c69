/// Keys as signers want them: opendkim's tables, rspamd's maps, or plain PEM files.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "keys/key_folder.h"

namespace rampart {

enum class SignerFormat { OpenDkim, Rspamd, Pem };

std::optional<SignerFormat> parse_signer_format(std::string_view text);

/// What is written where.
struct ExportJob {
  SignerFormat format = SignerFormat::Pem;
  std::string out;                ///< The folder, which is made where it is missing.
  std::string installed_at = {};  ///< Where the signer will find it; empty: `out` itself.
  std::vector<KeyPlace> places;   ///< Whose public keys are live; sorted by domain.
};

/// Writes key files first and tables last, each whole or not at all and for the owner alone.
/// Returns the paths written, beneath `out`.
Result<std::vector<std::string>> export_keys(const ExportJob& job, const KeyFolder& folder,
                                             const Unlock& unlock);

/// What differs in `out` from what export_keys would write, one sentence each. Opens no private
/// key of the folder: an exported one is checked against its public half.
std::vector<std::string> check_export(const ExportJob& job, const KeyFolder& folder);

}  // namespace rampart
