/// The records of a $GENERATE directive, BIND's shorthand for numbered records.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "dns/presentation_lexer.h"

namespace rampart {

/// The lines that the directive abbreviates, one record each. `words` are those after "$GENERATE":
/// START-STOP[/STEP], an owner, optional TTL and class, a type and the data as one word, quoted if
/// it contains blanks. In owner and data "$" is the number, "$$" and "\$" are a dollar sign, and
/// "${OFFSET,WIDTH,BASE}" is the number plus OFFSET with at least WIDTH digits; BASE is d, o, x, X,
/// or n and N for nibbles in reverse. An Error for other forms, and for more than `most` lines.
Result<std::string> generated_lines(std::span<const ZoneWord> words, std::size_t most);

}  // namespace rampart
