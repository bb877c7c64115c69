/// The dialogue with a mail server: addresses, folder names, responses in pieces.
#include <catch2/catch.hpp>

#include "reports/mailbox/imap_session.h"

namespace rampart::reports {
namespace {

using Kind = ImapWord::Kind;

ImapReader reader_of(const std::string& text, std::size_t piece, ImapLimits limits = {}) {
  auto left = std::make_shared<std::string>(text);
  auto given = std::make_shared<std::string>();
  return ImapReader(
      [=]() -> Result<std::string_view> {
        if (left->empty()) return Error{.what = "the end", .retryable = true};
        *given = left->substr(0, piece);
        left->erase(0, given->size());
        return std::string_view(*given);
      },
      limits);
}

void check_address(const std::string& text, const ImapAddress& wanted) {
  INFO(text);
  const Result<ImapAddress> read = parse_imap_address(text);
  REQUIRE(read);
  CHECK(*read == wanted);
}

constexpr ImapSecurity kStart = ImapSecurity::StartTls;

TEST_CASE("mailboxes are named by URL") {
  check_address("imaps://u@mail.example", {.host = "mail.example", .user = "u"});
  check_address("imaps://u@mail.example/", {.host = "mail.example", .user = "u"});
  check_address("imaps://u%40a.example@mail.example:1993/A%20b/C",
                {.host = "mail.example", .port = 1993, .user = "u@a.example", .folder = "A b/C"});
  check_address("imaps://u@a.example@mail.example/DMARC",
                {.host = "mail.example", .user = "u@a.example", .folder = "DMARC"});
  check_address("imap://u@[::1]:143",
                {.security = kStart, .host = "::1", .port = 143, .user = "u"});
  check_address("imap://127.0.0.1", {.security = kStart, .host = "127.0.0.1", .port = 143});
  check_address("imaps://m/Gepr%C3%BCft", {.host = "m", .folder = "Geprüft"});
}

TEST_CASE("malformed mailbox addresses are refused, and never quoted") {
  for (const std::string text :
       {"", "imaps:", "imaps://", "http://u@h/", "u@h", "imaps://u:secret@h/", "imaps://u@h:0",
        "imaps://u@h:99999", "imaps://u@h:secret", "imaps://u@h/%0d%0aA1 DELETE", "imaps://u%@h",
        "imaps://u%0a@h", "imaps://u@h/x?secret", "imaps://u@h/x;secret", "imaps://u@h/%ff",
        "imaps://u@[::1", "imaps://u@[::1]secret", "imaps://u@h\r\nsecret", "imaps://u/secret@h"}) {
    INFO(text);
    const Result<ImapAddress> read = parse_imap_address(text);
    REQUIRE(!read);
    CHECK(sentence(read.error()).find("secret") == std::string::npos);
  }
}

TEST_CASE("an address shows no user") {
  CHECK(parse_imap_address("imaps://me@h/INBOX").value().text() == "imaps://h/INBOX");
  CHECK(parse_imap_address("imap://me@[::1]:144/A").value().text() == "imap://[::1]:144/A");
}

TEST_CASE("loopback addresses") {
  const auto loopback = [](const char* host) { return ImapAddress{.host = host}.is_loopback(); };
  for (const char* host : {"localhost", "127.0.0.1", "127.1.2.3", "::1"}) CHECK(loopback(host));
  for (const char* host : {"0.0.0.0", "192.0.2.1", "localhost.example", "127.0.0.1.example", ""}) {
    CHECK(!loopback(host));
  }
}

void check_folder(const std::string& name, const std::string& wanted) {
  INFO(name);
  const Result<std::string> made = imap_folder(name);
  REQUIRE(made);
  CHECK(*made == wanted);
}

// The last two are those of RFC 3501 section 5.1.3.
TEST_CASE("folder names are quoted, in modified UTF-7") {
  check_folder("INBOX", R"("INBOX")");
  check_folder(R"(a"b\c)", R"("a\"b\\c")");
  check_folder("R&D", R"("R&-D")");
  check_folder("Entwürfe", R"("Entw&APw-rfe")");
  check_folder("😀", R"("&2D3eAA-")");
  check_folder("~peter/mail/台北/日本語", R"("~peter/mail/&U,BTFw-/&ZeVnLIqe-")");
  for (const char* bad :
       {"", "a\r\nb", "\xff", "\xc0\x80", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\xe5\x8f"}) {
    CHECK(!imap_folder(bad));
  }
}

TEST_CASE("responses are assembled from pieces of any size") {
  const std::string text =
      "* 3 FETCH (UID 7 FLAGS (\\Seen \"a \\\"b\\\" (c\") BODY[] {6}\r\n)\r\n{3} X)\r\n"
      "R1 OK done\r\n* SEARCH 9 x 4\r\n";
  for (const std::size_t piece : {1U, 2U, 3U, 7U, 1000U}) {
    ImapReader reader = reader_of(text, piece);
    Result<ImapResponse> first = reader.next();
    REQUIRE(first);
    CHECK(first->words.size() == 15);
    const auto mail = mail_of(std::move(first).value());
    REQUIRE(mail);
    CHECK(mail->uid == 7);
    CHECK(mail->octets == ")\r\n{3}");
    CHECK(reader.next()->line == "R1 OK done");
    CHECK(search_result(reader.next().value()) == Uids{9, 4});
    CHECK(reader.next().error().retryable);
    CHECK(reader.octets() == text.size());
  }
}

std::optional<ImapMail> mail_in(const std::string& text, ImapLimits limits = {}) {
  ImapReader reader = reader_of(text, 5, limits);
  Result<ImapResponse> response = reader.next();
  REQUIRE(response);
  return mail_of(std::move(response).value());
}

TEST_CASE("a mail is a FETCH with a UID and a body, in any order") {
  CHECK(mail_in("* 1 fetch (body[] {2}\r\nab uid 5)\r\n")->octets == "ab");
  CHECK(mail_in("* 1 FETCH (UID 5 BODY[] \"a\\\"b\")\r\n")->octets == "a\"b");
  CHECK(mail_in("* 1 FETCH (UID 5 BODY[] NIL)\r\n")->octets.empty());
  CHECK(mail_in("* 1 FETCH (UID 5 BODY[] {4}\r\nabcd)\r\n", {.literal = 3})->too_large);
  for (const char* none :
       {"* 1 FETCH (FLAGS (\\Seen))\r\n", "* 1 FETCH (UID 5 FLAGS (UID 6))\r\n", "* 1 EXISTS\r\n",
        "* 1 FETCH (BODY[] {2}\r\nab)\r\n", "* 1 FETCH (UID 0 BODY[] \"a\")\r\n", "\r\n",
        "* 1 FETCH\r\n", "* 1 FETCH (UID 99999999999 BODY[] \"a\")\r\n",
        "* 1 FETCH (X (UID 5 BODY[] \"a\"))\r\n", "R1 OK FETCH (UID 5 BODY[] \"a\")\r\n"}) {
    INFO(none);
    CHECK(!mail_in(none));
  }
}

TEST_CASE("a server cannot exhaust memory") {
  const ImapLimits small{.line = 100, .literal = 10, .skipped = 1000, .words = 20};
  CHECK(!reader_of(std::string(500, 'x'), 50, small).next());
  CHECK(!reader_of("* 1 FETCH {1001}\r\n" + std::string(2000, 'x'), 50, small).next());
  CHECK(!reader_of("* a b c d e f g h i j k l m n o p q r s t u v w\r\n", 50, small).next());
  CHECK(!reader_of("* {1}\r\nx{1}\r\nx{1}\r\n" + std::string(500, 'x'), 50, small).next());
}

TEST_CASE("numbers in codes") {
  const auto number = [](const std::string& line) {
    return code_number({.line = line}, "UIDVALIDITY");
  };
  CHECK(number("* OK [UIDVALIDITY 17] yes") == 17U);
  for (const char* none : {"* OK", "* OK [UIDVALIDITY x]", "* OK [UIDVALIDITY 17",
                           "* 17 [UIDNEXT 1]", "* OK [UIDVALIDITY 99999999999]"}) {
    INFO(none);
    CHECK((number(none) == std::nullopt) == (std::string(none) != "* OK [UIDVALIDITY 17"));
  }
}

void check_set(const Uids& uids, std::size_t most, const std::string& wanted, std::size_t taken) {
  std::size_t count = 0;
  CHECK(uid_set(uids, most, count) == wanted);
  CHECK(count == taken);
}

TEST_CASE("sequence sets use ranges and have a maximal length") {
  check_set({}, 100, "", 0);
  check_set({4}, 1, "4", 1);
  check_set({1, 2, 3, 7, 9, 10}, 100, "1:3,7,9:10", 6);
  check_set({1, 2, 3, 7, 9, 10}, 6, "1:3,7", 4);
  check_set({4294967295U}, 1, "4294967295", 1);
}

/// A server with scripted answers, which records the commands.
struct Script {
  std::string answers;
  std::string heard = {};
  std::string given = {};

  ImapWire wire() {
    return {[this](std::string_view octets) -> Result<Ok> {
              heard += octets;
              return Ok{};
            },
            [this]() -> Result<std::string_view> {
              if (answers.empty()) return Error{.what = "the end", .retryable = true};
              given = std::exchange(answers, {});
              return std::string_view(given);
            }};
  }
};

TEST_CASE("mails are moved by the best command of the server") {
  const auto heard = [](const std::string& capabilities) {
    Script script{.answers =
                      "* CAPABILITY " + capabilities + "\r\nR1 OK\r\nR2 OK\r\nR3 OK\r\nR4 OK\r\n"};
    ImapSession session(script.wire(), {}, {});
    CHECK(session.move("1:2", "A b"));
    return script.heard.substr(script.heard.find('\n') + 1);
  };
  CHECK(heard("IMAP4rev1 move") == "R2 UID MOVE 1:2 \"A b\"\r\n");
  CHECK(heard("IMAP4rev1 UIDPLUS") ==
        "R2 UID COPY 1:2 \"A b\"\r\nR3 UID STORE 1:2 +FLAGS.SILENT (\\Seen \\Deleted)\r\n"
        "R4 UID EXPUNGE 1:2\r\n");
  CHECK(heard("IMAP4rev1") ==
        "R2 UID COPY 1:2 \"A b\"\r\nR3 UID STORE 1:2 +FLAGS.SILENT (\\Seen \\Deleted)\r\n");
}

TEST_CASE("a refusal is final, a closed connection is retryable") {
  Script no{.answers = "* OK [TRYCREATE] x\r\nR1 NO [NONEXISTENT] no \x1b[31msuch folder\r\n"};
  const Result<ImapFolder> refused = ImapSession(no.wire(), {}, {}).select("x");
  REQUIRE(!refused);
  CHECK(!refused.error().retryable);
  CHECK(sentence(refused.error()).find('\x1b') == std::string::npos);
  Script bye{.answers = "* BYE shutting down\r\n"};
  const Result<ImapFolder> left = ImapSession(bye.wire(), {}, {}).select("x");
  REQUIRE(!left);
  CHECK(left.error().retryable);
  CHECK(!ImapSession(bye.wire(), {}, {}).select("x\r\ny"));
}

TEST_CASE("SELECT returns the properties of a folder") {
  Script script{.answers =
                    "* OK [PERMANENTFLAGS (\\Seen \\*)] yes\r\n* OK [UIDVALIDITY 5] x\r\n"
                    "R1 OK [READ-WRITE] done\r\nR2 OK [READ-ONLY] done\r\n"};
  ImapSession session(script.wire(), {}, {});
  const Result<ImapFolder> first = session.select("INBOX");
  REQUIRE(first);
  CHECK((first->uid_validity == 5 && first->writable && first->keeps_keywords));
  const Result<ImapFolder> second = session.select("INBOX");
  REQUIRE(second);
  CHECK((!second->writable && !second->keeps_keywords));
}

}  // namespace
}  // namespace rampart::reports
