// In-place editing: real-world styles of YAML, each in many dressings; every byte of the result is
// expected.
#include "reconciler/edit/edit.h"

#include <stdlib.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

using namespace rampart;

namespace {

using Act = YamlEdit::Act;

YamlEdit set(YamlPath path, std::string text) {
  return {Act::Set, std::move(path), yaml_scalar(std::move(text))};
}
YamlEdit append(YamlPath path, std::string text) {
  return {Act::Append, std::move(path), yaml_scalar(std::move(text))};
}
YamlEdit gone(YamlPath path) { return {Act::Remove, std::move(path), {}}; }

const YamlPath kPct = {"domains", "example.com", "dmarc", "pct"};
const YamlPath kSince = {"domains", "example.com", "dmarc", "since"};
const YamlPath kPhase = {"domains", "example.com", "dmarc", "phase"};
const YamlPath kRotation = {"domains", "example.com", "dkim", std::size_t{0}};

YamlPath below(YamlPath path, YamlStep step) {
  path.push_back(std::move(step));
  return path;
}

// A file and what becomes of it: `<old|new>` is `old` before and `new` after.
struct Style {
  const char* name;
  std::vector<YamlEdit> edits;
  std::string text;
};

std::string side(const std::string& text, bool after) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] != '<') {
      out += text[at++];
      continue;
    }
    const std::size_t bar = text.find('|', at);
    const std::size_t end = text.find('>', bar);
    out += after ? text.substr(bar + 1, end - bar - 1) : text.substr(at + 1, bar - at - 1);
    at = end + 1;
  }
  return out;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != text.npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

std::vector<Style> set_styles() {
  const std::vector<YamlEdit> pct = {set(kPct, "25")};
  const std::vector<YamlEdit> step = {set(kPhase, "reject"), set(kPct, "50"),
                                      set(kSince, "2026-11-21")};
  return {
      {"block", pct,
       "domains:\n  example.com:\n    dmarc:\n      phase: quarantine\n      pct: <10|25>\n"},
      {"comment behind", pct,
       "domains:\n  example.com:\n    dmarc:\n      pct: <10|25>   # one in ten: see OPS-1\n      "
       "ttl: 300\n"},
      {"flow", pct,
       "domains: {example.com: {dmarc: {phase: quarantine, pct: <10|25>, ttl: 300}}}\n"},
      {"flow with blanks", pct,
       "domains:\n  example.com: { dmarc: { pct : <10|25> , ttl: 300 } }\n"},
      {"flow over lines", step,
       "domains:\n  example.com:\n    dmarc: {\n      phase: <quarantine|reject>, # \"pct: 9\"\n"
       "      pct: <10|50>,\n      since: <2026-01-01|2026-11-21>\n    }\n"},
      {"double quotes", step,
       "domains:\n  \"example.com\":\n    \"dmarc\":\n      phase: \"<quarantine|reject>\"\n"
       "      pct: <10|50>\n      since: \"<2026-01-01|2026-11-21>\"\n"},
      {"single quotes", step,
       "domains:\n  'example.com':\n    'dmarc':\n      'phase': '<quarantine|reject>'  # 'x'\n"
       "      'pct': <10|50>\n      'since': '<2026-01-01|2026-11-21>'\n"},
      {"json", step,
       "{\"version\": 1,\n \"domains\": {\"example.com\": {\"dmarc\": {\"phase\": "
       "\"<quarantine|reject>\", "
       "\"pct\": <10|50>, \"since\": \"<2026-01-01|2026-11-21>\"}}}}\n"},
      {"json without pct", step,
       "{\n  \"domains\": {\n    \"example.com\": {\n      \"dmarc\": {\n"
       "        \"phase\": \"<quarantine|reject>\"<|,\n        \"pct\": 50,\n        \"since\": "
       "\"2026-11-21\">\n      }\n    }\n  }\n}\n"},
      {"others alike", step,
       "# example.com: dmarc: pct: 10\ndomains:\n  example.org:\n    dmarc: {phase: quarantine, "
       "pct: 10}\n"
       "  example.com:\n    dmarc:\n      # phase: none\n      phase: <quarantine|reject>\n      "
       "pct: <10|50>\n\n"
       "      since: <2026-01-01|2026-11-21>\n  example.net:\n    dmarc: {phase: quarantine, pct: "
       "10}\n"},
      {"deep indentation", pct,
       "domains:\n        example.com:\n                dmarc:\n                        pct: "
       "<10|25>\n"},
      {"blanks around", pct,
       "domains:\n  example.com:\n    dmarc:\n      pct   :    <10|25>   \n\n\n"},
      {"value below its key", pct,
       "domains:\n  example.com:\n    dmarc:\n      pct:\n        <10|25>\n"},
      {"anchor nobody uses", pct,
       "domains:\n  example.com:\n    dmarc: &d\n      pct: &p <10|25>\n"},
      {"nothing there", pct,
       "domains:\n  example.com:\n    dmarc:\n      pct:<| 25> # soon\n      ttl: 300\n"},
      {"a null there", pct, "domains:\n  example.com:\n    dmarc:\n      pct: <~|25> # soon\n"},
      {"a document start", pct,
       "%YAML 1.2\n---\ndomains:\n  example.com:\n    dmarc:\n      pct: <10|25>\n...\n"},
      {"umlauts before", pct,
       "owner: \"Käthe\"\ndomains: {müller.example: {}, example.com: {dmarc: {owner: Jürgen, pct: "
       "<10|25>}}}\n"},
      {"folded text before", pct,
       "note: >-\n  a: b\n  pct: 10\n\n  c\ndomains:\n  example.com:\n    dmarc:\n      note: |\n"
       "        pct: 10\n      pct: <10|25>\n"},
      {"plain over lines before", pct,
       "domains:\n  example.com:\n    dmarc:\n      note: one\n        two 'three\n      pct: "
       "<10|25>\n"},
      {"apostrophe in flow", pct,
       "domains: {example.com: {dmarc: {note: it's so, pct: <10|25>}}}\n"},
  };
}

