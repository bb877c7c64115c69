// The mailbox list of a From field (RFC 5322 section 3.4). Forgers write From fields that programs
// read differently; whatever is not clear is an Error, since DMARC protects this domain.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "mail/message/message.h"

namespace rampart::mail {
namespace {

// RFC 5322 section 3.2.2 has no limit; deeper comments than this are an attack.
constexpr int kDeepestComment = 50;

// Reads the tokens of a structured field: comments and blanks are skipped, quoted strings and
// domain literals are one token each.
class Tokens {
 public:
  explicit Tokens(std::string_view text) : rest_(text) {}

  // The next token, empty at the end: one of ",:;<>@", a quoted string, a literal, or a run of
  // other characters.
  Result<std::string> next() {
    TRY_OK(skip_blanks());
    if (rest_.empty()) return std::string();
    if (rest_.front() == '"') return read_quoted('"');
    // Within quotes and literals every special character is plain text.
    if (rest_.front() == '[') return read_quoted(']');
    if (kSpecials.find(rest_.front()) != std::string_view::npos) return consume(1);
    std::size_t end = 0;
    while (end < rest_.size() && !is_space(rest_[end]) && rest_[end] != '(' && rest_[end] != '"' &&
           rest_[end] != '[' && kSpecials.find(rest_[end]) == std::string_view::npos) {
      ++end;
    }
    // Programs disagree on these: what one takes for the end of a comment, another shows as text.
    if (rest_.substr(0, end).find_first_of("\\)]") != std::string_view::npos) {
      return Error{"there is a character outside quotes that must be quoted"};
    }
    return consume(end);
  }

 private:
  static constexpr std::string_view kSpecials = ",:;<>@";

  std::string consume(std::size_t count) {
    std::string token(rest_.substr(0, count));
    rest_.remove_prefix(count);
    return token;
  }

  Result<std::string> read_quoted(char close) {
    for (std::size_t i = 1; i < rest_.size(); ++i) {
      // The character after a backslash is quoted, also a closing one (RFC 5322 section 3.2.1).
      if (rest_[i] == '\\') {
        ++i;
      } else if (rest_[i] == close) {
        return consume(i + 1);
      }
    }
    return Error{"a quoted string or a domain literal does not end"};
  }

  Result<Ok> skip_blanks() {
    int depth = 0;
    while (!rest_.empty() && (depth > 0 || is_space(rest_.front()) || rest_.front() == '(')) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '(' && ++depth > kDeepestComment) return Error{"comments are nested too deep"};
      if (c == ')') --depth;
      if (c == '\\' && depth > 0 && !rest_.empty()) rest_.remove_prefix(1);
    }
    if (depth > 0) return Error{"a comment does not end"};
    return Ok{};
  }

  std::string_view rest_;
};

Result<std::vector<std::string>> tokens_of(std::string_view value) {
  std::vector<std::string> found;
  Tokens tokens(value);
  for (;;) {
    TRY(auto token, tokens.next());
    if (token.empty()) return found;
    found.push_back(std::move(token));
  }
}

using TokenSpan = std::vector<std::string>;

// One mailbox: `local@domain`, or `phrase <local@domain>`; obsolete routes before the address are
// skipped (RFC 5322 section 4.4).
Result<std::string> domain_of(TokenSpan tokens) {
  const auto open = std::ranges::find(tokens, "<");
  if (open != tokens.end()) {
    // Text after the address is shown by some clients and ignored by others.
    if (tokens.back() != ">") return Error{"an address does not end with `>`"};
    TokenSpan inside(open + 1, tokens.end() - 1);
    const auto route = std::ranges::find(inside, ":");
    if (route != inside.end()) inside.erase(inside.begin(), route + 1);
    tokens = std::move(inside);
  }
  const auto special = [](const std::string& token) {
    return token == "<" || token == ">" || token == ":";
  };
  if (std::ranges::any_of(tokens, special)) return Error{"angle brackets do not match"};
  const auto at = std::ranges::find(tokens, "@");
  if (at == tokens.end()) return Error{"an address has no `@`"};
  if (at == tokens.begin()) return Error{"an address has nothing before its `@`"};
  std::string domain;
  for (auto token = at + 1; token != tokens.end(); ++token) {
    // Blanks and comments are allowed only next to a dot (obs-domain, RFC 5322 section 4.4).
    const bool joins = domain.empty() || domain.ends_with('.') || token->starts_with(".");
    if (*token == "@" || !joins) return Error{"an address has more than one domain"};
    domain += *token;
  }
  if (domain.empty()) return Error{"an address has nothing after its `@`"};
  // DMARC is about domains; an address literal has no policy (RFC 9989 section 4.10).
  if (domain.find_first_of("[\"") != std::string::npos) {
    return Error{"an address has a literal instead of a domain"};
  }
  return domain;
}

