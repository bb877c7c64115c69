/// Keys that other tools made: opendkim-genkey, rspamadm dkim_keygen, OpenSSL, or a zone's TXT.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "keys/key_folder.h"

namespace rampart {

/// What the files of one selector hold together.
struct ImportedKey {
  std::optional<KeyPair> pair;  ///< Where a private key was among them.
  std::string public_pem;
};

/// One file as it was read, with its name for messages.
struct KeyFile {
  std::string path;
  Secret text;
};

/// The DKIM key record in a zone file's TXT: "s._domainkey IN TXT ( "v=DKIM1; " "p=..." )".
std::optional<std::string> record_in(std::string_view text);

/// Reads all files of one selector and checks that their keys belong together.
Result<ImportedKey> read_key_files(std::span<const KeyFile> files, const Unlock& unlock);

}  // namespace rampart
