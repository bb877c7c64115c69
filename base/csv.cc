#include "base/csv.h"

#include <string_view>

#include "base/printable.h"

namespace rampart {

std::string csv_cell(const std::string& outside) {
  // Line ends too: many readers split lines before they look at quotes.
  std::string text = printable(outside);
  // The characters with which spreadsheets begin a formula (OWASP: CSV injection).
  if (!text.empty() && std::string_view("=+-@\t\r").find(text[0]) != std::string_view::npos) {
    text.insert(text.begin(), '\'');
  }
  // Quoted only where needed, since most tools and people read plain cells more easily.
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

}  // namespace rampart
