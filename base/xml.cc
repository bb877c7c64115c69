// SAX2, not a DOM: a document type is refused when it begins, before libxml2 reads any entity.
#include "base/xml.h"

#include <libxml/parser.h>

#include <algorithm>
#include <array>
#include <limits>
#include <memory>

namespace rampart {
namespace {

// The answers of the APIs have fewer than ten levels; deeper ones would only exhaust the stack.
constexpr std::size_t kMostLevels = 64;

// The state of the callbacks: the open elements from the root to the innermost.
struct Builder {
  std::vector<XmlElement> open;
  XmlElement root;
  std::string fault;
  xmlParserCtxtPtr parser = nullptr;

  void refuse(const char* why) {
    if (fault.empty()) fault = why;
    xmlStopParser(parser);
  }
};

Builder& builder(void* user) { return *static_cast<Builder*>(user); }

const char* text_of(const xmlChar* text) { return reinterpret_cast<const char*>(text); }

void open_element(void* user, const xmlChar* name, const xmlChar*, const xmlChar*, int,
                  const xmlChar**, int, int, const xmlChar**) {
  Builder& built = builder(user);
  // Stopped at the start of the element: nothing deeper is ever allocated.
  if (built.open.size() == kMostLevels) return built.refuse("it is nested too deeply");
  built.open.push_back({.name = text_of(name)});
}

void close_element(void* user, const xmlChar*, const xmlChar*, const xmlChar*) {
  Builder& built = builder(user);
  if (built.open.empty()) return;
  XmlElement done = std::move(built.open.back());
  built.open.pop_back();
  // The root stays outside of `open`, which is empty once the document is complete.
  (built.open.empty() ? built.root : built.open.back().children.emplace_back()) = std::move(done);
}

void add_text(void* user, const xmlChar* text, int octets) {
  Builder& built = builder(user);
  if (!built.open.empty()) {
    built.open.back().text.append(text_of(text), static_cast<std::size_t>(octets));
  }
}

void refuse_doctype(void* user, const xmlChar*, const xmlChar*, const xmlChar*) {
  builder(user).refuse("it declares a document type");
}

// Without these libxml2 prints its errors to standard error, past the program's own output.
void ignore(void*, const char*, ...) {}

void ignore_structured(void*, xmlErrorPtr) {}

xmlSAXHandler handler() {
  xmlSAXHandler sax{};
  sax.initialized = XML_SAX2_MAGIC;
  sax.startElementNs = open_element;
  sax.endElementNs = close_element;
  sax.characters = add_text;
  sax.cdataBlock = add_text;
  sax.internalSubset = refuse_doctype;
  sax.error = ignore;
  sax.warning = ignore;
  sax.serror = ignore_structured;
  return sax;
}

}  // namespace

const XmlElement* XmlElement::child(std::string_view child_name) const {
  const auto found = std::ranges::find(children, child_name, &XmlElement::name);
  return found == children.end() ? nullptr : &*found;
}

std::string_view XmlElement::text_of(std::string_view child_name) const {
  const XmlElement* const found = child(child_name);
  return found == nullptr ? std::string_view{} : std::string_view(found->text);
}

Result<XmlElement> parse_xml(std::string_view document) {
  if (document.size() > std::numeric_limits<int>::max()) return Error{.what = "it is too long"};
  Builder built;
  xmlSAXHandler sax = handler();
  const std::unique_ptr<xmlParserCtxt, void (*)(xmlParserCtxtPtr)> parser(
      xmlCreatePushParserCtxt(&sax, &built, nullptr, 0, nullptr), xmlFreeParserCtxt);
  if (!parser) return Error{.what = "out of memory"};
  built.parser = parser.get();
  xmlCtxtUseOptions(parser.get(), XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
  // The push parser, although the document is complete: it alone can be stopped from a callback.
  const int outcome =
      xmlParseChunk(parser.get(), document.data(), static_cast<int>(document.size()), 1);
  if (!built.fault.empty()) return Error{.what = "the XML is refused: " + built.fault};
  if (outcome != XML_ERR_OK || parser->wellFormed == 0 || built.root.name.empty()) {
    return Error{.what = "this is not well-formed XML"};
  }
  return std::move(built.root);
}

std::string xml_escaped(std::string_view text) {
  constexpr std::string_view kEscaped = "&<>\"";
  constexpr std::array<std::string_view, 4> kEntities = {"&amp;", "&lt;", "&gt;", "&quot;"};
  std::string out;
  for (const char c : text) {
    const std::size_t at = kEscaped.find(c);
    out += at == std::string_view::npos ? std::string_view(&c, 1) : kEntities[at];
  }
  return out;
}

}  // namespace rampart
