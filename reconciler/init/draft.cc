/// Drafts one domain from its live records.
#include "reconciler/init/draft.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/counted.h"
#include "mail/dkim/key.h"
#include "mail/spf/spf.h"
#include "mail/transport/transport.h"
#include "policies/dkim/selectors.h"
#include "policies/ramp/ramp.h"
#include "policies/rules/dmarc.h"
#include "policies/rules/spf.h"
#include "reconciler/config/names.h"
#include "reconciler/init/live_records.h"

namespace rampart {
namespace {

void add_note(DraftDomain& draft, std::string sentence) {
  draft.notes.push_back(std::move(sentence));
}

// "... is left unmanaged" also counts the domain as incomplete, see outcome_of.
void note_unmanaged(DraftDomain& draft, std::string_view what, std::string_view why) {
  add_note(draft, fmt::format("{} is left unmanaged: {}.", what, why));
}

/// The `spf:` that prints this record, or a note why there is none. Terms after `all` are dropped:
/// no receiver evaluates them (RFC 7208 section 5.1).
/// A record whose text cannot be expressed exactly is left alone: init must not change what
/// receivers see.
std::optional<SpfSpec> spf_spec(const spf::Record& record, DraftDomain& draft) {
  SpfSpec spec;
  bool ends = false;
  for (const spf::Directive& one : record.directives) {
    if (one.mechanism != spf::Mechanism::All) {
      spec.extra.push_back(spf::print(one));
      continue;
    }
    ends = true;
    spec.all = static_cast<char>(one.qualifier);
    break;
  }
  for (const spf::Modifier& one : record.modifiers) {
    if (one.name == "redirect" && !ends) spec.redirect = one.value;
    if (one.name == "exp") spec.exp = one.value;
    if (one.name != "redirect" && one.name != "exp") {
      spec.extra.push_back(one.name + "=" + one.value);
    }
  }
  if (spec.all == '+') {
    note_unmanaged(draft, "SPF", "it ends in `+all`, which authorizes the whole Internet to send");
    return std::nullopt;
  }
  if (!ends && !spec.redirect) {
    note_unmanaged(draft, "SPF",
                   "the record ends without `all`, so all other senders are neutral; "
                   "`spf: {all: softfail}` would add it");
    return std::nullopt;
  }
  return spec;
}

// Several records are a permanent error for every receiver (RFC 7208 section 4.5); which of them is
// right is for a person to say.
void draft_spf(const LiveRecords& live, DraftDomain& draft) {
  const auto values = live.values("", RecordKind::Spf);
  if (values.empty()) {
    if (!draft.selectors.empty()) add_note(draft, "There is no SPF record.");
    return;
  }
  if (values.size() > 1) {
    note_unmanaged(draft, "SPF",
                   fmt::format("there are {} records, so every check ends in permerror (RFC "
                               "7208 section 4.5); keep one",
                               values.size()));
    return;
  }
  const auto record = spf::parse(values.front());
  if (!record) {
    note_unmanaged(draft, "SPF",
                   fmt::format("{}; receivers ignore the whole record", record.error().what));
    return;
  }
  if (const auto ignored = rules::spf_term_ignored(draft.name, *record)) {
    note_unmanaged(draft, "SPF", ignored->message + "; correct it first");
    return;
  }
  draft.spf = spf_spec(*record, draft);
}

/// Whether the YAML can declare a selector of this name; a note where it cannot.
bool can_name(const std::string& selector, DraftDomain& draft) {
  if (is_selector(selector)) return true;
  note_unmanaged(draft, "The selector " + selector, "this is not a valid selector");
  return false;
}

void draft_key(const std::string& selector, const LiveSet& live, DraftDomain& draft) {
  if (live.set.values.size() != 1) {
    note_unmanaged(draft, "The selector " + selector,
                   fmt::format("it has {} values, and one is allowed (RFC 6376 section 3.6.2.2)",
                               live.set.values.size()));
    return;
  }
  const std::string& value = *live.set.values.begin();
  const auto key = dkim::parse_key(value);
  if (!key) {
    note_unmanaged(draft, "The selector " + selector,
                   fmt::format("it has no DKIM key ({})", key.error().what));
    return;
  }
  draft.selectors.push_back({selector, RecordType::TXT, value});
}

void draft_selectors(const LiveRecords& live, DraftDomain& draft) {
  for (const auto& [selector, set] : live.selectors(RecordType::TXT)) {
    if (selector == "*") {
      add_note(draft, "There is a wildcard below `_domainkey`; it is left as it is.");
    } else if (can_name(selector, draft)) {
      draft_key(selector, set, draft);
    }
  }
  for (const auto& [selector, set] : live.selectors(RecordType::CNAME)) {
    if (selector == "*") {
      add_note(draft, "There is a wildcard CNAME below `_domainkey`; it is left as it is.");
    } else if (can_name(selector, draft) && !set.set.values.empty()) {
      draft.selectors.push_back({selector, RecordType::CNAME, *set.set.values.begin()});
    }
  }
  std::ranges::sort(draft.selectors, {}, &DraftSelector::selector);
}

/// The position and the ramp mode that print this record's policy, pct and t; a note where none do.
/// Tags that a ramp does not print, such as pct=0, would be changed by the first plan; such a
/// record is left unmanaged.
std::optional<DmarcSpec> dmarc_spec(const dmarc::Record& record, DraftDomain& draft) {
  DmarcSpec spec;
  spec.position = position_of(record);
  spec.rua = record.rua;
  spec.ruf = record.ruf;
  spec.sp = record.sp;
  spec.np = record.np;
  spec.adkim = record.adkim;
  spec.aspf = record.aspf;
  spec.fo = record.fo;
  spec.psd = record.psd;
  const bool enforced = spec.position.phase >= Phase::Quarantine;
  if (enforced && record.pct == 0) {
    note_unmanaged(draft, "DMARC", "no step of a ramp publishes pct=0");
    return std::nullopt;
  }
  if (enforced && record.testing.value_or(false) && record.pct.value_or(100) == 100) {
    note_unmanaged(draft, "DMARC", "no step of a ramp publishes t=y without pct");
    return std::nullopt;
  }
  // At reject the plan of the draft says so itself.
  const dmarc::Policy policy = record.p.value_or(dmarc::Policy::None);
  if (policy != dmarc::Policy::Reject && record.rua.empty()) {
    const rules::Fault fault = rules::dmarc_without_rua(draft.name, policy);
    add_note(draft, fmt::format("{}: {}.", fault.code, fault.message));
  }
  draft.legacy = enforced && spec.position.pct < 100 && !record.testing.value_or(false);
  return spec;
}

// A CNAME at `_dmarc` belongs to a service that manages the record: taking it over is a decision,
// not an import.
void draft_dmarc(const LiveRecords& live, DraftDomain& draft) {
  if (const auto target = live.cname("_dmarc")) {
    note_unmanaged(
        draft, "DMARC",
        fmt::format("`_dmarc` is a CNAME to {}, where the record is published", *target));
    return;
  }
  const auto values = live.values("_dmarc", RecordKind::Dmarc);
  if (values.size() > 1) {
    note_unmanaged(draft, "DMARC",
                   fmt::format("there are {} records, so receivers apply none of them (RFC "
                               "9989 section 4.10)",
                               values.size()));
  }
  if (values.size() != 1) return;
  const auto record = dmarc::parse(values.front());
  if (!record) {
    note_unmanaged(draft, "DMARC", record.error().what);
    return;
  }
  draft.dmarc = dmarc_spec(*record, draft);
}

/// The only one of `values`, parsed; a note where there are several or it is malformed.
template <class Record>
std::optional<Record> only_record(const std::vector<std::string>& values,
                                  Result<Record> (*parse)(std::string_view), std::string_view what,
                                  DraftDomain& draft) {
  if (values.empty()) return std::nullopt;
  const Result<Record> record =
      values.size() == 1 ? parse(values.front()) : Result<Record>(Error{"several records"});
  if (record) return *record;
  note_unmanaged(draft, what, record.error().what);
  return std::nullopt;
}

void draft_transport(const LiveRecords& live, DraftDomain& draft) {
  const auto sts =
      only_record(live.values("_mta-sts", RecordKind::MtaSts), parse_mta_sts, "MTA-STS", draft);
  if (sts) {
    draft.mta_sts = MtaStsSpec{.mode = MtaStsMode::Testing, .id = sts->id, .mark = {}};
    add_note(draft,
             "DNS does not contain the mode of the MTA-STS policy: correct `mode`, `mx` and "
             "`max_age` to match the file that is served, before it is rendered.");
  }
  const auto tls =
      only_record(live.values("_smtp._tls", RecordKind::TlsRpt), parse_tls_rpt, "TLS-RPT", draft);
  if (tls) draft.tls_rpt = TlsRptSpec{.rua = tls->rua, .mark = {}};
  const auto bimi =
      only_record(live.values("default._bimi", RecordKind::Bimi), parse_bimi, "BIMI", draft);
  if (bimi) draft.bimi = BimiSpec{.logo = bimi->logo, .evidence = bimi->evidence, .mark = {}};
}

/// Whether all four records state that the domain neither sends nor receives mail. One that differs
/// would be changed by `parked: true`.
bool is_parked(const LiveRecords& live, const DraftDomain& draft) {
  const auto mx = live.at("", RecordType::MX);
  const auto wildcard = live.values("*._domainkey", RecordKind::DkimKey);
  const auto key =
      wildcard.size() == 1 ? dkim::parse_key(wildcard.front()) : Result<dkim::KeyRecord>(Error{});
  const bool silent = draft.spf && draft.spf->all == '-' && draft.spf->extra.empty() &&
                      !draft.spf->exp && draft.selectors.empty();
  return silent && key && key->revoked() && mx.set.values.size() == 1 &&
         mx.set.values.begin()->kind() == RecordKind::NullMx && draft.dmarc &&
         draft.dmarc->position == RampPosition{Phase::Reject, 100} && !draft.mta_sts &&
         !draft.tls_rpt && !draft.bimi;
}

/// Notes on terms of services whose name under `senders:` would also create DKIM records.
void note_unnamed_senders(const Config& catalogue, DraftDomain& draft) {
  const SendersByTerm by_term = senders_by_term(catalogue.senders);
  for (const std::string& term : draft.spf->extra) {
    std::vector<std::string> names;
    for (const Sender* sender : by_term.find(term)) names.push_back(sender->id);
    if (names.empty()) continue;
    add_note(draft, fmt::format("`{}` is a term of {}: naming the sender under `senders:` would "
                                "also create its DKIM records.",
                                term, fmt::join(names, " or ")));
  }
}

// Terms and CNAMEs that a sender explains are removed, as the sender's name produces them again.
void name_senders(DraftDomain& draft, const Config& catalogue) {
  if (!draft.spf) return;
  SenderClues clues{.domain = draft.name, .terms = draft.spf->extra, .cnames = {}, .keys = {}};
  for (const DraftSelector& one : draft.selectors) {
    if (one.type == RecordType::CNAME) clues.cnames[one.selector] = one.value;
    if (one.type == RecordType::TXT) clues.keys.insert(one.selector);
  }
  draft.senders = senders_for(clues, catalogue);
  for (const DraftSender& sender : draft.senders) {
    std::erase_if(draft.spf->extra, [&](const std::string& term) {
      return std::ranges::find(sender.terms, term) != sender.terms.end();
    });
    std::erase_if(draft.selectors, [&](const DraftSelector& one) {
      return std::ranges::find(sender.cnames, one) != sender.cnames.end();
    });
  }
  note_unnamed_senders(catalogue, draft);
}

/// The domain that a mail record belongs to: `s1._domainkey.example.com` gives example.com. Empty
/// for other records.
std::optional<Name> owner_of(const RecordKey& key, const LiveSet& live) {
  if (live.state != LiveState::Present || key.name.is_wildcard()) return std::nullopt;
  const bool kinds = key.type == RecordType::TXT || key.type == RecordType::CNAME;
  if (!kinds) return std::nullopt;
  const auto labels = key.name.labels();
  std::size_t at = labels.size();
  while (at > 0 && !labels[at - 1].starts_with('_')) --at;
  if (at == 0) {
    const bool spf = key.type == RecordType::TXT &&
                     std::ranges::any_of(live.set.values, [](const std::string& value) {
                       return spf::is_spf(value);
                     });
    return spf ? std::optional(key.name) : std::nullopt;
  }
  Name owner = key.name;
  for (std::size_t cut = 0; cut < at; ++cut) owner = owner.parent();
  const std::string prefix = key.name.text().substr(
      0, key.name.text().size() - owner.text().size() - (owner.is_root() ? 0 : 1));
  const bool mail = prefix == "_dmarc" || prefix == "_mta-sts" || prefix == "_smtp._tls" ||
                    prefix.ends_with("._domainkey");
  return mail && !owner.is_root() ? std::optional(owner) : std::nullopt;
}

// "example.com.example.com": a full name typed where the host adds the domain, and no domain. The
// plan reports what is published there.
bool is_doubled(const Name& name) {
  const std::string_view text = name.text();
  const std::size_t half = text.size() / 2;
  return text.size() % 2 == 1 && text[half] == '.' && text.substr(0, half) == text.substr(half + 1);
}

}  // namespace

// Sub-domains with records of their own are listed too: mail that is sent from one is easily
// forgotten.
std::vector<Name> domains_within(const World& world, const std::vector<Name>& names) {
  std::set<Name> found(names.begin(), names.end());
  for (const LiveZone& zone : world.zones) {
    for (const auto& [key, live] : zone.sets) {
      const auto owner = owner_of(key, live);
      const auto above = [&](const Name& name) { return owner->is_within(name); };
      if (owner && !is_doubled(*owner) && std::ranges::any_of(names, above)) found.insert(*owner);
    }
  }
  return {found.begin(), found.end()};
}

// What cannot be read is never drafted: a missing answer would look like a missing record, and the
// plan would create it.
DraftDomain draft_domain(const Name& name, const std::string& provider, const World& world,
                         const Config& catalogue) {
  DraftDomain draft{.name = name};
  const LiveRecords live(name, provider, world);
  if (const auto refusal = refusal_of(name)) {
    draft.omitted = draft.discovery = true;
    add_note(draft, fmt::format("It is left unmanaged: the name {}.", refusal->reason));
    return draft;
  }
  if (const auto failure = live.failure()) {
    draft.discovery = draft.unread = true;
    add_note(draft, fmt::format("It could not be read, and is left as it is: {}.", *failure));
    return draft;
  }
  // Selectors are guessed by the hundred: one without an answer is worth a note, not the domain.
  if (const auto open = live.unread(); !open.empty()) {
    add_note(draft,
             fmt::format("DNS did not answer for {}, such as {} ({}): one that exists may be "
                         "left unmanaged.",
                         counted(open.size(), "possible selector"), open.front().first.name.text(),
                         open.front().second));
  }
  // Selectors first: a missing SPF record is worth a note only for a domain that signs.
  draft_selectors(live, draft);
  draft_spf(live, draft);
  draft_dmarc(live, draft);
  draft_transport(live, draft);
  if (is_parked(live, draft)) {
    draft.parked = true;
    draft.notes.clear();
    return draft;
  }
  name_senders(draft, catalogue);
  return draft;
}

}  // namespace rampart
