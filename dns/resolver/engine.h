/// The event loop that keeps many questions in flight.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dns/resolver/resolver.h"
#include "dns/resolver/server.h"
#include "dns/resolver/sockets.h"
#include "dns/resolver/timers.h"
#include "dns/resolver/wire.h"

namespace rampart {

/// Resolves one batch of queries.
class ResolverEngine {
 public:
  ResolverEngine(std::span<const Query> queries, const ResolverLimits& limits,
                 ServerHistory& history);

  /// Returns when every question has its answer.
  std::vector<Answer> run();

  /// After run(): which answers their resolvers validated, in the order of the queries.
  const std::vector<char>& authenticated() const { return authenticated_; }

 private:
  /// What happened with one server of a question so far.
  struct ServerAttempt {
    std::size_t server = 0;  ///< Index into `servers_`.
    int datagrams = 0;
    int transient_failures = 0;
    bool excluded = false;
    std::string outcome;
  };

  /// A datagram that was sent and whose answer would still be accepted.
  struct Attempt {
    std::uint32_t socket;
    std::size_t ticket;
    std::size_t position;  ///< Index of its server in the query's list.
    SteadyTime sent;
    Edns edns;
  };

  enum class Stage { Free, Pausing, Udp, Tcp };

  /// Whether a reply belongs to the datagram that its question waits for now.
  enum class Awaited { No, Yes };

  /// One question in flight.
  struct Slot {
    Stage stage = Stage::Free;
    std::uint32_t turn = 0;  ///< Increases with every step, which makes timers stale.
    std::size_t query = 0;
    std::string section;
    Edns edns = Edns::On;
    SteadyTime deadline{};  ///< Restarted when the first datagram is sent.
    int tries = 0;
    std::size_t position = 0;  ///< Index of the server queried last, or next.
    std::vector<ServerAttempt> trials;
    std::vector<Attempt> attempts;
    TcpConnection* connection = nullptr;
    std::uint16_t tcp_id = 0;
  };

  // Questions (engine.cc).
  void admit();
  void dispatch(std::uint32_t index);
  std::optional<std::size_t> next_position(Slot& slot);
  void finish(std::uint32_t index, Answer answer);
  void release_attempts(Slot& slot);
  void finish_failed(std::uint32_t index);
  void move_on(std::uint32_t index, std::size_t position);
  void pause(std::uint32_t index, SteadyTime until);
  void on_timer(std::uint32_t index, std::uint32_t turn);
  void on_silence(std::uint32_t index, std::size_t position, std::string outcome);
  void fail_over_from(std::size_t server);
  void evaluate(std::uint32_t index, std::size_t position, Reply reply, Awaited awaited);
  ServerState& server_at(const Slot& slot, std::size_t position) {
    return servers_[slot.trials[position].server];
  }
  Recursion recursion_of(const Slot& slot) const;
  void drain_throttled();
  void drain_waiting_for_fd();

  // UDP (udp.cc).
  void send(std::uint32_t index);
  std::optional<std::uint32_t> pick_socket(std::size_t server);
  std::optional<std::uint32_t> open_udp(std::size_t server);
  bool evict_idle();
  void retire(std::uint32_t socket);
  void close_if_done(std::uint32_t socket);
  void flush();
  void on_udp(std::uint32_t socket);
  void on_datagram(std::uint32_t socket, std::string_view datagram);
  void fail_socket(std::uint32_t socket, int error);

  // TCP (tcp.cc).
  void start_tcp(std::uint32_t index, std::size_t position);
  void pump_tcp(std::size_t server);
  void send_over(TcpConnection& connection, std::uint32_t index);
  void on_tcp(std::uint32_t connection, std::uint32_t events);
  void on_tcp_message(std::uint32_t connection, std::uint32_t index);
  void tcp_failed(std::uint32_t connection, std::string outcome);
  void close_tcp(std::uint32_t connection);
  std::optional<Waiting> next_tcp_waiting(ServerState& state);
  void watch_tcp(std::uint32_t connection);

  void wait_and_handle();
  std::size_t server_index(const Server& server);

  std::span<const Query> queries_;
  ResolverLimits limits_;
  ServerHistory& history_;
  std::vector<Answer> answers_;
  std::vector<char> authenticated_;  ///< By query; char, since vector<bool> has no elements.
  std::size_t next_ = 0;
  std::size_t active_ = 0;
  SteadyTime now_;
  RandomNumbers random_;
  UniqueFd epoll_;
  TimerWheel timers_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_slots_;
  std::deque<ServerState> servers_;
  std::map<Server, std::size_t> server_indices_;
  std::vector<std::size_t> throttled_;  ///< Servers with questions waiting for a token.
  std::deque<Waiting> waiting_for_fd_;  ///< Questions waiting for a file descriptor.
  std::vector<std::unique_ptr<UdpSocket>> udp_;
  std::vector<char> retired_;
  std::vector<std::uint32_t> free_udp_;
  std::vector<std::uint32_t> closing_;  ///< Closed after the current events are handled.
  std::vector<std::uint32_t> dirty_;
  static constexpr std::uint64_t kTcpFlag = 1ULL << 32;  ///< In epoll's data: an index of `tcp_`.
  static constexpr std::uint32_t kNoSocket = 0xffffffff;
  std::uint32_t receiving_ = kNoSocket;  ///< The socket being read, which must stay open.
  std::size_t udp_open_ = 0;
  std::size_t udp_most_ = 0;
  struct TcpEntry {
    std::unique_ptr<TcpConnection> connection;
    std::optional<Waiting> carries;
  };
  std::vector<TcpEntry> tcp_;
  std::size_t tcp_open_ = 0;
  std::string scratch_;
};

}  // namespace rampart
