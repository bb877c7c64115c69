/// What stands of a domain, taken down as intentions.
#include "reconciler/init/draft.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "mail/dkim/key.h"
#include "mail/spf/spf.h"
#include "mail/transport/transport.h"
#include "policies/dkim/selectors.h"
#include "policies/ramp/ramp.h"
#include "reconciler/config/names.h"

namespace rampart {
namespace {

constexpr std::string_view kKeyInfix = "._domainkey.";

/// One domain's view of the World.
class Reader {
 public:
  Reader(const Name& name, const std::string& provider, const World& world)
      : domain_{.name = name, .providers = {provider}, .dmarc = {}}, world_(world) {}

  LiveSet at(const std::string& prefix, RecordType type) const {
    const auto name = prefix.empty() ? Result<Name>(domain_.name) : domain_.name.child(prefix);
    return name ? at(*name, type) : LiveSet{};
  }

  /// The values of one kind, and whether a CNAME stands there in their place.
  std::vector<std::string> values(const std::string& prefix, RecordKind kind) const {
    const LiveSet live = at(prefix, RecordType::TXT);
    std::vector<std::string> found;
    if (live.state != LiveState::Present) return found;
    const auto name = prefix.empty() ? domain_.name : domain_.name.child(prefix).value();
    for (const std::string& value : live.set.values) {
      if (kind_of({name, RecordType::TXT}, value) == kind) found.push_back(value);
    }
    return found;
  }

  std::optional<std::string> cname(const std::string& prefix) const {
    const LiveSet live = at(prefix, RecordType::CNAME);
    if (live.state != LiveState::Present || live.set.values.empty()) return std::nullopt;
    return *live.set.values.begin();
  }

  /// What stands below `_domainkey`, by selector.
  std::map<std::string, LiveSet> selectors(RecordType type) const {
    std::map<std::string, LiveSet> found;
    for (const LiveZone* zone : world_.zones_for(domain_, domain_.name)) {
      for (const auto& [key, live] : zone->sets) {
        const std::string suffix = std::string(kKeyInfix) + domain_.name.text();
        const std::string& text = key.name.text();
        if (key.type != type || live.state != LiveState::Present) continue;
        if (text.ends_with(suffix)) found[text.substr(0, text.size() - suffix.size())] = live;
      }
    }
    return found;
  }

  /// Why nothing could be read; nothing where it could.
  std::optional<std::string> failures() const {
    const auto zones = world_.zones_for(domain_, domain_.name);
    if (zones.empty()) return "no zone holds it";
    const std::string& error = zones.front()->error;
    return error.empty() ? std::nullopt : std::optional(error);
  }

 private:
  LiveSet at(const Name& name, RecordType type) const {
    const auto zones = world_.zones_for(domain_, name);
    return zones.empty() ? LiveSet{} : zones.front()->at({name, type});
  }

