/// The frame between argv and a command: what is refused, how it is said, and which code it gives.

#include "cli/dispatch.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <sstream>

#include "base/closest.h"

namespace rampart {
namespace {

using Values = std::map<std::string, std::vector<std::string>>;

/// The row of the table, or null.
const Command* command_named(std::string_view name) {
  const auto found = std::ranges::find(commands(), name, &Command::name);
  return found == commands().end() ? nullptr : &*found;
}

/// One run of the frame without a process: what it printed and its code.
struct Ran {
  int code;
  std::string out;
  std::string err;
};

Ran run_frame(const Invocation& invocation,
              const std::map<std::string, std::string>& environment = {}) {
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  ProcessEnv process{.in = in,
                     .out = out,
                     .err = err,
                     .environment = environment,
                     .version = "9.9.9",
                     .clock = *parse_time("2026-11-21T00:00:00Z")};
  const ExitCode code = run(invocation, process);
  return {static_cast<int>(code), out.str(), err.str()};
}

Ran run_command(std::string_view name, const Values& values) {
  return run_frame({.command = command_named(name), .arguments = {values}, .unexpected = {}});
}

void check_refused(std::string_view command, const Values& values, const std::string& message,
                   const std::string& hint) {
  CAPTURE(command, message);
  const Ran ran = run_command(command, values);
  CHECK(ran.code == 1);
  CHECK(ran.out.empty());
  CHECK(ran.err == "rampart: error: " + message + "\n" + (hint.empty() ? "" : "  " + hint + "\n"));
}

void check_unknown(std::string_view command, const std::string& word, const std::string& message,
                   const std::string& hint) {
  CAPTURE(command, word);
  const Ran ran = run_frame(
      {.command = command_named(command), .arguments = {}, .unexpected = {word, "later"}});
  CHECK(ran.code == 1);
  CHECK(ran.err == "rampart: error: " + message + "\n" + (hint.empty() ? "" : "  " + hint + "\n"));
}

std::string script(const std::string& shell) {
  const Ran ran = run_command("completion", {{"SHELL", {shell}}});
  CHECK(ran.code == 0);
  return ran.out;
}

}  // namespace

TEST_CASE("values that an option or a word cannot take are refused, with what it takes") {
  check_refused("validate", {{"format", {"xml"}}},
                "--format of validate takes text, json, not \"xml\"", "");
  check_refused("plan", {{"format", {"jsn"}}},
                "--format of plan takes text, json, markdown, not \"jsn\"", "did you mean json?");
  check_refused("plan", {{"live", {"DNS"}}}, "--live takes dns, provider, not \"DNS\"", "");
  check_refused("plan", {{"out", {""}}}, "--out needs FILE", "");
  check_refused("version", {{"log-level", {"loud"}}},
                "--log-level takes error, warning, info, debug, trace, not \"loud\"", "");
  check_refused("version", {{"now", {"today"}}}, "--now \"today\" is not a time",
                "write it as 2026-11-21T00:00:00Z");
  check_refused("completion", {}, "completion needs SHELL: bash, zsh or fish.",
                "see rampart completion --help");
  check_refused("completion", {{"SHELL", {"fihs"}}},
                "completion takes bash, zsh, fish, not \"fihs\"", "did you mean fish?");
  check_refused("apply", {{"verify-timeout", {"soon"}}},
                "--verify-timeout takes a duration, such as 30s, 5m or 1h", "");
}

TEST_CASE("addresses of servers are read before any query") {
  const Ran ran = run_command("version", {{"resolver", {"192.0.2.1", "dns.example"}}});
  CHECK(ran.code == 1);
  CHECK(ran.err.starts_with("rampart: error: --resolver \"dns.example\": "));
  CHECK(ran.err.ends_with("  write IP, IP:PORT or [IP6]:PORT\n"));
  CHECK(run_command("version", {{"nameserver", {"[2001:db8::1]:53"}}}).code == 0);
}

TEST_CASE("unknown words are answered with what was probably meant") {
  check_unknown("", "plna", "unknown command plna", "did you mean plan?");
  check_unknown("", "aply", "unknown command aply", "did you mean apply?");
  check_unknown("", "frobnicate", "unknown command frobnicate", "see rampart --help");
  check_unknown("", "--fromat=json", "unknown option --fromat", "did you mean --format?");
  check_unknown("plan", "--detaled-exitcode", "unknown option --detaled-exitcode",
                "did you mean --detailed-exitcode?");
  check_unknown("plan", "--auto-approve", "unknown option --auto-approve",
                "see rampart plan --help");
  check_unknown("plan", "more", "plan takes no argument \"more\"", "see rampart plan --help");
  check_unknown("senders", "serch", "unknown command senders serch",
                "did you mean senders search?");
  CHECK(run_frame({}).err == "rampart: error: no command was given\n  see rampart --help\n");
  CHECK(run_frame({.arguments = {}, .unexpected = {}, .group = "spf"}).err ==
        "rampart: error: spf needs a command: check, tree, flatten\n  see rampart spf --help\n");
  CHECK(run_frame({.arguments = {}, .unexpected = {"chekc"}, .group = "spf"}).err ==
        "rampart: error: unknown command spf chekc\n  did you mean spf check?\n");
}

TEST_CASE("closest takes a slip of the finger for the word, and no more") {
  const std::vector<std::string> known = {"plan", "apply", "verify", "validate"};
  CHECK(closest("paln", known) == "plan");
  CHECK(closest("appply", known) == "apply");
  CHECK(closest("validat", known) == "validate");
  CHECK(closest("verifiy", known) == "verify");
  CHECK(closest("destroy", known).empty());
  CHECK(closest("", known).empty());
}

TEST_CASE("a failure under --format json is the errors document on stdout") {
  const Ran usage = run_frame({.command = command_named("plan"),
                               .arguments = {{{"format", {"json"}}}},
                               .unexpected = {"--nwo"}});
  CHECK(usage.code == 1);
  CHECK(usage.err.empty());
  CHECK(usage.out == R"({
  "errors": [
    {
      "file": "",
      "line": 0,
      "column": 0,
      "code": "usage",
      "message": "unknown option --nwo",
      "hint": "did you mean --now?"
    }
  ]
}
)");
  const Ran missing = run_command("validate", {{"config", {"no/such.yaml"}}, {"format", {"json"}}});
  CHECK(missing.code == 1);
  CHECK(missing.out.starts_with("{\n  \"errors\": [\n    {\n"));
  CHECK(missing.out.find("no/such.yaml") != std::string::npos);
}

