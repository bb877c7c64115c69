#include "policies/rules/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/text.h"
#include "mail/dmarc/org_domain.h"
#include "mail/spf/compiled.h"
#include "policies/model/lookup.h"

namespace rampart::rules {
namespace {

// The name at the end of the chain that an answer followed: the one that is missing or empty.
Name end_of_chain(const Name& name, const Answer& answer) {
  return answer.cnames.empty() ? name : answer.cnames.back();
}

NameReading reading_of(NameState state, const Name& end) {
  return {state, end, dmarc::org_domain_psl(end)};
}

// Top levels at which nobody can register a name (RFC 6761, RFC 6762, RFC 7686, ICANN 2024).
constexpr std::array<std::string_view, 6> kNeverRegistered = {"arpa",  "internal",  "invalid",
                                                              "local", "localhost", "onion"};

// Nobody registers a top level, or a name below one of digits: an address in place of a host.
bool can_be_registered(const Name& name) {
  if (name.labels().size() < 2) return false;
  const std::string_view top = name.labels().back();
  return !contains(kNeverRegistered, top) && !std::ranges::all_of(top, is_digit);
}

// Whether anybody can take a missing name shows at its registered domain. NXDOMAIN there means that
// no name below exists either (RFC 8020); a failure leaves the lesser fault.
NameReading read_missing(const Name& end, const Answers& answers, std::vector<Question>& unknown) {
  NameReading reading = reading_of(NameState::Unregistered, end);
  if (!can_be_registered(end)) reading.state = NameState::Missing;
  if (end == reading.registered || reading.state == NameState::Missing) return reading;
  const Answer* answer = find_or_note(answers, {reading.registered, RecordType::NS}, unknown);
  reading.state = answer == nullptr                          ? NameState::Unknown
                  : answer->status == AnswerStatus::NxDomain ? NameState::Unregistered
                                                             : NameState::Missing;
  return reading;
}

// The mechanism of a printed term: "include" of "-include:x".
std::string_view mechanism_of(std::string_view term) {
  const std::size_t start = term.find_first_not_of("+-~?");
  if (start == std::string_view::npos) return "";
  term.remove_prefix(start);
  return term.substr(0, term.find_first_of(":/="));
}

// An `mx` term is dead where there is no MX, or where none of its hosts has an address. A host that
// anyone can take counts in any case: it passes as soon as it has an address.
NameReading read_mx_term(const Name& name, const Answers& answers, std::vector<Question>& unknown) {
  const NameReading reading = read_name(name, RecordType::MX, answers, unknown);
  if (reading.state != NameState::Usable) return reading;
  const Answer* answer = find_answer(answers, name, RecordType::MX);
  // Usable means that the answer has values.
  if (is_null_mx(answer->values_or_none())) return reading_of(NameState::NullMx, name);
  std::vector<NameReading> hosts;
  for (const Name& host : spf::exchanges_of(answer->values_or_none())) {
    hosts.push_back(read_host(host, answers, unknown));
  }
  for (const NameState state : {NameState::Unregistered, NameState::Usable, NameState::Unknown}) {
    const auto found = std::ranges::find(hosts, state, &NameReading::state);
    if (found != hosts.end()) return *found;
  }
  return hosts.empty() ? reading_of(NameState::Empty, name) : hosts.front();
}

// Whether the term lets hosts pass: what is behind another qualifier gives nobody anything.
bool passes(const spf::TreeNode& node) { return node.term.find_first_of("-~?") != 0; }

/// The search for dead names in one tree.
class SpfNames {
 public:
  SpfNames(const Name& domain, const Answers& answers, std::vector<Question>& unknown)
      : domain_(domain), answers_(answers), unknown_(unknown) {}

  void look(const spf::TreeNode& node, const spf::TreeNode& root) {
    for (const spf::TreeNode& child : node.children) {
      check(child, &node == &root ? Place::Own : Place::Included);
      if (passes(child)) look(child, root);
    }
  }

  NameFaults faults;

 private:
  enum class Place { Own, Included };

