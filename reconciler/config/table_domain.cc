/// The table of one domain: the keys of a row of `domains:`, and of `defaults:`.
#include "reconciler/config/fields.h"

namespace rampart::config {
namespace {

/// What `spf:` and `dkim:` say where another tool keeps the records.
constexpr std::string_view kUnmanaged = "unmanaged";

Field use_field(SenderUse& use) {
  const auto store = [&use](Loader& loader, const Layers& layers) {
    use.sender = loader.config.senders.at(layers.back()->value().text);
  };
  return {"use", &kSenderId, "The sender's id, from the catalogue or from `senders:`.", store,
          Need::Required};
}

// `rare` is the only word: a sender is either expected to send or it is not.
Field expect_field(SenderUse& use) {
  static const Shape expect = one_of({"rare"});
  const auto store = [&use](Loader&, const Layers&) { use.rare = true; };
  return {"expect", &expect, "rare: it sends too little to wait for its mail.", store};
}

// `parked: true` is the short form of `state: parked`.
Field parked_field(Domain& domain) {
  const auto store = [&domain](Loader&, const Layers& layers) {
    if (layers.back()->value().text == "true") domain.state = DomainState::Parked;
  };
  return {"parked", &kBooleanShape, "It sends no mail: everything is refused.", store};
}

// The list holds two forms; each goes to its own vector.
Field dkim_field(Domain& domain) {
  static const Shape unmanaged = one_of({kUnmanaged});
  static const Shape item = [] {
    Shape shape{.kind = Kind::AnyOf};
    for (const Shape* form : {&shape_of<RotationSpec>(), &shape_of<SelectorSpec>()}) {
      shape.forms.push_back(form->forms.front());
    }
    return shape;
  }();
  static const Shape list = list_of(item);
  static const Shape shape = either(unmanaged, list);
  const auto store = [&domain](Loader& loader, const Layers& layers) {
    const Node& value = layers.back()->value();
    if (value.kind == NodeKind::Scalar) domain.dkim = Upkeep::Unmanaged;
    for (const Node& node : value.children) {
      if (find(node.value(), "rotate")) {
        loader.read({&node}, form_of(domain.rotations.emplace_back()));
      } else {
        loader.read({&node}, form_of(domain.selectors.emplace_back()));
      }
    }
  };
  return {"dkim", &shape,
          "Selectors, and key rotations; `unmanaged` where another tool keeps the keys.", store};
}

Form sources_form(Domain& domain) {
  return {.name = "sources",
          .fields = {field("ignore", domain.ignored_sources,
                           "Sources in reports that need no explanation.")}};
}

}  // namespace

// A lone word is the sender's id, which is what nearly every list contains.
Form form_of(SenderUse& use) {
  static const Shape values = map_of(kTextShape);
  static const Shape spf = choice<SpfUse>(
      {{"auto", SpfUse::Auto}, {"always", SpfUse::Always}, {"never", SpfUse::Never}});
  return {.name = "a sender's use",
          .fields = {use_field(use),
                     field("with", use.with, values, "Values for the placeholders of its records."),
                     field("spf", use.spf, spf,
                           "auto (only where the catalogue says it is needed), always, never."),
                     expect_field(use),
                     field("retired", use.retired, "The day from which it no longer sends.")},
          .mark = &use.mark,
          .check = [&use](Loader& loader,
                          const Layers& layers) { check_sender_use(loader, layers, use); },
          .shorthand = "use"};
}

Form form_of(SpfSpec& spf) {
  static const Shape all = choice<char>({{"softfail", '~'}, {"fail", '-'}, {"neutral", '?'}});
  static const Shape flatten = choice<Flatten>(
      {{"never", Flatten::Never}, {"auto", Flatten::Auto}, {"always", Flatten::Always}});
  static const Shape target = text_like(check_spf_target, R"(^[^\s]+$)");
  static const Shape upkeep =
      choice<Upkeep>({{"managed", Upkeep::Managed}, {kUnmanaged, Upkeep::Unmanaged}});
  return {
      .name = "spf",
      .fields = {field("upkeep", spf.upkeep, upkeep,
                       "unmanaged: another tool writes the record, and Rampart never changes it; "
                       "`spf: unmanaged` is the short form."),
                 field("all", spf.all, all, "The result for all other senders."),
                 field("flatten", spf.flatten, flatten,
                       "Whether includes are replaced by addresses."),
                 field("extra", spf.extra, kSpfTerms, "Terms in addition to those of the senders."),
                 field("redirect", spf.redirect, target,
                       "The domain whose record applies instead."),
                 field("exp", spf.exp, target, "The domain that holds the text for refusals."),
                 field("ttl", spf.ttl, "The record's TTL in seconds.")},
      .mark = &spf.mark,
      .shorthand = "upkeep"};
}

Form form_of(IgnoredSource& source) {
  return {.name = "an ignored source",
          .fields = {field("source", source.source, "A PTR base domain, an address or a sender.",
                           Need::Required),
                     field("reason", source.reason, kReasonShape, "Why it may be ignored.",
                           Need::Required)},
          .mark = &source.mark};
}

Form form_of(Waiver& waiver) {
  static const Shape code = text_like(check_waiver_code);
  return {
      .name = "a waiver",
      .fields = {field("code", waiver.code, code, "The finding's code, see docs/findings.md.",
                       Need::Required),
                 field("reason", waiver.reason, kReasonShape, "Why it is waived.", Need::Required),
                 field("until", waiver.until, "The last day on which the waiver applies.",
                       Need::Required)},
      .mark = &waiver.mark};
}

// `mx: auto` means the empty list: the hosts are then read from DNS when the policy is
// rendered.
Form form_of(MtaStsSpec& policy) {
  static const Shape mode = choice<MtaStsMode>({{"testing", MtaStsMode::Testing},
                                                {"enforce", MtaStsMode::Enforce},
                                                {"none", MtaStsMode::None}});
  static const Shape host = text_like(check_mx_pattern, R"(^(\*\.)?[^\s*]+$)");
  static const Shape hosts = set_of(host);
  static const Shape automatic = one_of({"auto"});
  static const Shape mx = either(automatic, hosts);
  static const Shape id = text_like(check_policy_id, "^[A-Za-z0-9]{1,32}$");
  return {
      .name = "mta_sts",
      .fields = {field("mode", policy.mode, mode, "testing, enforce or none.",
                       Need::RequiredMerged),
                 field("mx", policy.mx, mx, "The mail hosts; auto uses the domain's own MX."),
                 field("max_age", policy.max_age, "How long senders may cache the policy."),
                 field("id", policy.id, id, "The policy's id; by default derived from its text.")},
      .mark = &policy.mark};
}

Form form_of(TlsRptSpec& reporting) {
  static const Shape uri =
      text_like(check_report_uri, "^(mailto:[^,;! ]+@[^,;! ]+|https://[^,;! ]+)$");
  static const Shape uris = set_of(uri);
  return {.name = "tls_rpt",
          .fields = {field("rua", reporting.rua, uris, "Where TLS reports are sent.",
                           Need::RequiredMerged)},
          .mark = &reporting.mark};
}

Form form_of(BimiSpec& bimi) {
  static const Shape url = text_like(check_https, "^(https://[^,;! ]+)?$");
  return {
      .name = "bimi",
      .fields = {field("selector", bimi.selector, kSelectorShape, "The selector; default."),
                 field("logo", bimi.logo, url, "The logo's https URL (SVG).", Need::RequiredMerged),
                 field("evidence", bimi.evidence, url, "The mark certificate's https URL.")},
      .mark = &bimi.mark};
}

// The order is that of the documentation, and of the properties in the schema.
Form form_of(Domain& domain) {
  static const Shape provider = text_like(check_provider);
  static const Shape list = set_of(provider);
  static const Shape providers = either(provider, list);
  static const Shape state = choice<DomainState>({{"managed", DomainState::Managed},
                                                  {"parked", DomainState::Parked},
                                                  {"absent", DomainState::Absent}});
  return {
      .name = "a domain",
      .fields =
          {field("provider", domain.providers, providers,
                 "The host of its zone; a list where two hosts serve it."),
           field("state", domain.state, state,
                 "managed, parked or absent (Rampart's records are removed)."),
           parked_field(domain), field("ttl", domain.ttl, "The TTL of its records in seconds."),
           field("take_over", domain.take_over,
                 "Whether a CNAME at the name of a desired record may be replaced."),
           field("senders", domain.senders, "The services that send mail as this domain."),
           field("spf", domain.spf, "The SPF record; `unmanaged` where another tool keeps it."),
           dkim_field(domain),
           field("dmarc", domain.dmarc, "The DMARC record, and the domain's position on its ramp."),
           group<sources_form>("sources", domain, "What is known about sources in reports."),
           field("mta_sts", domain.mta_sts, "MTA-STS: mail to the domain requires TLS."),
           field("tls_rpt", domain.tls_rpt, "Where reports on TLS are sent."),
           field("bimi", domain.bimi, "The logo that mailboxes may show."),
           field("waivers", domain.waivers, "Findings that are accepted for a time.")},
      .mark = &domain.mark,
      .check = [&domain](Loader& loader,
                         const Layers& layers) { check_domain(loader, layers, domain); },
      .merges = true};
}

}  // namespace rampart::config
