#include "mail/spf/compiled.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "mail/spf/ip_text.h"

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

Target* add_target(std::string_view spec, CompiledRecord& compiled) {
  compiled.targets.push_back(make_target(spec, compiled));
  return compiled.targets.back().get();
}

CompiledDirective make_step(const Directive& directive, CompiledRecord& compiled) {
  CompiledDirective step{.mechanism = directive.mechanism, .qualifier = directive.qualifier};
  switch (directive.mechanism) {
    case Mechanism::All:
      return step;
    case Mechanism::Ip4:
    case Mechanism::Ip6: {
      step.v6 = directive.mechanism == Mechanism::Ip6;
      Ip ip{.v6 = step.v6};
      if (step.v6) {
        ip.octets = read_ip6(directive.network).value_or(Octets6{});
      } else {
        std::ranges::copy(read_ip4(directive.network).value_or(Octets4{}), ip.octets.begin());
      }
      step.mask = step.v6 ? mask_of(directive.cidr6.value_or(128), true)
                          : mask_of(directive.cidr4.value_or(32), false);
      const AddressBits bits = bits_of(ip);
      step.network = {bits.high & step.mask.high, bits.low & step.mask.low};
      return step;
    }
    default:
      step.mask4 = mask_of(directive.cidr4.value_or(32), false);
      step.mask6 = mask_of(directive.cidr6.value_or(128), true);
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
  const Modifier* redirect = compiled.record.find_modifier("redirect");
  if (redirect && !ends) compiled.redirect = add_target(redirect->value, compiled);
  const Modifier* exp = compiled.record.find_modifier("exp");
  if (exp) compiled.exp = add_target(exp->value, compiled);
}

// Reads the record out of a TXT answer (RFC 7208 section 4.4, RFC 7208 section 4.5).
void read_answer(const Answer& answer, CompiledRecord& compiled) {
  compiled.state = CompiledRecord::State::None;
  compiled.is_void = is_void(answer);
  if (answer.status == AnswerStatus::Failed) {
    compiled.state = CompiledRecord::State::TempError;
    compiled.problem = "could not be resolved (" + answer.detail + ")";
    return;
  }
  const auto count = std::ranges::count_if(answer.values, is_spf);
  if (count == 0) {
    compiled.problem =
        answer.status == AnswerStatus::NxDomain ? "does not exist" : "publishes no SPF record";
    return;
  }
  compiled.state = CompiledRecord::State::PermError;
  if (count > 1) {
    compiled.problem = fmt::format("publishes {} SPF records (RFC 7208 section 4.5)", count);
    return;
  }
  compiled.text = *std::ranges::find_if(answer.values, is_spf);
  auto record = parse(compiled.text);
  if (!record) {
    compiled.problem = "has an invalid record: " + sentence(record.error());
    return;
  }
  compiled.state = CompiledRecord::State::Ready;
  compiled.record = std::move(record).value();
  link(compiled);
}

const Answer* ask(const Name& name, RecordType type, const Answers& answers,
                  std::vector<Question>& unknown) {
  const Answer* answer = find_answer(answers, name, type);
  if (!answer) unknown.push_back({name, type});
  return answer;
}

RecordType address_type(bool v6) { return v6 ? RecordType::AAAA : RecordType::A; }

// Appends the addresses of one host, and any failure, to `hosts`.
void add_addresses(const Name& name, bool v6, const Answers& answers,
                   std::vector<Question>& unknown, ResolvedHosts& hosts) {
  const Answer* answer = ask(name, address_type(v6), answers, unknown);
  if (!answer || !hosts.failure.empty()) return;
  if (answer->status == AnswerStatus::Failed) {
    hosts.failure = fmt::format("{} could not be resolved ({})", name.text(), answer->detail);
    return;
  }
  for (const std::string& value : answer->values) {
    const auto ip = Ip::parse(value);
    if (ip && ip->v6 == v6) hosts.addresses.push_back(bits_of(*ip));
  }
  if (!is_void(*answer)) return;
  // A host with addresses of the other family only is not a void lookup: RFC 7208 section 4.6.4
  // counts names without any.
  if (answer->status == AnswerStatus::NxDomain) {
    hosts.is_void = true;
    return;
  }
  const Answer* other = ask(name, address_type(!v6), answers, unknown);
  if (other && is_void(*other)) hosts.is_void = true;
}

}  // namespace

AddressBits bits_of(const Ip& ip) {
  AddressBits bits;
  const std::size_t count = ip.v6 ? 16 : 4;
  for (std::size_t i = 0; i < count; ++i) {
    bits.high = bits.high << 8 | bits.low >> 56;
    bits.low = bits.low << 8 | ip.octets[i];
  }
  return bits;
}

// IPv4 is in the low 32 bits, so its masks begin at bit 96; the bits above are equal anyway.
AddressBits mask_of(int length, bool v6) {
  constexpr std::uint64_t kOnes = ~std::uint64_t{0};
  const auto half = [](int ones) {
    return ones <= 0 ? 0 : ones >= 64 ? kOnes : kOnes << (64 - ones);
  };
  if (v6) return {half(length), half(length - 64)};
  return {kOnes, half(length + 32)};
}

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
  if (compiled.state != CompiledRecord::State::Unasked) return;
  const Answer* answer = find_answer(answers_, compiled.domain, RecordType::TXT);
  if (answer) read_answer(*answer, compiled);
}

std::unique_ptr<CompiledRecord> compile(const Name& domain, const Record& record) {
  auto compiled = std::make_unique<CompiledRecord>(domain);
  compiled->state = CompiledRecord::State::Ready;
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
    const bool plain = is_alpha(c) || is_digit(c) || c == '.' || c == '_' || c == '-';
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

std::vector<Name> exchanges_of(const Answer& answer) {
  std::vector<std::pair<int, Name>> ranked;
  for (const std::string& value : answer.values) {
    int preference = 0;
    const auto read = std::from_chars(value.data(), value.data() + value.size(), preference);
    const std::size_t blank = value.find(' ');
    if (read.ec != std::errc{} || blank == std::string::npos) continue;
    auto name = Name::parse(value.substr(blank + 1));
    if (name && !name->is_root()) ranked.emplace_back(preference, std::move(name).value());
  }
  std::ranges::sort(ranked);
  std::vector<Name> names;
  for (auto& [preference, name] : ranked) names.push_back(std::move(name));
  return names;
}

ResolvedHosts address_hosts(const Name& name, bool v6, const Answers& answers,
                            std::vector<Question>& unknown) {
  ResolvedHosts hosts;
  add_addresses(name, v6, answers, unknown, hosts);
  return hosts;
}

ResolvedHosts mx_hosts(const Name& name, bool v6, const Answers& answers,
                       std::vector<Question>& unknown) {
  ResolvedHosts hosts;
  const Answer* answer = ask(name, RecordType::MX, answers, unknown);
  if (!answer) return hosts;
  if (answer->status == AnswerStatus::Failed) {
    hosts.failure =
        fmt::format("the MX of {} could not be resolved ({})", name.text(), answer->detail);
    return hosts;
  }
  hosts.is_void = is_void(*answer);
  const auto exchanges = exchanges_of(*answer);
  hosts.too_many = exchanges.size() > 10;
  if (hosts.too_many) return hosts;
  for (const Name& exchange : exchanges) add_addresses(exchange, v6, answers, unknown, hosts);
  return hosts;
}

}  // namespace rampart::spf
