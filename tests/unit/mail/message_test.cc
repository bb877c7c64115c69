#include "mail/message/message.h"

#include <catch2/catch.hpp>

namespace rampart::mail {
namespace {

/// The fields as "name|raw" lines and the body's offset, or the error.
std::string shown(std::string_view octets, const HeadLimits& limits = {}) {
  const auto head = read_head(octets, limits);
  if (!head) return "error: " + head.error().what;
  std::string text;
  for (const HeaderField& field : head->fields) text += field.name + "|" + field.raw + "\n";
  return text + std::to_string(head->body_offset);
}

/// The From field's domains, as "a.example b.example", or the error.
std::string authors(const std::string& from) {
  const auto head = read_head("From:" + from + "\r\nSubject: x\r\n\r\n");
  if (!head) return "error: " + head.error().what;
  const auto domains = author_domains(*head);
  if (!domains) return "error";
  std::string text;
  for (const Name& domain : *domains) text += (text.empty() ? "" : " ") + domain.text();
  return text;
}

}  // namespace

TEST_CASE("a header is read as it is written") {
  CHECK(shown("A: b\r\nC:d\r\n\r\nbody") == "A|A: b\nC|C:d\n13");
  CHECK(shown("A: b\nC:d\n\nbody") == "A|A: b\nC|C:d\n10");
  CHECK(shown("A: b\r\n c\r\n\td\r\n\r\n") == "A|A: b\r\n c\r\n\td\n16");
  CHECK(shown("A: b\n c\n\n") == "A|A: b\r\n c\n9");
  CHECK(shown("A : b\r\n\r\n") == "A|A : b\n9");
  CHECK(shown("A: b\rc\r\n\r\n") == "A|A: b\rc\n10");
  CHECK(shown("From joe Sat\r\nA: b\r\n\r\n") == "A|A: b\n22");
  CHECK(shown("A: b") == "A|A: b\n4");
  CHECK(shown("A: b\r\n") == "A|A: b\n6");
  CHECK(shown("\r\nbody") == "2");
  CHECK(shown("A:\r\n\r\n") == "A|A:\n6");
}

TEST_CASE("what is no field is skipped, and no header without any is read") {
  // Receivers go on behind such lines; their continuations belong to them.
  CHECK(shown("A: b\r\nhello\r\n c\r\nD: e\r\n\r\n") == "A|A: b\nD|D: e\n25");
  CHECK(shown("A: b\r\n>From joe Sat 10:00\r\n\r\n") == "A|A: b\n29");
  CHECK(read_head("A: b\r\nhello\r\n\r\n")->skipped ==
        std::vector<std::string>{"line 2: it has no colon"});
  CHECK(shown(" a: b\r\n\r\n").starts_with("error: the header has no field; line 1: "));
  CHECK(shown(": b\r\n\r\n").starts_with("error: the header has no field; line 1: "));
  CHECK(shown("A\xc3\xa4: b\r\n\r\n").starts_with("error: the header has no field; line 1: "));
  CHECK(shown("A: b\r\nC: d\r\n", {.octets = 8}) == "error: the header is longer than 8 octets");
  CHECK(shown("A: b\r\nC: d\r\n", {.fields = 1}) == "error: the header has more than 1 fields");
}

TEST_CASE("the body is found wherever the reading stopped") {
  const std::string_view octets = "A: b\r\nC: d\r\n\r\nbody";
  for (std::size_t from = 0; from < 14; ++from) CHECK(find_body(octets, from) == 14U);
  CHECK(find_body("A: b\n\nx", 5) == 6U);
  CHECK(find_body("A: b\r\n") == std::nullopt);
  CHECK(find_body("\n") == 1U);
  CHECK(find_body("") == std::nullopt);
}

TEST_CASE("the author's domain is found in every form of a mailbox") {
  CHECK(authors(" joe@example.com") == "example.com");
  CHECK(authors("joe@Example.COM") == "example.com");
  CHECK(authors(" Joe <joe@example.com>") == "example.com");
  CHECK(authors(" \"Joe <x@y.example>\" <joe@example.com>") == "example.com");
  CHECK(authors(" \"a\\\"b\" <joe@example.com>") == "example.com");
  CHECK(authors(" x@y.example <joe@example.com>") == "example.com");
  CHECK(authors(" (x@y.example (deep)) joe@example.com (end)") == "example.com");
  CHECK(authors(" joe (c) @ (d) example.com") == "example.com");
  CHECK(authors(" joe @ example . com") == "example.com");
  CHECK(authors(" \"joe blow\"@example.com") == "example.com");
  CHECK(authors("\r\n Joe\r\n <joe@example.com>") == "example.com");
  CHECK(authors(" =?utf-8?q?J=C3=B6?= <joe@example.com>") == "example.com");
  CHECK(authors(" <@route.example,@r2.example:joe@example.com>") == "example.com");
  CHECK(authors(" joe@b\xc3\xbc"
                "cher.example") == "xn--bcher-kva.example");
  CHECK(authors(" a@x.example, b@X.example") == "x.example");
  CHECK(authors(" a@x.example, B <b@y.example>") == "x.example y.example");
  CHECK(authors(" Team: a@x.example, b@y.example;") == "x.example y.example");
  CHECK(authors(" ,a@x.example,") == "x.example");
}

// What RFC 5322 section 3.4 forbids in a display name, and tolerant receivers read.
TEST_CASE("one address in a broken From field is the author") {
  CHECK(authors(" Doe, John <joe@example.com>") == "example.com");
  CHECK(authors(" :) x <joe@example.com>") == "example.com");
  CHECK(authors(" Foo\\Bar <joe@example.com>") == "example.com");
  CHECK(authors(" \"Joe <joe@example.com>") == "example.com");
  CHECK(read_authors(*read_head("From: Doe, John <joe@example.com>\n\n"))->slip ==
        "an address has no `@`");
  // Two addresses leave it open whose mail this is.
  CHECK(authors(" a@evil.example, Doe) <joe@example.com>") == "error");
}

TEST_CASE("a From field without one clear domain is refused") {
  for (const char* from :
       {"", " ", " joe", " joe@", " @example.com", " <joe@example.com", " joe@example.com>",
        " <joe@example.com> eve@evil.example", " joe@a.example@b.example", " joe@[192.0.2.1]",
        " \"joe@example.com", " (joe@example.com", " undisclosed:;", " <>",
        " joe@example.com evil.example", " joe@exa mple.com", " joe@-..example"}) {
    INFO(from);
    CHECK(authors(from) == "error");
  }
}

TEST_CASE("several From fields, several domains and none give no author") {
  const auto author = [](std::string_view octets) {
    const auto head = read_head(octets);
    REQUIRE(head);
    const auto domain = author_domain(*head);
    return domain ? domain->text() : "error: " + domain.error().what;
  };
  CHECK(author("FROM: a@x.example\n\n") == "x.example");
  CHECK(author("Subject: x\n\n") == "error: the message has no From field");
  CHECK(author("From: a@x.example\nfrom: a@x.example\n\n") ==
        "error: the message has 2 From fields");
  CHECK(author("From: a@x.example, b@y.example\n\n") == "error: its From field names 2 domains");
}

}  // namespace rampart::mail
