/// What the text and the Markdown of a plan have in common: titles, lines and counts, uncoloured.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/views/semantic_diff.h"
#include "cli/views/views.h"

namespace rampart {

/// "+" create, "~" update, "-" delete, "-/+" where one type takes the place of another.
std::string_view glyph(const Change& change);

/// "_dmarc.example.com TXT (enforce)"; "CNAME -> TXT" where the type changes.
std::string title(const Change& change);

/// "example.com at cf", "sub.example.com in zone example.com at cf".
std::string heading(const Change& change);

/// The semantic difference, then every because; for DMARC also what the change newly means to a
/// failing message, one line for each kind of receiver.
std::vector<DiffLine> body(const Plan& plan, const Change& change);

/// What a replay says beside its sentence: the window and the kind of receivers counted, what those
/// that honour no tag would do, the sources hit hardest, and what cannot be told.
std::vector<std::string> impact_details(const Impact& impact);

/// Why nothing tells how hard the plan hits, and for which domains: one line a reason.
std::vector<std::string> impact_gaps(const Plan& plan);

/// "domains.yaml:12:9", or nothing where the mark names no place.
std::string place(const Mark& mark);

/// "Plan: 1 to create, 2 to update, 0 to delete; 1 held, 0 withheld.", or "No changes."
std::string count_line(const Plan& plan);

/// The changes of a plan in runs of one heading.
std::vector<std::vector<const Change*>> grouped(const std::vector<Change>& changes);

/// SGR codes of ECMA-48, for `paint`.
inline constexpr int kBold = 1;
inline constexpr int kRed = 31;
inline constexpr int kGreen = 32;
inline constexpr int kYellow = 33;
inline constexpr int kCyan = 36;

/// The colour of a severity's label.
int colour_of(Severity severity);

/// `text` in the colour numbered `code` (ECMA-48 section 8.3.117), or as it is.
std::string paint(Colour colour, int code, std::string_view text);

/// Red for '-', green for '+', yellow for '~', nothing for others.
std::string paint_sign(Colour colour, char sign, std::string_view text);

}  // namespace rampart
