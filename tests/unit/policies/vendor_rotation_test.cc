// How services exchange their keys, in a sentence.
#include "policies/dkim/vendor_rotation.h"

#include <catch2/catch.hpp>

namespace rampart {
namespace {

void check(std::string kind, std::vector<DkimTemplate> records, const std::string& wanted) {
  Sender sender;
  sender.dkim_kind = std::move(kind);
  sender.dkim = std::move(records);
  INFO(sender.dkim_kind);
  const std::string text = how_keys_rotate(sender);
  if (wanted.empty()) CHECK(text.empty());
  CHECK(text.starts_with(wanted));
  sender.key_rotation = "every Monday";
  CHECK(how_keys_rotate(sender) == "every Monday");
}

}  // namespace

TEST_CASE("how a service exchanges its keys is known, or follows from where they are published") {
  check("none", {}, "");
  check("cname", {}, "");
  check("self", {}, "it signs with your keys");
  check("cname", {{"s1._domainkey", RecordType::CNAME, "a.example"}}, "it can replace");
  check("txt", {{"s1._domainkey", RecordType::TXT, ""}}, "by hand");
  check("cname",
        {{"s1._domainkey", RecordType::TXT, ""}, {"s2._domainkey", RecordType::CNAME, "a.example"}},
        "it can replace");
}

}  // namespace rampart