  Domain domain_;
  const World& world_;
};

void note(DraftDomain& draft, std::string sentence) { draft.notes.push_back(std::move(sentence)); }

/// Terms, `all`, redirect and exp of a record that the YAML can ask for, or a note why not.
std::optional<SpfSpec> spf_spec(const spf::Record& record, DraftDomain& draft) {
  SpfSpec spec;
  bool ends = false;
  for (const spf::Directive& one : record.directives) {
    if (one.mechanism == spf::Mechanism::Ptr) {
      note(draft, "`ptr` is slow and should not be published (RFC 7208 section 5.5).");
    }
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
    note(draft, "SPF is left unmanaged: it ends in `+all`, which lets the whole Internet send.");
    return std::nullopt;
  }
  if (!ends && !spec.redirect) {
    note(draft,
         "SPF is left unmanaged: the record ends without `all`, which says nothing about "
         "everybody else; `spf: {all: softfail}` would.");
    return std::nullopt;
  }
  return spec;
}

void draft_spf(const Reader& reader, DraftDomain& draft) {
  const auto values = reader.values("", RecordKind::Spf);
  if (values.empty()) {
    if (!draft.selectors.empty()) note(draft, "There is no SPF record.");
    return;
  }
  if (values.size() > 1) {
    note(draft, fmt::format("SPF is left unmanaged: there are {} records, so that every check ends "
                            "in permerror (RFC 7208 section 4.5). Keep one.",
                            values.size()));
    return;
  }
  const auto record = spf::parse(values.front());
  if (!record) {
    note(draft, fmt::format("SPF is left unmanaged: {}; receivers ignore the whole record.",
                            record.error().what));
    return;
  }
  draft.spf = spf_spec(*record, draft);
}

/// Whether the YAML can hold a selector by this name; a note where it cannot.
bool can_name(const std::string& selector, DraftDomain& draft) {
  if (is_selector(selector)) return true;
  note(draft,
       fmt::format("The selector {} is left unmanaged: this is no name of a selector.", selector));
  return false;
}

void draft_key(const std::string& selector, const LiveSet& live, DraftDomain& draft) {
  if (live.set.values.size() != 1) {
    note(draft, fmt::format("The selector {} is left unmanaged: it holds {} values, where one key "
                            "may stand (RFC 6376 section 3.6.2.2).",
                            selector, live.set.values.size()));
    return;
  }
  const std::string& value = *live.set.values.begin();
  const auto key = dkim::parse_key(value);
  if (!key) {
    note(draft, fmt::format("The selector {} is left unmanaged: it holds no DKIM key ({}).",
                            selector, key.error().what));
    return;
  }
  draft.selectors.push_back({selector, RecordType::TXT, value});
}

void draft_selectors(const Reader& reader, DraftDomain& draft) {
  for (const auto& [selector, live] : reader.selectors(RecordType::TXT)) {
    if (selector == "*") {
      note(draft, "A wildcard stands below `_domainkey`; it is left as it is.");
    } else if (can_name(selector, draft)) {
      draft_key(selector, live, draft);
    }
  }
  for (const auto& [selector, live] : reader.selectors(RecordType::CNAME)) {
    if (selector == "*") {
      note(draft, "A wildcard CNAME stands below `_domainkey`; it is left as it is.");
    } else if (can_name(selector, draft) && !live.set.values.empty()) {
      draft.selectors.push_back({selector, RecordType::CNAME, *live.set.values.begin()});
    }
  }
  std::ranges::sort(draft.selectors, {}, &DraftSelector::selector);
}

/// The rung and the ramp's mode that print this record's policy, pct and t; a note where none do.
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
    note(draft, "DMARC is left unmanaged: no rung of a ramp prints pct=0.");
    return std::nullopt;
  }
  if (enforced && record.testing.value_or(false) && record.pct.value_or(100) == 100) {
    note(draft, "DMARC is left unmanaged: no rung of a ramp prints t=y without pct.");
    return std::nullopt;
  }
  if (!enforced && record.rua.empty()) {
    note(draft, "DMARC stands at p=none and names no rua, so that nobody learns anything from it.");
  }
  draft.legacy = enforced && spec.position.pct < 100 && !record.testing.value_or(false);
  return spec;
}

void draft_dmarc(const Reader& reader, DraftDomain& draft) {
  if (const auto target = reader.cname("_dmarc")) {
    note(draft,
         fmt::format("DMARC is left unmanaged: `_dmarc` is a CNAME to {}, so that the record "
                     "is kept there.",
                     *target));
    return;
  }
  const auto values = reader.values("_dmarc", RecordKind::Dmarc);
  if (values.size() > 1) {
    note(draft,
         fmt::format("DMARC is left unmanaged: there are {} records, so that receivers apply "
                     "none of them (RFC 9989 section 4.10).",
                     values.size()));
  }
  if (values.size() != 1) return;
  const auto record = dmarc::parse(values.front());
  if (!record) {
    note(draft, fmt::format("DMARC is left unmanaged: {}.", record.error().what));
    return;
  }
  draft.dmarc = dmarc_spec(*record, draft);
}

