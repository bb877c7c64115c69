/// libxml2's push parser over mended octets: SAX events become the elements of a report. Records of
/// a shape that was parsed before pass it by.
#include "reports/parse/read.h"

#include <fmt/format.h>
#include <libxml/parser.h>

#include <utility>

#include "base/text.h"
#include "reports/parse/assemble.h"
#include "reports/parse/sanitize.h"

namespace rampart::reports {
namespace {

/// No field of a report is longer; what is beyond is cut.
constexpr std::size_t kMostText = 2048;

/// A record that is longer is not waited for.
constexpr std::size_t kMostRecord = 16 << 10;

constexpr std::string_view kBlanks = " \t\r\n";

std::string_view view_of(const xmlChar* text) {
  return text == nullptr ? std::string_view() : reinterpret_cast<const char*>(text);
}

/// One report being parsed.
class Document {
 public:
  explicit Document(const Handlers& handlers) : assembler_(handlers), stack_{Element::Document} {
    xmlSAXHandler table{};
    table.initialized = XML_SAX2_MAGIC;
    table.startElementNs = on_start;
    table.endElementNs = on_end;
    table.characters = on_text;
    table.ignorableWhitespace = on_text;
    table.serror = [](void*, xmlErrorPtr) {};
    context_ = xmlCreatePushParserCtxt(&table, this, nullptr, 0, nullptr);
    if (context_ != nullptr) xmlCtxtUseOptions(context_, XML_PARSE_NONET | XML_PARSE_NOERROR);
  }
  ~Document() { xmlFreeParserCtxt(context_); }
  Document(const Document&) = delete;
  Document& operator=(const Document&) = delete;

  Result<Ok> feed(std::string_view text) {
    if (context_ == nullptr) return Error{"no memory for a parser"};
    return evaluate(xmlParseChunk(context_, text.data(), static_cast<int>(text.size()), 0));
  }

  /// Where a record may come next, all before it being read.
  bool is_between() const {
    return stack_.size() == 2 && skipped_ == 0 && prefix_.empty() && context_ != nullptr &&
           context_->input != nullptr && context_->input->cur == context_->input->end;
  }

  Assembler& assembler() { return assembler_; }

  Result<Ok> finish() {
    if (Result<Ok> ended = evaluate(xmlParseChunk(context_, nullptr, 0, 1)); !ended) return ended;
    return assembler_.finish();
  }

 private:
  Result<Ok> evaluate(int code) {
    if (problem_) return *problem_;
    if (context_->wellFormed != 0) return Ok{};
    const xmlError* last = xmlCtxtGetLastError(context_);
    const char* message = last != nullptr && last->message != nullptr ? last->message : "";
    std::string what(trim(message));
    return Error{fmt::format("no well-formed XML behind record {}: {:.200}", assembler_.records(),
                             what.empty() ? fmt::format("error {}", code) : what)};
  }

  void note(const Result<Ok>& done) {
    if (done || problem_) return;
    problem_ = done.error();
    xmlStopParser(context_);
  }

  void start(std::string_view name, std::string_view prefix) {
    if (stack_.size() == 1 && skipped_ == 0) {
      if (name != "feedback") {
        return note(Error{fmt::format("the root element is {:.60}, not feedback", name)});
      }
      prefix_ = prefix;
    }
    // RFC 9990 section 3.1.1.13 allows elements of other namespaces: not ours to read.
    const Element element =
        skipped_ > 0 || prefix != prefix_ ? Element::Unknown : element_in(stack_.back(), name);
    if (element == Element::Unknown) {
      ++skipped_;
      return;
    }
    stack_.push_back(element);
    text_.clear();
    if (is_container(element)) note(assembler_.open(element));
  }

  void end() {
    if (skipped_ > 0) {
      --skipped_;
      return;
    }
    const Element element = stack_.back();
    stack_.pop_back();
    note(is_container(element) ? assembler_.close(element) : assembler_.text(element, trim(text_)));
    text_.clear();
  }

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
  std::string prefix_;  ///< The root's: what has another one is foreign.
  int skipped_ = 0;     ///< How deep within an element that no report has.
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
  std::string waiting;  ///< A record that is not whole yet.

