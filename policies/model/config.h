/// What is declared: domains.yaml as values, defaults merged, every reference resolved.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/calendar.h"
#include "dns/record.h"
#include "mail/dmarc/dmarc.h"
#include "mail/transport/policy.h"

namespace rampart {

/// A place in a file, 1-based; line 0 means that there is none.
struct Mark {
  std::string file;
  int line = 0;
  int column = 0;

  bool operator==(const Mark&) const = default;
};

/// A record that a sender requires, with `{placeholders}` that a domain's `with:` fills.
struct DkimTemplate {
  std::string host;  ///< Relative to the domain: "s1._domainkey".
  RecordType type = RecordType::CNAME;
  std::string target;  ///< CNAME target, or empty for TXT: the key comes from the vendor.
  /// Other targets that are right as well: those of the sender's `regions`, where `{region}` is one
  /// of them, and those of older accounts.
  std::vector<std::string> targets = {};

  bool operator==(const DkimTemplate&) const = default;
};

/// Whether the sender's include is needed at the From domain for mail to pass DMARC.
enum class IncludeNeeded { Yes, No, Optional, Legacy, NotApplicable };

/// Whether a sender's mail can align by one mechanism.
enum class Aligns { Yes, No, Optional, Partly, Unknown };

/// How a sender publishes its keys: CNAMEs to its own zone, TXT records with keys that it shows, a
/// delegated sub-domain, nothing that the customer sees (Vendor); Self: it signs with the domain's
/// own keys; None: it does not sign for the domain.
enum class DkimKind { Unknown, Cname, Txt, Delegated, Vendor, Self, None };

/// The word of the catalogue and of JSON; empty where it is unknown.
constexpr std::string_view to_text(DkimKind kind) {
  constexpr std::array words = {"", "cname", "txt", "delegated", "vendor", "self", "none"};
  return words.at(static_cast<std::size_t>(kind));
}

/// A sending service: a row of the catalogue, or one of the YAML's own `senders:`.
struct Sender {
  std::string id;
  std::string name;
  std::string category;
  std::string owner;             ///< Of the YAML's own senders only: who is responsible.
  std::vector<std::string> spf;  ///< Terms: "include:_spf.google.com", "ip4:192.0.2.0/28".
  /// Other terms that are its own, of regions and older set-ups: recognized, never published.
  std::vector<std::string> spf_aliases;
  std::string spf_shared;  ///< The sender whose terms `spf` are; empty: its own.
  IncludeNeeded include_needed = IncludeNeeded::Yes;
  std::optional<std::string> return_path;  ///< Host of a custom return path, and its target.
  std::optional<int> lookups;              ///< DNS lookups that its include costs, itself included.
  std::string lookups_as_of;               ///< When that was counted: "2026", "2026-10".
  DkimKind dkim_kind = DkimKind::Unknown;
  std::vector<DkimTemplate> dkim;
  std::vector<std::string> regions;    ///< Where a target of `DkimTemplate::targets` is the one.
  std::vector<std::string> selectors;  ///< Those that it signs with; may contain placeholders.
  std::string key_rotation;            ///< How its keys are rotated, in one clause.
  Aligns spf_aligns = Aligns::Unknown;
  Aligns dkim_aligns = Aligns::Unknown;
  std::vector<std::string> rdns;              ///< Base domains of its hosts' PTR names.
  std::vector<std::string> dkim_domains;      ///< Domains of its own that it signs with (d=).
  std::vector<std::string> envelope_domains;  ///< Domains of its own in MAIL FROM.
  bool builtin = false;                       ///< A catalogue row.
  std::string note;
  std::string source;
  std::string checked;     ///< The date of `source`, or of the look-up where it has none.
  std::string unverified;  ///< Why no document of the service confirms the row; empty: one does.
  std::string reviewed;
  Mark mark;

