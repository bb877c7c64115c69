/// Signed messages to one name server over TCP, and their answers.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/unique_fd.h"
#include "providers/http/traffic_log.h"
#include "providers/rfc2136/address.h"
#include "providers/rfc2136/tsig.h"
#include "providers/rfc2136/wire.h"

namespace rampart {

/// How long to wait for the server.
struct ChannelPatience {
  std::chrono::milliseconds connect{5000};
  std::chrono::milliseconds answer{20000};  ///< For each message of an answer.
  int attempts = 3;                         ///< Of what may be repeated.
};

/// One server, one key, one TCP connection that is opened again when it breaks.
class Rfc2136Channel {
 public:
  Rfc2136Channel(ServerAddress server, TsigKey key, Clock clock, ChannelPatience patience = {},
                 TrafficLog log = {});

  /// Makes a message with an id.
  using Maker = std::function<std::string(std::uint16_t)>;

  /// Sends many questions on one connection and repeats them where the connection breaks. Every
  /// response code counts as an answer.
  Result<std::vector<WireMessage>> ask(std::span<const Maker> questions);

  /// Sends an update once. An Error whose text begins with "outcome unknown" where no answer came.
  Result<WireMessage> update(const Maker& message);

  /// The records of a whole zone (RFC 5936), or nothing where the server refuses the
  /// transfer.
  Result<std::optional<std::vector<WireRecord>>> transfer(const Name& zone);

  const ServerAddress& server() const { return server_; }

 private:
  Result<Ok> open();
  Result<Ok> connect_to(const Server& server);
  Result<Ok> send(std::string_view wire);
  Result<std::string> receive();
  Result<std::string> exactly(std::size_t size);
  Result<Ok> await(short events, std::chrono::milliseconds time);
  Result<Signed> send_signed(const Maker& message, std::uint16_t id);
  Result<WireMessage> accept(const std::string& wire, TsigCheck& check);
  Result<std::vector<WireMessage>> ask_once(std::span<const Maker> questions);
  Result<std::optional<std::vector<WireRecord>>> transfer_once(const Name& zone);
  Result<WireMessage> update_once(const Maker& message);
  template <class Ask>
  auto repeated(Ask ask_once);
  std::chrono::sys_seconds now() const;
  void log_exchange(std::string_view what, std::string_view outcome,
                    std::chrono::system_clock::time_point begun) const;

  ServerAddress server_;
  std::vector<Server> servers_;  ///< The addresses of `server_`, once they are looked up.
  TsigKey key_;
  Clock clock_;
  ChannelPatience patience_;
  TrafficLog log_;
  UniqueFd socket_;
  std::uint16_t next_id_ = 1;
};

}  // namespace rampart