TEST_CASE("the version is printed as text and as JSON") {
  CHECK(run_command("version", {}).out == "rampart 9.9.9\n");
  CHECK(run_command("version", {{"format", {"json"}}}).out == "{\"version\": \"9.9.9\"}\n");
}

TEST_CASE("an answer that cannot be written is an error") {
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  out.setstate(std::ios::badbit);
  ProcessEnv process{
      .in = in, .out = out, .err = err, .environment = {}, .version = "9.9.9", .clock = {}};
  CHECK(run({.command = command_named("version"), .arguments = {}, .unexpected = {}}, process) ==
        ExitCode::Error);
  CHECK(err.str() == "rampart: error: the answer could not be written to standard output\n");
}

TEST_CASE("completion scripts offer every command and every option") {
  for (const std::string shell : {"bash", "zsh", "fish"}) {
    const std::string text = script(shell);
    for (const Command& command : commands()) {
      CAPTURE(shell, command.name);
      const std::string name(command.name);
      CHECK(text.find(name.substr(name.find(' ') + 1)) != std::string::npos);
      for (const CommandOption& option : command.options) {
        CAPTURE(option.name);
        CHECK(text.find((shell == "fish" ? "-l " : "--") + std::string(option.name)) !=
              std::string::npos);
      }
    }
    for (const CommandOption& option : global_options()) {
      CHECK(text.find(option.name) != std::string::npos);
    }
  }
}

TEST_CASE("--domain keeps the domains that match, whatever their case or script") {
  const auto kept = [](const std::vector<std::string>& globs) {
    Config config;
    for (const char* text : {"example.com", "mail.example.com", "xn--bcher-kva.example"}) {
      const Name name = Name::literal(text);
      config.domains.emplace(name, Domain{.name = name});
    }
    std::string names;
    if (!narrow(config, globs)) return std::string("refused");
    for (const auto& row : config.domains) names += row.first.text() + " ";
    return names;
  };
  CHECK(kept({}) == "example.com mail.example.com xn--bcher-kva.example ");
  CHECK(kept({"*.com"}) == "example.com mail.example.com ");
  CHECK(kept({"EXAMPLE.com", "xn--*"}) == "example.com xn--bcher-kva.example ");
  CHECK(kept({"b\u00fccher.example"}) == "xn--bcher-kva.example ");
  CHECK(kept({"example.com", "*.net"}) == "refused");
}

}  // namespace rampart
