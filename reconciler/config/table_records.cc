/// The table of a domain's DMARC record and of its keys: selectors and rotations.
#include "reconciler/config/shapes.h"

namespace rampart::config {
namespace {

const Object* target_object() {
  static const Object object{
      "target",
      {field(
           "phase", phase(), "The phase where the ramp ends.",
           [](Loader&, const Layers& layers, const Shape& shape, void* target) {
             static_cast<DmarcSpec*>(target)->target.phase =
                 static_cast<Phase>(choice_value(*layers.back(), shape));
           },
           Need::RequiredMerged),
       field("pct", percent(), "The share at which it ends.",
             [](Loader& loader, const Layers& layers, const Shape& shape, void* target) {
               convert(loader, *layers.back(), shape, static_cast<DmarcSpec*>(target)->target.pct);
             })},
      {},
      nullptr,
      nullptr,
      {}};
  return &object;
}

void store_phase(Loader&, const Layers& layers, const Shape& shape, void* target) {
  static_cast<DmarcSpec*>(target)->position.phase =
      static_cast<Phase>(choice_value(*layers.back(), shape));
}

void store_pct(Loader& loader, const Layers& layers, const Shape& shape, void* target) {
  convert(loader, *layers.back(), shape, static_cast<DmarcSpec*>(target)->position.pct);
}

void store_ramp(Loader& loader, const Layers& layers, const Shape&, void* target) {
  static_cast<DmarcSpec*>(target)->ramp = loader.config.ramps.at(layers.back()->value().text);
}

std::vector<Field> dmarc_fields() {
  static const Shape target = object(target_object);
  static const Shape ramp = text_like(check_ramp);
  static const Shape policy = choice({{"none", static_cast<int>(dmarc::Policy::None)},
                                      {"quarantine", static_cast<int>(dmarc::Policy::Quarantine)},
                                      {"reject", static_cast<int>(dmarc::Policy::Reject)}});
  static const Shape alignment = choice({{"r", static_cast<int>(dmarc::Alignment::Relaxed)},
                                         {"s", static_cast<int>(dmarc::Alignment::Strict)},
                                         {"relaxed", static_cast<int>(dmarc::Alignment::Relaxed)},
                                         {"strict", static_cast<int>(dmarc::Alignment::Strict)}});
  static const Shape failure = text_like(check_failure_options, "^[01ds](:[01ds])*$");
  static const Shape psd = choice({{"y", 'y'}, {"n", 'n'}, {"u", 'u'}});
  return {
      field("phase", phase(), "Where the domain stands: discovery to reject.", store_phase),
      field("pct", percent(), "The share of failing mail that the policy is asked for.", store_pct),
      field<&DmarcSpec::since>("since", date(), "The day on which this step was entered."),
      field("target", target, "Where the ramp ends.", through),
      field("ramp", ramp, "The ladder: a row of `ramps:` or a built-in one.", store_ramp),
      field<&DmarcSpec::rua>("rua", mailto_list(), "Where aggregate reports go."),
      field<&DmarcSpec::ruf>("ruf", mailto_list(), "Where failure reports go."),
      field<&DmarcSpec::sp>("sp", policy, "The policy of sub-domains."),
      field<&DmarcSpec::np>("np", policy, "The policy of sub-domains that do not exist."),
      field<&DmarcSpec::adkim>("adkim", alignment, "How DKIM must align: r or s."),
      field<&DmarcSpec::aspf>("aspf", alignment, "How SPF must align: r or s."),
      field<&DmarcSpec::fo>("fo", failure, "Which failures are reported."),
      field<&DmarcSpec::psd>("psd", psd, "Whether this is a public suffix domain: y, n or u."),
      field<&DmarcSpec::ttl>("ttl", ttl(), "The record's TTL in seconds."),
  };
}

const Object* dmarc_object() {
  static const Object object{"dmarc", dmarc_fields(), {}, place<DmarcSpec>, check_dmarc, {}};
  return &object;
}

// What `rotate` keeps of a rotation's life; it may stand beside `rotate:` or within it.
std::vector<Field> with_state(std::vector<Field> fields) {
  static const Shape past = set_of(selector());
  static const Shape days = map_of(date());
  const std::vector<Field> state = {
      field<&RotationSpec::current>("current", selector(),
                                    "The selector in use; `rotate` writes it."),
      field<&RotationSpec::next>("next", selector(), "The selector to come; `rotate` writes it."),
      field<&RotationSpec::past>("past", past, "Every selector ever used; `rotate` writes it."),
      field<&RotationSpec::signing>("signing", selector(),
                                    "The selector that the signer says it uses."),
      field<&RotationSpec::published>("published", date(),
                                      "When `next` was seen everywhere; `rotate` writes it."),
      field<&RotationSpec::signing_since>("signing_since", date(),
                                          "When `signing` named it; `rotate` writes it."),
      field<&RotationSpec::revoked>("revoked", days,
                                    "When selectors were seen revoked; `rotate` writes it."),
      field<&RotationSpec::compromised>("compromised", past,
                                        "Selectors whose key others may hold."),
  };
  fields.insert(fields.end(), state.begin(), state.end());
  return fields;
}

const Object* rotate_object() {
  static const Shape name = text_like(check_identifier, "^[A-Za-z0-9_.-]+$");
  static const Shape sender = text_like(check_sender);
  static const Shape algorithm =
      choice({{"rsa2048", 0}, {"rsa4096", 0}, {"ed25519", 0}, {"both", 0}});
  static const Object object{
      "rotate",
      with_state(
          {field<&RotationSpec::name>(
               "name", name, "The rotation's name, first part of its selectors.", Need::Required),
           field<&RotationSpec::sender>("sender", sender, "The sender that signs with these keys.",
                                        Need::Required),
           field<&RotationSpec::every>("every", duration(), "How long a key signs."),
           field<&RotationSpec::algorithm>("algorithm", algorithm, "What keys are made."),
           field<&RotationSpec::publish_ahead>("publish_ahead", duration(),
                                               "How long a key stands before it signs."),
           field<&RotationSpec::keep>("keep", duration(), "How long a key stands after it signed."),
           field<&RotationSpec::revoke>("revoke", duration(),
                                        "How long it then stands revoked, with an empty p=.")}),
      {},
      place<RotationSpec>,
      nullptr,
      {}};
  return &object;
}

}  // namespace

const Object* selector_object() {
  static const Shape key = text_like(check_key_record);
  static const Shape target = text_like(check_target, R"(^[^\s*]+$)");
  static const Object object{
      "a selector",
      {field<&SelectorSpec::selector>("selector", selector(), "The selector's name.",
                                      Need::Required),
       field<&SelectorSpec::public_key>("public_key", path(), "A PEM file beneath the folder."),
       field<&SelectorSpec::txt>("txt", key, "The key record itself."),
       field<&SelectorSpec::cname>("cname", target, "The name that holds the key."),
       field<&SelectorSpec::ttl>("ttl", ttl(), "The record's TTL in seconds.")},
      {},
      place<SelectorSpec>,
      check_selector_source,
      {"public_key", "txt", "cname"}};
  return &object;
}

const Object* rotation_object() {
  static const Shape rotate = object(rotate_object);
  static const Object object{
      "a rotation",
      with_state({field("rotate", rotate, "Keys that Rampart makes and replaces.", through,
                        Need::Required)}),
      {},
      nullptr,
      nullptr,
      {}};
  return &object;
}

template <>
const Object* object_of<DmarcSpec>() {
  return dmarc_object();
}
template <>
const Object* object_of<RotationSpec>() {
  return rotate_object();
}

}  // namespace rampart::config
