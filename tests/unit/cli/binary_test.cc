/// The binary itself: what argv may look like, and how it meets closed pipes, full disks and git.

#include <sys/wait.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "cli/commands/table.h"
#include "cli/context/git.h"
#include "tests/support/places.h"

namespace rampart {
namespace {

/// What a shell line came to: its exit code (or -1 where a signal ended it) and all it printed.
struct Ran {
  int code;
  std::string text;
};

Ran shell(const std::string& line) {
  std::FILE* pipe = popen(line.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string text;
  std::array<char, 4096> part;
  for (std::size_t count; (count = std::fread(part.data(), 1, part.size(), pipe)) > 0;) {
    text.append(part.data(), count);
  }
  const int status = pclose(pipe);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, text};
}

Ran rampart_line(const std::string& arguments) {
  return shell("'" RAMPART_BINARY "' " + arguments + " 2>&1");
}

void check_line(const std::string& arguments, int code, const std::string& part) {
  CAPTURE(arguments, part);
  const Ran ran = rampart_line(arguments);
  CHECK(ran.code == code);
  CHECK(ran.text.find(part) != std::string::npos);
}

/// The text with each run of blanks and line ends as one blank: help is wrapped for a terminal.
std::string unwrapped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const bool blank = c == ' ' || c == '\n';
    if (!blank || (!out.empty() && out.back() != ' ')) out += blank ? ' ' : c;
  }
  return out.ends_with(' ') ? out.substr(0, out.size() - 1) : out;
}

/// A folder of its own that goes away with the test.
class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "rampart.XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string at(const std::string& name) const { return path_ + "/" + name; }
  void write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories(std::filesystem::path(at(name)).parent_path());
    std::ofstream(at(name)) << text;
  }
  Ran git(const std::string& words) const {
    return shell("git -C '" + path_ + "' -c user.name=t -c user.email=t@example.com " + words +
                 " 2>&1");
  }

 private:
  std::string path_;
};

}  // namespace

TEST_CASE("options come before or after the command, and later ones win") {
  check_line("version", 0, "rampart ");
  check_line("--format json version", 0, "{\"version\"");
  check_line("version --format json", 0, "{\"version\"");
  check_line("version --format=json", 0, "{\"version\"");
  check_line("--format text version --format json", 0, "{\"version\"");
  check_line("--domain a version --domain b --domain=c", 0, "rampart ");
  check_line("--no-color version", 0, "rampart ");
  check_line("--version", 0, "rampart ");
  check_line("--help", 0, "verify");
  check_line("plan --help", 0, "--detailed-exitcode");
}

TEST_CASE("mistakes on the command line end with 1 and a sentence") {
  check_line("", 1, "no command was given");
  check_line("plna", 1, "did you mean plan?");
  check_line("plan --detaled-exitcode", 1, "did you mean --detailed-exitcode?");
  check_line("plan -x", 1, "unknown option -x");
  check_line("plan --out", 1, "--out");
  check_line("plan apply", 1, "plan takes no argument \"apply\"");
  check_line("x version", 1, "version takes no argument \"x\"");
  check_line("--domain a b version", 1, "version takes no argument \"b\"");
  check_line("apply a.json b.json", 1, "apply takes no argument \"b.json\"");
  check_line("senders frob", 1, "unknown command senders frob");
  check_line("spf", 1, "spf needs a command: check, tree, flatten");
  check_line("spf tre", 1, "did you mean spf tree?");
  check_line("--format json plan --out", 1, "\"code\": \"usage\"");
}

TEST_CASE("a reader that went away and a full disk are failed writes, not crashes") {
  CHECK(shell("'" RAMPART_BINARY "' completion bash > /dev/full 2>/dev/null").code == 1);
  const Ran closed = shell("bash -c \"('" RAMPART_BINARY
                           "' completion fish; echo code \\$? >&2) 2>&1 >&- | cat\"");
  CHECK(closed.text.find("code 1") != std::string::npos);
}

TEST_CASE("bash takes its completion script") {
  CHECK(shell("'" RAMPART_BINARY "' completion bash | bash -n").code == 0);
  const auto offers = [](const std::string& words, int last) {
    return shell("bash -c 'source <(\"$0\" completion bash); COMP_WORDS=(rampart " + words +
                 "); COMP_CWORD=" + std::to_string(last) +
                 "; _rampart; echo ${COMPREPLY[@]}' '" RAMPART_BINARY "'")
        .text;
  };
  CHECK(offers("senders s", 2) == "show search\n");
  CHECK(offers("sp", 1) == "spf\n");
  CHECK(offers("spf \"\"", 2).starts_with("check tree flatten --config"));
  CHECK(offers("-c x.yaml spf flatten --w", 5) == "--write\n");
}

TEST_CASE("help lists each group once, with its sub-commands") {
  const std::string all = rampart_line("--help").text;
  for (const CommandGroup& group : command_groups()) {
    CAPTURE(group.name);
    const std::size_t line = all.find("  " + std::string(group.name) + " ");
    REQUIRE(line != all.npos);
    CHECK(all.find(group.summary.substr(0, 20), line) != all.npos);
    const std::string one = rampart_line(std::string(group.name) + " --help").text;
    for (const std::string& word : words_after(group.name)) {
      CAPTURE(word);
      CHECK(all.find(word, line) != all.npos);
      CHECK(one.find("\n  " + word + " ") != one.npos);
    }
  }
}

