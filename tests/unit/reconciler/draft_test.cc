/// Tests what a draft leaves out, and which names the file may hold.
#include "reconciler/init/draft.h"

#include <catch2/catch.hpp>
#include <variant>

#include "reconciler/config/config.h"
#include "reconciler/config/names.h"

using namespace rampart;

namespace {

std::string code_of(std::string_view name) {
  const auto refusal = refusal_of(Name::literal(name));
  return refusal ? std::string(refusal->code) : "";
}

/// What the YAML's reader returns for `domain`.
std::string loader_code(const std::string& domain) {
  const std::string text =
      "version: 1\nproviders: {files: {type: zonefile, directory: zones}}\n"
      "defaults: {provider: files}\ndomains:\n  '" +
      domain + "': {}\n";
  const auto loaded = load_config_from("domains.yaml", {{"domains.yaml", text}});
  const auto* errors = std::get_if<std::vector<ConfigError>>(&loaded);
  return errors == nullptr ? "" : errors->front().code;
}

}  // namespace

TEST_CASE("the draft and the reader agree on what a domain is") {
  const std::pair<std::string, std::string> cases[] = {{"example.com", ""},
                                                       {"xn--bcher-kva.example", ""},
                                                       {"a-1.example", ""},
                                                       {"*.example.com", "bad-name"},
                                                       {"*.foo.example.com", "bad-name"},
                                                       {"under_score.example.com", "bad-name"},
                                                       {"-x.example.com", "bad-name"},
                                                       {"x-.example.com", "bad-name"},
                                                       {R"(sp\032ace.example.com)", "bad-name"},
                                                       {R"(a\.b.example.com)", "bad-name"},
                                                       {R"(\195\188.example.com)", "bad-name"},
                                                       {"192.0.2.1", "bad-name"},
                                                       {".", "bad-name"},
                                                       {"co.uk", "public-suffix"}};
  for (const auto& [name, code] : cases) {
    INFO(name);
    CHECK(code_of(name) == code);
    CHECK(loader_code(name) == code);
  }
}

TEST_CASE("selectors are labels of letters, digits, hyphens and underscores") {
  for (const std::string& text :
       std::vector<std::string>{"s1", "a.b", "_x", "S-1", std::string(63, 'a')}) {
    INFO(text);
    CHECK(is_selector(text));
  }
  for (const std::string& text : std::vector<std::string>{
           "", "-s", "s-", "*", "*.t", "a..b", "a.", R"(a\.b)", "sp ace", std::string(64, 'a')}) {
    INFO(text);
    CHECK_FALSE(is_selector(text));
  }
  CHECK_FALSE(is_selector(std::string(100, 'a') + "." + std::string(100, 'b')));
}

TEST_CASE("a domain that is left out twice goes from the file") {
  Draft draft{
      .provider = {.name = "files", .type = "zonefile"}, .provider_note = "", .domains = {}};
  for (const char* name : {"a.example", "b.example"}) {
    draft.domains.push_back({.name = Name::literal(name)});
  }
  const DraftPlace whole{Name::literal("a.example"), DraftPart::Whole, ""};
  leave_out(draft.domains[0], whole, "First.");
  CHECK_FALSE(draft.domains[0].omitted);
  CHECK(text_of(yaml_of(draft)).find("  # First.\n  a.example:\n    dmarc: {phase: discovery}") !=
        std::string::npos);
  leave_out(draft.domains[0], whole, "Second.");
  CHECK(draft.domains[0].omitted);
  const std::string text = text_of(yaml_of(draft));
  CHECK(text.find("domains:\n  # a.example is not in this file.\n  # First.\n"
                  "  # Second.\n\n  b.example:\n") != std::string::npos);
}

TEST_CASE("a file without domains is still a file") {
  Draft draft{
      .provider = {.name = "files", .type = "zonefile"}, .provider_note = "", .domains = {}};
  CHECK(text_of(yaml_of(draft)).ends_with("\ndomains: {}\n"));
  draft.domains.push_back({.name = Name::literal("a.example"), .omitted = true, .notes = {"Why."}});
  CHECK(text_of(yaml_of(draft))
            .ends_with("\ndomains: {}\n  # a.example is not in this file.\n"
                       "  # Why.\n"));
}
