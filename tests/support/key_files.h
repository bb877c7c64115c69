/// A key folder in a temporary place, and keys to put there.
#pragma once

#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "base/base64.h"
#include "keys/key_folder.h"

namespace rampart::testing::keys {

namespace fs = std::filesystem;

struct Folder {
  fs::path path;
  Folder() {
    char name[] = "/tmp/rampart-keys-XXXXXX";
    path = mkdtemp(name);
  }
  ~Folder() { fs::remove_all(path); }
  std::string root() const { return path.string(); }
};

inline std::string text_of(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

inline void write(const fs::path& path, const std::string& text) { std::ofstream(path) << text; }

inline unsigned mode_of(const fs::path& path) {
  struct stat status {};
  stat(path.c_str(), &status);
  return status.st_mode & 0777U;
}

inline KeyPair make(KeyAlgorithm algorithm = KeyAlgorithm::Ed25519) {
  const KeyAlgorithm one[] = {algorithm};
  return make_keys(one).value().front();
}

inline Protection by_passphrase(const char* text) {
  return {.form = KeyForm::Passphrase, .passphrase = Secret(text)};
}

inline Unlock opened_by(const char* text) { return {Secret(text), {}}; }

inline const KeyPlace kPlace{Name::literal("example.com"), "s1"};

inline std::string decoded(const std::string& text) { return decode_base64(text).value(); }
inline std::string base64_of(const std::string& octets) { return encode_base64(octets); }

inline bool holds_private(const std::string& text) {
  return text.find("PRIVATE KEY") != text.npos && text.find("ENCRYPTED PRIVATE KEY") == text.npos;
}

}  // namespace rampart::testing::keys
