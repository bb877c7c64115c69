/// The table of a file's top: sections, senders and ramps.
#include "reconciler/config/shapes.h"

namespace rampart::config {
namespace {

const Object* dns_object() {
  static const Shape resolver = text_like(check_resolver, R"(^[0-9A-Fa-f.:\[\]]+$)");
  static const Shape resolvers = set_of(resolver);
  static const Object object{
      "dns",
      {field<&Sections::resolvers>("resolvers", resolvers,
                                   "Recursive resolvers, IP or IP:port; the default is those of "
                                   "/etc/resolv.conf.")},
      {},
      nullptr,
      nullptr,
      {}};
  return &object;
}

const Object* keys_object() {
  static const Shape recipients = set_of(path());
  static const Object object{
      "keys",
      {field<&Sections::recipients>("recipients", recipients,
                                    "Certificates (PEM) of the mail hosts that private keys are "
                                    "encrypted to.")},
      {},
      nullptr,
      nullptr,
      {}};
  return &object;
}

const Shape& version() {
  static const Shape shape = integer(1, 1);
  return shape;
}

const Shape& globs() {
  static const Shape shape = set_of(path());
  return shape;
}

const Shape& sender_map() {
  static const Shape row = object(sender_object);
  static const Shape shape = nullable(map_of(row));
  return shape;
}

const Shape& domain_map() {
  static const Shape row = nullable(object(domain_object));
  static const Shape shape = nullable(map_of(row));
  return shape;
}

const Shape& provider_map() {
  static const Shape row = map_of(text());
  static const Shape shape = nullable(map_of(row));
  return shape;
}

const Shape& ramp_map() {
  static const Shape row = object(ramp_object);
  static const Shape shape = nullable(map_of(row));
  return shape;
}

Field senders_field() {
  return field<&Sections::senders>("senders", sender_map(),
                                   "Your own sending services, beside the built-in catalogue.");
}

Field domains_field() {
  return field<&Sections::domains>("domains", domain_map(),
                                   "The domains to manage, by name; Unicode names are welcome.");
}

const Shape& aligns() {
  static const Shape shape = choice({{"yes", static_cast<int>(Aligns::Yes)},
                                     {"no", static_cast<int>(Aligns::No)},
                                     {"optional", static_cast<int>(Aligns::Optional)},
                                     {"partly", static_cast<int>(Aligns::Partly)},
                                     {"unknown", static_cast<int>(Aligns::Unknown)}});
  return shape;
}

const Object* aligns_object() {
  static const Object object{
      "aligns",
      {field<&Sender::spf_aligns>("spf", aligns(), "Whether its mail can align by SPF."),
       field<&Sender::dkim_aligns>("dkim", aligns(), "Whether its mail can align by DKIM.")},
      {},
      nullptr,
      nullptr,
      {}};
  return &object;
}

const Object* template_object() {
  static const Shape type = choice(
      {{"CNAME", static_cast<int>(RecordType::CNAME)}, {"TXT", static_cast<int>(RecordType::TXT)}});
  static const Object object{
      "a DKIM record",
      {field<&DkimTemplate::host>("host", text(), "Its name, relative to the domain.",
                                  Need::Required),
       field<&DkimTemplate::type>("type", type, "CNAME or TXT."),
       field<&DkimTemplate::target>("target", text(), "Where the CNAME points.")},
      {},
      nullptr,
      nullptr,
      {}};
  return &object;
}

// A word says how the sender signs; a list says which records it asks for.
void store_sender_dkim(Loader& loader, const Layers& layers, const Shape& shape, void* target) {
  auto& sender = *static_cast<Sender*>(target);
  const Node& node = *layers.back();
  if (node.value().kind == NodeKind::Scalar) {
    sender.dkim_kind = node.value().text;
  } else {
    convert(loader, node, shape, sender.dkim);
  }
}

std::vector<Field> sender_fields() {
  static const Shape word = text_like(check_identifier, "^[A-Za-z0-9_.-]+$");
  static const Shape record = object(template_object);
  static const Shape records = list_of(record);
  static const Shape dkim = either(word, records);
  static const Shape needed = choice({{"yes", static_cast<int>(IncludeNeeded::Yes)},
                                      {"no", static_cast<int>(IncludeNeeded::No)},
                                      {"optional", static_cast<int>(IncludeNeeded::Optional)},
                                      {"legacy", static_cast<int>(IncludeNeeded::Legacy)},
                                      {"n/a", static_cast<int>(IncludeNeeded::NotApplicable)}});
  static const Shape lookups = integer(0, 100);
  static const Shape names = set_of(text());
  static const Shape aligning = object(aligns_object);
  return {
      field<&Sender::name>("name", text(), "Its name for people."),
      field<&Sender::category>("category", text(), "mailbox, marketing, internal, ..."),
      field<&Sender::owner>("owner", text(), "Who answers for it."),
      field<&Sender::spf>("spf", spf_terms(), "The SPF terms that admit it."),
      field<&Sender::include_needed>("include_needed", needed,
                                     "Whether the From domain's SPF must admit it for DMARC."),
      field<&Sender::return_path>("return_path", text(),
                                  "Host of a custom return path, and its target."),
      field<&Sender::lookups>("lookups", lookups, "DNS lookups that its terms last cost."),
      field<&Sender::lookups_as_of>("lookups_as_of", text(), "When that was seen."),
      field<&Sender::dkim_kind>("dkim_kind", word, "cname, txt, self or none."),
      field("dkim", dkim, "`self` (it signs with our keys), `none`, or the records it asks for.",
            store_sender_dkim),
      field<&Sender::selectors>("selectors", names, "The selectors that it signs with."),
      field<&Sender::key_rotation>("key_rotation", text(), "How its keys are exchanged."),
      field("aligns", aligning, "By what its mail can align.", through),
      field<&Sender::rdns>("rdns", names, "Base domains of its hosts' PTR names."),
      field<&Sender::note>("note", text(), "What else to know."),
      field<&Sender::source>("source", text(), "Where this was read."),
      field<&Sender::reviewed>("reviewed", date(), "The day it was last looked at."),
  };
}

const Object* step_object() {
  static const Shape enforcing = choice({{"monitor", static_cast<int>(Phase::Monitor)},
                                         {"quarantine", static_cast<int>(Phase::Quarantine)},
                                         {"reject", static_cast<int>(Phase::Reject)}});
  static const Object object{
      "a step",
      {field(
           "phase", enforcing, "monitor, quarantine or reject.",
           [](Loader&, const Layers& layers, const Shape& shape, void* target) {
             static_cast<RampStep*>(target)->position.phase =
                 static_cast<Phase>(choice_value(*layers.back(), shape));
           },
           Need::Required),
       field("pct", percent(), "The share of failing mail that the policy is asked for.",
             [](Loader& loader, const Layers& layers, const Shape& shape, void* target) {
               convert(loader, *layers.back(), shape, static_cast<RampStep*>(target)->position.pct);
             }),
       field<&RampStep::hold>("hold", duration(), "How long the domain stays here at least.")},
      {},
      nullptr,
      nullptr,
      {}};
  return &object;
}

const Object* low_volume_object() {
  static const Shape count = integer(0, 1000000000);
  static const Object object{
      "low_volume",
      {field<&Gates::low_volume_window>("window", duration(), "How far back quiet domains count."),
       field<&Gates::low_volume_min_messages>("min_messages", count,
                                              "Messages asked for in that window.")},
      {},
      nullptr,
      nullptr,
      {}};
  return &object;
}

const Object* gates_object() {
  static const Shape count = integer(0, 1000000000);
  static const Shape few = integer(0, 1000);
  static const Shape low_volume = object(low_volume_object);
  static const Object object{
      "gates",
      {field<&Gates::window>("window", duration(), "How far back the evidence counts."),
       field<&Gates::min_messages>("min_messages", count, "Messages asked for in the window."),
       field<&Gates::min_legit_rate>("min_legit_rate", rate(),
                                     "Share of legitimate mail that must pass."),
       field<&Gates::min_reporters>("min_reporters", few, "Organizations that must have reported."),
       field<&Gates::max_unresolved_share>("max_unresolved_share", rate(),
                                           "Share of mail from sources nobody has explained."),
       field("low_volume", low_volume, "What is asked of domains with little mail.", through),
       field<&Gates::rollback_below>("rollback_below", rate(),
                                     "Legitimate pass rate below which a step is taken back.")},
      {},
      nullptr,
      nullptr,
      {}};
  return &object;
}

std::vector<Field> ramp_fields() {
  static const Shape step = object(step_object);
  static const Shape steps = list_of(step);
  static const Shape gates = object(gates_object);
  static const Shape mode = choice({{"compat", static_cast<int>(RampMode::Compat)},
                                    {"policy-only", static_cast<int>(RampMode::PolicyOnly)},
                                    {"legacy", static_cast<int>(RampMode::Legacy)}});
  static const Shape count = integer(1, 1000000);
  static const Shape weekday =
      choice({{"mon", 1}, {"tue", 2}, {"wed", 3}, {"thu", 4}, {"fri", 5}, {"sat", 6}, {"sun", 0}});
  static const Shape weekdays = set_of(weekday);
  static const Shape range{.kind = Kind::DateRange};
  static const Shape ranges = set_of(range);
  return {
      field<&Ramp::steps>("steps", steps, "The ladder, rising; the last step has no hold.",
                          Need::Required),
      field<&Ramp::gates>("gates", gates, "The evidence that a step asks for."),
      field<&Ramp::mode>("mode", mode, "compat (pct and t=y), policy-only, or legacy (pct alone)."),
      field<&Ramp::max_domains_per_run>("max_domains_per_run", count,
                                        "How many domains may move in one run."),
      field<&Ramp::weekdays>("weekdays", weekdays, "Days on which a step may be taken."),
      field<&Ramp::freeze>("freeze", ranges, "First and last day of times without steps."),
  };
}

}  // namespace

template <>
const Object* object_of<DkimTemplate>() {
  return template_object();
}
template <>
const Object* object_of<RampStep>() {
  return step_object();
}
template <>
const Object* object_of<Gates>() {
  return gates_object();
}

const Object* file_object() {
  static const Shape dns = object(dns_object);
  static const Shape keys = object(keys_object);
  static const Shape defaults = nullable(object(domain_object));
  static const Object object{
      "domains.yaml",
      {field("version", version(), "The version of this form: 1.", nullptr, Need::Required),
       field<&Sections::include>("include", globs(),
                                 "More files of this form, with domains and senders only."),
       field("dns", dns, "How DNS is asked.", through),
       field<&Sections::providers>("providers", provider_map(),
                                   "The hosts of your zones; secrets come from the environment."),
       senders_field(), field("keys", keys, "How private keys are kept.", through),
       field<&Sections::ramps>("ramps", ramp_map(),
                               "Your own DMARC ladders, beside standard, cautious, fast and "
                               "policy-only."),
       field<&Sections::defaults>("defaults", defaults,
                                  "Keys that every domain starts from; maps merge."),
       domains_field()},
      {},
      nullptr,
      nullptr,
      {}};
  return &object;
}

const Object* included_object() {
  static const Object object{"an included file",
                             {field("version", version(), "The version of this form: 1.", nullptr),
                              senders_field(), domains_field()},
                             {},
                             nullptr,
                             nullptr,
                             {}};
  return &object;
}

const Object* builtin_object() {
  static const Object object{
      "an embedded file",
      {senders_field(), field<&Sections::ramps>("ramps", ramp_map(), "The built-in ladders.")},
      {},
      nullptr,
      nullptr,
      {}};
  return &object;
}

const Object* sender_object() {
  static const Object object{"a sender", sender_fields(), {}, place<Sender>, nullptr, {}};
  return &object;
}

const Object* ramp_object() {
  static const Object object{"a ramp", ramp_fields(), {}, place<Ramp>, check_ramp_steps, {}};
  return &object;
}

}  // namespace rampart::config
