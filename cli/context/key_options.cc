/// Options of the commands that use private keys: how to encrypt and to decrypt them.
#include "cli/context/key_options.h"

#include <fmt/format.h>
#include <unistd.h>

#include "cli/context/git.h"
#include "policies/dkim/key_files.h"
#include "reconciler/observe/public_keys.h"

namespace rampart {
namespace {

// From the environment and never from an option: other users of the host can read command lines.
Secret passphrase_of(const Context& context) {
  return Secret(context.process.variable("RAMPART_KEY_PASSPHRASE"));
}

// The certificates are read through the same confined path as every file that the YAML names.
Result<Protection> for_recipients(const Config& config) {
  Protection protection{.form = KeyForm::Recipients};
  for (const std::string& path : config.key_recipients) {
    TRY(std::string text, within("keys.recipients", read_beneath(config.folder, path)));
    protection.certificates.push_back(std::move(text));
  }
  return protection;
}

}  // namespace

// Encryption is required unless it is declined explicitly: a key in a repository is readable by
// everyone who can clone it. The `.gitignore` rule is tested with the path of an example key, since
// the real one does not exist yet.
Result<Protection> protection_for(const Context& context, const Config* config) {
  if (context.arguments.has("unencrypted")) {
    const std::string folder = config_folder(context);
    if (would_be_committed(folder, "keys/example.com/selector.key")) {
      return Error{
          "an unencrypted key would be in a git work tree that does not ignore it: add "
          "`keys/**/*.key` to .gitignore, or encrypt the keys",
          folder + "/keys"};
    }
    return Protection{.form = KeyForm::Plain};
  }
  if (config && !config->key_recipients.empty()) return for_recipients(*config);
  Secret passphrase = passphrase_of(context);
  if (!passphrase.empty()) {
    return Protection{.form = KeyForm::Passphrase, .passphrase = std::move(passphrase)};
  }
  return Error{
      "no protection is set for private keys: name the mail host's certificate in `keys: "
      "{recipients: [...]}`, set RAMPART_KEY_PASSPHRASE, or pass --unencrypted"};
}

// Both ways may be given at once; the form of each key file decides which of them is used.
Result<Unlock> unlock_for(const Context& context) {
  Unlock unlock{passphrase_of(context), {}};
  const auto path = context.arguments.one("identity");
  if (!path) return unlock;
  TRY(std::string text, read_file(*path));
  unlock.identity = Secret(text);
  // The copy in `text` must not stay in freed memory.
  wipe(text.data(), text.size());
  return unlock;
}

Result<Ok> remove_unfinished_keys(const Context& context, std::span<const Name> domains) {
  // The YAML as it is once the keys are locked: another run may have named its keys meanwhile.
  std::optional<std::optional<Config>> loaded;
  const auto is_named = [&](const KeyPlace& place) {
    if (::access(context.config_file.c_str(), F_OK) != 0) return false;
    if (!loaded) loaded = load(context);
    const std::optional<Config>& config = *loaded;
    // One that does not load may name it.
    if (!config) return true;
    const auto found = config->domains.find(place.domain);
    return found != config->domains.end() && names_key(found->second, place.selector);
  };
  TRY(const auto removed, KeyFolder(config_folder(context)).remove_unfinished(domains, is_named));
  // Said aloud, because anyone who may add a file to the folder can list a key there.
  for (const std::string& path : removed) {
    progress(context, fmt::format("removed {}: a run that ended early made it, and the YAML does "
                                  "not name it",
                                  path));
  }
  return Ok{};
}

std::string config_folder(const Context& context) {
  const std::size_t slash = context.config_file.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : context.config_file.substr(0, slash);
}

}  // namespace rampart
