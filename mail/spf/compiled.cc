/// Making pages: from answers to linked records.
#include "mail/spf/compiled.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "mail/spf/ip_text.h"

namespace rampart::spf {
namespace {

std::unique_ptr<Target> make_target(std::string_view spec, const Page& page) {
  auto target = std::make_unique<Target>();
  if (spec.empty()) {
    target->name = page.domain;
    return target;
  }
  target->spec = parse_domain_spec(spec).value();
  target->uses_p = uses_letter(target->spec, 'p');
  target->dynamic = std::ranges::any_of(target->spec, [](const MacroPart& part) {
    return part.kind == MacroPart::Kind::Letter && part.letter != 'd';
  });
  if (target->dynamic) return target;
  const std::string text = expand(target->spec, [&](char) { return page.raw; });
  target->name = name_from_octets(shorten_name(text));
  return target;
}

Target* add_target(std::string_view spec, Page& page) {
  page.targets.push_back(make_target(spec, page));
  return page.targets.back().get();
}

Step make_step(const Directive& directive, Page& page) {
  Step step{.mechanism = directive.mechanism, .qualifier = directive.qualifier};
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
      const Bits bits = bits_of(ip);
      step.network = {bits.high & step.mask.high, bits.low & step.mask.low};
      return step;
    }
    default:
      step.mask4 = mask_of(directive.cidr4.value_or(32), false);
      step.mask6 = mask_of(directive.cidr6.value_or(128), true);
      step.target = add_target(directive.domain, page);
      return step;
  }
}

/// Fills steps and targets from page.record.
void link(Page& page) {
  page.raw = octets_of(page.domain);
  page.steps.reserve(page.record.directives.size());
  bool ends = false;
  for (const Directive& directive : page.record.directives) {
    page.steps.push_back(make_step(directive, page));
    ends = ends || directive.mechanism == Mechanism::All;
  }
  const Modifier* redirect = page.record.find_modifier("redirect");
  if (redirect && !ends) page.redirect = add_target(redirect->value, page);
  const Modifier* exp = page.record.find_modifier("exp");
  if (exp) page.exp = add_target(exp->value, page);
}

/// Reads the record out of a TXT answer (RFC 7208 section 4.4, RFC 7208 section 4.5).
void read_answer(const Answer& answer, Page& page) {
  page.state = Page::State::None;
  page.is_void = is_void(answer);
  if (answer.status == AnswerStatus::Failed) {
    page.state = Page::State::TempError;
    page.problem = "could not be resolved (" + answer.detail + ")";
    return;
  }
  const auto count = std::ranges::count_if(answer.values, is_spf);
  if (count == 0) {
    page.problem =
        answer.status == AnswerStatus::NxDomain ? "does not exist" : "publishes no SPF record";
    return;
  }
  page.state = Page::State::PermError;
  if (count > 1) {
    page.problem = fmt::format("publishes {} SPF records (RFC 7208 section 4.5)", count);
    return;
  }
  page.text = *std::ranges::find_if(answer.values, is_spf);
  auto record = parse(page.text);
  if (!record) {
    page.problem = "has an invalid record: " + sentence(record.error());
    return;
  }
  page.state = Page::State::Ready;
  page.record = std::move(record).value();
  link(page);
}

const Answer* ask(const Name& name, RecordType type, const Answers& answers,
                  std::vector<Question>& unknown) {
  const Answer* answer = find_answer(answers, name, type);
  if (!answer) unknown.push_back({name, type});
  return answer;
}

RecordType address_type(bool v6) { return v6 ? RecordType::AAAA : RecordType::A; }

/// Appends the addresses of one host; says in `hosts` what went wrong.
void add_addresses(const Name& name, bool v6, const Answers& answers,
                   std::vector<Question>& unknown, Hosts& hosts) {
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
  // A host of the other family alone is no void lookup (RFC 7208 section 4.6.4 counts names that
  // lead nowhere).
  if (answer->status == AnswerStatus::NxDomain) {
    hosts.is_void = true;
    return;
  }
  const Answer* other = ask(name, address_type(!v6), answers, unknown);
  if (other && is_void(*other)) hosts.is_void = true;
}

}  // namespace

Bits bits_of(const Ip& ip) {
  Bits bits;
  const std::size_t count = ip.v6 ? 16 : 4;
  for (std::size_t i = 0; i < count; ++i) {
    bits.high = bits.high << 8 | bits.low >> 56;
    bits.low = bits.low << 8 | ip.octets[i];
  }
  return bits;
}

Bits mask_of(int length, bool v6) {
  constexpr std::uint64_t kOnes = ~std::uint64_t{0};
  const auto half = [](int ones) {
    return ones <= 0 ? 0 : ones >= 64 ? kOnes : kOnes << (64 - ones);
  };
  if (v6) return {half(length), half(length - 64)};
  return {kOnes, half(length + 32)};
}

Page& Pages::at(const Name& domain) {
  std::unique_ptr<Page>& page = pages_[domain];
  if (!page) page = std::make_unique<Page>(domain);
  refresh(*page);
  return *page;
}

Page* Pages::at_text(std::string_view domain) {
  const auto found = by_text_.find(domain);
  if (found != by_text_.end()) {
    refresh(*found->second);
    return found->second;
  }
  const auto name = Name::parse(domain);
  if (!name) return nullptr;
  Page& page = at(*name);
  by_text_.emplace(domain, &page);
  return &page;
}

Page& Pages::of(Target& target) {
  if (!target.page) {
    target.page = &at(*target.name);
  } else {
    refresh(*target.page);
  }
  return *target.page;
}

void Pages::refresh(Page& page) {
  if (page.state != Page::State::Unasked) return;
  const Answer* answer = find_answer(answers_, page.domain, RecordType::TXT);
  if (answer) read_answer(*answer, page);
}

std::unique_ptr<Page> make_page(const Name& domain, const Record& record) {
  auto page = std::make_unique<Page>(domain);
  page->state = Page::State::Ready;
  page->text = print(record);
  page->record = record;
  link(*page);
  return page;
}

std::optional<Name> name_from_octets(std::string_view octets) {
  std::string text;
  for (const char c : octets) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '.' || c == '_' || c == '-';
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

Hosts address_hosts(const Name& name, bool v6, const Answers& answers,
                    std::vector<Question>& unknown) {
  Hosts hosts;
  add_addresses(name, v6, answers, unknown, hosts);
  return hosts;
}

Hosts mx_hosts(const Name& name, bool v6, const Answers& answers, std::vector<Question>& unknown) {
  Hosts hosts;
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