  /// The common way: every octet is mended and parsed.
  Result<Ok> parse(std::string_view text) {
    sanitized.clear();
    ends.clear();
    if (Result<Ok> fed = sanitizer.feed(text, sanitized, ends); !fed) return fed;
    return parse_sanitized();
  }

  /// Gives the parser what was mended, a document at a time.
  Result<Ok> parse_sanitized() {
    std::string_view rest = sanitized;
    std::size_t done = 0;
    for (const std::size_t end : ends) {
      if (Result<Ok> fed = piece(rest.substr(done, end - done)); !fed) return fed;
      if (Result<Ok> finished = document->finish(); !finished) return finished;
      document.reset();
      done = end;
    }
    rest.remove_prefix(done);
    return rest.empty() ? Ok{} : piece(rest);
  }

  Result<Ok> piece(std::string_view text) {
    if (!document) document = std::make_unique<Document>(handlers);
    return document->feed(text);
  }

  bool is_between() const {
    return document != nullptr && sanitizer.is_between() && document->is_between();
  }

  /// Takes records one by one, and what stands around them the common way.
  Result<Ok> take(std::string_view text) {
    std::string joined;
    if (!waiting.empty()) {
      joined = std::move(waiting);
      joined += text;
      waiting.clear();
      text = joined;
    }
    while (!text.empty()) {
      const Result<std::size_t> taken = is_between() ? next_record(text) : 0;
      if (!taken) return taken.error();
      text.remove_prefix(*taken);
      if (*taken > 0) continue;
      if (is_between() && may_be_record(text)) {
        waiting = text;
        return Ok{};
      }
      const std::string_view around = before_record(text);
      if (Result<Ok> parsed = parse(around); !parsed) return parsed;
      text.remove_prefix(around.size());
    }
    return Ok{};
  }

  /// Up to the next record; blanks before it belong to it, so that nothing is unfinished there.
  static std::string_view before_record(std::string_view text) {
    const std::string_view around = text.substr(0, text.find(kRecordStart, 1));
    const std::size_t last = around.find_last_not_of(kBlanks);
    return around.size() == text.size() || last == around.npos ? around
                                                               : around.substr(0, last + 1);
  }

  static bool may_be_record(std::string_view text) {
    return text.size() < kMostRecord &&
           (text.starts_with(kRecordStart) || kRecordStart.starts_with(text));
  }

  /// How many octets were blanks and a record, if any.
  Result<std::size_t> next_record(std::string_view text) {
    const std::size_t blanks = std::min(text.find_first_not_of(kBlanks), text.size());
    text.remove_prefix(blanks);
    if (!text.starts_with(kRecordStart)) return blanks;
    const std::size_t end = text.substr(0, kMostRecord).find(kRecordEnd);
    if (end == text.npos) return blanks;
    const std::size_t size = end + kRecordEnd.size();
    if (Result<Ok> taken = record(text.substr(0, size)); !taken) return taken.error();
    return blanks + size;
  }

  Result<Ok> record(std::string_view octets) {
    Assembler& assembler = document->assembler();
    const std::optional<SplitRecord> cut = cut_record(octets);
    if (!cut) return parse(octets);
    if (const std::optional<Row> known = cache->find(*cut)) return assembler.add(*known);
    const std::int64_t before = assembler.records();
    if (Result<Ok> parsed = parse(octets); !parsed) return parsed;
    if (!is_between() || assembler.records() != before + 1 || !is_plain_record(*cut)) return Ok{};
    cache->insert(*cut, assembler.last());
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
  Parser& own = *parser_;
  own.decoded.clear();
  own.decoder.feed(octets, own.decoded);
  return own.take(own.decoded);
}

Result<Ok> Reader::finish() {
  Parser& own = *parser_;
  own.decoded.clear();
  own.decoder.finish(own.decoded);
  if (Result<Ok> fed = own.take(own.decoded); !fed) return fed;
  // A record that never became whole, or a root's end that it was taken for.
  if (Result<Ok> fed = own.parse(std::exchange(own.waiting, {})); !fed) return fed;
  own.sanitized.clear();
  own.ends.clear();
  const Result<Ok> ended = own.sanitizer.finish(own.sanitized, own.ends);
  if (Result<Ok> parsed = own.parse_sanitized(); !parsed) return parsed;
  return ended;
}

}  // namespace rampart::reports
