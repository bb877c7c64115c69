/// The table of a file's top: its sections, senders and ramps.
#include <fmt/format.h>

#include "reconciler/config/fields.h"
#include "reconciler/config/order.h"

namespace rampart::config {
namespace {

// Mistakes quote the line that they are in, so no other file is read as YAML: `.env` and
// `.git/config` hold secrets. Hidden folders belong to programs.
bool check_include(Loader& loader, const Node& node) {
  if (!check_path(loader, node)) return false;
  const std::string& path = node.value().text;
  const bool yaml = path.ends_with(".yaml") || path.ends_with(".yml");
  if (yaml && !has_hidden_part(path)) return true;
  return loader.fail(
      node, "path-escapes",
      fmt::format("the path `{}` {}", path,
                  yaml ? "has a part that begins with a dot" : "does not end in .yaml or .yml"),
      "name YAML files in folders that are not hidden: teams/*.yaml");
}

Form dns_form(Sections& sections) {
  static const Shape resolver = text_like(check_resolver, R"(^[0-9A-Fa-f.:\[\]]+$)");
  static const Shape resolvers = set_of(resolver);
  return {.name = "dns",
          .fields = {field("resolvers", sections.resolvers, resolvers,
                           "Recursive resolvers, IP or IP:port; the default is those of "
                           "/etc/resolv.conf.")}};
}

Form keys_form(Sections& sections) {
  return {.name = "keys",
          .fields = {field("recipients", sections.recipients, kPaths,
                           "Certificates (PEM) of the mail hosts that private keys are encrypted "
                           "to.")}};
}

Form reporters_form(Sections& sections) {
  static const Shape domain = text_like(check_reporter, R"(^[^ /:@]+$)");
  static const Shape domains = set_of(domain);
  return {.name = "reporters",
          .fields = {field("known", sections.reporters.known, domains,
                           "Domains that sign reports and count like those of the built-in list."),
                     field("refused", sections.reporters.refused, domains,
                           "Domains whose reports never count, with all names below them.")}};
}

// A section is kept as a node at first: its rows refer to rows of sections that come later.
template <class T>
const Shape& rows_of() {
  static const Shape row = std::is_same_v<T, Domain> ? nullable(shape_of<T>()) : shape_of<T>();
  static const Shape shape = nullable(map_of(row));
  return shape;
}

// A map is all that the table can check; each type of provider has keys of its own.
const Shape& provider_rows() {
  static const Shape row{.kind = Kind::Map};  // The settings of a type are checked in providers.cc.
  static const Shape shape = nullable(map_of(row));
  return shape;
}

Field version_field(Need need) {
  static const Shape version = integer(1, 1);
  return {"version", &version, "The version of this format: 1.", nullptr, need};
}

Field senders_field(Sections& sections) {
  return field("senders", sections.senders, rows_of<Sender>(),
               "Your own sending services, in addition to the built-in catalogue.");
}

Field ramps_field(Sections& sections, std::string_view doc) {
  return field("ramps", sections.ramps, rows_of<Ramp>(), doc);
}

Field domains_field(Sections& sections) {
  return field("domains", sections.domains, rows_of<Domain>(),
               "The domains to manage, by name; Unicode names are allowed.");
}

Form aligns_form(Sender& sender) {
  static const Shape aligns = choice<Aligns>({{"yes", Aligns::Yes},
                                              {"no", Aligns::No},
                                              {"optional", Aligns::Optional},
                                              {"partly", Aligns::Partly},
                                              {"unknown", Aligns::Unknown}});
  return {
      .name = "aligns",
      .fields = {field("spf", sender.spf_aligns, aligns, "Whether its mail can align by SPF."),
                 field("dkim", sender.dkim_aligns, aligns, "Whether its mail can align by DKIM.")}};
}

const Shape& dkim_kind_shape() {
  static const Shape kinds = choice<DkimKind>({{"cname", DkimKind::Cname},
                                               {"txt", DkimKind::Txt},
                                               {"delegated", DkimKind::Delegated},
                                               {"vendor", DkimKind::Vendor},
                                               {"self", DkimKind::Self},
                                               {"none", DkimKind::None}});
  return kinds;
}

// A word names how the sender signs; a list gives the records that it asks for.
Field sender_dkim_field(Sender& sender) {
  static const Shape dkim = either(dkim_kind_shape(), shape_of<std::vector<DkimTemplate>>());
  const auto store = [&sender](Loader& loader, const Layers& layers) {
    const Node& node = layers.back()->value();
    if (node.kind == NodeKind::Scalar) {
      convert(loader, node, dkim_kind_shape(), sender.dkim_kind);
    } else {
      convert(loader, node, dkim, sender.dkim);
    }
  };
  return {"dkim", &dkim, "`self` (it signs with your keys), `none`, or the records it asks for.",
          store};
}

Form low_volume_form(Gates& gates) {
  return {.name = "low_volume",
          .fields = {field("window", gates.low_volume_window,
                           "How far back reports count for domains with little mail."),
                     field("min_messages", gates.low_volume_min_messages, kCountShape,
                           "Messages required in that window.")}};
}

}  // namespace

Form form_of(DkimTemplate& record) {
  static const Shape type =
      choice<RecordType>({{"CNAME", RecordType::CNAME}, {"TXT", RecordType::TXT}});
  static const Shape names = set_of(kTextShape);
  return {
      .name = "a DKIM record",
      .fields = {field("host", record.host, "Its name, relative to the domain.", Need::Required),
                 field("type", record.type, type, "CNAME or TXT."),
                 field("target", record.target, "The target of the CNAME."),
                 field("targets", record.targets, names,
                       "Other valid targets, for the sender's `regions` or for older accounts.")}};
}

Form form_of(RampStep& step) {
  static const Shape phases = choice<Phase>(
      {{"monitor", Phase::Monitor}, {"quarantine", Phase::Quarantine}, {"reject", Phase::Reject}});
  return {.name = "a step",
          .fields = {field("phase", step.position.phase, phases, "monitor, quarantine or reject.",
                           Need::Required),
                     field("pct", step.position.pct, kPercentShape,
                           "The percentage of failing mail that the policy applies to."),
                     field("hold", step.hold, "How long a domain stays at this step at least.")}};
}

// The bounds only catch slips; whether a gate is wise is the reader's decision, and `plan --base`
// shows every change of one.
Form form_of(Gates& gates) {
  static const Shape few = integer(0, 1000);
  return {
      .name = "gates",
      .fields = {
          field("window", gates.window, "How far back reports count."),
          field("min_messages", gates.min_messages, kCountShape,
                "Messages required in the window."),
          field("min_legit_rate", gates.min_legit_rate, kRateShape,
                "Share of the domain's own mail that must pass DMARC."),
          field("min_reporters", gates.min_reporters, few,
                "Organizations that must have reported."),
          field("max_unresolved_share", gates.max_unresolved_share, kRateShape,
                "Share of mail that may fail from sources that are neither declared nor ignored."),
          group<low_volume_form>("low_volume", gates, "What applies to domains with little mail."),
          field("rollback_below", gates.rollback_below, kRateShape,
                "Share of passing mail below which `advance` prints an alert.")}};
}

// std::chrono counts weekdays from Sunday, which is 0.
Form form_of(Ramp& ramp) {
  static const Shape mode = choice<RampMode>({{"compat", RampMode::Compat},
                                              {"policy-only", RampMode::PolicyOnly},
                                              {"legacy", RampMode::Legacy}});
  static const Shape domains = integer(1, 1000000);
  static const Shape weekday = choice<int>(
      {{"mon", 1}, {"tue", 2}, {"wed", 3}, {"thu", 4}, {"fri", 5}, {"sat", 6}, {"sun", 0}});
  static const Shape weekdays = set_of(weekday);
  static const Shape range{.kind = Kind::DateRange};
  static const Shape ranges = set_of(range);
  return {
      .name = "a ramp",
      .fields = {field("steps", ramp.steps,
                       "The steps, from weak to strict; the last one has no hold.", Need::Required),
                 field("gates", ramp.gates, "The evidence that a step up requires."),
                 field("mode", ramp.mode, mode,
                       "compat (pct and t=y), policy-only, or legacy (pct alone)."),
                 field("order", ramp.order, ramp_order_shape(),
                       "subdomains-first: sub-domains with DMARC records of their own reach each "
                       "step before the domain above them; independent: each follows no other."),
                 field("max_domains_per_run", ramp.max_domains_per_run, domains,
                       "How many domains may advance in one run."),
                 field("weekdays", ramp.weekdays, weekdays, "Days on which steps are taken."),
                 field("freeze", ramp.freeze, ranges,
                       "Periods without steps: first and last day.")},
      .mark = &ramp.mark,
      .check = [&ramp](Loader& loader, const Layers& layers) { check_ramp(loader, layers, ramp); }};
}

Form form_of(Sender& sender) {
  static const Shape needed = choice<IncludeNeeded>({{"yes", IncludeNeeded::Yes},
                                                     {"no", IncludeNeeded::No},
                                                     {"optional", IncludeNeeded::Optional},
                                                     {"legacy", IncludeNeeded::Legacy},
                                                     {"n/a", IncludeNeeded::NotApplicable}});
  static const Shape lookups = integer(0, 100);
  static const Shape names = set_of(kTextShape);
  return {
      .name = "a sender",
      .fields = {field("name", sender.name, "Its name for people."),
                 field("category", sender.category, "mailbox, marketing, internal, ..."),
                 field("owner", sender.owner, "The team or person responsible for it."),
                 field("spf", sender.spf, kSpfTerms, "The SPF terms that authorize it."),
                 field("spf_aliases", sender.spf_aliases, kSpfTerms,
                       "Further SPF terms of this sender: recognized, never published."),
                 field("spf_shared", sender.spf_shared, "The sender whose SPF terms it uses."),
                 field("include_needed", sender.include_needed, needed,
                       "Whether the From domain's SPF must authorize it for DMARC."),
                 field("return_path", sender.return_path,
                       "Host of a custom return path, and its target."),
                 field("lookups", sender.lookups, lookups, "DNS lookups that its terms last cost."),
                 field("lookups_as_of", sender.lookups_as_of, "When `lookups` was measured."),
                 field("dkim_kind", sender.dkim_kind, dkim_kind_shape(),
                       "How its keys are published."),
                 sender_dkim_field(sender),
                 field("regions", sender.regions, names,
                       "The values of `{region}` that have `targets` of their own."),
                 field("selectors", sender.selectors, names, "The selectors that it signs with."),
                 field("key_rotation", sender.key_rotation, "How its keys are replaced."),
                 group<aligns_form>("aligns", sender, "By which mechanisms its mail can align."),
                 field("rdns", sender.rdns, names, "Base domains of its hosts' PTR names."),
                 field("dkim_domains", sender.dkim_domains, names,
                       "Domains of its own that it signs mail with (d=)."),
                 field("envelope_domains", sender.envelope_domains, names,
                       "Domains of its own that it uses in MAIL FROM."),
                 field("note", sender.note, "Anything else worth knowing."),
                 field("source", sender.source, "Where this information comes from."),
                 field("checked", sender.checked, kDateShape,
                       "The date of the source, or of its look-up."),
                 field("unverified", sender.unverified,
                       "Why no document of the service confirms this."),
                 field("reviewed", sender.reviewed, kDateShape, "The date of the last review.")},
      .mark = &sender.mark};
}

Form form_of(ReportingOrganization& organization) {
  static const Shape domain = text_like(check_reporter);
  static const Shape domains = set_of(domain);
  return {.name = "a reporting organization",
          .fields = {field("name", organization.name, "Its name for people.", Need::Required),
                     field("domains", organization.domains, domains,
                           "The domains that sign its reports."),
                     field("source", organization.source, "Where this information comes from."),
                     field("reviewed", organization.reviewed, kDateShape,
                           "The date of the last review.")},
          .mark = &organization.mark};
}

Form file_form(Sections& sections) {
  static const Shape defaults = nullable(shape_of<Domain>());
  static const Shape include =
      text_like(check_include, R"(^(?!/)(\./)*([^./\\][^/\\]*/+)*[^./\\][^/\\]*\.ya?ml$)");
  static const Shape includes = set_of(include);
  return {.name = "domains.yaml",
          .fields = {version_field(Need::Required),
                     field("include", sections.include, includes,
                           "More files of this format, with domains and senders only."),
                     group<dns_form>("dns", sections, "How DNS is queried."),
                     field("providers", sections.providers, provider_rows(),
                           "The hosts of your zones; secrets come from the environment."),
                     senders_field(sections),
                     group<reporters_form>("reporters", sections,
                                           "Whose reports count, beside the built-in list of "
                                           "reporting organizations."),
                     group<keys_form>("keys", sections, "How private keys are kept."),
                     ramps_field(sections,
                                 "Your own DMARC ramps, in addition to standard, cautious, fast "
                                 "and policy-only."),
                     field("defaults", sections.defaults, defaults,
                           "Keys that every domain starts from; maps merge."),
                     domains_field(sections)}};
}

Form included_form(Sections& sections) {
  return {
      .name = "an included file",
      .fields = {version_field(Need::Optional), senders_field(sections), domains_field(sections)}};
}

Form builtin_form(Sections& sections) {
  return {.name = "an embedded file",
          .fields = {senders_field(sections), ramps_field(sections, "The built-in ramps."),
                     field("reporters", sections.organizations, rows_of<ReportingOrganization>(),
                           "Organizations that send aggregate reports.")}};
}

}  // namespace rampart::config
