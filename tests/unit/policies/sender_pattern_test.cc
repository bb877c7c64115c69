/// Recognizing a sender by its templates: what a pattern matches, and what it must not.
#include "policies/model/sender_pattern.h"

#include <catch2/catch.hpp>

#include "policies/model/sender_use.h"

namespace rampart {
namespace {

using Values = std::map<std::string, std::string>;

const Name kDomain = Name::literal("mail.example.com");

// What the placeholders are; nullopt where the text does not match.
std::optional<Values> bound(std::string_view pattern, std::string_view text, Values known = {}) {
  if (!unify(pattern, text, &kDomain, known)) return std::nullopt;
  return known;
}

Sender hub() {
  Sender sender{.id = "hub", .name = "Hub"};
  sender.spf = {"include:{account}.spf{nn}.hub.example"};
  sender.spf_aliases = {"include:old.hub.example", "include:{any}"};
  sender.regions = {"eu-9", "af-1"};
  sender.dkim = {{"{token}._domainkey",
                  RecordType::CNAME,
                  "{token}.dkim.hub.example",
                  {"{token}.dkim.{region}.hub.example", "{token}.old.hub.example"}}};
  return sender;
}

}  // namespace

TEST_CASE("a text binds the placeholders of its pattern") {
  CHECK(bound("include:{id}.spf{nn}.hub.example", "include:12345.spf07.hub.example") ==
        Values{{"id", "12345"}, {"nn", "07"}});
  CHECK(bound("include:{id}.hub.example", "INCLUDE:Acme.Hub.Example") == Values{{"id", "acme"}});
  CHECK(bound("s1.{domain}.v.example", "s1.mail.example.com.v.example") == Values{});
  CHECK(bound("s1.{domain_dashes}.v.example", "s1.mail-example-com.v.example") == Values{});
  CHECK(bound("{a}.{a}.v.example", "x.x.v.example") == Values{{"a", "x"}});
  CHECK(bound("exists:%{i}.{id}.v.example", "exists:%{i}.acme.v.example") ==
        Values{{"id", "acme"}});
  CHECK(bound("include:v.example", "include:v.example") == Values{});
}

TEST_CASE("what does not fit a pattern binds nothing") {
  for (const auto& [pattern, text] : std::vector<std::pair<const char*, const char*>>{
           {"include:{id}.hub.example", "include:hub.example"},
           {"include:{id}.hub.example", "include:.hub.example"},
           {"include:{id}.hub.example", "include:a.hub.example.attacker.example"},
           {"include:{id}.hub.example", "include:a.nothub.example"},
           {"include:{id}.hub.example", "a:x.hub.example"},
           {"{a}.{a}.v.example", "x.y.v.example"},
           {"s1.{domain}.v.example", "s1.other.example.v.example"},
           {"exists:%{i}.{id}.v.example", "exists:%{h}.acme.v.example"}}) {
    CAPTURE(pattern, text);
    CHECK_FALSE(bound(pattern, text));
  }
  CHECK_FALSE(bound("include:{id}.hub.example", "include:b.hub.example", {{"id", "a"}}));
  CHECK(bound("include:{id}.hub.example", "include:a.hub.example", {{"id", "A"}}));
}

TEST_CASE("a pattern that ends in a placeholder, or in one label, names nobody") {
  CHECK(is_specific("include:{id}.hub.example"));
  CHECK(is_specific("include:_spf.hub.example"));
  CHECK_FALSE(is_specific("include:{include}"));
  CHECK_FALSE(is_specific("bounce.{tld}"));
  CHECK_FALSE(is_specific("{id}.example"));
  CHECK_FALSE(is_specific(""));
}

TEST_CASE("a term is a sender's own, an older one, or of another sender") {
  const Sender sender = hub();
  CHECK(owns_term(sender, "include:1.spf2.hub.example"));
  CHECK(owns_term(sender, "include:old.hub.example"));
  CHECK_FALSE(owns_term(sender, "include:else.example"));
  CHECK_FALSE(owns_term(sender, "include:hub.example"));
  // The account that the YAML names is another one.
  CHECK_FALSE(owns_term(sender, "include:1.spf2.hub.example", {{"account", "7"}}));
  CHECK(owns_term(sender, "include:7.spf2.hub.example", {{"account", "7"}}));
}

TEST_CASE("a target is right for its region, or for an older account") {
  const Sender sender = hub();
  const DkimTemplate& row = sender.dkim.front();
  const Values token{{"token", "t1"}};
  const auto right = [&](const char* target, const Values& with) {
    return is_right_target(sender, row, kDomain, with, target);
  };
  for (const char* target : {"t1.dkim.hub.example", "t1.dkim.eu-9.hub.example",
                             "t1.dkim.af-1.hub.example", "t1.old.hub.example"}) {
    CAPTURE(target);
    CHECK(right(target, token));
  }
  CHECK_FALSE(right("t1.dkim.us-1.hub.example", token));
  CHECK_FALSE(right("t2.dkim.hub.example", token));
  CHECK_FALSE(right("t1.dkim.hub.example.attacker.example", token));
  const Values there{{"token", "t1"}, {"region", "eu-9"}};
  CHECK(right("t1.dkim.eu-9.hub.example", there));
  CHECK_FALSE(right("t1.dkim.af-1.hub.example", there));
  CHECK_FALSE(right("t1.dkim.hub.example", there));
  // A region without targets of its own has the ordinary one.
  CHECK(right("t1.dkim.hub.example", {{"token", "t1"}, {"region", "us-1"}}));
}

TEST_CASE("a region selects the target") {
  const Sender sender = hub();
  const auto target = [&](const Values& with) {
    return filled_target(sender, sender.dkim.front(), kDomain, with);
  };
  CHECK(target({{"token", "t"}}) == "t.dkim.hub.example");
  CHECK(target({{"token", "t"}, {"region", "us-1"}}) == "t.dkim.hub.example");
  CHECK(target({{"token", "t"}, {"region", "eu-9"}}) == "t.dkim.eu-9.hub.example");
  CHECK(target({{"region", "eu-9"}}) == std::nullopt);
}

}  // namespace rampart
