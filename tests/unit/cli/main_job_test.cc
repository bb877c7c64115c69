/// validate, plan, apply and verify as a person runs them, on a zone file and without a process.

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "cli/dispatch.h"

namespace rampart {
namespace {

using Values = std::map<std::string, std::vector<std::string>>;

/// The row of the table, or null.
const Command* command_named(std::string_view name) {
  const auto found = std::ranges::find(commands(), name, &Command::name);
  return found == commands().end() ? nullptr : &*found;
}

constexpr const char* kZone =
    "$ORIGIN example.com.\n"
    "$TTL 3600\n"
    "@ IN SOA ns1 admin 2026112001 3600 600 604800 300\n"
    "@ IN NS ns1\n"
    "ns1 IN A 192.0.2.53\n"
    "@ IN TXT \"site=1\"\n";

/// A folder with one zone, in which commands are run; nobody answers its resolver.
class Job {
 public:
  explicit Job(const std::string& domain) {
    std::string pattern = (std::filesystem::temp_directory_path() / "rampart.XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
    std::filesystem::create_directory(at("zones"));
    std::ofstream(at("zones/example.com.zone")) << kZone;
    declare(domain);
  }
  ~Job() { std::filesystem::remove_all(path_); }
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  std::string at(const std::string& name) const { return path_ + "/" + name; }

  void declare(const std::string& domain) const {
    std::ofstream(at("domains.yaml")) << "version: 1\n"
                                         "providers: {files: {type: zonefile, directory: zones}}\n"
                                         "defaults: {provider: files}\n"
                                         "domains:\n  example.com: "
                                      << domain << "\n";
  }

  std::string zone() const { return *read_file(at("zones/example.com.zone")); }

  /// Runs a command; `answer` is what a person types, empty where nobody is there.
  int run(std::string_view command, Values values = {}, const std::string& answer = "") {
    values["config"] = {at("domains.yaml")};
    values["resolver"] = {"127.0.0.1:1"};
    std::istringstream in(answer);
    std::ostringstream out;
    std::ostringstream err;
    ProcessEnv process{.in = in,
                       .out = out,
                       .err = err,
                       .environment = environment,
                       .version = "9.9.9",
                       .clock = *parse_time("2026-11-21T00:00:00Z"),
                       .answers_prompt = !answer.empty()};
    const ExitCode code = rampart::run(
        {.command = command_named(command), .arguments = {values}, .unexpected = {}}, process);
    printed = out.str();
    results = err.str();
    return static_cast<int>(code);
  }

  std::string printed;
  std::string results;
  std::map<std::string, std::string> environment;

 private:
  std::string path_;
};

constexpr const char* kSpf = "{spf: {extra: [\"ip4:192.0.2.0/28\"]}, dmarc: {phase: spf}}";
constexpr const char* kWider = "{spf: {extra: [\"ip4:192.0.2.0/27\"]}, dmarc: {phase: spf}}";
constexpr const char* kOpen = "{spf: {extra: [\"ip4:0.0.0.0/1\"]}, dmarc: {phase: spf}}";

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("plan says by its code whether something would change, or is withheld") {
  Job job(kSpf);
  CHECK(job.run("validate") == 0);
  CHECK(holds(job.printed, "is valid: 1 domain."));
  CHECK(job.run("plan") == 0);
  CHECK(job.run("plan", {{"detailed-exitcode", {""}}}) == 2);
  CHECK(job.run("verify") == 2);
  job.declare(kOpen);
  CHECK(job.run("plan", {{"detailed-exitcode", {""}}}) == 3);
  job.declare("{spf: 7}");
  CHECK(job.run("plan", {{"detailed-exitcode", {""}}}) == 1);
  CHECK(job.zone() == kZone);
}

TEST_CASE("apply writes nothing that nobody approved") {
  Job job(kSpf);
  CHECK(job.run("apply") == 1);
  CHECK(holds(job.results, "or --auto-approve"));
  CHECK(job.run("apply", {{"format", {"json"}}}) == 1);
  CHECK(holds(job.printed, "\"code\": \"not-approved\""));
  for (const std::string answer : {"n\n", "\n", "maybe\n"}) {
    CAPTURE(answer);
    CHECK(job.run("apply", {}, answer) == 1);
    CHECK(holds(job.results, "Write these changes? [y/N]"));
  }
  CHECK(job.zone() == kZone);
}

TEST_CASE("apply writes what a person approves, and the next plan is empty") {
  Job job(kSpf);
  CHECK(job.run("apply", {}, "y\n") == 0);
  CHECK(holds(job.zone(), "v=spf1 ip4:192.0.2.0/28 ~all"));
  CHECK(holds(job.zone(), "site=1"));
  CHECK(job.run("plan", {{"detailed-exitcode", {""}}}) == 0);
  CHECK(holds(job.printed, "No changes."));
  CHECK(job.run("verify") == 0);
  CHECK(job.run("apply") == 0);
}

TEST_CASE("a plan file limits what apply writes") {
  Job job(kSpf);
  const std::string plan = job.at("plan.json");
  CHECK(job.run("plan", {{"out", {plan}}}) == 0);
  job.declare(kWider);
  CHECK(job.run("apply", {{"plan.json", {plan}}}) == 3);
  CHECK(job.zone() == kZone);
  job.declare(kSpf);
  CHECK(job.run("apply", {{"plan.json", {plan}}}) == 0);
  CHECK(holds(job.zone(), "v=spf1 ip4:192.0.2.0/28 ~all"));
  CHECK(job.run("apply", {{"plan.json", {job.at("absent.json")}}}) == 1);
}

TEST_CASE("a freeze keeps everything but loosening back") {
  Job job(kSpf);
  job.environment["RAMPART_FREEZE"] = "1";
  CHECK(job.run("apply", {{"auto-approve", {""}}}) != 1);
  CHECK(job.zone() == kZone);
}

TEST_CASE("a saved world gives the same plan again, whichever servers would answer") {
  Job job(kSpf);
  CHECK(job.run("plan", {{"save-world", {job.at("world.json")}}, {"format", {"json"}}}) == 0);
  const std::string first = job.printed;
  std::filesystem::remove_all(job.at("zones"));
  CHECK(job.run("plan", {{"world", {job.at("world.json")}}, {"format", {"json"}}}) == 0);
  CHECK(job.printed == first);
  CHECK(job.run("plan", {{"world", {job.at("domains.yaml")}}}) == 1);
}

}  // namespace rampart
