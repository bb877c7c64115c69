#include "keys/openssl_values.h"

#include <openssl/err.h>

namespace rampart {
Error openssl_error(std::string what) {
  // The first error is the cause; later ones are its consequences. The queue is cleared, since
  // OpenSSL would otherwise report them for the next call.
  const char* reason = ERR_reason_error_string(ERR_peek_error());
  ERR_clear_error();
  if (reason != nullptr) what += std::string(": ") + reason;
  return Error{what};
}

}  // namespace rampart