  bool operator==(const Sender&) const = default;
};

/// Whether a sender's terms are written into the SPF record; Auto: where `include_needed` says so.
enum class SpfUse { Auto, Always, Never };

/// A sender that a domain uses.
struct SenderUse {
  std::shared_ptr<const Sender> sender;     ///< Never null.
  std::map<std::string, std::string> with;  ///< Values for the placeholders.
  SpfUse spf = SpfUse::Auto;
  bool rare = false;            ///< `expect: rare`: its mail may be absent for weeks.
  std::optional<Date> retired;  ///< The day from which it needs no record any more.
  Mark mark;
};

/// Whether vendors' includes are replaced by their addresses; Auto: where the lookups run out.
enum class Flatten { Never, Auto, Always };

/// Whether Rampart keeps a kind of record, or another tool does.
enum class Upkeep { Managed, Unmanaged };

/// `spf:` of a domain.
struct SpfSpec {
  Upkeep upkeep = Upkeep::Managed;  ///< Unmanaged: no change is planned, the record is evaluated.
  char all = '~';                   ///< '~' softfail, '-' fail, '?' neutral.
  Flatten flatten = Flatten::Never;
  std::vector<std::string> extra;       ///< Terms beside those of senders, checked when loaded.
  std::optional<std::string> redirect;  ///< RFC 7208 section 6.1.
  std::optional<std::string> exp;       ///< RFC 7208 section 6.2.
  std::optional<std::chrono::seconds> ttl;
  Mark mark;
};

/// One `selector:` of `dkim:`; exactly one of the three sources is set.
struct SelectorSpec {
  std::string selector;
  std::optional<std::string> public_key;  ///< Path in the YAML's folder; read into World.keys.
  std::optional<std::string> txt;
  std::optional<std::string> cname;
  std::optional<std::chrono::seconds> ttl;
  Mark mark;
};

/// The algorithm of a rotation's new keys; Both: a 2048-bit RSA key and an Ed25519 key beside it.
enum class RotationAlgorithm { Rsa2048, Rsa4096, Ed25519, Both };

/// One `rotate:` of `dkim:`.
struct RotationSpec {
  std::string name;
  std::string sender;  ///< Id of the sender that signs with its keys.
  Duration every{3, Duration::Unit::Months};
  RotationAlgorithm algorithm = RotationAlgorithm::Rsa2048;
  Duration publish_ahead{7, Duration::Unit::Days};  ///< How long `next` is published unused.
  Duration keep{14, Duration::Unit::Days};    ///< How long a past key stays: mail is under way.
  Duration revoke{30, Duration::Unit::Days};  ///< How long a past selector has an empty p=.
  std::optional<std::string> current;         ///< The selector in use.
  std::optional<std::string> next;            ///< Its successor.
  std::vector<std::string> past;
  std::optional<std::string> signing;   ///< The selector that the signing host was set to.
  std::optional<Date> published;        ///< The day on which `next` was first seen everywhere.
  std::optional<Date> signing_since;    ///< The day on which `signing` was first seen to name it.
  std::map<std::string, Date> revoked;  ///< Past selectors first seen with an empty p=.
  std::vector<std::string> compromised;
  Mark mark;
};

/// Which records are published, and what DMARC requests of receivers (contract, "Phases"). Each
/// phase includes the records of those before it.
enum class Phase { Discovery, Spf, Dkim, Monitor, Quarantine, Reject };

/// "discovery", "spf", "dkim", "monitor", "quarantine", "reject"; and back, nullopt for other
/// words.
std::string_view to_text(Phase phase);
std::optional<Phase> parse_phase(std::string_view text);

/// A position on a ramp. pct is 1..100, and always 100 below quarantine.
struct RampPosition {
  Phase phase = Phase::Dkim;
  int pct = 100;

  bool operator==(const RampPosition&) const = default;
  auto operator<=>(const RampPosition&) const = default;
};

/// "quarantine at 10%", "reject", ...
std::string to_text(RampPosition position);

/// How a pct below 100 is published: Compat as pct and t=y (RFC 7489 and RFC 9989), Legacy as pct
/// alone, PolicyOnly not at all.
enum class RampMode { Compat, PolicyOnly, Legacy };

/// Which domains of a ramp go first. SubDomainsFirst: the listed sub-domains that publish DMARC
/// records of their own reach a position before the domain above them does.
enum class RampOrder { Independent, SubDomainsFirst };

/// One step of a ramp; the last has no hold.
struct RampStep {
  RampPosition position;
  std::optional<Duration> hold;

  bool operator==(const RampStep&) const = default;
};

/// What evidence a step requires (contract section 1, `gates`).
struct Gates {
  Duration window{14, Duration::Unit::Days};
  std::int64_t min_messages = 1000;     ///< Of the domain's own mail.
  double min_legit_rate = 0.98;         ///< The share of it that must pass.
  int min_reporters = 2;                ///< Organizations.
  double max_unresolved_share = 0.005;  ///< Of undeclared services and unnamed sources.
  Duration low_volume_window{90, Duration::Unit::Days};  ///< Where `window` has too little mail.
  std::int64_t low_volume_min_messages = 30;
  double rollback_below = 0.95;  ///< A legit_rate below this alerts.

  bool operator==(const Gates&) const = default;
};

/// The steps of a ramp with their gates and limits.
struct Ramp {
  std::string name;
  std::vector<RampStep> steps;  ///< Strictly rising.
  Gates gates;
  RampMode mode = RampMode::Compat;
  RampOrder order = RampOrder::Independent;
  int max_domains_per_run = 10;                ///< How many domains may step up in one run.
  std::vector<std::chrono::weekday> weekdays;  ///< Empty: any day.
  std::vector<DateRange> freeze;               ///< Days without any step.
  Mark mark;

