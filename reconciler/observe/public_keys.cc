/// Public keys from files that the YAML or the key folder names.
#include "reconciler/observe/public_keys.h"

#include "base/confined_path.h"
#include "mail/dkim/key.h"
#include "policies/dkim/names.h"
#include "policies/dkim/rotation.h"

namespace rampart {
namespace {

// Far more than any public key needs.
constexpr std::size_t kMaxKeyFileOctets = 64 * 1024;

// The reason is kept as a text: a missing file is a finding about its domain, not a failure of the
// run.
PublicKey read_key(const std::string& folder, const std::string& path) {
  const auto text = read_beneath(folder, path);
  if (!text.ok()) return {"", sentence(text.error())};
  const auto record = dkim::key_from_pem(*text);
  if (!record.ok()) return {"", path + ": it is not a public key in PEM form (RSA or Ed25519)"};
  return {dkim::print_key(*record), ""};
}

// The public keys in a domain's key folder, as paths; none where it cannot be read, since without
// the folder no key of it can be used either.
std::vector<std::string> files_of(const std::string& root, const Name& domain) {
  const std::string inside = "keys/" + domain.text();
  const auto folder = open_folder_beneath(root, inside);
  const auto names = folder ? names_in(*folder) : Result<std::vector<std::string>>(folder.error());
  std::vector<std::string> paths;
  if (!names) return paths;
  for (const std::string& name : *names) {
    if (name.ends_with(".pub")) paths.push_back(inside + "/" + name);
  }
  return paths;
}

}  // namespace

// The path comes from a pull request: it must not reach a file outside the folder, and its content
// must not reach a message.
Result<std::string> read_beneath(const std::string& folder, const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string inside = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const auto read = [&]() -> Result<std::string> {
    TRY(const auto opened, open_folder_beneath(folder, inside));
    TRY(const auto file,
        open_file_in(opened, slash == std::string::npos ? path : path.substr(slash + 1)));
    return read_all(file, kMaxKeyFileOctets);
  };
  Result<std::string> text = read();
  // Named as in the YAML, without the folder.
  if (!text) return Error{text.error().what, path};
  return text;
}

// Each path once, since several domains may publish one key.
std::map<std::string, PublicKey> read_public_keys(const Config& config) {
  std::map<std::string, PublicKey> keys;
  const auto add = [&](const std::string& path) {
    if (!keys.contains(path)) keys.emplace(path, read_key(config.folder, path));
  };
  for (const auto& [name, domain] : config.domains) {
    for (const SelectorSpec& spec : domain.selectors) {
      if (spec.public_key) add(*spec.public_key);
    }
    for (const RotationSpec& rotation : domain.rotations) {
      for (const std::string& selector : selectors_of(rotation)) {
        add(rotation_key_path(name, selector));
      }
    }
    if (domain.rotations.empty()) continue;
    for (const std::string& path : files_of(config.folder, name)) add(path);
  }
  return keys;
}

}  // namespace rampart
