/// Names and values as Route 53 writes them: octets beyond the plain ones as `\ooo`, in octal.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "dns/record.h"

namespace rampart::route53 {

/// A name for a request: absolute, `\DDD` turned into octal.
std::string name_text(const Name& name);

/// A name of an answer: `\052.example.com.` is the wildcard.
Result<Name> read_name(std::string_view text);

/// A value for a request: presentation form with octal escapes.
std::string value_text(RecordType type, std::string_view value);

/// The value, as in RecordSet, of an answer's text.
Result<std::string> read_value(RecordType type, std::string_view text);

}  // namespace rampart::route53
