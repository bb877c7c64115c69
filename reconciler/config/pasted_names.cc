#include "reconciler/config/pasted_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "dns/name.h"
#include "mail/spf/spf.h"
#include "policies/model/sender_use.h"
#include "reconciler/config/checks.h"
#include "reconciler/config/names.h"

namespace rampart::config {
namespace {

constexpr std::string_view kKeyLabel = "._domainkey";

// The part of a name before `._domainkey`; nullopt where it has none.
std::optional<std::string> before_key_label(std::string_view text) {
  const auto at = ascii_lower(text).find(kKeyLabel);
  if (at == std::string::npos) return std::nullopt;
  return std::string(text.substr(0, at));
}

// A template of a sender: a host or a target, or an SPF term.
struct Template {
  std::string_view text;
  enum class Use { Host, Target, Term } use;
};

std::vector<Template> templates_of(const Sender& sender) {
  std::vector<Template> templates;
  for (const DkimTemplate& row : sender.dkim) {
    templates.push_back({row.host, Template::Use::Host});
    if (!row.target.empty()) templates.push_back({row.target, Template::Use::Target});
  }
  for (const std::string& term : sender.spf) templates.push_back({term, Template::Use::Term});
  return templates;
}

// What is before a placeholder in its label, and after it up to the next placeholder.
struct Around {
  std::string before;
  std::string after;
};

std::optional<Around> around(std::string_view text, const std::string& placeholder) {
  const std::string brace = "{" + placeholder + "}";
  const auto at = text.find(brace);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view head = text.substr(0, at);
  const std::string_view tail = text.substr(at + brace.size());
  const auto label = head.find_last_of(".:}");
  return Around{std::string(label == head.npos ? head : head.substr(label + 1)),
                std::string(tail.substr(0, tail.find('{')))};
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_digit);
}

// The value without what the record has before it already: `u123456` where it says `u{user}`.
// A value may begin with the same letters by chance, so that more than one of them, or a number
// after them, is needed.
std::optional<std::string> without_before(const std::string& value, const std::string& before) {
  if (before.empty() || value.size() <= before.size() ||
      !same_ignoring_case(value.substr(0, before.size()), before)) {
    return std::nullopt;
  }
  const std::string rest = value.substr(before.size());
  const bool joined = before.ends_with('-') || (before.size() > 1 && is_digit(rest.front()));
  return joined || all_digits(rest) ? std::optional(rest) : std::nullopt;
}

// The value without what the record has after it already: `wl789.sendgrid.net` where it says
// `{wl}.sendgrid.net`.
std::optional<std::string> without_after(const std::string& value, const std::string& after) {
  // A dot alone says nothing, and a host's `._domainkey` has a message of its own.
  if (!after.starts_with('.') || after.size() < 2) return std::nullopt;
  const std::string end = after.ends_with('.') ? after.substr(0, after.size() - 1) : after;
  if (!ascii_lower(value).ends_with(ascii_lower(end))) return std::nullopt;
  return value.substr(0, value.size() - end.size());
}

// The literal end of a template, behind its last placeholder: ".sendgrid.net".
std::string_view literal_end(std::string_view text) {
  const auto brace = text.rfind('}');
  return brace == text.npos ? std::string_view() : text.substr(brace + 1);
}

// What the value should be, where it repeats a part of the sender's records; an empty text where
// it is a whole name, and which part is meant is not known.
std::optional<std::string> meant(const Sender& sender, const std::string& placeholder,
                                 const std::string& value) {
  for (const Template& one : templates_of(sender)) {
    const auto sides = around(one.text, placeholder);
    // A placeholder for the whole of a target takes any name.
    if (!sides || one.text == "{" + placeholder + "}") continue;
    if (const auto selector = before_key_label(value)) return *selector;
    if (auto rest = without_after(value, sides->after)) return rest;
    if (auto rest = without_before(value, sides->before)) return rest;
    const std::string_view end = literal_end(one.text);
    const bool whole = one.use == Template::Use::Target && end.size() > 1 &&
                       ascii_lower(value).ends_with(ascii_lower(end));
    if (whole) return std::string();
  }
  return std::nullopt;
}

// Why a template with this value is no name or term; nullopt where it is one. The other
// placeholders get a value that fits, so that each mistake is reported at its own line alone.
std::optional<std::string> fault_of(const Template& one, const std::string& placeholder,
                                    const std::string& value) {
  // Any domain will do: what a template makes of the right one is as valid.
  static const Name domain = *Name::parse("example.com");
  std::map<std::string, std::string> with;
  for (const std::string& name : placeholders(one.text)) with[name] = "1";
  with[placeholder] = value;
  const auto filled = fill(one.text, domain, with);
  if (!filled) return std::nullopt;
  const auto why = [](const auto& parsed) -> std::optional<std::string> {
    if (parsed) return std::nullopt;
    return parsed.error().what;
  };
  if (one.use == Template::Use::Term) return why(spf::parse_terms(*filled));
  return one.use == Template::Use::Host ? why(domain.child(*filled)) : why(Name::parse(*filled));
}

// The first record that the value of this placeholder spoils.
std::optional<std::string> spoiled(const Sender& sender, const std::string& placeholder,
                                   const std::string& value) {
  for (const Template& one : templates_of(sender)) {
    if (!around(one.text, placeholder)) continue;
    if (auto fault = fault_of(one, placeholder, value)) return fault;
  }
  return std::nullopt;
}

void check_value(Loader& loader, const SenderUse& use, const std::string& placeholder,
                 const Node& node) {
  const std::string& value = node.value().text;
  const std::string bare(trim(value));
  const auto fail = [&](const std::string& message, const std::string& hint) {
    loader.fail(node, "wrong-value", message, hint);
  };
  if (bare.empty()) {
    return fail(fmt::format("the value of `{}` is empty", placeholder),
                fmt::format("copy it from the page of {}, or remove it", use.sender->name));
  }
  if (bare.size() != value.size()) {
    return fail(fmt::format("the value of `{}` has a blank at an end", placeholder),
                fmt::format("write `{}`", bare));
  }
  if (std::ranges::any_of(bare, is_space)) {
    return fail(
        fmt::format("the value of `{}` contains a blank, which no DNS name does", placeholder),
        "write the part of the name alone, without a record type or other words");
  }
  const bool dotted = bare.ends_with('.');
  const std::string name = dotted ? bare.substr(0, bare.size() - 1) : bare;
  if (const auto part = meant(*use.sender, placeholder, name); part || dotted) {
    const std::string right = part.value_or(name);
    return fail(fmt::format("`{}` repeats what the records of {} have around `{{{}}}` already",
                            value, use.sender->id, placeholder),
                right.empty()
                    ? fmt::format("write the part in place of `{{{}}}`; `rampart senders show {}` "
                                  "prints the records",
                                  placeholder, use.sender->id)
                    : fmt::format("write `{}`", right));
  }
  if (const auto fault = spoiled(*use.sender, placeholder, name)) {
    fail(fmt::format("the value of `{}` does not give a valid record of {}", placeholder,
                     use.sender->id),
         *fault);
  }
}

}  // namespace

