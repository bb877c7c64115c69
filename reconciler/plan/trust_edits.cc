/// Edits of trust: each can let somebody else send, sign or read keys, while no record changes or
/// only much later.
#include "reconciler/plan/trust_edits.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "base/base64.h"
#include "base/sha256.h"
#include "policies/model/lookup.h"
#include "policies/spf/lock.h"

namespace rampart {
namespace {

using Texts = std::vector<std::string>;

/// Both values of one setting as text; where they are equal nothing is listed.
struct Setting {
  std::string_view name;
  std::string before;
  std::string now;
};

std::string date_or_none(const std::optional<Date>& date) { return date ? to_text(*date) : "none"; }

std::string list_text(const Texts& texts) {
  return texts.empty() ? "none" : fmt::format("{}", fmt::join(texts, " "));
}

// One line for each setting: a reviewer must see both values without opening the file.
void note_settings(const std::string& subject, const Mark& mark, const std::vector<Setting>& all,
                   Edits& edits) {
  for (const Setting& one : all) {
    if (one.before == one.now) continue;
    note(edits, mark, "{}: {} changed from {} to {}", subject, one.name, one.before, one.now);
  }
}

// --- Certificates, reporters, files --------------------------------------------------------------

// As `openssl x509 -fingerprint -sha256` computes it, over the DER form, so that another line
// length or a comment is no change. Any other file counts by its octets: which of several blocks
// OpenSSL reads must not be guessed here.
std::string fingerprint_of(std::string_view pem) {
  constexpr std::string_view kBegin = "-----BEGIN CERTIFICATE-----";
  constexpr std::string_view kAnyBegin = "-----BEGIN ";
  const std::size_t begin = pem.find(kAnyBegin);
  const bool one_block =
      begin != std::string_view::npos && pem.find(kAnyBegin, begin + 1) == std::string_view::npos;
  const bool at_line_start = begin == 0 || (one_block && pem[begin - 1] == '\n');
  if (one_block && at_line_start && pem.substr(begin).starts_with(kBegin)) {
    std::string body(pem.substr(begin + kBegin.size()));
    body.resize(std::min(body.size(), body.find("-----END")));
    std::erase_if(body, [](char c) { return c == '\n' || c == '\r' || c == ' ' || c == '\t'; });
    if (const auto der = decode_base64(body)) return "sha256:" + sha256_hex(*der);
  }
  return "sha256:" + sha256_hex(pem) + " (not one certificate)";
}

std::string fingerprint_at(const std::string& path, const FilesBeside& files) {
  const std::string* text = find_value(files.certificates, path);
  return text == nullptr ? "unreadable" : fingerprint_of(*text);
}

/// One side of the comparison.
struct Side {
  const Config& config;
  const FilesBeside& files;
};

// Anyone who holds the key of a recipient can read every private key made from then on. The path
// alone proves nothing: the file can be exchanged in place.
void compare_recipients(const Side& base, const Side& now, const Mark& top, Edits& edits) {
  for (const std::string& path : now.config.key_recipients) {
    const std::string after = fingerprint_at(path, now.files);
    if (!contains(base.config.key_recipients, path)) {
      note(edits, top, "key recipient added: {} ({})", path, after);
    } else if (const std::string before = fingerprint_at(path, base.files); before != after) {
      note(edits, top, "key recipient changed in place: {} {} to {}", path, before, after);
    }
  }
  for (const std::string& path : base.config.key_recipients) {
    if (contains(now.config.key_recipients, path)) continue;
    note(edits, top, "key recipient removed: {} ({})", path, fingerprint_at(path, base.files));
  }
}

void compare_lists(std::string_view what, const Texts& before, const Texts& now, const Mark& top,
                   Edits& edits) {
  for (const std::string& one : now) {
    if (!contains(before, one)) note(edits, top, "{} added: {}", what, one);
  }
  for (const std::string& one : before) {
    if (!contains(now, one)) note(edits, top, "{} removed: {}", what, one);
  }
}

// By the files and not by the patterns: a pattern that matched one file may now match two.
void compare_files(const Config& base, const Config& now, const Mark& top, Edits& edits) {
  if (base.files.empty()) return;  // There was no YAML: everything is new.
  for (const auto& [path, digest] : now.files) {
    if (!base.files.contains(path)) note(edits, top, "file included: {}", path);
  }
  for (const auto& [path, digest] : base.files) {
    if (!now.files.contains(path)) note(edits, top, "file no longer included: {}", path);
  }
}

// --- Senders -------------------------------------------------------------------------------------

// In the order of their enumerators, in the words of the YAML.
constexpr std::array<std::string_view, 5> kNeeded = {"yes", "no", "optional", "legacy", "n/a"};
constexpr std::array<std::string_view, 5> kAligns = {"yes", "no", "optional", "partly", "unknown"};
constexpr std::array<std::string_view, 3> kSpfUses = {"auto", "always", "never"};
constexpr std::array<std::string_view, 4> kAlgorithms = {"rsa2048", "rsa4096", "ed25519", "both"};
constexpr std::array<std::string_view, 2> kUpkeeps = {"managed", "unmanaged"};

template <class Enum, std::size_t kSize>
Setting setting(std::string_view name, const std::array<std::string_view, kSize>& words,
                Enum before, Enum now) {
  return {name, std::string(word_of(words, before)), std::string(word_of(words, now))};
}

std::string templates_text(const Sender& sender) {
  Texts texts;
  for (const DkimTemplate& one : sender.dkim) {
    texts.push_back(fmt::format("{}={}{}", one.host, to_text(one.type),
                                one.target.empty() ? "" : ":" + one.target));
    for (const std::string& other : one.targets) texts.back() += " or " + other;
  }
  return list_text(texts);
}

// What decides whose mail passes or counts as the sender's; names, owners and notes do not.
std::vector<Setting> settings_of(const Sender& a, const Sender& b) {
  return {{"spf", list_text(a.spf), list_text(b.spf)},
          {"spf_aliases", list_text(a.spf_aliases), list_text(b.spf_aliases)},
          setting("include_needed", kNeeded, a.include_needed, b.include_needed),
          setting("aligns spf", kAligns, a.spf_aligns, b.spf_aligns),
          setting("aligns dkim", kAligns, a.dkim_aligns, b.dkim_aligns),
          {"dkim kind", std::string(to_text(a.dkim_kind)), std::string(to_text(b.dkim_kind))},
          {"dkim", templates_text(a), templates_text(b)},
          {"regions", list_text(a.regions), list_text(b.regions)},
          {"selectors", list_text(a.selectors), list_text(b.selectors)},
          {"return_path", a.return_path.value_or("none"), b.return_path.value_or("none")},
          {"rdns", list_text(a.rdns), list_text(b.rdns)},
          {"dkim_domains", list_text(a.dkim_domains), list_text(b.dkim_domains)},
          {"envelope_domains", list_text(a.envelope_domains), list_text(b.envelope_domains)}};
}

void compare_definitions(const Config& base, const Config& now, const Mark& top, Edits& edits) {
  for (const auto& [id, sender] : now.senders) {
    if (sender->builtin) continue;
    const auto* old = find_value(base.senders, id);
    if (old == nullptr) {
      note(edits, sender->mark, "sender defined: {}", id);
    } else {
      if ((*old)->builtin) note(edits, sender->mark, "sender replaces the catalogue's: {}", id);
      note_settings("sender " + id, sender->mark, settings_of(**old, *sender), edits);
    }
  }
  for (const auto& [id, sender] : base.senders) {
    const auto* same = find_value(now.senders, id);
    const bool dropped = same == nullptr || ((*same)->builtin && !sender->builtin);
    if (dropped) note(edits, top, "sender no longer defined: {}", id);
  }
}

std::string with_text(const SenderUse& use) {
  Texts texts;
  for (const auto& [key, value] : use.with) texts.push_back(key + "=" + value);
  return list_text(texts);
}

// A declared sender's mail counts as the domain's own at every gate, and `expect: rare` excuses its
// silence, though neither need change a record.
void compare_uses(const Domain& base, const Domain& now, Edits& edits) {
  const auto id_of = [](const SenderUse& use) { return use.sender->id; };
  const std::string name = now.name.text();
  const auto before = base.declared_senders();
  for (const SenderUse& use : now.declared_senders()) {
    const auto old = std::ranges::find(before, id_of(use), id_of);
    if (old == before.end()) {
      note(edits, use.mark, "sender added to {}: {}{}", name, id_of(use),
           use.rare ? " (expect: rare)" : "");
      continue;
    }
    note_settings(fmt::format("sender {} of {}", id_of(use), name), use.mark,
                  {{"expect", old->rare ? "rare" : "mail", use.rare ? "rare" : "mail"},
                   setting("spf", kSpfUses, old->spf, use.spf),
                   {"retired", date_or_none(old->retired), date_or_none(use.retired)},
                   {"with", with_text(*old), with_text(use)}},
                  edits);
  }
  for (const SenderUse& use : before) {
    if (contains(now.declared_senders(), id_of(use), id_of)) continue;
    note(edits, now.mark, "sender removed from {}: {}", name, id_of(use));
  }
}

// --- Keys ----------------------------------------------------------------------------------------

std::string revoked_text(const RotationSpec& spec) {
  Texts texts;
  for (const auto& [selector, date] : spec.revoked) texts.push_back(selector + "=" + to_text(date));
  return list_text(texts);
}

// The selectors and days too: they decide which key is published, kept and revoked, and when.
void compare_rotation(const RotationSpec& a, const RotationSpec& b, const Domain& now,
                      Edits& edits) {
  const auto selector = [](const std::optional<std::string>& one) { return one.value_or("none"); };
  note_settings(fmt::format("rotation {} of {}", b.name, now.name.text()), b.mark,
                {{"sender", a.sender, b.sender},
                 {"every", to_text(a.every), to_text(b.every)},
                 setting("algorithm", kAlgorithms, a.algorithm, b.algorithm),
                 {"publish_ahead", to_text(a.publish_ahead), to_text(b.publish_ahead)},
                 {"keep", to_text(a.keep), to_text(b.keep)},
                 {"revoke", to_text(a.revoke), to_text(b.revoke)},
                 {"current", selector(a.current), selector(b.current)},
                 {"next", selector(a.next), selector(b.next)},
                 {"past", list_text(a.past), list_text(b.past)},
                 {"signing", selector(a.signing), selector(b.signing)},
                 {"published", date_or_none(a.published), date_or_none(b.published)},
                 {"signing_since", date_or_none(a.signing_since), date_or_none(b.signing_since)},
                 {"revoked", revoked_text(a), revoked_text(b)},
                 {"compromised", list_text(a.compromised), list_text(b.compromised)}},
                edits);
}

void compare_rotations(const Domain& base, const Domain& now, Edits& edits) {
  for (const RotationSpec& spec : now.rotations) {
    const auto old = std::ranges::find(base.rotations, spec.name, &RotationSpec::name);
    if (old == base.rotations.end()) {
      note(edits, spec.mark, "rotation added to {}: {}", now.name.text(), spec.name);
    } else {
      compare_rotation(*old, spec, now, edits);
    }
  }
  for (const RotationSpec& spec : base.rotations) {
    if (contains(now.rotations, spec.name, &RotationSpec::name)) continue;
    note(edits, now.mark, "rotation removed from {}: {}", now.name.text(), spec.name);
  }
}

// --- spf.lock ------------------------------------------------------------------------------------

// The lock is what a vendor's record is compared with, and what a flattened record is made of.
void compare_locks(const FilesBeside& base, const FilesBeside& now, Edits& edits) {
  const Mark mark{"spf.lock", 1, 1};
  for (const auto& [domain, lock] : now.locks) {
    const SpfLock* old = find_value(base.locks, domain);
    for (const auto& [term, locked] : lock.terms) {
      const LockedTerm* before = old == nullptr ? nullptr : find_value(old->terms, term);
      const spf::IpSet was = before == nullptr ? spf::IpSet{} : set_of(before->networks);
      const spf::IpSet is = set_of(locked.networks);
      if (was == is) continue;
      note(edits, mark, "spf.lock: {} of {} has {} more and {} fewer IPv4 addresses{}", term,
           domain.text(), is.without(was).count4(), was.without(is).count4(),
           was.v6() == is.v6() ? "" : ", and other IPv6 networks");
    }
  }
}

}  // namespace

Edits trust_edits(const Config& base, const FilesBeside& base_files, const Config& now,
                  const FilesBeside& now_files) {
  Edits edits;
  const Mark top{now.file, 1, 1};  // For what has no line of its own.
  compare_recipients({base, base_files}, {now, now_files}, top, edits);
  compare_lists("reporter", base.reporters.known, now.reporters.known, top, edits);
  compare_lists("refused reporter", base.reporters.refused, now.reporters.refused, top, edits);
  compare_files(base, now, top, edits);
  compare_definitions(base, now, top, edits);
  compare_locks(base_files, now_files, edits);
  return edits;
}

Edits trust_edits(const Domain& base, const Domain& now) {
  Edits edits;
  compare_uses(base, now, edits);
  compare_rotations(base, now, edits);
  const auto of_spf = [](const Domain& domain) {
    return domain.spf ? domain.spf->upkeep : Upkeep::Managed;
  };
  note_settings(now.name.text(), now.mark,
                {setting("spf", kUpkeeps, of_spf(base), of_spf(now)),
                 setting("dkim", kUpkeeps, base.dkim, now.dkim)},
                edits);
  return edits;
}

}  // namespace rampart
