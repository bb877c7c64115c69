/// The table of one domain: what may stand below `domains:` and `defaults:`.
#include "reconciler/config/shapes.h"

namespace rampart::config {
namespace {

const Object* sender_use_object() {
  static const Shape sender = text_like(check_sender);
  static const Shape values = map_of(text());
  static const Shape use = choice({{"auto", static_cast<int>(SpfUse::Auto)},
                                   {"always", static_cast<int>(SpfUse::Always)},
                                   {"never", static_cast<int>(SpfUse::Never)}});
  static const Shape expect = choice({{"rare", 1}});
  static const Object object{
      "a sender's use",
      {field(
           "use", sender, "The sender's id, from the catalogue or from `senders:`.",
           [](Loader& loader, const Layers& layers, const Shape&, void* target) {
             static_cast<SenderUse*>(target)->sender =
                 loader.config.senders.at(layers.back()->value().text);
           },
           Need::Required),
       field<&SenderUse::with>("with", values, "Values for the placeholders of its records."),
       field<&SenderUse::spf>("spf", use,
                              "auto (only where the catalogue says it is needed), always, never."),
       field("expect", expect, "rare: too little mail to wait for.",
             [](Loader&, const Layers&, const Shape&, void* target) {
               static_cast<SenderUse*>(target)->rare = true;
             }),
       field<&SenderUse::retired>("retired", date(), "The day from which it sends no more.")},
      "use",
      place<SenderUse>,
      check_sender_use,
      {}};
  return &object;
}

const Object* spf_object() {
  static const Shape all = choice({{"softfail", '~'}, {"fail", '-'}, {"neutral", '?'}});
  static const Shape flatten = choice({{"never", static_cast<int>(Flatten::Never)},
                                       {"auto", static_cast<int>(Flatten::Auto)},
                                       {"always", static_cast<int>(Flatten::Always)}});
  static const Shape target = text_like(check_spf_target, R"(^[^\s]+$)");
  static const Object object{
      "spf",
      {field<&SpfSpec::all>("all", all, "What becomes of everybody else's mail."),
       field<&SpfSpec::flatten>("flatten", flatten, "Whether includes become addresses."),
       field<&SpfSpec::extra>("extra", spf_terms(), "Terms beside those of the senders."),
       field<&SpfSpec::redirect>("redirect", target, "The domain whose record holds instead."),
       field<&SpfSpec::exp>("exp", target, "The domain that explains a refusal."),
       field<&SpfSpec::ttl>("ttl", ttl(), "The record's TTL in seconds.")},
      {},
      place<SpfSpec>,
      nullptr,
      {}};
  return &object;
}

// The list holds two forms; each goes to its own vector.
void store_dkim(Loader& loader, const Layers& layers, const Shape& shape, void* target) {
  auto& domain = *static_cast<Domain*>(target);
  for (const Node& item : layers.back()->value().children) {
    const Object* form = pick(item.value(), *shape.item);
    if (form == rotation_object()) {
      loader.read({&item}, *form, &domain.rotations.emplace_back());
    } else {
      loader.read({&item}, *form, &domain.selectors.emplace_back());
    }
  }
}

const Object* sources_object() {
  static const Shape row = object(object_of<IgnoredSource>);
  static const Shape rows = list_of(row);
  static const Object object{"sources",
                             {field<&Domain::ignored_sources>(
                                 "ignore", rows, "Sources in reports that need no explanation.")},
                             {},
                             nullptr,
                             nullptr,
                             {}};
  return &object;
}

const Shape& reason() {
  static const Shape shape = text_like(check_reason, R"(\S)");
  return shape;
}

const Object* ignored_object() {
  static const Object object{
      "an ignored source",
      {field<&IgnoredSource::source>("source", text(), "A PTR base domain, an address or a sender.",
                                     Need::Required),
       field<&IgnoredSource::reason>("reason", reason(), "Why it may be ignored.", Need::Required)},
      {},
      place<IgnoredSource>,
      nullptr,
      {}};
  return &object;
}

const Object* waiver_object() {
  static const Shape code = text_like(check_waiver_code);
  static const Object object{
      "a waiver",
      {field<&Waiver::code>("code", code, "The finding's code, see docs/findings.md.",
                            Need::Required),
       field<&Waiver::reason>("reason", reason(), "Why it is waived.", Need::Required),
       field<&Waiver::until>("until", date(), "The last day on which the waiver holds.",
                             Need::Required)},
      {},
      place<Waiver>,
      nullptr,
      {}};
  return &object;
}

const Object* mta_sts_object() {
  static const Shape mode = choice({{"testing", 0}, {"enforce", 0}, {"none", 0}});
  static const Shape host = text_like(
      [](Loader& loader, const Node& node) {
        Node plain = node.value();
        if (plain.text.starts_with("*.")) plain.text.erase(0, 2);
        return check_target(loader, plain);
      },
      R"(^(\*\.)?[^\s*]+$)");
  static const Shape hosts = set_of(host);
  static const Shape automatic = choice({{"auto", 0}});
  static const Shape mx = either(automatic, hosts);
  static const Shape id = text_like(
      [](Loader& loader, const Node& node) {
        const std::string& id_text = node.value().text;
        const bool good = !id_text.empty() && id_text.size() <= 32 &&
                          id_text.find_first_not_of(
                              "0123456789abcdefghijklmnopqrstuvwxyz"
                              "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string::npos;
        // RFC 8461 section 3.1.
        if (!good) loader.fail(node, "wrong-value", "an id is 1 to 32 letters and digits", "");
        return good;
      },
      "^[A-Za-z0-9]{1,32}$");
  static const Object object{
      "mta_sts",
      {field<&MtaStsSpec::mode>("mode", mode, "testing, enforce or none.", Need::RequiredMerged),
       field<&MtaStsSpec::mx>("mx", mx, "The mail hosts; auto takes the domain's own MX."),
       field<&MtaStsSpec::max_age>("max_age", duration(), "How long senders keep the policy."),
       field<&MtaStsSpec::id>("id", id, "The policy's id; otherwise derived from its text.")},
      {},
      place<MtaStsSpec>,
      nullptr,
      {}};
  return &object;
}

const Object* tls_rpt_object() {
  static const Shape uri =
      text_like(check_report_uri, "^(mailto:[^,;! ]+@[^,;! ]+|https://[^,;! ]+)$");
  static const Shape uris = set_of(uri);
  static const Object object{
      "tls_rpt",
      {field<&TlsRptSpec::rua>("rua", uris, "Where TLS reports go.", Need::RequiredMerged)},
      {},
      place<TlsRptSpec>,
      nullptr,
      {}};
  return &object;
}

const Object* bimi_object() {
  static const Shape url = text_like(check_https, "^(https://[^,;! ]+)?$");
  static const Object object{
      "bimi",
      {field<&BimiSpec::selector>("selector", selector(), "The selector; default."),
       field<&BimiSpec::logo>("logo", url, "The logo's https URL (SVG).", Need::RequiredMerged),
       field<&BimiSpec::evidence>("evidence", url, "The mark certificate's https URL.")},
      {},
      place<BimiSpec>,
      nullptr,
      {}};
  return &object;
}

const Shape& dkim_list() {
  static const Shape item = [] {
    Shape shape{.kind = Kind::AnyOf};
    shape.objects = {rotation_object, selector_object};
    return shape;
  }();
  static const Shape shape = list_of(item);
  return shape;
}

std::vector<Field> domain_fields() {
  static const Shape name = text_like(check_provider);
  static const Shape names = set_of(name);
  static const Shape providers = either(name, names);
  static const Shape state = choice({{"managed", static_cast<int>(DomainState::Managed)},
                                     {"parked", static_cast<int>(DomainState::Parked)},
                                     {"absent", static_cast<int>(DomainState::Absent)}});
  static const Shape use = object(sender_use_object);
  static const Shape uses = list_of(use);
  static const Shape spf = object(spf_object);
  static const Shape dmarc = object(object_of<DmarcSpec>);
  static const Shape sources = object(sources_object);
  static const Shape mta_sts = object(mta_sts_object);
  static const Shape tls_rpt = object(tls_rpt_object);
  static const Shape bimi = object(bimi_object);
  static const Shape waiver = object(waiver_object);
  static const Shape waivers = list_of(waiver);
  return {
      field<&Domain::providers>("provider", providers,
                                "The host of its zone; a list where two hosts serve it."),
      field<&Domain::state>("state", state, "managed, parked or absent (what is ours is removed)."),
      field("parked", boolean(), "It sends no mail: everything is refused.",
            [](Loader&, const Layers& layers, const Shape&, void* target) {
              if (layers.back()->value().text == "true") {
                static_cast<Domain*>(target)->state = DomainState::Parked;
              }
            }),
      field<&Domain::ttl>("ttl", ttl(), "The TTL of its records in seconds."),
      field<&Domain::take_over>("take_over", boolean(),
                                "Whether a CNAME at a wanted name may be replaced."),
      field<&Domain::senders>("senders", uses, "Who sends mail as this domain."),
      field<&Domain::spf>("spf", spf, "The SPF record."),
      field("dkim", dkim_list(), "Selectors, and rotations of keys.", store_dkim),
      field<&Domain::dmarc>("dmarc", dmarc, "The DMARC record, and where it is on its ramp."),
      field("sources", sources, "What is known about sources in reports.", through),
      field<&Domain::mta_sts>("mta_sts", mta_sts, "MTA-STS: that mail to it needs TLS."),
      field<&Domain::tls_rpt>("tls_rpt", tls_rpt, "Where reports on TLS go."),
      field<&Domain::bimi>("bimi", bimi, "The logo that mailboxes may show."),
      field<&Domain::waivers>("waivers", waivers, "Findings that are accepted for a while."),
  };
}

}  // namespace

const Object* domain_object() {
  static const Object object{"a domain", domain_fields(), {}, place<Domain>, check_domain, {}};
  return &object;
}

template <>
const Object* object_of<SenderUse>() {
  return sender_use_object();
}
template <>
const Object* object_of<SpfSpec>() {
  return spf_object();
}
template <>
const Object* object_of<IgnoredSource>() {
  return ignored_object();
}
template <>
const Object* object_of<Waiver>() {
  return waiver_object();
}
template <>
const Object* object_of<MtaStsSpec>() {
  return mta_sts_object();
}
template <>
const Object* object_of<TlsRptSpec>() {
  return tls_rpt_object();
}
template <>
const Object* object_of<BimiSpec>() {
  return bimi_object();
}

}  // namespace rampart::config
