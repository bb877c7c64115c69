/// Laws over generated records: what is printed is read back alike, and order and defaults carry no
/// meaning.
#include <rapidcheck.h>

#include <catch2/catch.hpp>

#include "base/base64.h"
#include "base/text.h"
#include "mail/dkim/key.h"
#include "mail/dmarc/dmarc.h"
#include "mail/transport/transport.h"

namespace rampart {
namespace {

using Text = std::string;

rc::Gen<Text> text_of(const Text& alphabet, int least, int most) {
  return rc::gen::mapcat(rc::gen::inRange(least, most + 1), [alphabet](int size) {
    return rc::gen::container<Text>(static_cast<std::size_t>(size), rc::gen::elementOf(alphabet));
  });
}

template <class T>
rc::Gen<std::optional<T>> maybe(rc::Gen<T> gen) {
  return rc::gen::mapcat(rc::gen::arbitrary<bool>(), [gen](bool there) {
    if (!there) return rc::gen::just(std::optional<T>());
    return rc::gen::map(gen, [](T value) { return std::optional<T>(std::move(value)); });
  });
}

rc::Gen<Text> word() { return text_of("abcdefgh0123", 1, 8); }

// Tags that no record knows, each name once.
rc::Gen<std::vector<Tag>> unknown_tags() {
  return rc::gen::map(rc::gen::inRange(0, 4), [](int count) {
    std::vector<Tag> tags;
    for (int i = 0; i < count; ++i) {
      tags.push_back({"x" + Text(static_cast<std::size_t>(i), 'z'), "a=b c" + std::to_string(i)});
    }
    return tags;
  });
}

rc::Gen<std::vector<Text>> uris() {
  const auto uri = rc::gen::apply(
      [](const Text& local, const Text& host, int form) {
        if (form == 0) return "https://" + host + ".example/" + local;
        return "mailto:" + local + "@" + host + ".example" + (form == 1 ? "!10m" : "");
      },
      word(), word(), rc::gen::inRange(0, 5));
  return rc::gen::resize(3, rc::gen::container<std::vector<Text>>(uri));
}

rc::Gen<dmarc::Policy> policy() {
  return rc::gen::element(dmarc::Policy::None, dmarc::Policy::Quarantine, dmarc::Policy::Reject);
}

rc::Gen<dmarc::Alignment> alignment() {
  return rc::gen::element(dmarc::Alignment::Relaxed, dmarc::Alignment::Strict);
}

dmarc::Record any_dmarc() {
  dmarc::Record record;
  record.p = *policy();
  record.sp = *maybe(policy());
  record.np = *maybe(policy());
  record.adkim = *maybe(alignment());
  record.aspf = *maybe(alignment());
  record.testing = *maybe(rc::gen::arbitrary<bool>());
  record.pct = *maybe(rc::gen::inRange(0, 101));
  record.fo = *maybe(rc::gen::element<Text>("0", "1", "d", "s", "1:d:s", "d:s", "0:s"));
  record.rua = *uris();
  record.ruf = *uris();
  record.psd = *maybe(rc::gen::element('y', 'n', 'u'));
  record.unknown = *unknown_tags();
  return record;
}

dkim::KeyRecord any_key() {
  dkim::KeyRecord record;
  const auto list =
      rc::gen::resize(3, rc::gen::nonEmpty(rc::gen::container<std::vector<Text>>(word())));
  record.version = *rc::gen::element(std::optional<Text>(), std::optional<Text>("DKIM1"));
  record.hashes = *maybe(list);
  record.type = *rc::gen::element<Text>("rsa", "ed25519");
  record.notes = *maybe(text_of("ab=20 ", 0, 8));
  if (record.notes) *record.notes = Text(trim(*record.notes));
  record.key = encode_base64(*rc::gen::container<Text>(rc::gen::arbitrary<char>()));
  record.services = *maybe(list);
  record.flags = *rc::gen::resize(3, rc::gen::container<std::vector<Text>>(word()));
  record.unknown = *unknown_tags();
  return record;
}

TEST_CASE("parse(print(x)) == x for DMARC records, strictly and leniently") {
  CHECK(rc::check([] {
    const dmarc::Record record = any_dmarc();
    const Text text = dmarc::print(record);
    const auto strict = dmarc::parse(text);
    RC_ASSERT(strict.ok());
    RC_ASSERT(*strict == record);
    const auto lenient = dmarc::parse_lenient(text);
    RC_ASSERT(lenient.ok());
    RC_ASSERT(lenient->record == record);
    RC_ASSERT(lenient->problems.empty());
  }));
}

TEST_CASE("parse(print(x)) == x for DKIM keys") {
  CHECK(rc::check([] {
    const dkim::KeyRecord record = any_key();
    const auto parsed = dkim::parse_key(dkim::print_key(record));
    RC_ASSERT(parsed.ok());
    RC_ASSERT(*parsed == record);
    RC_ASSERT(dkim::same_meaning(*parsed, record));
  }));
}

TEST_CASE("parse(print(x)) == x for the transport records") {
  CHECK(rc::check([] {
    const MtaStsRecord sts{*word(), *unknown_tags()};
    RC_ASSERT(*parse_mta_sts(print(sts)) == sts);
    TlsRptRecord rpt{{"mailto:" + *word() + "@x.example", "https://" + *word() + ".example/"},
                     *unknown_tags()};
    RC_ASSERT(*parse_tls_rpt(print(rpt)) == rpt);
    const auto address =
        rc::gen::map(word(), [](const Text& host) { return "https://" + host + ".example/l.svg"; });
    BimiRecord bimi{*address, *maybe(address), *maybe(word()), *maybe(word()), *unknown_tags()};
    RC_ASSERT(*parse_bimi(print(bimi)) == bimi);
  }));
}

TEST_CASE("base64 gives back what it was given") {
  CHECK(rc::check(
      [](const Text& octets) { RC_ASSERT(*decode_base64(encode_base64(octets)) == octets); }));
}

TEST_CASE("the order of a DMARC record's tags carries no meaning") {
  CHECK(rc::check([] {
    const dmarc::Record record = any_dmarc();
    auto tags = *parse_tags(dmarc::print(record));
    tags.erase(tags.begin());
    std::vector<Tag> shuffled = {{"v", "DMARC1"}};
    while (!tags.empty()) {
      const auto at = *rc::gen::inRange<std::size_t>(0, tags.size());
      shuffled.push_back(tags[at]);
      tags.erase(tags.begin() + static_cast<std::ptrdiff_t>(at));
    }
    const auto parsed = dmarc::parse(print_tags(shuffled));
    RC_ASSERT(parsed.ok());
    RC_ASSERT(dmarc::same_meaning(*parsed, record));
  }));
}

TEST_CASE("loosening is tightening seen from the other side") {
  CHECK(rc::check([] {
    const dmarc::Record a = any_dmarc();
    const dmarc::Record b = any_dmarc();
    RC_ASSERT(dmarc::loosens(a, b) == dmarc::tightens(b, a));
    RC_ASSERT(!dmarc::loosens(a, a));
    // Nothing is milder than p=none.
    dmarc::Record none;
    none.p = dmarc::Policy::None;
    RC_ASSERT(!dmarc::tightens(a, none));
    if (dmarc::same_meaning(a, b)) RC_ASSERT(!dmarc::loosens(a, b) && !dmarc::tightens(a, b));
  }));
}

TEST_CASE("no reader falls over any text, and what it reads it can print and read again") {
  CHECK(rc::check([](const Text& noise) {
    const Text texts[] = {noise, "v=DMARC1; p=none;" + noise, "v=DKIM1; p=;" + noise};
    for (const Text& text : texts) {
      if (const auto record = dmarc::parse(text)) {
        RC_ASSERT(*dmarc::parse(dmarc::print(*record)) == *record);
      }
      if (const auto key = dkim::parse_key(text)) {
        RC_ASSERT(*dkim::parse_key(dkim::print_key(*key)) == *key);
      }
    }
  }));
}

}  // namespace
}  // namespace rampart
