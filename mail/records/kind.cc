/// Classifies values by their version and name.
#include "mail/records/kind.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "mail/dmarc/dmarc.h"
#include "mail/spf/spf.h"
#include "mail/syntax/tags.h"
#include "mail/transport/transport.h"

namespace rampart {
namespace {

// RFC 6376 section 3.6.1: v= is optional, p= is not.
bool is_dkim_key(std::string_view value) {
  if (const auto version = version_of(trim(value))) return *version == "DKIM1";
  return std::ranges::any_of(split(value, ';'), [](std::string_view piece) {
    const auto tag = split_tag(piece);
    return tag && tag->first == "p";
  });
}

// SPF counts at any name: include targets and fragments have no name of their own form.
RecordKind kind_of_txt(const Name& name, std::string_view value) {
  if (spf::is_spf(value)) return RecordKind::Spf;
  const auto version = version_of(trim(value));
  switch (name_kind(name)) {
    case NameKind::Dmarc:
      return version == "DMARC1" ? RecordKind::Dmarc : RecordKind::Foreign;
    // All authorizations mean the same, so that one which reporters discard must not be one.
    case NameKind::ReportAuthorization:
      return dmarc::is_dmarc(value) ? RecordKind::ReportAuthorization : RecordKind::Foreign;
    case NameKind::DkimSelector:
      return is_dkim_key(value) ? RecordKind::DkimKey : RecordKind::Foreign;
    case NameKind::MtaSts:
      return version == "STSv1" ? RecordKind::MtaSts : RecordKind::Foreign;
    case NameKind::TlsRpt:
      return version == "TLSRPTv1" ? RecordKind::TlsRpt : RecordKind::Foreign;
    case NameKind::Bimi:
      return version == "BIMI1" ? RecordKind::Bimi : RecordKind::Foreign;
    case NameKind::Other:
      return RecordKind::Foreign;
  }
  return RecordKind::Foreign;
}

// A value without what people paste around a version: quotes, brackets, blanks, line breaks, a byte
// order mark.
std::string bare(std::string_view value) {
  std::string text;
  for (const char c : ascii_lower(value)) {
    // Only for the comparison; messages quote the version as it must be written.
    const bool printable = c > ' ' && c < '\x7f';
    if (printable && std::string_view("\"'`\\()").find(c) == std::string_view::npos) text += c;
  }
  return text;
}

// A version as it must be written, the stem by which mistakes are recognised, and where it belongs.
struct Version {
  std::string_view stem;
  std::string_view exact;
  NameKind kind;
  std::string_view where;
};

constexpr std::array kVersions = {
    Version{"dmarc", "v=DMARC1", NameKind::Dmarc, "_dmarc.<domain>"},
    Version{"dkim", "v=DKIM1", NameKind::DkimSelector, "<selector>._domainkey.<domain>"},
    Version{"sts", "v=STSv1", NameKind::MtaSts, "_mta-sts.<domain>"},
    Version{"tlsrpt", "v=TLSRPTv1", NameKind::TlsRpt, "_smtp._tls.<domain>"},
    Version{"bimi", "v=BIMI1", NameKind::Bimi, "<selector>._bimi.<domain>"},
};

// How `v=spf1` begins when it is misspelt. `spf2.0/pra` is the version of RFC 4406, and no mistake.
constexpr std::array<std::string_view, 6> kSpfStems = {"v=spf",  "v:spf", "v==spf",
                                                       "v=sfp1", "vspf1", "spf1"};

std::optional<std::string> spf_slip(const std::string& text, std::string_view value) {
  const bool begins =
      std::ranges::any_of(kSpfStems, [&](std::string_view stem) { return text.starts_with(stem); });
  if (!begins) {
    // Two values pasted into one, or an owner name and a type in front.
    if (text.find("v=spf1") == std::string::npos) return std::nullopt;
    return "`v=spf1` must come first in an SPF record (RFC 7208 section 4.5); receivers ignore "
           "this";
  }
  if (ascii_lower(value).starts_with("v=spf1")) {
    return "after `v=spf1` comes a space or the end (RFC 7208 section 4.5); receivers ignore this";
  }
  if (spf::is_spf(trim(value))) {
    return "a blank comes before `v=spf1` (RFC 7208 section 4.5); receivers ignore this";
  }
  return "an SPF record begins with exactly `v=spf1` (RFC 7208 section 4.5)";
}

bool belongs_at(const Version& version, NameKind kind) {
  return version.kind == kind ||
         (version.kind == NameKind::Dmarc && kind == NameKind::ReportAuthorization);
}

std::optional<std::string> version_slip(const Version& version, const std::string& text,
                                        NameKind kind) {
  const std::string stem = "v=" + std::string(version.stem);
  const std::string lower = ascii_lower(version.exact);
  // Also without `v=`, which people leave out when a form asks for the value.
  if (!text.starts_with(stem) && !text.starts_with(lower.substr(2))) {
    if (!belongs_at(version, kind) || text.find(lower) == std::string::npos) return std::nullopt;
    return fmt::format("`{}` must come first; receivers discard a record with anything before it",
                       version.exact);
  }
  if (!belongs_at(version, kind)) {
    return fmt::format("`{}` belongs at {}, where receivers look for it", version.exact,
                       version.where);
  }
  // RFC 8461 section 3.1 and RFC 8460 section 3 count the `;` to what a record begins with.
  return fmt::format(
      "it must begin with exactly `{};`, with this capitalization and without blanks or quotes",
      version.exact);
}

}  // namespace

// The kind by name alone, also for names at which nothing is published: a CNAME or a near miss has
// no version to go by.
NameKind name_kind(const Name& name) {
  const auto labels = name.labels();
  const auto at = [&labels](std::size_t i) {
    return i < labels.size() ? labels[i] : std::string_view();
  };
  // By the first labels alone: the rest is the domain, which may be any.
  if (at(0) == "_dmarc") return NameKind::Dmarc;
  if (at(0) == "_mta-sts") return NameKind::MtaSts;
  if (at(0) == "_smtp" && at(1) == "_tls") return NameKind::TlsRpt;
  if (at(1) == "_bimi") return NameKind::Bimi;
  // A selector may have several labels, and an authorization names a whole domain in front.
  for (std::size_t i = 1; i < labels.size(); ++i) {
    if (at(i) == "_domainkey") return NameKind::DkimSelector;
    if (at(i) == "_report" && at(i + 1) == "_dmarc") return NameKind::ReportAuthorization;
  }
  return NameKind::Other;
}

std::string_view to_text(RecordKind kind) {
  constexpr std::array<std::string_view, 10> kTexts = {
      "SPF",     "DKIM key", "DKIM delegation", "DMARC",  "report authorization", "MTA-STS",
      "TLS-RPT", "BIMI",     "null MX",         "foreign"};
  return kTexts[static_cast<std::size_t>(kind)];
}

RecordKind kind_of(const RecordKey& key, std::string_view value) {
  switch (key.type) {
    case RecordType::TXT:
      return kind_of_txt(key.name, value);
    case RecordType::CNAME:
      return name_kind(key.name) == NameKind::DkimSelector ? RecordKind::DkimCname
                                                           : RecordKind::Foreign;
    case RecordType::MX:
      // RFC 7505 section 3: preference 0 and the root.
      return value == "0 ." ? RecordKind::NullMx : RecordKind::Foreign;
    default:
      return RecordKind::Foreign;
  }
}

bool is_read(const RecordKey& key, std::string_view value) {
  switch (kind_of(key, value)) {
    case RecordKind::Dmarc:
      return dmarc::is_dmarc(value);
    case RecordKind::MtaSts:
      return is_mta_sts(value);
    case RecordKind::TlsRpt:
      return is_tls_rpt(value);
    case RecordKind::Bimi:
      return is_bimi(value);
    case RecordKind::Foreign:
      return false;
    default:
      return true;
  }
}

std::optional<std::string> spf_near_miss(const RecordKey& key, std::string_view value) {
  if (key.type != RecordType::TXT || kind_of(key, value) != RecordKind::Foreign) {
    return std::nullopt;
  }
  return spf_slip(bare(value), value);
}

std::optional<std::string> own_near_miss(const RecordKey& key, std::string_view value) {
  if (key.type != RecordType::TXT || is_read(key, value)) return std::nullopt;
  const std::string text = bare(value);
  const NameKind kind = name_kind(key.name);
  const auto version =
      std::ranges::find_if(kVersions, [kind](const Version& one) { return belongs_at(one, kind); });
  if (version == kVersions.end()) return std::nullopt;
  if (auto slip = version_slip(*version, text, kind)) return slip;
  // Without a version the value is a record of this kind only by its name and its main tag.
  if (kind == NameKind::Dmarc && text.find("p=") != std::string::npos && !spf_slip(text, value)) {
    return "a DMARC record begins with `v=DMARC1`; receivers ignore it with any other first tag";
  }
  if (kind == NameKind::DkimSelector && text.starts_with("k=")) {
    return "a DKIM key record needs `p=` (RFC 6376 section 3.6.1)";
  }
  return std::nullopt;
}

// The most specific mistake comes first: a version in the wrong case, then a missing one.
std::optional<std::string> near_miss(const RecordKey& key, std::string_view value) {
  if (key.type != RecordType::TXT || is_read(key, value)) return std::nullopt;
  if (kind_of(key, value) == RecordKind::Foreign) {
    const std::string text = bare(value);
    if (auto slip = spf_slip(text, value)) return slip;
    const NameKind kind = name_kind(key.name);
    for (const Version& version : kVersions) {
      if (belongs_at(version, kind)) continue;
      if (auto slip = version_slip(version, text, kind)) return slip;
    }
  }
  return own_near_miss(key, value);
}

}  // namespace rampart
