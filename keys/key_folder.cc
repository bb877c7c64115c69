#include "keys/key_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "base/sha256.h"
#include "base/text.h"
#include "keys/secure_file.h"
#include "mail/dkim/key.h"

namespace rampart {
namespace {

constexpr unsigned kPrivateMode = 0600;
// Public halves are committed to the repository and read by every run of the pipeline.
constexpr unsigned kPublicMode = 0644;
// Hidden, so that no listing of keys shows it.
constexpr const char* kUnfinished = ".unfinished";

constexpr const char* kKeys = "keys";

std::string inside(const KeyPlace& place) { return "keys/" + place.domain.text(); }

// A selector becomes a file name: it must consist of DNS labels and must not lead to another
// folder.
Result<Ok> check_selector(const KeyPlace& place) {
  const auto name = place.domain.child(place.selector + "._domainkey");
  if (is_plain_part(place.selector) && name) return Ok{};
  return Error{fmt::format("`{}` is not a selector", place.selector)};
}

Result<dkim::KeyShape> shape_of(const Result<dkim::KeyRecord>& record) {
  return record ? dkim::shape_of(*record) : record.error();
}

// The header is for people. Only "made" is read back; the rest is computed from the key again.
std::string with_header(const KeyPlace& place, const std::string& pem, const std::string& made) {
  const auto record = dkim::key_from_pem(pem);
  const auto shape = shape_of(record);
  return fmt::format(
      "# DKIM public key of {}._domainkey.{}\n# algorithm: {}\n# made: {}\n# fingerprint: {}\n{}",
      place.selector, place.domain.text(),
      record ? algorithm_word(dkim::print_key(*record)) : "unknown", made,
      shape ? shape->fingerprint : "unknown", pem.substr(std::min(pem.size(), pem.find("-----"))));
}

std::string header_value(std::string_view text, std::string_view name) {
  const std::string label = fmt::format("# {}: ", name);
  const std::size_t at = text.find(label);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = text.substr(at + label.size());
  return std::string(rest.substr(0, rest.find_first_of("\r\n")));
}

// The content of a private half's file.
Result<Secret> private_text(const KeyPair& pair, const Protection& protection) {
  if (protection.form == KeyForm::Plain) return plain_pem(pair);
  TRY(const auto sealed, protection.form == KeyForm::Passphrase
                             ? sealed_with(pair, protection.passphrase)
                             : sealed_for(pair, protection.certificates));
  return Secret(sealed);
}

// A row of the list of a batch.
std::string listed(const std::string& name, std::string_view octets) {
  return fmt::format("{} {}\n", name, sha256_hex(octets));
}

// Locks the folder and makes room for a selector's files. Without the lock, two runs at once would
// each write one half, and the halves would not match.
Result<Ok> claim(const KeyDirectory& folder, const KeyPlace& place) {
  TRY_OK(folder.lock());
  // A selector that was published once stays in caches and in signatures of mail in transit.
  if (folder.has(place.selector + ".pub")) {
    return Error{
        "this selector already has a key: choose another one, because selectors are never reused"};
  }
  // A killed run leaves a private half without a public one, or somebody put it here. It may be the
  // only copy of a key in use, so it is renamed and not overwritten. It does not stay either: it
  // would not match the new public half.
  return folder.set_aside(place.selector + ".key");
}

// The names in a folder, sorted; none where it cannot be read.
std::vector<std::string> names_in(const std::string& path) {
  std::vector<std::string> names;
  std::error_code failed;
  for (std::filesystem::directory_iterator at(path, failed), end; !failed && at != end;
       at.increment(failed)) {
    names.push_back(at->path().filename().string());
  }
  std::ranges::sort(names);
  return names;
}

// Removes what the list of a domain names, and then the list; the keys are locked. Returns the
// names of the files that are gone.
Result<std::vector<std::string>> remove_listed(
    const std::string& root, const Name& domain,
    const std::function<bool(const KeyPlace&)>& is_named) {
  std::vector<std::string> removed;
  TRY(const auto folder, KeyDirectory::open(root, inside({domain, {}})));
  if (!folder.has(kUnfinished)) return removed;
  TRY(const Secret list, folder.read(kUnfinished));
  for (const std::string_view row : split(list.text(), '\n')) {
    const std::string name(row.substr(0, row.find(' ')));
    if (!is_plain_part(name) || !(name.ends_with(".key") || name.ends_with(".pub"))) continue;
    if (is_named({domain, name.substr(0, name.size() - 4)})) continue;
    const auto octets = folder.read(name);
    if (!octets || listed(name, octets->text()) != std::string(row) + "\n") continue;
    TRY_OK(folder.remove(name));
    removed.push_back(name);
  }
  TRY_OK(folder.remove(kUnfinished));
  return removed;
}

}  // namespace

std::string algorithm_word(const std::string& text) {
  const auto shape = shape_of(dkim::parse_key(text));
  if (!shape) return "unknown";
  return shape->algorithm == "rsa" ? fmt::format("rsa{}", shape->bits) : shape->algorithm;
}

std::string KeyFolder::path_of(const KeyPlace& place, std::string_view ending) const {
  const std::string start = root_.empty() || root_ == "." ? "" : root_ + "/";
  return fmt::format("{}{}/{}{}", start, inside(place), place.selector, ending);
}

bool KeyFolder::has(const KeyPlace& place) const {
  const auto folder = KeyDirectory::open(root_, inside(place));
  return folder && (folder->has(place.selector + ".key") || folder->has(place.selector + ".pub"));
}

Result<Ok> KeyFolder::store(const KeyPlace& place, const KeyPair& pair,
                            const Protection& protection, const std::string& made) const {
  KeyBatch batch(root_);
  TRY_OK(batch.store(place, pair, protection, made));
  return batch.finish();
}

// The list is only a permission to remove: a forged one can remove nothing that its author could
// not have left out, and no key is ever used because of it. The content is compared, since a person
// may have put another key under the name meanwhile.
Result<std::vector<std::string>> KeyFolder::remove_unfinished(
    std::span<const Name> domains, const std::function<bool(const KeyPlace&)>& is_named) const {
  // Almost always there is no list, and nothing to lock.
  std::vector<Name> listed_domains;
  for (const Name& domain : domains) {
    // Without a folder no key was made. One that cannot be opened is an error of the next store.
    const auto folder = KeyDirectory::open(root_, inside({domain, {}}));
    if (folder && folder->has(kUnfinished)) listed_domains.push_back(domain);
  }
  std::vector<std::string> removed;
  if (listed_domains.empty()) return removed;
  // A list that is there while nobody holds the lock is that of a run that was killed.
  TRY(const auto keys, KeyDirectory::open(root_, kKeys));
  TRY_OK(keys.lock());
  for (const Name& domain : listed_domains) {
    TRY(const auto names, within(inside({domain, {}}), remove_listed(root_, domain, is_named)));
    for (const std::string& name : names) removed.push_back(path_of({domain, name}, ""));
  }
  return removed;
}

// One lock for all domains: a descriptor for each would be too many in a large estate.
Result<Ok> KeyBatch::begin() {
  if (keys_) return Ok{};
  TRY(auto keys, KeyDirectory::make(root_, kKeys));
  TRY_OK(keys.lock());
  keys_.emplace(std::move(keys));
  return Ok{};
}

Result<Ok> KeyBatch::store(const KeyPlace& place, const KeyPair& pair, const Protection& protection,
                           const std::string& made) {
  TRY_OK(check_selector(place));
  TRY_OK(begin());
  TRY(const auto folder, KeyDirectory::make(root_, inside(place)));
  const std::string where = KeyFolder(root_).path_of(place, "");
  const std::string key = place.selector + ".key";
  const std::string half = place.selector + ".pub";
  TRY_OK(within(where, claim(folder, place)));
  TRY(const auto pem, public_pem(pair));
  TRY(const Secret private_half, private_text(pair, protection));
  const std::string public_half = with_header(place, pem, made);
  // Before the files, so that no file of a killed run is missing from the list.
  std::string& list = lists_[place.domain];
  list += listed(key, private_half.text()) + listed(half, public_half);
  constexpr ReplacedFile kOwnFile{.mode = kPrivateMode, .kept = kPrivateMode};
  TRY_OK(within(where, folder.replace(kUnfinished, list, kOwnFile)));
  TRY_OK(within(where, folder.create(key, private_half.text(), kPrivateMode)));
  const auto done = folder.create(half, public_half, kPublicMode);
  if (done) return done;
  // The key pair that was just made is of no use without its public half.
  static_cast<void>(folder.remove(key));
  return within(where, done.error());
}

Result<Ok> KeyBatch::finish() {
  for (const auto& [domain, list] : lists_) {
    TRY(const auto folder, KeyDirectory::open(root_, inside({domain, {}})));
    TRY_OK(within(inside({domain, {}}), folder.remove(kUnfinished)));
  }
  lists_.clear();
  keys_.reset();
  return Ok{};
}

Result<Ok> KeyFolder::store_public(const KeyPlace& place, const std::string& pem,
                                   const std::string& made) const {
  TRY_OK(check_selector(place));
  TRY_OK(within(path_of(place, ""), dkim::key_from_pem(pem)));
  TRY(const auto folder, KeyDirectory::make(root_, inside(place)));
  TRY_OK(within(path_of(place, ""), claim(folder, place)));
  return within(path_of(place, ""),
                folder.create(place.selector + ".pub", with_header(place, pem, made), kPublicMode));
}

Result<KeyPair> KeyFolder::open(const KeyPlace& place, const Unlock& unlock) const {
  const std::string path = path_of(place, ".key");
  const auto folder = KeyDirectory::open(root_, inside(place));
  if (!folder) return within(path, folder.error());
  const auto pem = folder->read(place.selector + ".key");
  if (!pem) return Error{pem.error().what, path};
  auto pair = open_key(pem->text(), unlock);
  if (!pair) return within(path, pair.error());
  const auto half = folder->read(place.selector + ".pub");
  if (!half) return Error{half.error().what, path_of(place, ".pub")};
  if (const auto same = check_pair(*pair, half->text()); !same) return within(path, same.error());
  return pair;
}

Result<std::string> KeyFolder::public_half(const KeyPlace& place) const {
  TRY(const auto folder, KeyDirectory::open(root_, inside(place)));
  const auto text = folder.read(place.selector + ".pub");
  if (!text) return Error{text.error().what, path_of(place, ".pub")};
  return std::string(text->text());
}

// A selector with an unreadable public half is listed with the error, so that one damaged file does
// not hide the others.
KeyEntry KeyFolder::entry(const KeyPlace& place) const {
  KeyEntry entry{.place = place};
  const auto text = public_half(place);
  if (text) {
    const auto record = dkim::key_from_pem(*text);
    if (const auto shape = shape_of(record)) {
      entry.algorithm = algorithm_word(dkim::print_key(*record));
      entry.fingerprint = shape->fingerprint;
    } else {
      entry.error = shape.error().what;
    }
    entry.made = header_value(*text, "made");
  } else {
    entry.error = text.error().what;
  }
  const auto folder = KeyDirectory::open(root_, inside(place));
  if (!folder) return entry;
  const auto pem = folder->read(place.selector + ".key");
  if (pem) entry.private_key = form_of(pem->text());
  return entry;
}

std::vector<KeyEntry> KeyFolder::list() const {
  std::vector<KeyEntry> entries;
  const std::string top = root_.empty() ? "keys" : root_ + "/keys";
  for (const std::string& folder : names_in(top)) {
    const auto domain = Name::parse(folder);
    // Only folders in Name's own spelling, so that one domain cannot have two.
    if (!domain || domain->text() != folder) continue;
    std::set<std::string> selectors;
    for (const std::string& file : names_in(top + "/" + folder)) {
      const bool half = file.ends_with(".key") || file.ends_with(".pub");
      if (half && is_plain_part(file)) selectors.insert(file.substr(0, file.size() - 4));
    }
    for (const std::string& selector : selectors) entries.push_back(entry({*domain, selector}));
  }
  return entries;
}

}  // namespace rampart
