/// Talking to proxy.py, running programs, and a clock that does not wait.
#include "tests/contract/proxy_control.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <sstream>

extern char** environ;

namespace rampart::contract {
namespace {

constexpr std::array kFaults = {"none",         "throttled",     "throttled-retry-after",
                                "server-error", "closed-before", "closed-after",
                                "slow",         "truncated",     "garbage"};

/// A file for a program's input or output, gone when the descriptor goes.
int scratch(const std::string& text) {
  std::array<char, 32> name{"/tmp/rampart-contract-XXXXXX"};
  const int fd = mkstemp(name.data());
  unlink(name.data());
  std::string_view rest = text;
  while (!rest.empty()) {
    const ssize_t written = ::write(fd, rest.data(), rest.size());
    if (written <= 0) break;
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  lseek(fd, 0, SEEK_SET);
  return fd;
}

std::string content(int fd) {
  std::string text;
  std::array<char, 65536> piece{};
  lseek(fd, 0, SEEK_SET);
  for (ssize_t got = ::read(fd, piece.data(), piece.size()); got > 0;
       got = ::read(fd, piece.data(), piece.size())) {
    text.append(piece.data(), static_cast<std::size_t>(got));
  }
  return text;
}

}  // namespace

ProxyControl::ProxyControl(const char* variable) {
  socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(required(variable))));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    fmt::print("the proxy of {} does not answer\n", variable);
    std::exit(2);
  }
}

ProxyControl::~ProxyControl() { close(socket_); }

std::string ProxyControl::ask(const std::string& line) {
  const std::string whole = line + "\n";
  if (::send(socket_, whole.data(), whole.size(), MSG_NOSIGNAL) < 0) return {};
  std::string answer;
  char c = 0;
  while (::recv(socket_, &c, 1, 0) == 1 && c != '\n') answer += c;
  return answer;
}

bool ProxyControl::arm(Fault fault, int nth, int count) {
  return ask(fmt::format("arm {} {} {}", kFaults[static_cast<std::size_t>(fault)], nth, count)) ==
         "ok";
}

int ProxyControl::calls() { return std::atoi(ask("calls").c_str()); }

bool ProxyControl::set_latency(int milliseconds) {
  return ask(fmt::format("latency {}", milliseconds)) == "ok";
}

Result<std::string> run_program(const std::vector<std::string>& words, const std::string& input) {
  const int in = scratch(input);
  const int out = scratch("");
  posix_spawn_file_actions_t files{};
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_adddup2(&files, in, 0);
  posix_spawn_file_actions_adddup2(&files, out, 1);
  posix_spawn_file_actions_adddup2(&files, out, 2);
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  pid_t child = 0;
  int status = 1;
  if (posix_spawnp(&child, arguments[0], &files, nullptr, arguments.data(), environ) == 0) {
    waitpid(child, &status, 0);
  }
  posix_spawn_file_actions_destroy(&files);
  const std::string text = content(out);
  close(in);
  close(out);
  if (status != 0) return Error{.what = words[0] + " failed: " + text};
  return text;
}

Clock quick_clock() {
  const auto past = std::make_shared<std::chrono::nanoseconds>(0);
  return {.now =
              [past] {
                return std::chrono::system_clock::now() +
                       std::chrono::duration_cast<std::chrono::system_clock::duration>(*past);
              },
          .sleep_for = [past](std::chrono::nanoseconds time) { *past += time; }};
}

}  // namespace rampart::contract
