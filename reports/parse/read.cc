/// Reads reports with libxml2's push parser over sanitized octets: its SAX events become elements
/// of a report. Records that are in the cache bypass it.
#include "reports/parse/read.h"

#include <fmt/format.h>
#include <libxml/parser.h>

#include <utility>

#include "base/text.h"
#include "reports/parse/assemble.h"
#include "reports/parse/sanitize.h"

namespace rampart::reports {
namespace {

/// Longer fields are truncated.
constexpr std::size_t kMostText = 2048;

/// Longer records are parsed as they arrive rather than collected for the cache.
constexpr std::size_t kMostRecord = 16 << 10;

constexpr std::string_view kBlanks = " \t\r\n";

std::string_view view_of(const xmlChar* text) {
  return text == nullptr ? std::string_view() : reinterpret_cast<const char*>(text);
}

/// Levels of elements that no report has.
constexpr int kMostSkipped = 100;

/// One report being parsed.
class Document {
 public:
  explicit Document(const Handlers& handlers) : assembler_(handlers), stack_{Element::Document} {
    xmlSAXHandler table{};
    // A table without entity callbacks: libxml2 then has nothing to load or expand, and the
    // sanitizer refuses document types.
    table.initialized = XML_SAX2_MAGIC;
    table.startElementNs = on_start;
    table.endElementNs = on_end;
    table.characters = on_text;
    table.ignorableWhitespace = on_text;
    // Without a callback, libxml2 prints errors to the terminal.
    table.serror = [](void*, xmlErrorPtr) {};
    context_ = xmlCreatePushParserCtxt(&table, this, nullptr, 0, nullptr);
    if (context_ != nullptr) xmlCtxtUseOptions(context_, XML_PARSE_NONET | XML_PARSE_NOERROR);
  }
  ~Document() { xmlFreeParserCtxt(context_); }
  Document(const Document&) = delete;
  Document& operator=(const Document&) = delete;

  Result<Ok> feed(std::string_view text) {
    if (context_ == nullptr) return Error{"no memory for a parser"};
    return check(xmlParseChunk(context_, text.data(), static_cast<int>(text.size()), 0));
  }

  /// Whether a record may come next and libxml2 has consumed everything before it.
  bool is_between_records() const {
    return stack_.size() == 2 && skipped_ == 0 && prefix_.empty() && context_ != nullptr &&
           context_->input != nullptr && context_->input->cur == context_->input->end;
  }

  Assembler& assembler() { return assembler_; }

  Result<Ok> finish() {
    TRY_OK(check(xmlParseChunk(context_, nullptr, 0, 1)));
    return assembler_.finish();
  }

 private:
  /// The problem of a handler, or of the XML itself.
  Result<Ok> check(int code) {
    // The handler's problem first: stopping the parser also makes libxml2 report an error of its
    // own.
    if (problem_) return *problem_;
    if (context_->wellFormed != 0) return Ok{};
    const xmlError* last = xmlCtxtGetLastError(context_);
    const char* message = last != nullptr && last->message != nullptr ? last->message : "";
    std::string what(trim(message));
    return Error{fmt::format("the XML is not well-formed after record {}: {:.200}",
                             assembler_.records(),
                             what.empty() ? fmt::format("error {}", code) : what)};
  }

  /// libxml2 cannot pass errors through, so the first one is kept and parsing is stopped.
  void keep_failure(const Result<Ok>& result) {
    if (result || problem_) return;
    problem_ = result.error();
    xmlStopParser(context_);
  }

  void start(std::string_view name, std::string_view prefix) {
    if (stack_.size() == 1 && skipped_ == 0) {
      if (name != "feedback") {
        return keep_failure(Error{fmt::format("the root element is {:.60}, not feedback", name)});
      }
      // Some reporters give every element of the report a prefix, so the root decides which prefix
      // is the report's.
      prefix_ = prefix;
    }
    // RFC 9990 section 3.1.1.13 permits elements of other namespaces, which are skipped.
    const Element element =
        skipped_ > 0 || prefix != prefix_ ? Element::Unknown : element_in(stack_.back(), name);
    // The depth is counted, so that a known name within an unknown element is not taken for the
    // report's own.
    if (element == Element::Unknown) {
      // libxml2 keeps the name of every open element.
      if (++skipped_ > kMostSkipped) {
        keep_failure(Error{fmt::format("its elements are nested more than {} deep", kMostSkipped)});
      }
      return;
    }
    stack_.push_back(element);
    text_.clear();
    if (is_container(element)) keep_failure(assembler_.open(element));
  }

  void end() {
    if (skipped_ > 0) {
      --skipped_;
      return;
    }
    const Element element = stack_.back();
    stack_.pop_back();
    keep_failure(is_container(element) ? assembler_.close(element)
                                       : assembler_.text(element, trim(text_)));
    text_.clear();
  }

  /// libxml2 delivers one text in several pieces, cut at entities and block ends.
  void add_text(std::string_view text) {
    if (skipped_ > 0 || text_.size() >= kMostText) return;
    text_.append(text.substr(0, kMostText - text_.size()));
  }

  static void on_start(void* self, const xmlChar* name, const xmlChar* prefix, const xmlChar*, int,
                       const xmlChar**, int, int, const xmlChar**) {
    static_cast<Document*>(self)->start(view_of(name), view_of(prefix));
  }
  static void on_end(void* self, const xmlChar*, const xmlChar*, const xmlChar*) {
    static_cast<Document*>(self)->end();
  }
  static void on_text(void* self, const xmlChar* text, int size) {
    static_cast<Document*>(self)->add_text(
        {reinterpret_cast<const char*>(text), static_cast<std::size_t>(size)});
  }

