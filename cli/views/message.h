/// The verdict on a message, as text and JSON.
#pragma once

#include <string>

#include "mail/dmarc/check_message.h"

namespace rampart {

/// The Authentication-Results field that a receiver would add (RFC 8601), folded, with its final
/// line end.
std::string authentication_results(const dmarc::MessageVerdict& verdict);

/// The verdict as JSON (contract: docs/commands.md) and as text.
std::string message_json(const dmarc::MessageVerdict& verdict);
std::string message_text(const dmarc::MessageVerdict& verdict);

}  // namespace rampart
