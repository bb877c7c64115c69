/// The parts that the text and the Markdown of a plan share: titles, lines and counts, without
/// colour.
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

/// The semantic difference, then every reason; for DMARC also what each kind of receiver will newly
/// do with a failing message.
std::vector<DiffLine> body(const Plan& plan, const Change& change);

/// The details of a replay: its window and the kind of receiver, what receivers that honour neither
/// `t=y` nor `pct` would do, the sources affected most, and what is not known.
std::vector<std::string> impact_details(const Impact& impact);

/// For which domains the impact is unknown and why: one line per reason.
std::vector<std::string> impact_gaps(const Plan& plan);

/// "domains.yaml:12:9"; empty if the mark has no file.
std::string location(const Mark& mark);

/// "2 of 3 domains could not be read"; empty where all could.
std::string unread_clause(const Plan& plan);

/// What a plan leaves open beside its changes: "1 held", "2 errors" (those that withhold no
/// change), and unread_clause(); empty where it leaves nothing open.
std::vector<std::string> open_clauses(const Plan& plan);

/// "Plan: 1 to create, 2 to update, 0 to delete; 1 held, 0 withheld.", "No changes.", "No changes
/// now; 1 held." or "No changes can be written: 1 error."; with what the plan leaves open.
std::string count_line(const Plan& plan);

/// The changes of a plan, one group per heading.
std::vector<std::vector<const Change*>> grouped(const std::vector<Change>& changes);

/// The titles of a plan's sections.
inline constexpr std::string_view kAuthorityTitle = "Authority: who may send or sign";
inline constexpr std::string_view kImpactTitle = "Impact: how reported mail would be treated";
inline constexpr std::string_view kWithheldTitle = "Withheld: not written because of an error";
inline constexpr std::string_view kHeldTitle =
    "Held: not written yet; a later run makes each change once its condition is met";
inline constexpr std::string_view kPolicyEditsTitle =
    "Policy edits: changes of rules, keys, senders and providers";

/// SGR codes of ECMA-48 section 8.3.117, for `paint`.
inline constexpr int kBold = 1;
inline constexpr int kRed = 31;
inline constexpr int kGreen = 32;
inline constexpr int kYellow = 33;
inline constexpr int kCyan = 36;

/// The colour of a severity's label.
int colour_of(Severity severity);

/// `text` in the colour `code`, or unchanged if colour is off.
std::string paint(Colour colour, int code, std::string_view text);

/// `text` in red for '-', green for '+', yellow for '~', else unchanged.
std::string paint_sign(Colour colour, char sign, std::string_view text);

}  // namespace rampart