  Assembler assembler_;
  xmlParserCtxtPtr context_ = nullptr;
  std::vector<Element> stack_;
  std::string prefix_;  ///< The root's; elements with another prefix are skipped.
  int skipped_ = 0;     ///< The depth within an unknown element.
  std::string text_;
  std::optional<Error> problem_;
};

}  // namespace

struct Reader::Parser {
  Handlers handlers;
  std::shared_ptr<RecordCache> cache;
  Decoder decoder;
  XmlSanitizer sanitizer;
  std::string decoded;
  std::string sanitized;
  std::vector<std::size_t> ends;
  std::unique_ptr<Document> document;
  std::string waiting;  ///< An incomplete record.

  /// The ordinary way: all octets are sanitized and parsed.
  Result<Ok> parse(std::string_view text) {
    sanitized.clear();
    ends.clear();
    TRY_OK(sanitizer.feed(text, sanitized, ends));
    return parse_sanitized();
  }

  /// Parses the sanitized octets, one document at a time.
  Result<Ok> parse_sanitized() {
    std::string_view rest = sanitized;
    // A few files contain several reports one after the other. libxml2 refuses text after a root,
    // so each is a document of its own.
    std::size_t done = 0;
    for (const std::size_t end : ends) {
      TRY_OK(parse_piece(rest.substr(done, end - done)));
      TRY_OK(document->finish());
      document.reset();
      done = end;
    }
    rest.remove_prefix(done);
    return rest.empty() ? Ok{} : parse_piece(rest);
  }

  Result<Ok> parse_piece(std::string_view text) {
    if (!document) document = std::make_unique<Document>(handlers);
    return document->feed(text);
  }

  bool is_between_records() const {
    return document != nullptr && sanitizer.is_between_tokens() && document->is_between_records();
  }

  /// Reads records one by one, and the text around them the ordinary way.
  Result<Ok> consume(std::string_view text) {
    std::string joined;
    if (!waiting.empty()) {
      joined = std::move(waiting);
      joined += text;
      waiting.clear();
      text = joined;
    }
    // The quick way needs a state in which nothing is held back anywhere; otherwise text would
    // overtake what waits in the sanitizer or in libxml2.
    while (!text.empty()) {
      TRY(const std::size_t read, is_between_records() ? next_record(text) : 0);
      text.remove_prefix(read);
      if (read > 0) continue;
      if (is_between_records() && may_be_record(text)) {
        waiting = text;
        return Ok{};
      }
      const std::string_view around = before_record(text);
      TRY_OK(parse(around));
      text.remove_prefix(around.size());
    }
    return Ok{};
  }

  /// The text up to the next record. Blanks before the record are left to it, because the sanitizer
  /// would hold them back and then be in the middle of something.
  static std::string_view before_record(std::string_view text) {
    // From 1, because a record at the start is one that next_record could not read.
    const std::string_view around = text.substr(0, text.find(kRecordStart, 1));
    const std::size_t last = around.find_last_not_of(kBlanks);
    return around.size() == text.size() || last == around.npos ? around
                                                               : around.substr(0, last + 1);
  }

  static bool may_be_record(std::string_view text) {
    return text.size() < kMostRecord &&
           (text.starts_with(kRecordStart) || kRecordStart.starts_with(text));
  }

  /// Reads blanks and a record, if it is complete; returns how many octets that were.
  Result<std::size_t> next_record(std::string_view text) {
    const std::size_t blanks = std::min(text.find_first_not_of(kBlanks), text.size());
    text.remove_prefix(blanks);
    if (!text.starts_with(kRecordStart)) return blanks;
    const std::size_t end = text.substr(0, kMostRecord).find(kRecordEnd);
    if (end == text.npos) return blanks;
    const std::size_t size = end + kRecordEnd.size();
    TRY_OK(read_record(text.substr(0, size)));
    return blanks + size;
  }

  /// A record from the cache, or parsed and then cached if its octets alone determine its results.
  Result<Ok> read_record(std::string_view octets) {
    Assembler& assembler = document->assembler();
    const std::optional<SplitRecord> split = split_record(octets);
    if (!split) return parse(octets);
    if (const std::optional<Row> known = cache->find(*split)) return assembler.add(*known);
    const std::int64_t before = assembler.records();
    TRY_OK(parse(octets));
    // A record is cached only if exactly one row came of it. A comment or CDATA section may hide an
    // end tag, and then the octets were not one record.
    if (!is_between_records() || assembler.records() != before + 1 || !is_plain_record(*split))
      return Ok{};
    cache->insert(*split, assembler.last());
    return Ok{};
  }
};

Reader::Reader(Handlers handlers, std::shared_ptr<RecordCache> cache)
    : parser_(std::make_unique<Parser>()) {
  parser_->handlers = std::move(handlers);
  parser_->cache = cache ? std::move(cache) : std::make_shared<RecordCache>();
}
Reader::~Reader() = default;

Result<Ok> Reader::feed(std::string_view octets) {
  Parser& parser = *parser_;
  parser.decoded.clear();
  parser.decoder.feed(octets, parser.decoded);
  return parser.consume(parser.decoded);
}

Result<Ok> Reader::finish() {
  Parser& parser = *parser_;
  parser.decoded.clear();
  parser.decoder.finish(parser.decoded);
  TRY_OK(parser.consume(parser.decoded));
  // What waits is an incomplete record, or the start of the root's end tag, which looks like one.
  TRY_OK(parser.parse(std::exchange(parser.waiting, {})));
  parser.sanitized.clear();
  parser.ends.clear();
  const Result<Ok> ended = parser.sanitizer.finish(parser.sanitized, parser.ends);
  // The last records first: they may contain a clearer reason than the truncation that follows from
  // it.
  TRY_OK(parser.parse_sanitized());
  return ended;
}

}  // namespace rampart::reports
