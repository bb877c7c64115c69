#include "keys/secret.h"

#include <openssl/crypto.h>

#include <cstring>
#include <utility>

namespace rampart {

// A plain memset of memory that is about to be freed may be optimised away.
void wipe(void* octets, std::size_t size) { OPENSSL_cleanse(octets, size); }

Secret Secret::of_size(std::size_t size) {
  Secret secret;
  // One more for a final NUL, which EVP_EncodeBlock and EVP_DecodeBlock write.
  secret.octets_ = new char[size + 1]();
  secret.size_ = secret.reserved_ = size;
  return secret;
}

Secret::Secret(std::string_view text) {
  Secret copy = of_size(text.size());
  if (!text.empty()) std::memcpy(copy.octets_, text.data(), text.size());
  *this = std::move(copy);
}

Secret::Secret(Secret&& other) noexcept { *this = std::move(other); }

Secret& Secret::operator=(Secret&& other) noexcept {
  // By swapping: the old content is wiped by the other object's destructor.
  std::swap(octets_, other.octets_);
  std::swap(size_, other.size_);
  std::swap(reserved_, other.reserved_);
  return *this;
}

Secret::~Secret() {
  if (octets_ == nullptr) return;
  wipe(octets_, reserved_);
  delete[] octets_;
}

void Secret::shrink(std::size_t size) {
  if (size >= size_) return;
  // The tail no longer belongs to the text, but it may hold key material.
  wipe(octets_ + size, size_ - size);
  size_ = size;
}

}  // namespace rampart