// Splits the list at its commas; a group's name and its `;` are dropped, commas within `<>` kept.
std::vector<TokenSpan> mailboxes(const TokenSpan& tokens) {
  std::vector<TokenSpan> boxes(1);
  bool angle = false;
  for (const std::string& token : tokens) {
    if (token == "<") angle = true;
    if (token == ">") angle = false;
    if (!angle && token == ":") {
      // RFC 5322 section 3.4: `Group: a@example.com, b@example.net;`.
      boxes.back().clear();
    } else if (!angle && (token == "," || token == ";")) {
      boxes.emplace_back();
    } else {
      boxes.back().push_back(token);
    }
  }
  std::erase_if(boxes, &TokenSpan::empty);
  return boxes;
}

Result<std::vector<Name>> domains_in(std::string_view value) {
  TRY(const auto tokens, tokens_of(value));
  std::vector<Name> domains;
  for (const TokenSpan& box : mailboxes(tokens)) {
    TRY(const auto text, domain_of(box));
    const auto domain = Name::parse(text);
    if (!domain) return Error{fmt::format("`{}` is not a domain: {}", text, domain.error().what)};
    // Several authors of one domain are one identity.
    if (std::ranges::find(domains, *domain) == domains.end()) domains.push_back(*domain);
  }
  if (domains.empty()) return Error{"it names no mailbox"};
  return domains;
}

// The one address of a field whose display name breaks the grammar: `Doe, John <a@example.com>`.
// With a second `@` anywhere, programs may take different addresses, which is what forgers want.
std::optional<Name> lone_address(std::string_view value) {
  const std::string_view text = trim(value);
  const auto open = text.find('<');
  const bool lone = std::ranges::count(text, '@') == 1 && std::ranges::count(text, '<') == 1 &&
                    std::ranges::count(text, '>') == 1;
  if (!lone || !text.ends_with('>')) return std::nullopt;
  const auto domains = domains_in(text.substr(open));
  return domains && domains->size() == 1 ? std::optional(domains->front()) : std::nullopt;
}

}  // namespace

Result<Authors> read_authors(const Head& head) {
  const auto fields = head.all("From");
  if (fields.empty()) return Error{"the message has no From field"};
  // RFC 5322 section 3.6 allows one; with two, the reader sees one and the receiver may check the
  // other.
  if (fields.size() > 1) return Error{fmt::format("the message has {} From fields", fields.size())};
  auto domains = domains_in(fields.front()->value());
  if (domains) return Authors{std::move(domains).value(), ""};
  if (const auto lone = lone_address(fields.front()->value())) {
    return Authors{{*lone}, domains.error().what};
  }
  return Error{"its From field cannot be read: " + domains.error().what};
}

Result<std::vector<Name>> author_domains(const Head& head) {
  TRY(const Authors authors, read_authors(head));
  return authors.domains;
}

// For callers that need one domain; DMARC's own evaluation reports several as an error of the
// message.
Result<Name> author_domain(const Head& head) {
  TRY(const auto domains, author_domains(head));
  if (domains.size() > 1) {
    return Error{fmt::format("its From field names {} domains", domains.size())};
  }
  return domains.front();
}

}  // namespace rampart::mail