std::vector<Style> insert_styles() {
  const std::vector<YamlEdit> pct = {set(kPct, "25")};
  const std::vector<YamlEdit> both = {set(kPct, "50"), set(kSince, "2026-11-21")};
  return {
      {"after phase", both,
       "domains:\n  example.com:\n    dmarc:\n      phase: quarantine  # since May\n"
       "<|      pct: 50\n      since: 2026-11-21\n>      rua: [mailto:a@example.com]\n"},
      {"last of all", both,
       "domains:\n  example.com:\n    dmarc:\n      phase: quarantine\n<|      pct: 50\n      "
       "since: 2026-11-21\n>"},
      {"before a comment", pct,
       "domains:\n  example.com:\n    dmarc:\n      phase: quarantine\n<|      pct: 25\n>\n  # the "
       "next one\n  example.org:\n    parked: true\n"},
      {"in flow", both,
       "domains:\n  example.com:\n    dmarc: {phase: quarantine<|, pct: 50, since: 2026-11-21>, "
       "ttl: 300}  # x\n"},
      {"in flow, last", pct, "domains: {example.com: {dmarc: {phase: quarantine<|, pct: 25>}}}\n"},
      {"in flow, empty", pct, "domains: {example.com: {dmarc: {<|pct: 25>}}}\n"},
      {"in flow, a line each", both,
       "domains:\n  example.com:\n    dmarc: {\n      ttl: 300, # five minutes\n"
       "      phase: quarantine<|,> # x\n<|      pct: 50,\n      since: 2026-11-21\n>    }\n"},
      {"in flow, comma behind the last", pct,
       "domains:\n  example.com:\n    dmarc: {\n      phase: quarantine,\n<|      pct: 25,\n>    "
       "}\n"},
      {"no dmarc", both,
       "domains:\n  example.com:\n    provider: files  # our own\n<|    dmarc: {pct: 50, since: "
       "2026-11-21}\n>  example.org:\n"
       "    parked: true\n"},
      {"no dmarc, after a list", pct,
       "domains:\n  example.com:\n    senders:\n      - google_workspace\n      - {use: "
       "sendgrid,\n         with: {user: \"1\"}}\n"
       "<|    dmarc: {pct: 25}\n>  # end\n  example.org: {}\n"},
      {"no dmarc, after a list without indentation", pct,
       "domains:\n  example.com:\n    senders:\n    - google_workspace\n    - use: sendgrid\n      "
       "spf: always\n"
       "<|    dmarc: {pct: 25}\n>  example.org: {}\n"},
      {"no dmarc, in flow", pct,
       "domains:\n  example.com: {provider: files<|, dmarc: {pct: 25}>}\n  example.org: {}\n"},
      {"nothing below the domain", pct,
       "domains:\n  example.com:<| {dmarc: {pct: 25}}> # all from defaults\n  example.org:\n    "
       "parked: true\n"},
      {"an empty map", pct, "domains:\n  example.com: {<|dmarc: {pct: 25}>}\n  example.org: {}\n"},
      {"an empty dmarc", pct, "domains:\n  example.com:\n    dmarc:<| {pct: 25}>\n    ttl: 300\n"},
      {"after a folded text", pct,
       "domains:\n  example.com:\n    dmarc:\n      note: >\n        one\n\n        two\n<|      "
       "pct: 25\n>\n  example.org: {}\n"},
      {"inherited", both,
       "defaults:\n  dmarc: {phase: quarantine, pct: 10, since: 2026-01-01}\ndomains:\n  "
       "example.com:\n    dmarc:\n"
       "      ttl: 300\n<|      pct: 50\n      since: 2026-11-21\n>  example.org: {}\n"},
  };
}