bool check_selector(Loader& loader, const Node& node) {
  const std::string& text = node.value().text;
  if (is_selector(text)) return true;
  if (const auto selector = before_key_label(text); selector && is_selector(*selector)) {
    return loader.fail(
        node, "bad-selector", fmt::format("`{}` is more than a selector", text),
        fmt::format("write `{}`: Rampart adds `._domainkey` and the domain", *selector));
  }
  return loader.fail(node, "bad-selector", fmt::format("`{}` is not a selector", text),
                     "write letters, digits, `-` and `_`; Rampart adds the rest of the name");
}

void check_selector_end(Loader& loader, const Name& domain, const Node& node) {
  const std::string& text = node.value().text;
  const std::string end = "." + domain.text();
  if (!ascii_lower(text).ends_with(end) || !is_selector(text)) return;
  loader.fail(node, "bad-selector", fmt::format("`{}` ends with the domain", text),
              fmt::format("write `{}`: Rampart adds `._domainkey` and the domain",
                          text.substr(0, text.size() - end.size())));
}

void check_placeholder_values(Loader& loader, const SenderUse& use, const Node& with) {
  for_rows(&with, [&](const Node& key, const Node& value) {
    if (use.with.contains(key.text)) check_value(loader, use, key.text, value);
  });
}

}  // namespace rampart::config
