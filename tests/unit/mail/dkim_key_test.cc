/// DKIM key records: every tag good and bad, key shapes, PEM files, base64, SHA-256.
#include "base/base64.h"
#include "base/sha256.h"
#include "mail/dkim/key.h"

#include <catch2/catch.hpp>

namespace rampart::dkim {
namespace {

// Real keys, made for these tests; the number is the modulus length.
const std::string k512 =
    "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBALsYBOLwBcqpZN8hlXKwZrzLpC4RDoSUdw8LJqhiyNVZYJo4/"
    "Eab3cv6CGd4Og5e"
    "vpO8AFKzCUbm2yO9bar4hCMCAwEAAQ==";
const std::string k768 =
    "MHwwDQYJKoZIhvcNAQEBBQADawAwaAJhAK/jyOKGvf6g/"
    "Bo6pbJMARvBMJyRtmBn3wiMdDGtx9fZPdnCvA1449nMaSnfJfTT"
    "611qR/lYCfIOd2WzGEvLEWSN7t8iGl4EJBjh9kSzbUo/1e2RnS+QC0exdYJ/H7w2KwIDAQAB";
const std::string k1023 =
    "MIGeMA0GCSqGSIb3DQEBAQUAA4GMADCBiAKBgGmRr83s4j8wHANy9a4244Dk6bdwxR2c64nbMtsLOZoeaoj33Iyceu1VQb"
    "cH"
    "xm65EbuB71xxWBmeE7cH+07ixwzXlLNTwGoGsJXOnx4jMfxUxTvhlTzjcsBW3HeZ1pkHk+WgsrV+"
    "XEwB47oCT25bt5QdENkv"
    "rjR7DjhP6hEhvSgVAgMBAAE=";
const std::string k1024 =
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC6UWQp4TyznN9kJ2Yoh6tLdRoM2OW0ezMHVz9/"
    "Bh5mt0dj98xX55urdTJ6"
    "V5dXuWw1BY+YbLhXE3C1lWXMXCGMB7bhVYPwm0JOHLnzQVf0GKV5N1LskoyjWNLnNA2grTdyX/"
    "Ypno09tfImaQ4MWPkRfqJk"
    "JgviNmdqN/GKvUj7mwIDAQAB";
const std::string k2048 =
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAllf8/NZAMJYT/"
    "JMhO5NHdjtIKVXeOzqAGZzIPgDyh8e7a8u+l7N3"
    "J5unKhS4v2+eXMBGa821HdLdqBoMxXjULP8I2ZeBn7Pe4rrBv28YxLSuYeNnIhdh04sd4Kdipu+ix/OLNEnmlm/"
    "ImHneH6NN"
    "fjkpBQxB3zofRDZeeTiIXfIznl3e2BBAzRgMID5EdWRsjbK1Rvnf9a34FRC+"
    "2yZPVaW62jZUa5riY3i6tX55srqqZG5hvF4f"
    "6oywFHi8O6MIXaCUuYMTey93nA5EjHmr1ODgbyJAg34JQG9aID3kX1c694rrQs893WQCmT3hHEuphMTMf41yTqcssW0Ess"
    "gG"
    "3QIDAQAB";
const std::string kPkcs1 =
    "MIGJAoGBALru+R+Y2lw9urhiHFzOEzkYzgUhxN7yQLTpCYdiFFIFJfmwBcMcN7H9nbyj4XUeFEv+"
    "tpCXihqFqsA8i2ck6iQu"
    "vT9aOGMF/QIqnv30PcUJ+H/A6QccfY2V5JXSjJXp1lh3OfQ139iXPVLcjdlw/llKAdUjpCTViAQPKreMBux3AgMBAAE=";
const std::string kEd = "FKQJqmWv/fm/L8CSvhHpEIzHUMlXKUhYFAaYwhPeVUE=";
const std::string kEdSpki = "MCowBQYDK2VwAyEAFKQJqmWv/fm/L8CSvhHpEIzHUMlXKUhYFAaYwhPeVUE=";

enum class Verdict { Good, Revoked, BadRecord, BadKey };

Verdict verdict_of(const std::string& text) {
  const auto record = parse_key(text);
  if (!record) return Verdict::BadRecord;
  if (record->revoked()) return Verdict::Revoked;
  return shape_of(*record) ? Verdict::Good : Verdict::BadKey;
}

struct Variant {
  std::string text;
  Verdict verdict;
  std::string section;  // The rule that decides.
};

void check(const std::vector<Variant>& variants) {
  for (const Variant& variant : variants) {
    INFO(variant.text << "\n" << variant.section);
    CHECK(verdict_of(variant.text) == variant.verdict);
  }
}

TEST_CASE("DKIM key records: versions and the tag-list") {
  check({
      {"v=DKIM1; k=rsa; p=" + k2048, Verdict::Good, "RFC 6376 section 3.6.1"},
      {"v=DKIM1; p=" + k2048, Verdict::Good, "RFC 6376 section 3.6.1: k defaults to rsa"},
      {"p=" + k2048, Verdict::Good, "RFC 6376 section 3.6.1: v is optional"},
      {"k=rsa; p=" + k2048, Verdict::Good, "RFC 6376 section 3.6.1: v is optional"},
      {"v=DKIM1; k=rsa; p=" + k2048 + ";", Verdict::Good, "RFC 6376 section 3.2: one final ;"},
      {"v=DKIM1;k=rsa;p=" + k2048, Verdict::Good, "RFC 6376 section 3.2: blanks are optional"},
      {" v = DKIM1 ;\tk =\trsa ; p = " + k2048, Verdict::Good, "RFC 6376 section 3.2: FWS"},
      {"v=DKIM1;\r\n k=rsa; p=" + k2048, Verdict::Good, "RFC 6376 section 2.8: folding"},
      {"v=DKIM1;\r\nk=rsa; p=" + k2048, Verdict::BadRecord, "RFC 6376 section 2.8: no blank"},
      {"v=DKIM1; k=rsa; p=" + k2048 + "; ", Verdict::BadRecord, "RFC 6376 section 3.2"},
      {"v=DKIM1;; p=" + k2048, Verdict::BadRecord, "RFC 6376 section 3.2: an empty tag"},
      {";v=DKIM1; p=" + k2048, Verdict::BadRecord, "RFC 6376 section 3.2: an empty tag"},
      {"v=DKIM1; k; p=" + k2048, Verdict::BadRecord, "RFC 6376 section 3.2: no ="},
      {"v=DKIM1; 1k=rsa; p=" + k2048, Verdict::BadRecord, "RFC 6376 section 3.2: tag-name"},
      {"v=DKIM1; k-k=rsa; p=" + k2048, Verdict::BadRecord, "RFC 6376 section 3.2: tag-name"},
      {"v=DKIM1; p=" + k2048 + "; p=" + k2048, Verdict::BadRecord, "RFC 6376 section 3.2: twice"},
      {"v=DKIM1; x=1; x=2; p=" + k2048, Verdict::BadRecord, "RFC 6376 section 3.2: unknown twice"},
      {"v=DKIM1; x=1; X=2; p=" + k2048, Verdict::Good, "RFC 6376 section 3.2: case counts"},
      {"v=dkim1; p=" + k2048, Verdict::BadRecord, "RFC 6376 section 3.6.1: exactly DKIM1"},
      {"v=DKIM2; p=" + k2048, Verdict::BadRecord, "RFC 6376 section 3.6.1: exactly DKIM1"},
      {"v=DKIM10; p=" + k2048, Verdict::BadRecord, "RFC 6376 section 3.6.1: exactly DKIM1"},
      {"v=; p=" + k2048, Verdict::BadRecord, "RFC 6376 section 3.6.1: exactly DKIM1"},
      {"k=rsa; v=DKIM1; p=" + k2048, Verdict::BadRecord, "RFC 6376 section 3.6.1: v first"},
      {"V=DKIM1; p=" + k2048, Verdict::Good, "RFC 6376 section 3.2: V is an unknown tag"},
      {"v=DKIM1; P=" + k2048, Verdict::BadRecord, "RFC 6376 section 3.6.1: p is required"},
      {"v=DKIM1; k=rsa", Verdict::BadRecord, "RFC 6376 section 3.6.1: p is required"},
      {"", Verdict::BadRecord, "RFC 6376 section 3.2: at least one tag"},
      {"v=DKIM1\\; p=" + k2048, Verdict::BadRecord, "RFC 6376 section 3.6.1: escaped ;"},
      {"\"v=DKIM1; p=" + k2048 + "\"", Verdict::BadRecord, "RFC 6376 section 3.2: quotes"},
      {"v=DKIM1; n=caf\xc3\xa9; p=" + k2048, Verdict::BadRecord, "RFC 6376 section 3.2: VALCHAR"},
      {"v=spf1 -all", Verdict::BadRecord, "RFC 6376 section 3.6.1: exactly DKIM1"},
  });
}

// The verifiers in wide use accept each of these: RFC 6376 section 3.6.1 forbids them.
TEST_CASE("DKIM key records: slips that verifiers accept") {
  const std::tuple<std::string, std::string> rows[] = {
      {"v=DKIM1; k=rsa; p=" + k2048 + "; ", "blanks follow the last `;`"},
      {"v=DKIM1; t=; p=" + k2048, "`t=` has an empty item"},
      {"v=DKIM1; t=s:; p=" + k2048, "`t=` has an empty item"},
      {"v=DKIM1; p=" + k2048.substr(0, 90) + "\n" + k2048.substr(90), "a line break"},
      {"v=DKIM1; x-y=1; p=" + k2048, "`x-y` is not a tag name"},
      {"p=" + k2048 + "; v=DKIM1", "`v=` must be the first tag"},
      {"v=DKIM1; n=caf\xc3\xa9; p=" + k2048, "outside ASCII"},
  };
  for (const auto& [text, slip] : rows) {
    INFO(text);
    CHECK_FALSE(parse_key(text));
    const auto key = parse_key_leniently(text);
    REQUIRE(key);
    CHECK(key->record.key == k2048);
    REQUIRE(key->slips.size() == 1);
    CHECK_THAT(key->slips.front(), Catch::Contains(slip));
  }
  CHECK(parse_key_leniently("v=DKIM1; p=" + k2048)->slips.empty());
}

// What is pasted around a key is named, so that nobody looks for a lost end of it.
TEST_CASE("DKIM key records: quotes and PEM lines in p=") {
  const std::pair<std::string, std::string> rows[] = {
      {"v=DKIM1; p=\"" + k2048 + "\"", "quotes"},
      {"v=DKIM1; p=-----BEGIN PUBLIC KEY-----" + k2048 + "-----END PUBLIC KEY-----", "PEM"},
      {"\"v=DKIM1; p=" + k2048 + "\"", "begins with a quote"},
  };
  for (const auto& [text, part] : rows) {
    INFO(text);
    const auto key = parse_key_leniently(text);
    REQUIRE_FALSE(key);
    CHECK_THAT(key.error().what, Catch::Contains(part));
  }
}

TEST_CASE("DKIM key records: the other tags") {
  check({
      {"v=DKIM1; p=", Verdict::Revoked, "RFC 6376 section 3.6.1: empty p"},
      {"p=", Verdict::Revoked, "RFC 6376 section 3.6.1: empty p"},
      {"v=DKIM1; k=ed25519; p=;", Verdict::Revoked, "RFC 6376 section 3.6.1: empty p"},
      {"v=DKIM1; h=sha256; p=" + k2048, Verdict::Good, "RFC 6376 section 3.6.1: h"},
      {"v=DKIM1; h=sha1 : sha256; p=" + k2048, Verdict::Good, "RFC 6376 section 3.6.1: h"},
      {"v=DKIM1; h=x9; p=" + k2048, Verdict::Good, "RFC 6376 section 3.6.1: unknown h ignored"},
      {"v=DKIM1; h=; p=" + k2048, Verdict::BadRecord, "RFC 6376 section 3.6.1: h has an item"},
      {"v=DKIM1; h=sha256:; p=" + k2048, Verdict::BadRecord, "RFC 6376 section 3.6.1: h"},
      {"v=DKIM1; s=*; p=" + k2048, Verdict::Good, "RFC 6376 section 3.6.1: s"},
      {"v=DKIM1; s=email:tlsrpt; p=" + k2048, Verdict::Good, "RFC 8460 section 3"},
      {"v=DKIM1; s=; p=" + k2048, Verdict::BadRecord, "RFC 6376 section 3.6.1: s has an item"},
      {"v=DKIM1; t=y:s; p=" + k2048, Verdict::Good, "RFC 6376 section 3.6.1: t"},
      {"v=DKIM1; t=z; p=" + k2048, Verdict::Good, "RFC 6376 section 3.6.1: unknown t ignored"},
      {"v=DKIM1; t=; p=" + k2048, Verdict::BadRecord, "RFC 6376 section 3.6.1: t has an item"},
      {"v=DKIM1; n=; p=" + k2048, Verdict::Good, "RFC 6376 section 3.2: an empty value"},
      {"v=DKIM1; n=made in May; p=" + k2048, Verdict::Good, "RFC 6376 section 3.6.1: n"},
      {"v=DKIM1; g=*; p=" + k2048, Verdict::Good, "RFC 6376 section 3.2: unknown ignored"},
      {"v=DKIM1; k=RSA; p=" + k2048, Verdict::BadRecord, "RFC 6376 section 3.2: case counts"},
      {"v=DKIM1; k=foo; p=" + k2048, Verdict::BadRecord, "RFC 6376 section 3.6.1: unknown k"},
      {"v=DKIM1; k=; p=" + k2048, Verdict::BadRecord, "RFC 6376 section 3.6.1: unknown k"},
  });
}

TEST_CASE("DKIM key records: the key's bytes") {
  check({
      {"p=" + k512, Verdict::Good, "RFC 8301 section 3.2: the length is checked elsewhere"},
      {"p=" + k2048.substr(0, 200) + " \t" + k2048.substr(200), Verdict::Good,
       "RFC 6376 section 3.6.1: blanks in p"},
      {"p=" + kPkcs1, Verdict::Good, "RFC 8017 appendix A.1.1"},
      {"v=DKIM1; k=ed25519; p=" + kEd, Verdict::Good, "RFC 8463 section 4"},
      {"v=DKIM1; k=ed25519; p=" + kEdSpki, Verdict::BadKey, "RFC 8463 section 4: raw octets"},
      {"v=DKIM1; k=ed25519; p=" + k2048, Verdict::BadKey, "RFC 8463 section 4"},
      {"v=DKIM1; p=" + kEd, Verdict::BadKey, "RFC 8463 section 4: k is required"},
      {"v=DKIM1; p=" + kEdSpki, Verdict::BadKey, "RFC 8463 section 4: k is required"},
      {"v=DKIM1; k=ed25519; p=HbawiMnQXTCopHTkR0jlKQ==", Verdict::BadKey, "RFC 8463 section 4"},
      {"p=" + k512.substr(0, k512.size() - 2), Verdict::BadRecord, "RFC 4648 section 3.2"},
      {"p=" + k512.substr(0, k512.size() - 1), Verdict::BadRecord, "RFC 4648 section 3.2"},
      {"p=" + k2048.substr(0, 196), Verdict::BadKey, "RFC 5280 section 4.1: cut off"},
      {"p=" + k2048 + "AAAA", Verdict::BadKey, "RFC 5280 section 4.1: something follows"},
      {"p=" + k2048.substr(4), Verdict::BadKey, "RFC 5280 section 4.1: cut off"},
      {"p=MII*" + k2048.substr(4), Verdict::BadRecord, "RFC 4648 section 3.3"},
      {"p=MII-" + k2048.substr(4), Verdict::BadRecord, "RFC 4648 section 5 is another alphabet"},
      {"p=AB==CDEF", Verdict::BadRecord, "RFC 4648 section 3.3: padding inside"},
      {"p=AB======", Verdict::BadRecord, "RFC 4648 section 3.3: padding"},
      {"p=AAAA", Verdict::BadKey, "RFC 5280 section 4.1"},
      {"p=MAA=", Verdict::BadKey, "RFC 5280 section 4.1: an empty sequence"},
      {"p=MAYCAQACAQM=", Verdict::BadKey, "RFC 8017 section 3.1: a modulus of zero"},
      {"p=MIGEAA==", Verdict::BadKey, "RFC 5280 section 4.1: a length without octets"},
      {"v=DKIM1; p=-----BEGIN PUBLIC KEY-----", Verdict::BadRecord, "RFC 4648 section 3.3"},
  });
}

TEST_CASE("key lengths and fingerprints") {
  const std::pair<std::string, int> rows[] = {{k512, 512},   {k768, 768},   {k1023, 1023},
                                              {k1024, 1024}, {k2048, 2048}, {kPkcs1, 1024}};
  for (const auto& [key, bits] : rows) {
    KeyRecord record;
    record.key = key;
    const auto shape = shape_of(record);
    REQUIRE(shape);
    CHECK(shape->bits == bits);
    CHECK(shape->algorithm == "rsa");
  }
  KeyRecord record;
  record.type = "ed25519";
  record.key = kEd;
  const auto shape = shape_of(record);
  REQUIRE(shape);
  CHECK(*&shape->bits == 256);
  CHECK(shape->fingerprint.size() == 7 + 16);
}

TEST_CASE("a key record is read into its tags and printed conservatively") {
  const auto record = parse_key(
      "v = DKIM1 ; h =\tsha256 : x9; n = by hand ;k=ed25519; p = FKQJ "
      "qmWv/fm/L8CSvhHpEIzHUMlXKUhYFAa"
      "YwhPeVUE= ;s = email : tlsrpt; t = y : s; g=*");
  REQUIRE(record);
  CHECK(print_key(*record) ==
        "v=DKIM1; h=sha256:x9; k=ed25519; n=by hand; s=email:tlsrpt; t=y:s; p=" + kEd + "; g=*");
  CHECK(print_key(*parse_key("p=")) == "k=rsa; p=");
}

TEST_CASE("the meaning of a key record") {
  const auto same = [](const std::string& a, const std::string& b) {
    return same_meaning(*parse_key(a), *parse_key(b));
  };
  CHECK(same("p=" + k1024, "v=DKIM1; k=rsa; s=*; p=" + k1024));
  CHECK(same("v=DKIM1; t=y:s; p=" + k1024, "v=DKIM1; p=" + k1024 + "; t=s:y"));
  CHECK(same("a=1; b=2; p=", "b=2; a=1; p="));
  CHECK_FALSE(same("p=" + k1024, "p=" + k2048));
  CHECK_FALSE(same("p=" + k1024, "p="));
  CHECK_FALSE(same("p=" + kEd, "k=ed25519; p=" + kEd));
  CHECK_FALSE(same("t=s; p=" + k1024, "p=" + k1024));
  CHECK_FALSE(same("h=sha256; p=" + k1024, "p=" + k1024));
  CHECK_FALSE(same("s=email; p=" + k1024, "p=" + k1024));
}

std::string pem(const std::string& label, const std::string& body) {
  std::string text = "-----BEGIN " + label + "-----\n";
  for (std::size_t i = 0; i < body.size(); i += 64) text += body.substr(i, 64) + "\n";
  return text + "-----END " + label + "-----\n";
}

TEST_CASE("public keys from PEM files") {
  CHECK(print_key(*key_from_pem(pem("PUBLIC KEY", k2048))) == "v=DKIM1; k=rsa; p=" + k2048);
  CHECK(print_key(*key_from_pem("a note\r\n" + pem("PUBLIC KEY", kEdSpki))) ==
        "v=DKIM1; k=ed25519; p=" + kEd);
  const std::pair<std::string, std::string> bad[] = {
      {pem("PRIVATE KEY", k2048), "private"},
      {pem("RSA PRIVATE KEY", k2048), "private"},
      {pem("RSA PUBLIC KEY", kPkcs1), "SPKI"},
      {pem("PUBLIC KEY", kPkcs1), "PKCS#1"},
      {pem("CERTIFICATE", k2048), "CERTIFICATE"},
      {pem("PUBLIC KEY",
           "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEc9Wqnpffv51alR/pqKhuF/"
           "tVSJdQNUrfnPwobOiRK3X37PkysJtA"
           "i/OntDhlhopA8dXr3BvzdIaOHmVeR9hMmg=="),
       "neither RSA nor Ed25519"},
      {"", "BEGIN"},
      {"-----BEGIN PUBLIC KEY", "BEGIN line"},
      {"-----BEGIN PUBLIC KEY-----\nAAAA\n", "END line"},
      {pem("PUBLIC KEY", "A?=="), "base64"},
  };
  for (const auto& [text, what] : bad) {
    const auto record = key_from_pem(text);
    INFO(text);
    REQUIRE_FALSE(record);
    CHECK(record.error().what.find(what) != std::string::npos);
    // An error never quotes what a key file holds.
    CHECK(record.error().what.find("MIIB") == std::string::npos);
  }
}

TEST_CASE("base64 and SHA-256 by their published vectors") {
  // RFC 4648 section 10.
  const std::pair<std::string, std::string> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [octets, text] : vectors) {
    CHECK(encode_base64(octets) == text);
    CHECK(*decode_base64(text) == octets);
  }
  for (const std::string bad : {"Z", "Zg", "Zg=", "Zh==", "=g==", "Zg==Zg==", "Zm 8", "Zm9\n"}) {
    CHECK_FALSE(decode_base64(bad));
  }
  CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(sha256_hex(std::string(1000000, 'a')) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

}  // namespace
}  // namespace rampart::dkim