std::vector<Style> list_styles() {
  const std::vector<YamlEdit> stage = {set(below(kRotation, "current"), "office-20261121"),
                                       append(below(kRotation, "past"), "office-20260821"),
                                       gone(below(kRotation, "next"))};
  const std::vector<YamlEdit> first = {set(below(kRotation, "next"), "office-20261121")};
  return {
      {"a rotation in block", stage,
       "domains:\n  example.com:\n    dkim:\n      - rotate: {name: office, sender: mta}\n"
       "        current: <office-20260821|office-20261121>\n<        next: office-20261121\n|>"
       "        past:\n          - office-20260221  # the first\n          - office-20260521\n<|   "
       "       - office-20260821\n>"
       "      - selector: s1\n        cname: a.example.net\n"},
      {"a rotation in flow", stage,
       "domains:\n  example.com:\n    dkim:\n    - {rotate: {name: office}, current: "
       "<office-20260821|office-20261121>"
       "<, next: office-20261121|>, past: [office-20260521<|, office-20260821>]}\n"},
      {"a rotation without past", stage,
       "domains:\n  example.com:\n    dkim:\n      - rotate:\n          name: office\n          "
       "keep: 14d # x\n"
       "        current: <office-20260821|office-20261121>\n<        next: office-20261121\n|      "
       "  past: [office-20260821]\n>"},
      {"a rotation with an empty past", stage,
       "domains:\n  example.com:\n    dkim:\n      - current: <office-20260821|office-20261121>\n  "
       "      past: [<|office-20260821>]\n"
       "<        next: office-20261121\n|>        rotate: {name: office}\n"},
      {"next behind the dash", stage,
       "domains:\n  example.com:\n    dkim:\n      - <next: office-20261121\n        |>current: "
       "<office-20260821|office-20261121>\n"
       "        past: ['a'<|, office-20260821>]\n        rotate: {name: office}\n"},
      {"a new rotation", first,
       "domains:\n  example.com:\n    dkim:\n      - rotate:\n          name: office\n"
       "          sender: mta\n<|        next: office-20261121\n>\n  example.org: {}\n"},
      {"a new rotation in flow", first,
       "domains:\n  example.com:\n    dkim: [{rotate: {name: office, sender: mta}<|, next: "
       "office-20261121>}]\n"},
      {"a new rotation over lines", first,
       "domains:\n  example.com:\n    dkim:\n      - rotate: {name: office, sender: mta, every: "
       "3mo, algorithm: both,\n"
       "                 publish_ahead: 7d}\n<|        next: office-20261121\n>  example.org: "
       "{}\n"},
      {"removal of an absent key",
       {gone(kPct)},
       "domains:\n  example.com:\n    dmarc: {phase: reject}\n"},
      {"removal in block",
       {gone(kPct)},
       "domains:\n  example.com:\n    dmarc:\n      phase: reject\n<      pct: 50 # half\n|>      "
       "ttl: 1\n"},
      {"removal of all there is",
       {gone(kPct)},
       "domains:\n  example.com:\n    dmarc:\n      <pct: 50|{}> # half\n    ttl: 1\n"},
      {"removal of the first in flow",
       {gone(kPct)},
       "domains:\n  example.com:\n    dmarc: {<pct: 50, |>phase: reject}\n"},
      {"removal of the last in flow",
       {gone(kPct)},
       "domains:\n  example.com:\n    dmarc: {phase: reject<, pct: 50|>}\n"},
      {"removal of a line in flow",
       {gone(kPct)},
       "domains:\n  example.com:\n    dmarc: {\n      phase: reject, # now\n<      pct: 50\n|>    "
       "}\n"},
  };
}

