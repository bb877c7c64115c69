/// Matches texts against templates, with backtracking.
#include "policies/model/sender_pattern.h"

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "policies/model/lookup.h"
#include "policies/model/sender_use.h"

namespace rampart {
namespace {

/// A piece of a template: literal text, or the name of a placeholder.
struct Piece {
  std::string text;
  bool placeholder = false;
};

/// `{name}` is a placeholder, `%{i}` an SPF macro.
/// Literals are folded to lower case here, once, as DNS names compare without case.
std::vector<Piece> pieces_of(std::string_view text) {
  std::vector<Piece> pieces;
  std::string literal;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const std::size_t end = text.find('}', at);
    const bool opens = text[at] == '{' && end != text.npos && (at == 0 || text[at - 1] != '%');
    if (!opens) {
      literal += text[at];
      continue;
    }
    if (!literal.empty()) pieces.push_back({ascii_lower(literal)});
    literal.clear();
    pieces.push_back({std::string(text.substr(at + 1, end - at - 1)), true});
    at = end;
  }
  if (!literal.empty()) pieces.push_back({ascii_lower(literal)});
  return pieces;
}

// {domain} has a value before anything is matched; other placeholders get theirs from the first
// pattern that binds them.
std::optional<std::string> known_value(const std::string& name, const Name* domain,
                                       const Bindings& bindings) {
  const auto bound = bindings.find(name);
  if (bound != bindings.end()) return ascii_lower(bound->second);
  return domain == nullptr ? std::nullopt : fill("{" + name + "}", *domain, {});
}

/// Matches `text` against pieces from `at` on, with backtracking, shortest values first. Templates
/// have two or three placeholders, and names at most 253 octets, so that this stays cheap.
bool matches(const std::vector<Piece>& pieces, std::size_t at, std::string_view text,
             const Name* domain, Bindings& bindings) {
  if (at == pieces.size()) return text.empty();
  const Piece& piece = pieces[at];
  const auto known =
      piece.placeholder ? known_value(piece.text, domain, bindings) : std::optional(piece.text);
  if (known) {
    if (!text.starts_with(*known)) return false;
    return matches(pieces, at + 1, text.substr(known->size()), domain, bindings);
  }
  for (std::size_t length = 1; length <= text.size(); ++length) {
    bindings[piece.text] = std::string(text.substr(0, length));
    if (matches(pieces, at + 1, text.substr(length), domain, bindings)) return true;
  }
  bindings.erase(piece.text);
  return false;
}

}  // namespace

// On a copy of the bindings: a failed match must not leave half of its values behind. Most texts
// differ in their end already, which costs nothing to see: every term of every record is compared.
bool unify(std::string_view pattern, std::string_view text, const Name* domain,
           Bindings& bindings) {
  const std::string_view end = pattern.substr(pattern.rfind('}') + 1);
  if (text.size() < end.size() || !same_ignoring_case(text.substr(text.size() - end.size()), end)) {
    return false;
  }
  Bindings tried = bindings;
  if (!matches(pieces_of(pattern), 0, ascii_lower(text), domain, tried)) return false;
  bindings = std::move(tried);
  return true;
}

std::set<std::string> placeholders_in(std::string_view pattern) {
  std::set<std::string> names;
  for (const Piece& piece : pieces_of(pattern)) {
    const bool filled = piece.text == "domain" || piece.text == "domain_dashes";
    if (piece.placeholder && !filled) names.insert(piece.text);
  }
  return names;
}

bool is_specific(std::string_view pattern) {
  const std::vector<Piece> pieces = pieces_of(pattern);
  if (pieces.empty() || pieces.back().placeholder) return false;
  return std::ranges::count(pieces.back().text, '.') >= (pieces.size() > 1 ? 2 : 1);
}

bool owns_term(const Sender& sender, std::string_view term, const Bindings& with) {
  const auto matches = [&](const std::string& own) {
    if (own.find('{') == own.npos) return own == term;
    Bindings bindings = with;
    return own == term || (is_specific(own) && unify(own, term, nullptr, bindings));
  };
  return std::ranges::any_of(sender.spf, matches) ||
         std::ranges::any_of(sender.spf_aliases, matches);
}

bool is_right_target(const Sender& sender, const DkimTemplate& row, const Name& domain,
                     const Bindings& with, std::string_view target) {
  const auto matches = [&](const std::string& pattern) {
    Bindings bindings = with;
    if (!unify(pattern, target, &domain, bindings)) return false;
    const bool regional = placeholders_in(pattern).contains("region");
    return !regional || contains(sender.regions, bindings["region"]);
  };
  const std::string& chosen = target_template(sender, row, with);
  if (matches(chosen)) return true;
  return chosen == row.target && std::ranges::any_of(row.targets, [&](const std::string& one) {
           return is_specific(one) && matches(one);
         });
}

}  // namespace rampart
