/// The draft of a domains.yaml: existing records as declarations whose plan is empty.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "policies/model/policy.h"

namespace rampart {

/// A DKIM selector as it exists in the zone.
struct DraftSelector {
  std::string selector;
  RecordType type = RecordType::TXT;
  std::string value;

  bool operator==(const DraftSelector&) const = default;
};

/// A sender of the catalogue, and the records that it explains.
struct DraftSender {
  std::string id;
  std::map<std::string, std::string> with;
  SpfUse spf = SpfUse::Auto;
  std::vector<std::string> terms;     ///< Of the SPF record, as printed.
  std::vector<DraftSelector> cnames;  ///< That it asks for exactly as they exist.
};

/// A part of a domain that can be left unmanaged by itself.
enum class DraftPart { Whole, Parked, Spf, Sender, Selector, Dmarc, MtaSts, TlsRpt, Bimi };

/// The draft of one domain.
struct DraftDomain {
  Name name;
  bool omitted = false;    ///< The file cannot declare it: only its notes are written.
  bool discovery = false;  ///< Nothing is managed.
  bool unread = false;     ///< Its zone could not be read.
  bool parked = false;     ///< Only `dmarc` is used then.
  std::optional<SpfSpec> spf;
  std::vector<DraftSender> senders;  ///< Empty without `spf`.
  std::vector<DraftSelector> selectors;
  std::optional<DmarcSpec> dmarc;  ///< `ramp` is unset.
  bool legacy = false;             ///< The record has pct without t=y.
  std::optional<MtaStsSpec> mta_sts;
  std::optional<TlsRptSpec> tls_rpt;
  std::optional<BimiSpec> bimi;
  std::vector<std::string> notes;        ///< Comments: sentences.
  std::vector<std::string> suggestions;  ///< Senders seen in reports: sentences.
};

/// The draft of a file.
struct Draft {
  ProviderSpec provider;
  std::string provider_note;
  std::vector<DraftDomain> domains;  ///< Sorted by name.
};

/// A part of a domain's draft; `key` is a sender's id or a selector.
struct DraftPlace {
  Name domain;
  DraftPart part = DraftPart::Whole;
  std::string key;

  auto operator<=>(const DraftPlace&) const = default;
};

/// One line of the YAML, and the parts of the draft that it declares.
struct DraftLine {
  std::string text;
  std::vector<DraftPlace> places;  ///< Several for a shared default.
};

/// The names in the World's zones, at or below `names`, that have mail records of their own.
std::vector<Name> domains_within(const World& world, const std::vector<Name>& names);

/// The draft of one domain from its live records.
DraftDomain draft_domain(const Name& name, const std::string& provider, const World& world,
                         const Config& catalogue);

/// The records of a domain from which its senders are recognized.
struct SenderClues {
  Name domain;
  std::vector<std::string> terms;             ///< Of the SPF record, as printed.
  std::map<std::string, std::string> cnames;  ///< By selector.
  std::set<std::string> keys;                 ///< Selectors with a key of their own.
};

/// The catalogue's senders that explain SPF terms and selectors, sorted by id. Each term has at
/// most one sender.
std::vector<DraftSender> senders_for(const SenderClues& clues, const Config& catalogue);

/// Removes a part from the draft, with the comment `why`. Records that the part explained are kept
/// in another form where possible. A whole domain becomes `phase: discovery`, and is omitted the
/// second time.
void leave_out(DraftDomain& domain, const DraftPlace& place, const std::string& why);

/// The YAML, line by line, and its text.
std::vector<DraftLine> yaml_of(const Draft& draft);
std::string text_of(const std::vector<DraftLine>& lines);

}  // namespace rampart