// The ways in which editors and systems dress one and the same text.
std::string dressed(std::string text, int dressing) {
  if (dressing & 1) text = "# Käse: the mail of example.com\n" + text;
  if (dressing & 2) text = replaced(text, "\n", "\r\n");
  if (dressing & 4) text = "\xEF\xBB\xBF" + text;
  if ((dressing & 8) && text.ends_with("\n")) text.erase(text.size() - (dressing & 2 ? 2 : 1));
  return text;
}

int check(const Style& style) {
  int files = 0;
  for (int dressing = 0; dressing < 16; ++dressing) {
    if ((dressing & 1) && style.text.starts_with('%')) continue;
    const std::string before = dressed(side(style.text, false), dressing);
    const std::string after = dressed(side(style.text, true), dressing);
    INFO(style.name << ", dressing " << dressing << ":\n" << before);
    const auto edited = edit_yaml("domains.yaml", before, style.edits);
    if (!edited.ok()) FAIL_CHECK(sentence(edited.error()));
    if (edited.ok()) CHECK(*edited == after);
    ++files;
  }
  return files;
}

void check_refused(const std::string& text, const std::vector<YamlEdit>& edits,
                   const std::vector<std::string>& words) {
  INFO(text);
  const auto edited = edit_yaml("domains.yaml", text, edits);
  REQUIRE(!edited.ok());
  const std::string results = sentence(edited.error());
  for (const std::string& word : words) {
    INFO(results);
    CHECK(results.find(word) != std::string::npos);
  }
}

struct Folder {
  std::filesystem::path path;
  Folder() {
    char name[] = "/tmp/rampart-edit-XXXXXX";
    path = mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  void write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((path / name).parent_path());
    std::ofstream(path / name) << text;
  }
  std::string read(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(path / name).rdbuf();
    return text.str();
  }
  Config load() const {
    auto loaded = load_config((path / "domains.yaml").string());
    if (const auto* errors = std::get_if<std::vector<ConfigError>>(&loaded)) {
      FAIL(to_text(errors->front()));
    }
    return std::get<Config>(std::move(loaded));
  }
};

}  // namespace

TEST_CASE("only the intended octets change, in every style and dressing") {
  int files = 0;
  for (const auto& styles : {set_styles(), insert_styles(), list_styles()}) {
    for (const Style& style : styles) files += check(style);
  }
  CHECK(files >= 600);
}