void draft_transport(const Reader& reader, DraftDomain& draft) {
  const auto sts = reader.values("_mta-sts", RecordKind::MtaSts);
  const auto sts_record =
      sts.size() == 1 ? parse_mta_sts(sts.front()) : Result<MtaStsRecord>(Error{"several records"});
  if (sts_record) {
    draft.mta_sts = MtaStsSpec{.mode = "testing", .id = sts_record->id, .mark = {}};
    note(draft,
         "DNS does not tell the mode of the MTA-STS policy: correct `mode`, `mx` and "
         "`max_age` by the file that is served, before it is rendered.");
  }
  if (!sts.empty() && !sts_record) {
    note(draft, fmt::format("MTA-STS is left unmanaged: {}.", sts_record.error().what));
  }
  const auto tls = reader.values("_smtp._tls", RecordKind::TlsRpt);
  const auto tls_record =
      tls.size() == 1 ? parse_tls_rpt(tls.front()) : Result<TlsRptRecord>(Error{"several records"});
  if (tls_record) draft.tls_rpt = TlsRptSpec{.rua = tls_record->rua, .mark = {}};
  if (!tls.empty() && !tls_record) {
    note(draft, fmt::format("TLS-RPT is left unmanaged: {}.", tls_record.error().what));
  }
  const auto bimi = reader.values("default._bimi", RecordKind::Bimi);
  const auto bimi_record =
      bimi.size() == 1 ? parse_bimi(bimi.front()) : Result<BimiRecord>(Error{});
  if (!bimi_record) return;
  draft.bimi = BimiSpec{.logo = bimi_record->logo, .evidence = bimi_record->evidence, .mark = {}};
}

/// A domain that sends and takes no mail, and says so in all four places.
bool is_parked(const Reader& reader, const DraftDomain& draft) {
  const auto mx = reader.at("", RecordType::MX);
  const auto wildcard = reader.values("*._domainkey", RecordKind::DkimKey);
  const auto key =
      wildcard.size() == 1 ? dkim::parse_key(wildcard.front()) : Result<dkim::KeyRecord>(Error{});
  const bool silent = draft.spf && draft.spf->all == '-' && draft.spf->extra.empty() &&
                      !draft.spf->exp && draft.selectors.empty();
  return silent && key && key->revoked() && mx.set.values == std::set<std::string>{"0 ."} &&
         draft.dmarc && draft.dmarc->position == RampPosition{Phase::Reject, 100} &&
         !draft.mta_sts && !draft.tls_rpt && !draft.bimi;
}

/// Terms of a service that cannot be named without asking for records that do not stand.
void tell_unnamed(const Config& catalogue, DraftDomain& draft) {
  const SendersByTerm by_term = senders_by_term(catalogue.senders);
  for (const std::string& term : draft.spf->extra) {
    const auto found = by_term.find(term);
    if (found == by_term.end()) continue;
    std::vector<std::string> names;
    for (const Sender* sender : found->second) names.push_back(sender->id);
    note(draft, fmt::format("`{}` is a term of {}: naming the sender under `senders:` would also "
                            "ask for its DKIM records.",
                            term, fmt::join(names, " or ")));
  }
}

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
  tell_unnamed(catalogue, draft);
}

/// The domain that a name below it belongs to: what stands left of an underscore label is cut off.
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

}  // namespace

std::vector<Name> domains_within(const World& world, const std::vector<Name>& names) {
  std::set<Name> found(names.begin(), names.end());
  for (const LiveZone& zone : world.zones) {
    for (const auto& [key, live] : zone.sets) {
      const auto owner = owner_of(key, live);
      const auto above = [&](const Name& name) { return owner->is_within(name); };
      if (owner && std::ranges::any_of(names, above)) found.insert(*owner);
    }
  }
  return {found.begin(), found.end()};
}

DraftDomain draft_domain(const Name& name, const std::string& provider, const World& world,
                         const Config& catalogue) {
  DraftDomain draft{.name = name};
  const Reader reader(name, provider, world);
  if (const auto refusal = refusal_of(name)) {
    draft.omitted = draft.discovery = true;
    note(draft, fmt::format("It is left unmanaged: the name {}.", refusal->reason));
    return draft;
  }
  if (const auto failures = reader.failures()) {
    draft.discovery = true;
    note(draft, fmt::format("Nothing of it could be read; it is left as it is: {}.", *failures));
    return draft;
  }
  draft_selectors(reader, draft);
  draft_spf(reader, draft);
  draft_dmarc(reader, draft);
  draft_transport(reader, draft);
  if (is_parked(reader, draft)) {
    draft.parked = true;
    draft.notes.clear();
    return draft;
  }
  name_senders(draft, catalogue);
  return draft;
}

}  // namespace rampart
