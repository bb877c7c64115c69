/// `rampart check-message`: SPF, DKIM, ARC and DMARC of one message, as a receiver evaluates them.
#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "base/text.h"
#include "cli/commands/table.h"
#include "cli/context/dns_session.h"
#include "cli/views/message.h"

namespace rampart {
namespace {

/// Octets read at once: the body is hashed piece by piece, so that any message fits into memory.
constexpr std::size_t kPiece = 1 << 16;
/// The limits of SPF and of the tree walk end every check well before.
constexpr int kMostRounds = 60;

/// Reads up to one piece; false at the end.
/// The buffer is reused, so that a message of any size costs one piece of memory.
bool read_piece(std::istream& in, std::string& piece) {
  piece.resize(kPiece);
  in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
  piece.resize(static_cast<std::size_t>(in.gcount()));
  return !piece.empty();
}

/// Reads until the header is complete; `octets` then also holds the beginning of the body.
Result<mail::Head> read_header(std::istream& in, std::string& octets) {
  const mail::HeadLimits limits;
  std::string piece;
  std::size_t searched = 0;
  while (!mail::find_body(octets, searched) && octets.size() <= limits.octets &&
         read_piece(in, piece)) {
    searched = octets.size();
    octets += piece;
  }
  if (octets.empty()) return Error{.what = "the message is empty", .where = {}};
  return mail::read_head(octets, limits);
}

/// Evaluates, resolves what was unknown, and evaluates again, until nothing is unknown.
dmarc::MessageVerdict check(const spf::Client& client, const dkim::Verifier& verifier,
                            DnsSession& lookups) {
  dmarc::MessageVerdict verdict;
  for (int round = 0; round < kMostRounds; ++round) {
    verdict = dmarc::check_message(client, verifier, lookups.answers);
    if (verdict.unknown.empty()) break;
    lookups.resolve(verdict.unknown);
  }
  return verdict;
}

/// A temporary DNS failure is no verdict: a script should try again. A message without one
/// author must not look like one to which DMARC does not apply (RFC 9989 section 11.5).
ExitCode exit_code_of(const dmarc::MessageVerdict& verdict) {
  switch (verdict.walk.outcome) {
    case dmarc::Outcome::Fail:
    case dmarc::Outcome::PermError:
      return ExitCode::Different;
    case dmarc::Outcome::TempError:
      return ExitCode::Error;
    case dmarc::Outcome::None:
    case dmarc::Outcome::Pass:
      break;
  }
  return ExitCode::Ok;
}

/// MAIL FROM as given, or what a mail server wrote into Return-Path on delivery.
/// RFC 5321 section 4.4: the delivering server records MAIL FROM in Return-Path, on top of the
/// header.
std::string sender_of(const Context& context, const mail::Head& head) {
  std::string sender = context.arguments.one("sender").value_or("");
  const auto recorded = head.all("Return-Path");
  if (!context.arguments.has("sender") && !recorded.empty()) sender = recorded.front()->value();
  return spf::address_in(sender);
}

/// The header decides which signatures exist, so it is read first; the body is only hashed.
Result<dmarc::MessageVerdict> check_stream(const Context& context, std::istream& in,
                                           spf::Client client) {
  std::string octets;
  TRY(const mail::Head head, read_header(in, octets));
  client.sender = sender_of(context, head);
  if (client.helo.empty()) client.helo = client.sender.substr(client.sender.rfind('@') + 1);
  dkim::Verifier verifier(head);
  verifier.feed(std::string_view(octets).substr(head.body_offset));
  while (read_piece(in, octets)) verifier.feed(octets);
  verifier.finish();
  if (in.bad()) return Error{.what = "the message cannot be read to its end", .where = {}};
  const auto config = config_if_named(context);
  if (!config) return Error{};
  TRY(DnsSession lookups, resolver_session(context, *config));
  return check(client, verifier, lookups);
}

// A folder opens without an error and is named as such, since the system's own message for it is
// obscure.
Result<dmarc::MessageVerdict> check_file(const Context& context, const std::string& path,
                                         const spf::Client& client) {
  if (path == "-") return check_stream(context, context.process.in, client);
  std::ifstream file(path, std::ios::binary);
  // Opening a folder succeeds; only reading it fails.
  if (file && file.peek() == std::ifstream::traits_type::eof() && file.bad()) {
    return Error{.what = "it is a folder", .where = path};
  }
  if (!file) return Error{.what = std::strerror(errno), .where = path};
  auto verdict = check_stream(context, file, client);
  if (!verdict && !verdict.error().what.empty()) return within(path, verdict.error());
  return verdict;
}

}  // namespace

// The address cannot be guessed from Received fields: a sender can forge any that are below the
// first.
ExitCode run_check_message(Context& context) {
  const auto ip_text = context.arguments.one("ip");
  if (!ip_text) {
    return usage_error(context, "--ip is missing",
                       "name the address that delivered the message: --ip 192.0.2.1");
  }
  const auto ip = spf::Ip::parse(*ip_text);
  if (!ip) {
    return usage_error(context, fmt::format("--ip {} is not an IPv4 or IPv6 address", *ip_text),
                       "write it as 192.0.2.1 or 2001:db8::1");
  }
  spf::Client client{.ip = *ip, .sender = {}, .helo = context.arguments.one("helo").value_or("")};
  client.now = context.now.time_since_epoch().count();
  const auto verdict = check_file(context, context.arguments.one("FILE").value_or(""), client);
  if (!verdict) {
    // An empty error: load has reported it.
    if (verdict.error().what.empty()) return ExitCode::Error;
    return fail(context, "message", verdict.error());
  }
  return print(context, context.json() ? message_json(*verdict) : message_text(*verdict),
               exit_code_of(*verdict));
}

}  // namespace rampart