TEST_CASE("a shared value is refused, and both lines are named") {
  check_refused(
      "domains:\n  example.com:\n    dmarc:\n      pct: &p 10\n  b.example:\n    dmarc: {pct: "
      "*p}\n",
      {set(kPct, "25")}, {"line 4", "line 6", "anchor"});
  check_refused("x: &p 10\ndomains:\n  example.com:\n    dmarc:\n      pct: *p\n",
                {set(kPct, "25")}, {"line 5", "line 1", "alias"});
  check_refused(
      "domains:\n  a.example:\n    dmarc: &d\n      pct: 10\n  example.com:\n    dmarc: *d\n",
      {set(kPct, "25")}, {"line 6", "line 3", "dmarc"});
  check_refused("domains:\n  example.com: &e\n    dmarc:\n      pct: 10\n  b.example: *e\n",
                {gone(kPct)}, {"line 2", "line 5"});
  check_refused("domains: &d\n  example.com: {dmarc: {pct: 10}}\ncopy: *d\n", {set(kPct, "25")},
                {"line 1", "line 3"});
}

TEST_CASE("what cannot be edited safely is refused, and nothing is guessed") {
  check_refused("domains:\n  example.com:\n    dmarc: text\n", {set(kPct, "25")},
                {"not a map", "line 3"});
  check_refused("domains:\n  example.com: {dmarc: {pct: 10}\n", {set(kPct, "25")},
                {"never closed"});
  check_refused("domains:\n  example.com:\n    dkim: []\n", {set(below(kRotation, "next"), "a")},
                {"there is no"});
  check_refused("domains:\n  example.com:\n    dkim:\n      - next: a # why\n        rotate: {}\n",
                {gone(below(kRotation, "next"))}, {"comment"});
}

TEST_CASE("a value that needs quotes gets them") {
  const auto edited = edit_yaml("f", "a: 1\nb: 'x'\n",
                                std::vector<YamlEdit>{set({"a"}, "x: #\"y\""), set({"b"}, "it's")});
  REQUIRE(edited.ok());
  CHECK(*edited == "a: \"x: #\\\"y\\\"\"\nb: 'it''s'\n");
}

TEST_CASE("domains are edited in the file that declares them") {
  const Folder folder;
  folder.write("domains.yaml",
               "version: 1\ninclude: [domains/*.yaml]\nproviders: {files: {type: zonefile, "
               "directory: zones}}\n"
               "defaults: {provider: files, dmarc: {phase: quarantine, pct: 10}}\ndomains:\n  "
               "example.org: {}\n");
  folder.write("domains/a.yaml", "domains:\n  Bücher.Example:\n    dmarc: {phase: quarantine}\n");
  const Config config = folder.load();
  const Name name = Name::parse("xn--bcher-kva.example").value();
  const std::vector<DomainEdit> edits = {{name, set({"dmarc", "pct"}, "50")}};
  const auto texts = edit_domains(config, edits);
  REQUIRE(texts.ok());
  REQUIRE(texts->size() == 1);
  CHECK(write_domains(config, *texts).ok());
  CHECK(folder.read("domains/a.yaml") ==
        "domains:\n  Bücher.Example:\n    dmarc: {phase: quarantine, pct: 50}\n");
  CHECK(folder.load().domains.at(name).dmarc.position.pct == 50);
  const auto stale = write_domains(config, *texts);
  REQUIRE(!stale.ok());
  CHECK(stale.error().conflict);
}

TEST_CASE("an edit after which the file would not load is refused; so is a symbolic link") {
  const Folder folder;
  folder.write("real.yaml",
               "version: 1\nproviders: {files: {type: zonefile, directory: zones}}\n"
               "domains: {example.com: {provider: files, dmarc: {phase: quarantine}}}\n");
  std::filesystem::copy(folder.path / "real.yaml", folder.path / "domains.yaml");
  const Name name = Name::parse("example.com").value();
  const auto bad =
      edit_domains(folder.load(), std::vector<DomainEdit>{{name, set({"dmarc", "pct"}, "101")}});
  REQUIRE(!bad.ok());
  CHECK(bad.error().what.find("would not load") != std::string::npos);
  std::filesystem::remove(folder.path / "domains.yaml");
  std::filesystem::create_symlink("real.yaml", folder.path / "domains.yaml");
  const auto link =
      edit_domains(folder.load(), std::vector<DomainEdit>{{name, set({"dmarc", "pct"}, "50")}});
  CHECK(!link.ok());
}
