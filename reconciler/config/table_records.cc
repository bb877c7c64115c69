/// The table of a domain's DMARC record and of its keys: selectors and rotations.
#include "reconciler/config/fields.h"
#include "reconciler/config/order.h"

namespace rampart::config {
namespace {

Form target_form(DmarcSpec& dmarc) {
  return {.name = "target",
          .fields = {field("phase", dmarc.target.phase, kPhaseShape,
                           "The phase where the ramp ends.", Need::RequiredMerged),
                     field("pct", dmarc.target.pct, kPercentShape,
                           "The percentage where the ramp ends.")}};
}

// A list of names is read once all domains are known (resolve_orders).
Field order_field(DmarcSpec& dmarc) {
  const Shape& shape = domain_order_shape();
  const auto store = [&dmarc](Loader& loader, const Layers& layers) {
    const Node& node = layers.back()->value();
    if (node.kind == NodeKind::Scalar) convert(loader, node, ramp_order_shape(), dmarc.order);
  };
  return {"order", &shape,
          "In place of the ramp's `order`: its words, or the domains that go before this one.",
          store};
}

Field ramp_field(DmarcSpec& dmarc) {
  static const Shape ramp = text_like(check_ramp_name);
  const auto store = [&dmarc](Loader& loader, const Layers& layers) {
    dmarc.ramp = loader.config.ramps.at(layers.back()->value().text);
  };
  return {"ramp", &ramp, "The ramp: a row of `ramps:` or a built-in one.", store};
}

// The state that `rotate` keeps of a rotation. It may be written beside `rotate:` or inside it.
std::vector<Field> with_state(RotationSpec& rotation, std::vector<Field> fields) {
  static const Shape days = map_of(kDateShape);
  const std::vector<Field> state = {
      field("current", rotation.current, kSelectorShape,
            "The selector in use; `rotate` writes it."),
      field("next", rotation.next, kSelectorShape, "The next selector; `rotate` writes it."),
      field("past", rotation.past, kSelectors, "Every selector ever used; `rotate` writes it."),
      field("signing", rotation.signing, kSelectorShape,
            "The selector that the signer reports to use."),
      field("published", rotation.published,
            "When `next` was first seen on every server; `rotate` writes it."),
      field("signing_since", rotation.signing_since,
            "When `signing` was first seen to name it; `rotate` writes it."),
      field("revoked", rotation.revoked, days,
            "When selectors were seen to be revoked; `rotate` writes it."),
      field("compromised", rotation.compromised, kSelectors,
            "Selectors whose private key may have leaked."),
  };
  fields.insert(fields.end(), state.begin(), state.end());
  return fields;
}

// These keys are a person's; the state beside them is written by `rotate`.
Form rotate_form(RotationSpec& rotation) {
  static const Shape algorithm = choice<RotationAlgorithm>({{"rsa2048", RotationAlgorithm::Rsa2048},
                                                            {"rsa4096", RotationAlgorithm::Rsa4096},
                                                            {"ed25519", RotationAlgorithm::Ed25519},
                                                            {"both", RotationAlgorithm::Both}});
  return {.name = "rotate",
          .fields = with_state(
              rotation,
              {field("name", rotation.name, kIdentifierShape,
                     "The rotation's name, the first part of its selectors.", Need::Required),
               field("sender", rotation.sender, kSenderId, "The sender that signs with these keys.",
                     Need::Required),
               field("every", rotation.every, "How long a key signs."),
               field("algorithm", rotation.algorithm, algorithm, "The algorithm of new keys."),
               field("publish_ahead", rotation.publish_ahead,
                     "How long a key is published before it signs."),
               field("keep", rotation.keep, "How long a key stays published after it has signed."),
               field("revoke", rotation.revoke,
                     "How long it then stays published as revoked, with an empty p=.")}),
          .mark = &rotation.mark};
}

}  // namespace

// `p` has no key: it follows from the phase, so that a policy cannot be raised past its gates by
// hand without `phase` showing it.
Form form_of(DmarcSpec& dmarc) {
  static const Shape policy = choice<dmarc::Policy>({{"none", dmarc::Policy::None},
                                                     {"quarantine", dmarc::Policy::Quarantine},
                                                     {"reject", dmarc::Policy::Reject}});
  static const Shape alignment = choice<dmarc::Alignment>({{"r", dmarc::Alignment::Relaxed},
                                                           {"s", dmarc::Alignment::Strict},
                                                           {"relaxed", dmarc::Alignment::Relaxed},
                                                           {"strict", dmarc::Alignment::Strict}});
  static const Shape failure = text_like(check_failure_options, "^[01ds](:[01ds])*$");
  static const Shape psd = choice<char>({{"y", 'y'}, {"n", 'n'}, {"u", 'u'}});
  return {
      .name = "dmarc",
      .fields = {field("phase", dmarc.position.phase, kPhaseShape,
                       "The phase that the domain is in: discovery to reject."),
                 field("pct", dmarc.position.pct, kPercentShape,
                       "The percentage of failing mail that the policy applies to."),
                 field("since", dmarc.since, "The day on which this step was entered."),
                 group<target_form>("target", dmarc, "Where the ramp ends."), ramp_field(dmarc),
                 order_field(dmarc),
                 field("rua", dmarc.rua, kMailtoList, "Where aggregate reports are sent."),
                 field("ruf", dmarc.ruf, kMailtoList, "Where failure reports are sent."),
                 field("sp", dmarc.sp, policy, "The policy for sub-domains."),
                 field("np", dmarc.np, policy, "The policy for sub-domains that do not exist."),
                 field("adkim", dmarc.adkim, alignment, "How DKIM must align: r or s."),
                 field("aspf", dmarc.aspf, alignment, "How SPF must align: r or s."),
                 field("fo", dmarc.fo, failure, "Which failures are reported."),
                 field("psd", dmarc.psd, psd, "Whether this is a public suffix domain: y, n or u."),
                 field("ttl", dmarc.ttl, "The record's TTL in seconds.")},
      .mark = &dmarc.mark,
      .check = [&dmarc](Loader& loader, const Layers& layers) {
        check_dmarc(loader, layers, dmarc);
      }};
}

// Exactly one source of the key; the schema says so with oneOf, and check_selector_source with a
// message.
Form form_of(SelectorSpec& spec) {
  static const Shape key = text_like(check_key_record);
  static const Shape target = text_like(check_target, R"(^[^\s*]+$)");
  return {.name = "a selector",
          .fields = {field("selector", spec.selector, kSelectorShape, "The selector's name.",
                           Need::Required),
                     field("public_key", spec.public_key, kPathShape,
                           "The path of a PEM file under this file's folder."),
                     field("txt", spec.txt, key, "The key record itself."),
                     field("cname", spec.cname, target, "The name that holds the key."),
                     field("ttl", spec.ttl, "The record's TTL in seconds.")},
          .mark = &spec.mark,
          .check = check_selector_source,
          .one_of = {"public_key", "txt", "cname"}};
}

Form form_of(RotationSpec& rotation) {
  return {
      .name = "a rotation",
      .fields = with_state(
          rotation, {group<rotate_form>("rotate", rotation, "Keys that Rampart makes and replaces.",
                                        Need::Required)})};
}

}  // namespace rampart::config
