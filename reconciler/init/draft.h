/// A domains.yaml in the making: what stands, taken down as intentions that plan to no change.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "policies/model/policy.h"

namespace rampart {

/// A selector as the zone holds it.
struct DraftSelector {
  std::string selector;
  RecordType type = RecordType::TXT;
  std::string value;

  bool operator==(const DraftSelector&) const = default;
};

/// A sender of the catalogue, and what of the zone it explains.
struct DraftSender {
  std::string id;
  std::map<std::string, std::string> with;
  SpfUse spf = SpfUse::Auto;
  std::vector<std::string> terms;     ///< Of the record, as printed.
  std::vector<DraftSelector> cnames;  ///< That it asks for just as they stand.
};

/// A part of a domain that can be left unmanaged by itself.
enum class DraftPart { Whole, Parked, Spf, Sender, Selector, Dmarc, MtaSts, TlsRpt, Bimi };

/// One domain.
struct DraftDomain {
  Name name;
  bool omitted = false;    ///< The file cannot hold it: its notes alone are written.
  bool discovery = false;  ///< Nothing of it is managed.
  bool parked = false;     ///< Then `dmarc` alone counts.
  std::optional<SpfSpec> spf;
  std::vector<DraftSender> senders;  ///< Without `spf` there are none.
  std::vector<DraftSelector> selectors;
  std::optional<DmarcSpec> dmarc;  ///< `ramp` is unset.
  bool legacy = false;             ///< The share stands in pct alone.
  std::optional<MtaStsSpec> mta_sts;
  std::optional<TlsRptSpec> tls_rpt;
  std::optional<BimiSpec> bimi;
  std::vector<std::string> notes;        ///< What to know: sentences.
  std::vector<std::string> suggestions;  ///< Senders that reports name: sentences.
};

/// The whole.
struct Draft {
  ProviderSpec provider;
  std::string provider_note;
  std::vector<DraftDomain> domains;  ///< Sorted by name.
};

/// A place in a draft; `key` is a sender's id or a selector.
struct DraftPlace {
  Name domain;
  DraftPart part = DraftPart::Whole;
  std::string key;

  auto operator<=>(const DraftPlace&) const = default;
};

/// One line of the YAML and what it says something about.
struct DraftLine {
  std::string text;
  std::vector<DraftPlace> places;  ///< Several for a default that they share.
};

/// The names in a World's zones, at or below `names`, that have mail records of their own.
std::vector<Name> domains_within(const World& world, const std::vector<Name>& names);

/// What stands of one domain as intentions.
DraftDomain draft_domain(const Name& name, const std::string& provider, const World& world,
                         const Config& catalogue);

/// The senders that explain terms of the record and CNAMEs of selectors, best explained first.
struct SenderClues {
  Name domain;
  std::vector<std::string> terms;             ///< Of the record, as printed, those with `+`.
  std::map<std::string, std::string> cnames;  ///< By selector.
  std::set<std::string> keys;                 ///< Selectors that hold a key themselves.
};
std::vector<DraftSender> senders_for(const SenderClues& clues, const Config& catalogue);

/// Takes a part out of the draft, because of `why`; what hangs on it alone is kept in another form
/// where there is one. A domain that is left out for the second time is omitted.
void leave_out(DraftDomain& domain, const DraftPlace& place, const std::string& why);

/// The YAML, line by line.
std::vector<DraftLine> yaml_of(const Draft& draft);
std::string text_of(const std::vector<DraftLine>& lines);

}  // namespace rampart