  void check(const spf::TreeNode& node, Place place) {
    const bool own = place == Place::Own;
    const auto name = Name::parse(node.domain);
    if (node.domain.empty() || !name) return;
    const std::string_view mechanism = mechanism_of(node.term);
    const bool opens = mechanism == "include" || mechanism == "redirect";
    // A record that was found may be one that a plan is about to write.
    if (opens && node.problem.empty()) return;
    const RecordKey at{*name, opens               ? RecordType::TXT
                              : mechanism == "mx" ? RecordType::MX
                                                  : RecordType::A};
    const NameReading reading = read(at, mechanism);
    const Reference reference{
        own ? fmt::format("`{}` in the SPF record of {}", node.term, domain_.text())
            : fmt::format("`{}` in a record that the SPF record of {} includes", node.term,
                          domain_.text()),
        fmt::format("send as {}", domain_.text())};
    if (own && !opens) add(name_dangling(reference, reading), at);
    if (passes(node)) add(takeover(reference, reading), at);
  }

  // `exists` asks for an address of IPv4 alone (RFC 7208 section 5.7).
  NameReading read(const RecordKey& at, std::string_view mechanism) {
    if (at.type == RecordType::MX) {
      NameReading reading = read_mx_term(at.name, answers_, unknown_);
      // The domain's own null MX beside a record that passes is `mx-null-sender`.
      if (reading.state == NameState::NullMx && at.name != domain_)
        reading.state = NameState::Empty;
      return reading;
    }
    if (at.type == RecordType::A && mechanism != "exists") {
      return read_host(at.name, answers_, unknown_);
    }
    return read_name(at.name, at.type, answers_, unknown_);
  }

  // A vendor's record may name one dead host a hundred times.
  void add(std::optional<Fault> fault, const RecordKey& at) {
    if (!fault || !seen_.emplace(at, fault->code).second) return;
    faults.push_back({std::move(*fault), at});
  }

