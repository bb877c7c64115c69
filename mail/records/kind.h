/// What a record's value is, by its version and not by its name alone.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dns/record.h"

namespace rampart {

/// What the labels of a name say about the records that belong there.
enum class NameKind { Other, DkimSelector, Dmarc, ReportAuthorization, MtaSts, TlsRpt, Bimi };

/// "_dmarc.<domain>" is Dmarc, "<selector>._domainkey.<domain>" DkimSelector, "_mta-sts.<domain>"
/// MtaSts, "_smtp._tls.<domain>" TlsRpt, "<selector>._bimi.<domain>" Bimi, and any name below
/// "_report._dmarc" ReportAuthorization (RFC 9990 section 4).
NameKind name_kind(const Name& name);

/// The kinds of record that Rampart owns, and Foreign for all else.
enum class RecordKind {
  Spf,
  DkimKey,
  DkimCname,
  Dmarc,
  ReportAuthorization,
  MtaSts,
  TlsRpt,
  Bimi,
  NullMx,
  Foreign,
};

/// "SPF", "DKIM key", "DMARC", ... for sentences.
std::string_view to_text(RecordKind kind);

/// What kind of mail-authentication record `value` is at `key`.
/// The name matters: a DKIM key may omit its version, and `v=DMARC1` below `_report._dmarc` is an
/// authorisation. RFC 7208 section 4.5: an SPF version ends at a space or the end, so "v=spf10" is
/// Foreign, and `V=SPF1` is Spf. Blanks in front of or within the version of another record do not
/// change its kind, although receivers may discard it: see is_read().
RecordKind kind_of(const RecordKey& key, std::string_view value);

/// Whether receivers read `value` as a record of its kind, or discard it because it does not begin
/// as they require (RFC 9989 section 4.10, RFC 8461 section 3.1, RFC 8460 section 3). False for
/// Foreign.
bool is_read(const RecordKey& key, std::string_view value);

/// Why receivers discard a value that looks like a record ("v=dmarc1": the version is
/// case-sensitive), or nullopt where they read it or where it looks like none.
std::optional<std::string> near_miss(const RecordKey& key, std::string_view value);

/// The same for a value that looks like SPF and is none; nullopt for one that looks like another
/// record.
std::optional<std::string> spf_near_miss(const RecordKey& key, std::string_view value);

/// The same for a value that looks like a record of the kind that belongs at `key`, a name of
/// another kind than Other; nullopt for one that looks like SPF or like a record of another name.
std::optional<std::string> own_near_miss(const RecordKey& key, std::string_view value);

}  // namespace rampart
