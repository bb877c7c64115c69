/// Names and values as Route 53 writes them: other than plain octets as `\ooo`, in octal.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "dns/record.h"

namespace rampart::route53 {

/// A name for a request: absolute, `\DDD` turned into octal.
std::string name_text(const Name& name);

/// A name from a response: `\052.example.com.` is the wildcard.
Result<Name> read_name(std::string_view text);

/// A value for a request: presentation form with octal escapes.
std::string value_text(RecordType type, std::string_view value);

/// A value from a response, in the form of RecordSet.
Result<std::string> read_value(RecordType type, std::string_view text);

}  // namespace rampart::route53