TEST_CASE("the YAML of a git ref is read without a checkout") {
  const Folder folder;
  REQUIRE(folder.git("init -q").code == 0);
  folder.write("mail/domains.yaml", "version: 1\n");
  folder.write("mail/domains/a.yml", "one\n\ntwo\n");
  folder.write("mail/notes.txt", "no");
  folder.write("other.yaml", "no");
  std::filesystem::create_symlink("domains.yaml", folder.at("mail/link.yaml"));
  REQUIRE(folder.git("add -A").code == 0);
  REQUIRE(folder.git("commit -q -m first").code == 0);
  folder.write("mail/domains.yaml", "version: 2\n");
  const auto files = files_at("HEAD", folder.at("mail/domains.yaml"));
  REQUIRE(files.ok());
  CHECK(*files ==
        std::map<std::string, std::string>{{folder.at("mail/domains.yaml"), "version: 1\n"},
                                           {folder.at("mail/domains/a.yml"), "one\n\ntwo\n"}});
  for (const std::string ref : {"no-such-ref", "--help", "-x", "", "HEAD;true"}) {
    CAPTURE(ref);
    const auto refused = files_at(ref, folder.at("mail/domains.yaml"));
    REQUIRE(!refused.ok());
    CHECK(refused.error().where == "--base");
  }
  CHECK(!files_at("HEAD", folder.at("absent/domains.yaml")).ok());
}

TEST_CASE("a file is written whole, or through a device without replacing it") {
  const Folder folder;
  folder.write("plan.json", "a longer text than the next");
  REQUIRE(write_file(folder.at("plan.json"), "short").ok());
  CHECK(*read_file(folder.at("plan.json")) == "short");
  CHECK(write_file("/dev/null", "gone").ok());
  CHECK(std::filesystem::is_character_file("/dev/null"));
  CHECK(!write_file("/dev/full", "x").ok());
  CHECK(!write_file(folder.at("no/such/plan.json"), "x").ok());
  CHECK(!read_file(folder.at("absent")).ok());
}

TEST_CASE("docs/commands.md has a section for each command, with its options and exit codes") {
  const auto text = read_file(source_dir() + "/docs/commands.md");
  REQUIRE(text.ok());
  for (const Command& command : commands()) {
    CAPTURE(command.name);
    const std::string heading = "\n## " + std::string(command.name) + "\n";
    const std::size_t start = text->find(heading);
    REQUIRE(start != std::string::npos);
    const std::size_t end = text->find("\n## ", start + 1);
    const std::string section = text->substr(start, end - start);
    for (const CommandOption& option : command.options) {
      CAPTURE(option.name);
      CHECK(section.find("`--" + std::string(option.name)) != std::string::npos);
    }
    // The same sentence in the documentation, the help and the manual page.
    const std::size_t exit = section.find("Exit: ");
    REQUIRE(exit != std::string::npos);
    std::string codes = section.substr(exit + 6, section.find('\n', exit) - exit - 6);
    std::erase(codes, '`');
    CHECK(codes == std::string(exit_codes_of(command)) + ".");
    const std::string help = unwrapped(rampart_line(std::string(command.name) + " --help").text);
    CHECK(help.ends_with("Exit codes: " + codes));
  }
  for (const CommandOption& option : global_options()) {
    CHECK(text->find("`--" + std::string(option.name)) != std::string::npos);
  }
}

TEST_CASE("--mta-sts-connect takes a host and a port, and is checked before anything is read") {
  for (const std::string bad : {"x", "x:", ":443", "x:0", "x:65536", "x:https", "::1:443", "[::1]",
                                "[x]:443", "https://x:443", "x:443:1"}) {
    check_line("plan --mta-sts-connect " + bad, 1, "\"" + bad + "\" is not HOST:PORT");
  }
  // Then the first mistake is that there is no YAML.
  for (const std::string good : {"x:443", "127.0.0.1:8443", "[::1]:443"}) {
    check_line("-c /nonexistent.yaml plan --mta-sts-connect " + good, 1, "/nonexistent.yaml");
  }
}

TEST_CASE("the manual page names every command and option") {
  const std::string page = rampart_line("man").text;
  CHECK(page.starts_with(".TH RAMPART 1"));
  for (const Command& command : commands()) {
    CAPTURE(command.name);
    std::string name(command.name);
    for (std::size_t at = 0; (at = name.find('-', at)) != name.npos; at += 2) name.insert(at, "\\");
    CHECK(page.find(".SS " + name + "\n") != page.npos);
  }
  CHECK(page.find("\\-\\-nameserver") != page.npos);
}

TEST_CASE("a plan file is shown again as it was shown first") {
  const Folder folder;
  folder.write("domains.yaml",
               "version: 1\nproviders: {files: {type: zonefile, directory: zones}}\n"
               "defaults: {provider: files}\ndomains: {parked.example: {parked: true}}\n");
  std::filesystem::create_directory(folder.at("zones"));
  folder.write("zones/parked.example.zone",
               "@ 3600 IN SOA ns1 host 1 3600 900 604800 300\n@ 3600 IN NS ns1\n"
               "ns1 3600 IN A 192.0.2.1\n");
  const std::string plan = "--resolver 127.0.0.1:9 -c " + folder.at("domains.yaml") +
                           " plan --out " + folder.at("plan.json") + " --format ";
  for (const std::string format : {"text", "json", "markdown"}) {
    CAPTURE(format);
    const Ran first = rampart_line(plan + format);
    CHECK(first.code == 0);
    CHECK(rampart_line("show --format " + format + " " + folder.at("plan.json")).text ==
          first.text);
  }
  folder.write("plan.json", "{\"format_version\": 1}");
  check_line("show " + folder.at("plan.json"), 1, "plan.json");
}

}  // namespace rampart
