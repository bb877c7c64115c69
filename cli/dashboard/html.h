/// HTML output in which text from reports cannot become markup.
#pragma once

#include <string>
#include <string_view>

namespace rampart::html {

/// Text for content and quoted attributes: markup escaped; control octets, invalid UTF-8 and
/// characters that change the direction of writing shown as escapes; cut after 500 octets.
std::string text(std::string_view raw);

/// The same in full: for evidence, which must not be cut.
std::string whole_text(std::string_view raw);

/// A file name for any text: at most 200 characters of [a-z0-9._=-], different for different text,
/// and equal to the text for a plain domain.
std::string file_name(std::string_view raw);

/// A whole page, with a content security policy that forbids scripts and all requests.
std::string page(std::string_view title, std::string_view body);

}  // namespace rampart::html
