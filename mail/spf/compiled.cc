#include "mail/spf/compiled.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/decimal.h"
#include "mail/spf/terms.h"

namespace rampart::spf {
namespace {

// A name without macros, or with `%{d}` only, is the same for every message and resolved once. All
// other macros make the target dynamic: its name is expanded for each evaluation.
std::unique_ptr<Target> make_target(std::string_view spec, const CompiledRecord& compiled) {
  auto target = std::make_unique<Target>();
  if (spec.empty()) {
    target->name = compiled.domain;
    return target;
  }
  // Cannot fail: the record was parsed with the same grammar.
  target->spec = parse_domain_spec(spec).value();
  target->uses_p = uses_letter(target->spec, 'p');
  target->dynamic = std::ranges::any_of(target->spec, [](const MacroPart& part) {
    return part.kind == MacroPart::Kind::Letter && part.letter != 'd';
  });
  if (target->dynamic) return target;
  const std::string text = expand(target->spec, [&](char) { return compiled.raw; });
  target->name = name_from_octets(shorten_name(text));
  return target;
}

// By pointer to the heap: steps keep the address while the vector grows.
Target* add_target(std::string_view spec, CompiledRecord& compiled) {
  compiled.targets.push_back(make_target(spec, compiled));
  return compiled.targets.back().get();
}

// Everything that does not depend on the message is computed once here, because one record is
// evaluated for many clients.
CompiledDirective make_step(const Directive& directive, CompiledRecord& compiled) {
  CompiledDirective step{.mechanism = directive.mechanism,
                         .qualifier = directive.qualifier,
                         .hosts = {host_bits(directive.cidr4.value_or(32), Family::V4),
                                   host_bits(directive.cidr6.value_or(128), Family::V6)}};
  switch (directive.mechanism) {
    case Mechanism::All:
      return step;
    case Mechanism::Ip4:
    case Mechanism::Ip6: {
      const Network network = network_of(directive);
      step.family = network.ip.family();
      step.network = number_of(network.ip) & ~step.hosts_of(step.family);
      return step;
    }
    default:
      step.target = add_target(directive.domain, compiled);
      return step;
  }
}

// Fills steps and targets from the parsed record.
void link(CompiledRecord& compiled) {
  compiled.raw = octets_of(compiled.domain);
  compiled.steps.reserve(compiled.record.directives.size());
  bool ends = false;
  for (const Directive& directive : compiled.record.directives) {
    compiled.steps.push_back(make_step(directive, compiled));
    ends = ends || directive.mechanism == Mechanism::All;
  }
  // RFC 7208 section 6.1: beside `all`, a redirect is ignored and costs nothing.
  const Modifier* redirect = compiled.record.find_modifier("redirect");
  if (redirect && !ends) compiled.redirect = add_target(redirect->value, compiled);
  const Modifier* exp = compiled.record.find_modifier("exp");
  if (exp) compiled.exp = add_target(exp->value, compiled);
}

// Reads the record out of the TXT values at a name. Others do not matter (RFC 7208 section 4.5).
void read_values(const std::vector<std::string>& values, CompiledRecord& compiled) {
  const auto count = std::ranges::count_if(values, is_spf);
  if (count == 0) {
    compiled.problem = "publishes no SPF record";
    return;
  }
  compiled.state = CompiledRecord::State::PermError;
  if (count > 1) {
    compiled.problem = fmt::format("publishes {} SPF records (RFC 7208 section 4.5)", count);
    return;
  }
  compiled.text = *std::ranges::find_if(values, is_spf);
  auto record = parse(compiled.text);
  if (!record) {
    compiled.problem = "publishes an invalid SPF record: " + sentence(record.error());
    return;
  }
  compiled.state = CompiledRecord::State::Ready;
  compiled.record = std::move(record).value();
  link(compiled);
}

// RFC 7208 section 4.4: no answer is a temperror, never no record. Each problem is a predicate, to
// be read after the domain's name.
void read_answer(const Answer& answer, CompiledRecord& compiled) {
  compiled.state = CompiledRecord::State::None;
  compiled.is_void = is_void(answer);
  answer.match([&](const std::vector<std::string>& values) { read_values(values, compiled); },
               [&] {
                 const bool missing = answer.status == AnswerStatus::NxDomain;
                 compiled.problem = missing ? "does not exist" : "publishes no SPF record";
               },
               [&](const std::string& detail) {
                 compiled.state = CompiledRecord::State::TempError;
                 compiled.problem = "could not be resolved (" + detail + ")";
               });
}

// Appends the addresses of one host, and any failure, to `hosts`.
void add_addresses(const Name& name, Family family, const Answers& answers,
                   std::vector<Question>& unknown, ResolvedHosts& hosts) {
  const bool v6 = family == Family::V6;
  const Answer* answer =
      find_or_note(answers, {name, v6 ? RecordType::AAAA : RecordType::A}, unknown);
  // After a failure further addresses would not change the result.
  if (!answer || !hosts.failure.empty()) return;
  if (answer->status == AnswerStatus::Failed) {
    hosts.failure = fmt::format("{} could not be resolved ({})", name.text(), answer->detail);
    return;
  }
  for (const std::string& value : answer->values_or_none()) {
    const auto ip = Ip::parse(value);
    if (ip && ip->family() == family) hosts.addresses.push_back(number_of(*ip));
  }
  if (!is_void(*answer)) return;
  // A host with addresses of the other family only is not a void lookup: RFC 7208 section 4.6.4
  // counts names without any.
  if (answer->status == AnswerStatus::NxDomain) {
    hosts.is_void = true;
    return;
  }
  const Answer* other =
      find_or_note(answers, {name, v6 ? RecordType::A : RecordType::AAAA}, unknown);
  if (other && is_void(*other)) hosts.is_void = true;
}

}  // namespace

CompiledRecord& RecordCache::at(const Name& domain) {
  std::unique_ptr<CompiledRecord>& compiled = records_[domain];
  if (!compiled) compiled = std::make_unique<CompiledRecord>(domain);
  refresh(*compiled);
  return *compiled;
}

CompiledRecord* RecordCache::at_text(std::string_view domain) {
  const auto found = by_text_.find(domain);
  if (found != by_text_.end()) {
    refresh(*found->second);
    return found->second;
  }
  const auto name = Name::parse(domain);
  if (!name) return nullptr;
  CompiledRecord& compiled = at(*name);
  by_text_.emplace(domain, &compiled);
  return &compiled;
}

CompiledRecord& RecordCache::of(Target& target) {
  if (!target.compiled) {
    target.compiled = &at(*target.name);
  } else {
    refresh(*target.compiled);
  }
  return *target.compiled;
}

void RecordCache::refresh(CompiledRecord& compiled) {
  // An answer never changes within a run, so a record is read once.
  if (compiled.state != CompiledRecord::State::Unasked) return;
  const Answer* answer = find_answer(answers_, compiled.domain, RecordType::TXT);
  if (answer) read_answer(*answer, compiled);
}

std::unique_ptr<CompiledRecord> compile(const Name& domain, const Record& record) {
  auto compiled = std::make_unique<CompiledRecord>(domain);
  compiled->state = CompiledRecord::State::Ready;
  // As it would be published, so that the tree shows the same text as after the write.
  compiled->text = print(record);
  compiled->record = record;
  link(*compiled);
  return compiled;
}

// Expanded macros can contain any octet, also a backslash: each is escaped, so that Name::parse
// reads octets and not the presentation form of something else.
std::optional<Name> name_from_octets(std::string_view octets) {
  std::string text;
  for (const char c : octets) {
    const bool plain = is_alnum(c) || c == '.' || c == '_' || c == '-';
    if (plain) {
      text += c;
    } else {
      text += fmt::format("\\{:03}", static_cast<unsigned char>(c));
    }
  }
  auto name = Name::parse(text);
  if (!name || name->is_root()) return std::nullopt;
  return std::move(name).value();
}

std::string octets_of(const Name& name) {
  // From the wire form, where no octet is escaped.
  const std::string wire = name.wire();
  std::string octets;
  for (std::size_t at = 0; at < wire.size() && wire[at] != 0;) {
    const auto length = static_cast<std::size_t>(static_cast<unsigned char>(wire[at]));
    if (!octets.empty()) octets += '.';
    octets += wire.substr(at + 1, length);
    at += length + 1;
  }
  return octets;
}

// Values that are no MX data are skipped: they come from answers, which nobody checked yet.
std::vector<Name> exchanges_of(const std::vector<std::string>& values) {
  std::vector<std::pair<int, Name>> ranked;
  for (const std::string& value : values) {
    const std::size_t blank = value.find(' ');
    const auto preference = parse_decimal<int>(std::string_view(value).substr(0, blank));
    if (!preference || blank == std::string::npos) continue;
    auto name = Name::parse(value.substr(blank + 1));
    // RFC 7505: the root as the only exchange means that the domain receives no mail.
    if (name && !name->is_root()) ranked.emplace_back(*preference, std::move(name).value());
  }
  std::ranges::sort(ranked);
  std::vector<Name> names;
  for (auto& [preference, name] : ranked) names.push_back(std::move(name));
  return names;
}

ResolvedHosts address_hosts(const Name& name, Family family, const Answers& answers,
                            std::vector<Question>& unknown) {
  ResolvedHosts hosts;
  add_addresses(name, family, answers, unknown, hosts);
  return hosts;
}

// RFC 7208 section 5.4: the addresses of the exchanges, in the order of preference; the names alone
// do not match anything.
ResolvedHosts mx_hosts(const Name& name, Family family, const Answers& answers,
                       std::vector<Question>& unknown) {
  ResolvedHosts hosts;
  const Answer* answer = find_or_note(answers, {name, RecordType::MX}, unknown);
  if (!answer) return hosts;
  if (answer->status == AnswerStatus::Failed) {
    hosts.failure =
        fmt::format("the MX of {} could not be resolved ({})", name.text(), answer->detail);
    return hosts;
  }
  hosts.is_void = is_void(*answer);
  const auto exchanges = exchanges_of(answer->values_or_none());
  // RFC 7208 section 4.6.4: an error and not a cut, unlike PTR names.
  hosts.too_many = exchanges.size() > 10;
  if (hosts.too_many) return hosts;
  for (const Name& exchange : exchanges) add_addresses(exchange, family, answers, unknown, hosts);
  return hosts;
}

}  // namespace rampart::spf
