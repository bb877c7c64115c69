// How services exchange their keys, in a sentence.
#include "policies/dkim/vendor_rotation.h"

#include <catch2/catch.hpp>

namespace rampart {
namespace {

void check(DkimKind kind, std::vector<DkimTemplate> records, const std::string& wanted) {
  Sender sender;
  sender.dkim_kind = kind;
  sender.dkim = std::move(records);
  INFO(to_text(kind));
  const std::string text = how_keys_rotate(sender);
  if (wanted.empty()) CHECK(text.empty());
  CHECK(text.starts_with(wanted));
  sender.key_rotation = "every Monday";
  CHECK(how_keys_rotate(sender) == "every Monday");
}

}  // namespace

TEST_CASE("how a service exchanges its keys is known, or follows from where they are published") {
  check(DkimKind::None, {}, "");
  check(DkimKind::Cname, {}, "");
  check(DkimKind::Self, {}, "it signs with your keys");
  check(DkimKind::Cname, {{"s1._domainkey", RecordType::CNAME, "a.example"}}, "it can replace");
  check(DkimKind::Txt, {{"s1._domainkey", RecordType::TXT, ""}}, "by hand");
  check(DkimKind::Cname,
        {{"s1._domainkey", RecordType::TXT, ""}, {"s2._domainkey", RecordType::CNAME, "a.example"}},
        "it can replace");
}

}  // namespace rampart
