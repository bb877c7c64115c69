/// The size of a mail is never counted too low, whatever its lines are.
#include "reports/input/mime.h"

#include <catch2/catch.hpp>

#include <array>
#include <random>

namespace rampart::reports {
namespace {

/// How many parts GMime finds, attached headers included.
std::size_t parts_of(const std::string& mail) {
  std::size_t count = 0;
  (void)for_each_part(mail, {}, 64 << 20, [&](const MimePart&) { ++count; });
  return count;
}

TEST_CASE("a mail's size bounds its parts") {
  constexpr std::array kLines = {"--a",
                                 "--a--",
                                 "--b",
                                 "",
                                 "",
                                 "\r",
                                 "x: y",
                                 " folded",
                                 "text",
                                 "Content-Type: multipart/mixed; boundary=a",
                                 "Content-Type: multipart/mixed; boundary=\"b\"",
                                 "Content-Type: message/rfc822",
                                 "Content-Type: Message (x) /rfc822",
                                 "From: a@b.example, c@d.example"};
  std::mt19937 chance(1);
  std::size_t found = 0;
  for (int number = 0; number < 3000; ++number) {
    std::string mail = "From: a@b.example\n";
    for (int line = 0; line < 40; ++line) {
      mail += kLines[chance() % kLines.size()];
      mail += '\n';
    }
    INFO(mail);
    const MimeSize size = mime_size(mail);
    const std::size_t parts = parts_of(mail);
    found = std::max(found, parts);
    // Each part and each attached mail begins with a delimiter or a header.
    REQUIRE(parts <= 1 + 2 * size.delimiters + size.items);
  }
  CHECK(found > 5);
}

TEST_CASE("the size of known mails") {
  CHECK(mime_size("a: b\nc: d,e;f\n\nx: y\n--b\nz: 1\n\n") ==
        MimeSize{.delimiters = 1, .items = 5, .header_octets = 16});
  const std::string reports = "From: a@b.example\n\n" + std::string(1 << 20, 'x');
  CHECK(excess_of(mime_size(reports)).empty());
  std::string many = "a: b\n\n";
  for (int i = 0; i < 5001; ++i) many += "--b\n";
  CHECK(excess_of(mime_size(many)) == "more than 5000 parts");
  std::string fields;
  for (int i = 0; i < 50'001; ++i) fields += "a:b\n";
  CHECK(excess_of(mime_size(fields)) == "more than 50000 header fields, addresses and parameters");
  // The header of an attached mail begins after its part's header, also after empty lines.
  CHECK(mime_size("Content-Type: message/rfc822\n\n\na: b\n\nx: y\n").items == 2);
}

}  // namespace
}  // namespace rampart::reports