  const Name& domain_;
  const Answers& answers_;
  std::vector<Question>& unknown_;
  std::set<std::pair<RecordKey, std::string_view>> seen_;
};

// "which does not exist", "which has no address", as the end of a sentence.
std::string_view why_dead(NameState state) {
  switch (state) {
    case NameState::Empty:
      return "which has no address";
    case NameState::NullMx:
      return "which says by a null MX that it receives no mail";
    default:
      return "which does not exist";
  }
}

// "10 mx.example.com" into its two halves; nullopt where it has none.
std::optional<std::pair<std::string, std::string>> split_mx(const std::string& value) {
  const std::size_t blank = value.find(' ');
  if (blank == std::string::npos) return std::nullopt;
  return std::pair(value.substr(0, blank), value.substr(blank + 1));
}

// An MX names a host (RFC 5321 section 5.1): an address there is a name that never exists.
Fault address_as_mx(const Name& domain, const std::string& host) {
  return {.code = "mx-invalid",
          .message = fmt::format("the MX of {} names the address {}; an MX names a host (RFC 5321 "
                                 "section 5.1), so no mail arrives there",
                                 domain.text(), host),
          .hint = "give the address a host name, and name that"};
}

Fault misnumbered_null_mx(const Name& domain, const std::string& value) {
  return {.code = "mx-invalid",
          .message = fmt::format("`MX {}` of {} is no null MX, whose preference is 0 (RFC 7505 "
                                 "section 3): some senders look for a host of that name",
                                 value, domain.text()),
          .hint = "publish `MX 0 .` if the domain receives no mail"};
}

}  // namespace

NameReading read_name(const Name& name, RecordType type, const Answers& answers,
                      std::vector<Question>& unknown) {
  const Answer* answer = find_or_note(answers, {name, type}, unknown);
  if (answer == nullptr) return reading_of(NameState::Unknown, name);
  const Name end = end_of_chain(name, *answer);
  if (answer->status == AnswerStatus::NxDomain) return read_missing(end, answers, unknown);
  return answer->match(
      [&](const std::vector<std::string>&) { return reading_of(NameState::Usable, end); },
      [&] { return reading_of(NameState::Empty, end); },
      [&](const std::string&) { return reading_of(NameState::Unknown, end); });
}

// The second family is queried only where the first does not decide.
NameReading read_host(const Name& name, const Answers& answers, std::vector<Question>& unknown) {
  const NameReading reading = read_name(name, RecordType::A, answers, unknown);
  if (reading.state != NameState::Empty) return reading;
  return read_name(name, RecordType::AAAA, answers, unknown);
}

NameReading read_mail_domain(const Name& domain, const Answers& answers,
                             std::vector<Question>& unknown) {
  NameReading reading = read_name(domain, RecordType::MX, answers, unknown);
  if (reading.state == NameState::Empty) return read_host(domain, answers, unknown);
  if (reading.state != NameState::Usable) return reading;
  // Usable means that the answer has values.
  const Answer* answer = find_answer(answers, domain, RecordType::MX);
  if (is_null_mx(answer->values_or_none())) reading.state = NameState::NullMx;
  return reading;
}

bool is_null_mx(const std::vector<std::string>& values) {
  return values.size() == 1 && values.front() == "0 .";
}

// An Error in an audit: nothing has to fail before it is used.
std::optional<Fault> takeover(const Reference& reference, const NameReading& reading) {
  if (reading.state != NameState::Unregistered) return std::nullopt;
  const std::string registered = reading.registered.text();
  return Fault{
      .severity = Severity::Error,
      .code = "takeover",
      .message = fmt::format(
          "{} leads to {}{} does not exist in DNS: anyone who registers it can {}", reference.what,
          reading.end.text(), reading.end == reading.registered ? ", which" : ", and " + registered,
          reference.power),
      .hint = fmt::format("remove it today; if {} is yours, renew it", registered),
      .blocks = true};
}

std::optional<Fault> name_dangling(const Reference& reference, const NameReading& reading) {
  const bool dead = reading.state == NameState::Empty || reading.state == NameState::Missing ||
                    reading.state == NameState::Unregistered;
  if (!dead) return std::nullopt;
  return Fault{.code = "name-dangling",
               .message = fmt::format("{} leads to {}, {}", reference.what, reading.end.text(),
                                      why_dead(reading.state)),
               .hint = "correct the name, or remove what refers to it",
               .blocks = true};
}

Reference selector_reference(const Name& domain, const Name& selector) {
  return {fmt::format("the CNAME at {}", selector.text()),
          fmt::format("sign as {}", domain.text())};
}

Reference record_reference(const Name& domain, const Name& record) {
  return {fmt::format("the CNAME at {}", record.text()),
          fmt::format("publish a record of {}", domain.text())};
}

bool is_mailto(std::string_view uri) {
  constexpr std::string_view kScheme = "mailto:";
  return ascii_lower(uri.substr(0, kScheme.size())) == kScheme;
}

NameFaults spf_name_faults(const Name& domain, const spf::TreeNode& root, const Answers& answers,
                           std::vector<Question>& unknown) {
  SpfNames names(domain, answers, unknown);
  names.look(root, root);
  return std::move(names.faults);
}

Faults mx_faults(const Name& domain, const std::vector<std::string>& values, const Answers& answers,
                 std::vector<Question>& unknown) {
  Faults faults;
  const std::string name = domain.text();
  for (const std::string& value : values) {
    const auto mx = split_mx(value);
    if (!mx) continue;
    if (mx->second == ".") {
      if (values.size() == 1 && mx->first != "0") {
        faults.push_back(misnumbered_null_mx(domain, value));
      }
      continue;
    }
    if (spf::Ip::parse(mx->second)) {
      faults.push_back(address_as_mx(domain, mx->second));
      continue;
    }
    const auto host = Name::parse(mx->second);
    if (!host) continue;
    const NameReading reading = read_host(*host, answers, unknown);
    const Reference reference{fmt::format("the MX of {}", name),
                              fmt::format("receive the mail of {}", name)};
    rules::add(faults, name_dangling(reference, reading));
    rules::add(faults, takeover(reference, reading));
  }
  return faults;
}

Faults report_host_faults(const Name& at, const Name& host, const NameReading& reading) {
  Faults faults;
  const NameState state = reading.state;
  if (state == NameState::Unknown || state == NameState::Usable) return faults;
  faults.push_back(
      {.code = "report-undeliverable",
       .message = fmt::format(
           "reports about {} go to {}, {}: none arrives", at.text(), host.text(),
           state == NameState::Empty ? "which has no MX and no address" : why_dead(state)),
       .hint = "name an address in a domain that receives mail",
       // The holder of a null MX exists, and may want no reports to arrive.
       .blocks = state != NameState::NullMx});
  rules::add(faults, takeover({fmt::format("a report address of {}", at.text()),
                               fmt::format("read the reports about {}", at.text())},
                              reading));
  return faults;
}

Fault mx_null_sender(const Name& domain) {
  return {.code = "mx-null-sender",
          .message = fmt::format("hosts may send as {}, whose null MX says that it receives no "
                                 "mail: receivers may refuse what nobody can answer (RFC 7505 "
                                 "section 4.2)",
                                 domain.text()),
          .hint = "publish an MX that receives bounces, or `v=spf1 -all` if nothing sends"};
}

}  // namespace rampart::rules
