/// Private keys and passphrases in memory that is wiped after use.
#pragma once

#include <string>
#include <string_view>

namespace rampart {

/// Overwrites `size` octets; the compiler cannot optimize it away.
void wipe(void* octets, std::size_t size);

/// Octets that the destructor overwrites. It is move-only and never grows, so that no copies remain
/// in memory. Assignment by move swaps: the old octets are overwritten with the other object.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string_view text);
  static Secret of_size(std::size_t size);
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret();

  std::string_view text() const { return {octets_, size_}; }
  char* octets() { return octets_; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  /// Keeps the first `size` octets only; the others are overwritten.
  void shrink(std::size_t size);

 private:
  char* octets_ = nullptr;
  std::size_t size_ = 0;
  std::size_t reserved_ = 0;
};

}  // namespace rampart
