/// HTML in which nothing of a report can become markup.
#pragma once

#include <string>
#include <string_view>

namespace rampart::html {

/// Text for content and quoted attributes: markup escaped; control octets, invalid UTF-8 and
/// characters that turn the direction of writing spelled out; what is very long is cut.
std::string text(std::string_view raw);

/// The name of a file for anything, of [a-z0-9._-] alone and not too long; different for different
/// text, and the same text for a plain domain.
std::string file_name(std::string_view raw);

/// A whole page, with a policy that lets it load and run nothing.
std::string page(std::string_view title, std::string_view body);

}  // namespace rampart::html
