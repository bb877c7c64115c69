/// Imports keys of other tools: opendkim-genkey, rspamadm dkim_keygen, OpenSSL, or a zone's TXT.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "keys/key_folder.h"

namespace rampart {

/// The key that the files of one selector contain.
struct ImportedKey {
  std::optional<KeyPair> pair;  ///< Where one of the files contains the private key.
  std::string public_pem;
};

/// A file's content, with its path for messages.
struct KeyFile {
  std::string path;
  Secret text;
};

/// The DKIM key record in the text of a zone file's TXT record ("s._domainkey IN TXT ( "v=DKIM1; "
/// "p=..." )"), or in the bare text of a record; nullopt where there is none, or its key is
/// revoked.
std::optional<std::string> record_in(std::string_view text);

/// Reads all files of one selector and checks that their keys belong together. A file with nothing
/// but 32 octets in Base64 needs another file that shows whether they are private or public.
Result<ImportedKey> read_key_files(std::span<const KeyFile> files, const Unlock& unlock);

}  // namespace rampart
