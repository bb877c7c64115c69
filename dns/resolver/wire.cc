#include "dns/resolver/wire.h"

#include <fmt/format.h>
// ldns redefines bool, true and false unless this header came first.
#include <stdbool.h>

#include <ldns/ldns.h>

#include <algorithm>
#include <memory>

#include "base/text.h"
#include "dns/resolver/records.h"

namespace rampart {
namespace {

constexpr std::size_t kHeader = 12;
// The header's AD bit (RFC 4035 section 3.1.6).
constexpr unsigned kAuthenticated = 0x0020;
// BIND's own limit for a chain of aliases.
constexpr int kMaxChain = 16;
// RFC 2308 section 5: a negative answer is not cached for longer than a day.
constexpr std::uint32_t kMostNegative = 86400;

using Packet = std::unique_ptr<ldns_pkt, decltype(&ldns_pkt_free)>;

unsigned octet(std::string_view wire, std::size_t at) {
  return static_cast<unsigned char>(wire[at]);
}

unsigned number(std::string_view wire, std::size_t at) {
  return octet(wire, at) << 8 | octet(wire, at + 1);
}

void append_number(std::string& out, unsigned value) {
  out += static_cast<char>(value >> 8 & 0xff);
  out += static_cast<char>(value & 0xff);
}

// The fields of a message header that are checked (RFC 1035 section 4.1.1).
struct Header {
  unsigned id, questions, answers, rcode, opcode;
  bool response, authoritative, truncated, recursion_available, authenticated;
};

Header read_header(std::string_view wire) {
  // Read by hand before ldns parses anything: most forged or foreign datagrams end here.
  const unsigned flags = number(wire, 2);
  return {.id = number(wire, 0),
          .questions = number(wire, 4),
          .answers = number(wire, 6),
          .rcode = flags & 0xf,
          .opcode = flags >> 11 & 0xf,
          .response = (flags & 0x8000) != 0,
          .authoritative = (flags & 0x0400) != 0,
          .truncated = (flags & 0x0200) != 0,
          .recursion_available = (flags & 0x0080) != 0,
          .authenticated = (flags & kAuthenticated) != 0};
}

// Names compare without case (RFC 4343 section 3): servers may return the question in another case.
bool same_question(std::string_view wire, std::string_view section) {
  return wire.size() >= kHeader + section.size() &&
         same_ignoring_case(wire.substr(kHeader, section.size()), section);
}

Reply failure(std::string why) { return {ReplyKind::Failure, {}, std::move(why), false}; }

Reply transient(std::string why) { return {ReplyKind::Failure, {}, std::move(why), true}; }

Reply malformed() { return transient("malformed answer"); }

// The reply by its response code alone; Answer where the records must be read.
Reply by_rcode(const Header& header, Edns edns) {
  switch (header.rcode) {
    case LDNS_RCODE_NOERROR:
    case LDNS_RCODE_NXDOMAIN:
      return {ReplyKind::Answer, {}, {}, false};
    case LDNS_RCODE_FORMERR:
    case LDNS_RCODE_NOTIMPL:
      // RFC 6891 section 7: the answer of a server without EDNS; query again without it.
      if (edns == Edns::On) return {ReplyKind::NoEdns, {}, {}, false};
      return failure(header.rcode == LDNS_RCODE_FORMERR ? "FORMERR" : "NOTIMP");
    case LDNS_RCODE_SERVFAIL:
      return transient("SERVFAIL");
    case LDNS_RCODE_REFUSED:
      return failure("refused");
    default:
      return failure(fmt::format("response code {}", header.rcode));
  }
}

bool owns(std::string_view owner, const ldns_rr* rr) {
  const ldns_rdf* name = ldns_rr_owner(rr);
  return same_ignoring_case(
      owner, {reinterpret_cast<const char*>(ldns_rdf_data(name)), ldns_rdf_size(name)});
}

// The first record of `type` owned by `owner`, or null.
const ldns_rr* find_rr(const ldns_rr_list* list, std::string_view owner, ldns_rr_type type) {
  for (std::size_t index = 0; index < ldns_rr_list_rr_count(list); ++index) {
    const ldns_rr* rr = ldns_rr_list_rr(list, index);
    if (ldns_rr_get_type(rr) == type && owns(owner, rr)) return rr;
  }
  return nullptr;
}

// Adds the values of the queried type; false where one cannot be read.
bool add_values(std::vector<std::string>& values, const ldns_rr_list* list, std::string_view owner,
                unsigned type, std::uint32_t& ttl) {
  for (std::size_t index = 0; index < ldns_rr_list_rr_count(list); ++index) {
    const ldns_rr* rr = ldns_rr_list_rr(list, index);
    if (ldns_rr_get_type(rr) != static_cast<ldns_rr_type>(type)) continue;
    // Records for other names in the answer section are not trusted (RFC 5452 section 6).
    if (ldns_rr_get_class(rr) != LDNS_RR_CLASS_IN || !owns(owner, rr)) {
      continue;
    }
    auto value = value_of(rr);
    if (!value) return false;
    values.push_back(std::move(*value));
    ttl = std::min(ttl, ldns_rr_ttl(rr));
  }
  return true;
}

// RFC 2308 section 5: the smaller of the SOA's own TTL and its minimum field; 0 without an SOA.
std::uint32_t negative_ttl(const ldns_pkt* packet) {
  const ldns_rr_list* authority = ldns_pkt_authority(packet);
  for (std::size_t index = 0; index < ldns_rr_list_rr_count(authority); ++index) {
    const ldns_rr* rr = ldns_rr_list_rr(authority, index);
    if (ldns_rr_get_type(rr) != LDNS_RR_TYPE_SOA || ldns_rr_rd_count(rr) != 7) continue;
    const std::uint32_t minimum = ldns_rdf2native_int32(ldns_rr_rdf(rr, 6));
    return std::min({ldns_rr_ttl(rr), minimum, kMostNegative});
  }
  return 0;
}

// Follows the CNAMEs in the answer section from the queried name to the queried records.
Reply read_records(const ldns_pkt* packet, std::string_view section) {
  Reply reply{ReplyKind::Answer, {}, {}, false};
  const ldns_rr_list* list = ldns_pkt_answer(packet);
  std::string owner(section.substr(0, section.size() - 4));
  const unsigned type = number(section, section.size() - 4);
  std::uint32_t ttl = 0x7fffffff;
  std::vector<std::string> values;
  for (int step = 0; step <= kMaxChain; ++step) {
    if (!add_values(values, list, owner, type, ttl)) return malformed();
    if (!values.empty() || type == LDNS_RR_TYPE_CNAME) break;
    // A query for the CNAME itself does not follow it (RFC 1034 section 3.6.2).
    const ldns_rr* alias = find_rr(list, owner, LDNS_RR_TYPE_CNAME);
    if (alias == nullptr) break;
    const auto target =
        ldns_rr_rd_count(alias) == 1 ? name_of(ldns_rr_rdf(alias, 0)) : std::nullopt;
    if (!target) return malformed();
    if (step == kMaxChain || std::ranges::count(reply.answer.cnames, *target) > 0) {
      return failure("a loop of CNAMEs");
    }
    reply.answer.cnames.push_back(*target);
    ttl = std::min(ttl, ldns_rr_ttl(alias));
    owner = wire_name(ldns_rr_rdf(alias, 0));
  }
  // NXDOMAIN beside data is a contradiction of some load balancers; the data counts.
  const bool data = !values.empty();
  const bool missing = ldns_pkt_get_rcode(packet) == LDNS_RCODE_NXDOMAIN;
  reply.answer.status = data      ? AnswerStatus::Data
                        : missing ? AnswerStatus::NxDomain
                                  : AnswerStatus::NoData;
  reply.answer.values = std::move(values);
  reply.answer.ttl = std::chrono::seconds(data ? ttl : std::min(ttl, negative_ttl(packet)));
  return reply;
}

}  // namespace

std::string question_section(const Question& question) {
  std::string section = question.name.wire();
  append_number(section, static_cast<unsigned>(question.type));
  append_number(section, LDNS_RR_CLASS_IN);
  return section;
}

void append_query(std::string& out, std::string_view section, std::uint16_t id, Recursion recursion,
                  Edns edns) {
  append_number(out, id);
  // RFC 6840 section 5.7: with AD in a query, a validating resolver sets it in its answer. The
  // bit asks for no signatures, so that answers stay small.
  append_number(out, recursion == Recursion::Desired ? 0x0100 | kAuthenticated : 0);
  for (const unsigned count : {1U, 0U, 0U, edns == Edns::On ? 1U : 0U}) append_number(out, count);
  out += section;
  // RFC 6891 section 6.1.2: the root as owner, the type, the payload size in place of the class,
  // then TTL and length as zeros.
  if (edns == Edns::Off) return;
  out += '\0';
  append_number(out, LDNS_RR_TYPE_OPT);
  append_number(out, kUdpPayload);
  for (int field = 0; field < 3; ++field) append_number(out, 0);
}

std::uint16_t message_id(std::string_view wire) {
  return wire.size() < kHeader ? 0 : static_cast<std::uint16_t>(number(wire, 0));
}

Reply parse_reply(std::string_view wire, std::string_view section, std::uint16_t id,
                  Recursion recursion, Edns edns) {
  if (wire.size() < kHeader) return {};
  const Header header = read_header(wire);
  if (header.id != id || !header.response || header.opcode != 0) return {};
  // Some servers return errors without the question; such a reply counts only as a failure, so that
  // a forger gains no more than a retry.
  const bool bare = header.questions == 0 && header.rcode != LDNS_RCODE_NOERROR &&
                    header.rcode != LDNS_RCODE_NXDOMAIN;
  if (!bare && (header.questions != 1 || !same_question(wire, section))) return {};
  if (Reply reply = by_rcode(header, edns); reply.kind != ReplyKind::Answer) return reply;
  // After the response code: a truncated error is still an error.
  if (header.truncated) return {ReplyKind::Truncated, {}, {}, false};
  if (recursion == Recursion::Off && !header.authoritative) {
    return failure("lame (not authoritative)");
  }
  // A server that only refers elsewhere: it is a name server and no resolver.
  if (recursion == Recursion::Desired && !header.recursion_available && !header.authoritative &&
      header.answers == 0) {
    return failure("does not answer recursive queries (a referral)");
  }
  ldns_pkt* raw = nullptr;
  if (ldns_wire2pkt(&raw, reinterpret_cast<const std::uint8_t*>(wire.data()), wire.size()) !=
      LDNS_STATUS_OK) {
    return malformed();
  }
  const Packet packet(raw, &ldns_pkt_free);
  // BADVERS (RFC 6891 section 6.1.3): the server knows EDNS, but no version that we send.
  if (edns == Edns::On && ldns_pkt_edns_extended_rcode(raw) != 0) {
    return {ReplyKind::NoEdns, {}, {}, false};
  }
  Reply reply = read_records(raw, section);
  // An authoritative server is no validator: what it says about AD means nothing.
  reply.authenticated = header.authenticated && recursion == Recursion::Desired;
  return reply;
}

}  // namespace rampart