  bool operator==(const Ramp&) const = default;
};

/// `dmarc:` of a domain.
struct DmarcSpec {
  RampPosition position;                    ///< `phase:` and `pct:`.
  std::optional<Date> since;                ///< The day of the last change of position.
  RampPosition target{Phase::Reject, 100};  ///< Where the ramp ends for this domain.
  std::shared_ptr<const Ramp> ramp;         ///< Never null.
  std::optional<RampOrder> order;           ///< In place of the ramp's.
  std::vector<Name> after;  ///< The listed domains that reach each position first; sorted.
  std::vector<std::string> rua;
  std::vector<std::string> ruf;
  std::optional<dmarc::Policy> sp;
  std::optional<dmarc::Policy> np;
  std::optional<dmarc::Alignment> adkim;
  std::optional<dmarc::Alignment> aspf;
  std::optional<std::string> fo;
  std::optional<char> psd;
  std::optional<std::chrono::seconds> ttl;
  Mark mark;
};

/// One row of `sources: {ignore: [...]}`: mail from it counts for no gate.
struct IgnoredSource {
  std::string source;
  std::string reason;
  Mark mark;
};

/// One row of `waivers:`: through `until`, an Error of this code is a Warning and withholds
/// nothing.
struct Waiver {
  std::string code;
  std::string reason;
  Date until;  ///< The last day on which it applies.
  Mark mark;
};

/// `mta_sts:` of a domain (RFC 8461).
struct MtaStsSpec {
  MtaStsMode mode = MtaStsMode::Testing;
  std::vector<std::string> mx;  ///< Empty: auto, the domain's own MX.
  Duration max_age{1, Duration::Unit::Weeks};
  std::optional<std::string> id;  ///< Empty: derived from the policy's text.
  Mark mark;
};

/// `tls_rpt:` of a domain (RFC 8460).
struct TlsRptSpec {
  std::vector<std::string> rua;
  Mark mark;
};

/// `bimi:` of a domain.
struct BimiSpec {
  std::string selector = "default";
  std::string logo;
  std::optional<std::string> evidence;
  Mark mark;
};

/// Managed: its records follow the YAML. Parked: it sends and receives no mail. Absent: its records
/// are removed.
enum class DomainState { Managed, Parked, Absent };

/// One domain with its defaults already merged in.
struct Domain {
  Name name;
  DomainState state = DomainState::Managed;
  std::vector<std::string> providers;  ///< Names of Config.providers; two where two hosts serve it.
  std::optional<std::chrono::seconds> ttl;
  bool take_over = false;  ///< A CNAME at a desired TXT name may be replaced.
  std::optional<std::vector<SenderUse>> senders;  ///< Empty: SPF is declared by `spf:` alone.
  std::optional<SpfSpec> spf;
  Upkeep dkim = Upkeep::Managed;  ///< Unmanaged: no change is planned at any selector.
  std::vector<SelectorSpec> selectors;
  std::vector<RotationSpec> rotations;
  DmarcSpec dmarc;  ///< Phase Dkim where the YAML has no `dmarc:`.
  std::optional<MtaStsSpec> mta_sts;
  std::optional<TlsRptSpec> tls_rpt;
  std::optional<BimiSpec> bimi;
  std::vector<IgnoredSource> ignored_sources;
  std::vector<Waiver> waivers;
  Mark mark;

  /// Whether `spf: unmanaged` is set: another tool writes the record.
  bool leaves_spf() const { return spf && spf->upkeep == Upkeep::Unmanaged; }

  /// Whether Rampart is to write SPF: a domain with neither `senders:` nor `spf:` leaves it alone.
  bool declares_spf() const { return !leaves_spf() && (senders.has_value() || spf.has_value()); }

  /// The declared senders; none where `senders:` is missing.
  std::span<const SenderUse> declared_senders() const {
    return senders ? std::span<const SenderUse>(*senders) : std::span<const SenderUse>();
  }
};

/// One row of `providers:`. No secrets: those come from the environment.
struct ProviderSpec {
  std::string name;
  std::string type;  ///< zonefile, route53, cloudflare, rfc2136, powerdns.
  std::map<std::string, std::string> settings;  ///< directory, server, tsig_name, ...
  Mark mark = {};
  std::map<Name, std::string> zone_ids = {};  ///< The ids of zones, where several have one name.
  std::map<std::string, Mark> marks = {};     ///< Of the settings' values.
};

/// An organization of the built-in list of those that send aggregate reports.
struct ReportingOrganization {
  std::string name;
  /// The domains that sign its reports, exactly; "*.example.net" for every sub-domain.
  std::vector<std::string> domains;
  std::string source;    ///< Where this information comes from.
  std::string reviewed;  ///< The date of the last review.
  Mark mark;
};

/// `reporters:` of the YAML: domains that sign reports.
struct ReporterLists {
  std::vector<std::string> known;    ///< In addition to the built-in list.
  std::vector<std::string> refused;  ///< These and all names below them never count.
};

/// Everything the YAML says.
struct Config {
  std::string file;                          ///< The file named by -c.
  std::string folder;                        ///< Its folder; relative paths start here.
  std::map<std::string, std::string> files;  ///< Every file read, path -> "sha256:<hex>".
  std::vector<std::string> resolvers;
  std::vector<std::string> key_recipients;
  ReporterLists reporters;
  std::map<std::string, ReportingOrganization> organizations;  ///< Built in, by id.
  std::map<std::string, ProviderSpec> providers;
  std::map<std::string, std::shared_ptr<const Sender>> senders;  ///< Own ones and the catalogue.
  std::map<std::string, std::shared_ptr<const Ramp>> ramps;      ///< Own ones and the built-in.
  std::map<Name, Domain> domains;
};

}  // namespace rampart
