#include "policies/dkim/selectors.h"

#include <algorithm>
#include <catch2/catch.hpp>

namespace rampart {
namespace {

using Strings = std::vector<std::string>;
using Catalogue = std::map<std::string, std::shared_ptr<const Sender>>;

std::shared_ptr<const Sender> sender(std::string id, Strings spf, Strings selectors) {
  Sender made;
  made.id = std::move(id);
  made.spf = std::move(spf);
  made.selectors = std::move(selectors);
  return std::make_shared<const Sender>(made);
}

// A service that sends through another one.
std::shared_ptr<const Sender> sharing(std::string id, Strings spf, std::string owner) {
  Sender made;
  made.id = std::move(id);
  made.spf = std::move(spf);
  made.spf_shared = std::move(owner);
  return std::make_shared<const Sender>(made);
}

const Catalogue kCatalogue = {
    {"google", sender("google", {"include:_spf.google.com"}, {"google"})},
    {"m365", sender("m365", {"include:spf.protection.outlook.com"}, {"selector2", "selector1"})},
    {"named", sender("named", {"ip4:192.0.2.0/24"}, {"s-{domain_dashes}", "{account}"})},
    {"same", sender("same", {"include:_spf.google.com"}, {})},
    {"among", sharing("among", {"include:spf.protection.outlook.com"}, "m365")},
    {"hub", sender("hub", {"include:{id}.spf.hub.example", "include:{include}"}, {})}};

Strings named_by(std::string_view record) {
  Strings ids;
  const auto by_term = senders_by_term(kCatalogue);
  for (const Sender* one : senders_in(*spf::parse(record), by_term)) ids.push_back(one->id);
  return ids;
}

}  // namespace

TEST_CASE("the common selectors are sorted and each is a name") {
  const auto common = common_selectors();
  CHECK(std::ranges::is_sorted(common));
  CHECK(std::ranges::adjacent_find(common) == common.end());
  for (const std::string_view one : common) CHECK(Name::parse(one).ok());
}

TEST_CASE("a sender's selectors are those that do not depend on a customer") {
  const Name domain = Name::literal("a.example.com");
  CHECK(selectors_of(*kCatalogue.at("m365"), domain) == Strings{"selector1", "selector2"});
  CHECK(selectors_of(*kCatalogue.at("named"), domain) == Strings{"s-a-example-com"});
  CHECK(selectors_of(*kCatalogue.at("same"), domain).empty());
}

TEST_CASE("guessing tries the common selectors and every sender's, each once") {
  const Strings all = guessed_selectors(kCatalogue, Name::literal("example.com"));
  CHECK(std::ranges::is_sorted(all));
  CHECK(std::ranges::adjacent_find(all) == all.end());
  for (const char* one : {"default", "google", "selector1", "s-example-com"}) {
    CHECK(std::ranges::find(all, one) != all.end());
  }
}

TEST_CASE("a record names senders by their own terms") {
  CHECK(named_by("v=spf1 include:spf.protection.outlook.com include:_spf.google.com -all") ==
        Strings{"m365", "among", "google", "same"});
  CHECK(named_by("v=spf1 include:12.spf.hub.example include:spf.hub.example -all") ==
        Strings{"hub"});
  CHECK(named_by("v=spf1 INCLUDE:_spf.google.com ip4:192.0.2.0/24 ~all") ==
        Strings{"google", "same", "named"});
  CHECK(named_by("v=spf1 ?include:_spf.google.com ip4:192.0.2.0/25 include:other.example ~all") ==
        Strings{});
}

}  // namespace rampart
