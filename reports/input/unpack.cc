/// Unpacks nested containers, down to the XML.
#include "reports/input/unpack.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "reports/input/archive.h"
#include "reports/input/mbox.h"
#include "reports/input/mime.h"

namespace rampart::reports {
namespace {

/// A name from a zip may have 65,535 octets, and an archive 20,000 members.
constexpr std::size_t kLongestName = 200;

/// Mails beyond either number are rare, and parsing them is what needs memory.
constexpr std::size_t kHeavyOctets = 1 << 20;
constexpr std::size_t kHeavyItems = 1000;

/// The context of a stream: its depth, the mail that carried it, the packed input whose size
/// limits how much may be unpacked, and CarryingMail::received once a mail was opened.
struct Level {
  int depth = 0;
  Carrier carrier;
  std::shared_ptr<Budget> budget;
  std::optional<std::string> received;
  std::uint64_t held = 0;  ///< Octets of the unpacked mails that contain it, and of their parts.
  MimeSize parsed = {};    ///< Of the mails that contain it.
};

/// A name that an outsider chose, added to a location.
std::string inside(const std::string& location, std::string_view name) {
  const bool cut = name.size() > kLongestName;
  return fmt::format("{}/{}{}", location, name.substr(0, kLongestName), cut ? "..." : "");
}

/// The text of the topmost Received field, or "".
std::string topmost_received(const mail::Head& head) {
  const auto fields = head.all("Received");
  return fields.empty() ? std::string() : std::string(fields.front()->value());
}

/// Pairs the parts of failure reports: the original follows its fields (RFC 5965 section 2).
class FailureCollector {
 public:
  struct Found {
    FailureParts parts;
    bool attached = false;
  };

  void add(const MimePart& part) {
    if (part.type == "message/feedback-report") {
      found_.push_back({{std::string(part.octets), ""}, part.attached});
      has_original_ = false;
      return;
    }
    const bool original = part.type == "message/rfc822" || part.type == "text/rfc822-headers" ||
                          part.type == "message/rfc822-headers" || part.type == "message/global";
    // A mail before the fields, or a second one after them, is no part of the report.
    if (found_.empty() || has_original_ || !original) return;
    found_.back().parts.original = part.octets;
    has_original_ = true;
  }

  const std::vector<Found>& found() const { return found_; }

 private:
  std::vector<Found> found_;
  bool has_original_ = false;
};

class Walker {
 public:
  Walker(const InputLimits& limits, const Visitor& visitor) : limits_(limits), visitor_(visitor) {}

  void open(const std::string& location, ByteSource source, const Level& level) {
    std::string head;
    // A pipe or a decompressor may return a few octets at a time.
    while (head.size() < kDetectedOctets) {
      const Result<std::string_view> block = source();
      if (!block) return visitor_.refuse(location, block.error());
      if (block->empty()) break;
      head += *block;
    }
    const Content content = detect_content(head);
    ByteSource whole = joined_source(std::move(head), std::move(source));
    if (content == Content::Xml) return report(location, whole, level);
    if (content == Content::Json) return json(location, whole, level);
    // An archive can contain itself. The check comes after the reports, which open nothing further.
    if (level.depth >= limits_.depth) {
      return visitor_.refuse(location, Error{"it is nested too deeply"});
    }
    open_container(content, location, std::move(whole), level);
  }

 private:
  void open_container(Content content, const std::string& location, ByteSource source,
                      const Level& level) {
    Level inner = level;
    ++inner.depth;
    switch (content) {
      case Content::Gzip:
      case Content::Zlib:
        return open(location, inflated_source(std::move(source), level.budget, limits_), inner);
      case Content::Xz:
        return open(location, xz_source(std::move(source), level.budget, limits_), inner);
      case Content::Bzip2:
        return open(location, bzip2_source(std::move(source), level.budget, limits_), inner);
      case Content::Zip:
      case Content::Tar:
        return archive(location, std::move(source), inner);
      case Content::Mbox:
        return mbox(location, source, inner);
      case Content::Mail: {
        const Result<std::string> text = read_all(source, most_of_mail(level));
        return text ? mail(location, *text, inner) : visitor_.refuse(location, text.error());
      }
      case Content::Empty:
        return visitor_.refuse(location, Error{"it is empty"});
      case Content::Xml:
      case Content::Json:
      case Content::Unknown:
        break;
    }
    visitor_.refuse(location, Error{"it is neither a report nor a container of reports"});
  }

  /// A small archive can hold a mail of any size, so an unpacked mail must be smaller than one that
  /// is read as it is.
  std::uint64_t most_of_mail(const Level& level) const {
    if (level.depth == 0) return limits_.mail_octets;
    const std::uint64_t most = std::min(limits_.unpacked_mail_octets, limits_.mail_octets);
    return most - std::min(most, level.held);
  }

  void report(const std::string& location, const ByteSource& source, const Level& level) {
    visitor_.begin(location, level.carrier);
    std::uint64_t size = 0;
    for (;;) {
      const Result<std::string_view> block = source();
      if (!block) return visitor_.end(block.error());
      if (block->empty()) return visitor_.end(std::nullopt);
      size += block->size();
      if (size > limits_.octets) {
        return visitor_.end(Error{fmt::format("it is larger than {} MiB", limits_.octets >> 20)});
      }
      if (const Result<Ok> fed = visitor_.feed(*block); !fed) return visitor_.end(fed.error());
    }
  }

  void json(const std::string& location, const ByteSource& source, const Level& level) {
    const Result<std::string> text = read_all(source, limits_.json_octets);
    if (!text) return visitor_.refuse(location, text.error());
    visitor_.json(location, *text, level.carrier);
  }

  void archive(const std::string& location, ByteSource source, const Level& level) {
    int members = 0;
    const auto member = [&](const std::string& name, const ByteSource& octets) {
      ++members;
      open(inside(location, name), octets, level);
    };
    const Result<Ok> read = for_each_member(std::move(source), level.budget, limits_, member);
    if (!read) return visitor_.refuse(location, read.error());
    if (members == 0) visitor_.refuse(location, Error{"the archive contains no file"});
  }

  void mbox(const std::string& location, const ByteSource& source, const Level& level) {
    int number = 0;
    const auto one = [&](const Result<std::string>& text) {
      const std::string where = fmt::format("{}#{}", location, ++number);
      // Only this mail is refused: the mbox goes on after it.
      if (!text) return visitor_.refuse(where, text.error());
      mail(where, *text, level);
    };
    // Its own level is one deeper than the mbox, which may be the input itself.
    const std::uint64_t most =
        level.depth == 1 ? limits_.mail_octets : most_of_mail(level);
    const Result<Ok> read = for_each_mail(source, most, one);
    if (!read) visitor_.refuse(location, read.error());
  }

  /// Each part of a mail has a budget of its own: the mail's other parts, which may be large, do
  /// not let it unpack to more.
  void mail(const std::string& location, const std::string& text, const Level& level) {
    const MimeSize size = mime_size(text);
    const MimeSize parsed = level.parsed + size;
    if (std::string excess = excess_of(parsed); !excess.empty()) {
      return visitor_.refuse(location, Error{"the mail has " + excess});
    }
    if (text.size() > kHeavyOctets || size.items + size.delimiters > kHeavyItems) {
      if (visitor_.before_heavy_mail) visitor_.before_heavy_mail();
    }
    int found = 0;
    const std::shared_ptr<CarryingMail> carrier = CarryingMail::of(text);
    // A mail within another one was written by the sender, its Received fields too.
    std::string received = level.received.value_or("");
    if (!level.received && carrier) received = topmost_received(carrier->head);
    if (carrier) carrier->received = received;
    FailureCollector failures;
    const auto leaf = [&](const MimePart& part) {
      failures.add(part);
      const Content content = detect_content(part.octets.substr(0, kDetectedOctets));
      if (!may_be_report(content, part)) return;
      ++found;
      const auto budget = std::make_shared<Budget>(Budget{part.octets.size(), 0});
      // The outer mail's signature does not prove who wrote a mail attached to it.
      // The input itself is no larger than what its owner gave.
      const std::uint64_t held =
          level.depth == 1 ? 0 : level.held + text.size() + part.octets.size();
      const Level inner{level.depth, part.attached ? nullptr : carrier, budget, received, held,
                        parsed};
      open(part.name.empty() ? location : inside(location, part.name), text_source(part.octets),
           inner);
    };
    const std::uint64_t most = limits_.unpacked_mail_octets;
    const std::uint64_t room = level.depth == 1 ? std::max<std::uint64_t>(most, text.size())
                                                : most - std::min(most, level.held);
    if (const Result<Ok> walked = for_each_part(text, level.parsed, room, leaf); !walked) {
      ++found;
      visitor_.refuse(location, walked.error());
    }
    // After all parts, because a failure report is complete only with the original that follows it.
    for (const auto& [parts, attached] : failures.found()) {
      ++found;
      visitor_.failure(location, parts, attached ? nullptr : carrier);
    }
    if (found == 0) visitor_.refuse(location, Error{"the mail contains no report"});
  }

  /// Whether a part of a mail is worth opening. A mail also has texts for people, which must not be
  /// listed as refused.
  static bool may_be_report(Content content, const MimePart& part) {
    if (content == Content::Xml) {
      // HTML begins with "<" as well.
      std::string_view head = part.octets.substr(0, kDetectedOctets);
      const bool wide = head.find('\0') != head.npos;
      head.remove_prefix(std::min(head.find('<'), head.size()));
      const std::string_view tag = head.substr(0, head.find_first_of(" \t\r\n>"));
      return wide || tag.starts_with("<?xml") || tag.ends_with("feedback") || tag == "<xs:schema" ||
             (tag.starts_with("<!--") && head.find("feedback") != head.npos);
    }
    if (content == Content::Json) {
      return part.type.find("json") != part.type.npos || part.type.find("tls") != part.type.npos ||
             part.name.ends_with(".json") || part.octets.find("\"policies\"") != part.octets.npos;
    }
    // By content and not by type: many reporters send application/octet-stream.
    constexpr std::array kPacked = {Content::Gzip,  Content::Zlib, Content::Xz,
                                    Content::Bzip2, Content::Zip,  Content::Tar};
    return std::ranges::find(kPacked, content) != kPacked.end();
  }

  const InputLimits& limits_;
  const Visitor& visitor_;
};

}  // namespace

std::shared_ptr<CarryingMail> CarryingMail::of(std::string_view mail) {
  Result<mail::Head> head = mail::read_head(mail);
  if (!head) return nullptr;
  const std::size_t body = std::min(head->body_offset, mail.size());
  auto carrier = std::make_shared<CarryingMail>(std::move(head).value());
  // The body hashes are computed at once, while the mail is in memory. Keys are looked up later,
  // for many mails together.
  carrier->verifier.feed(mail.substr(body));
  carrier->verifier.finish();
  return carrier;
}

void visit_file(const std::string& path, const InputLimits& limits, const Visitor& visitor) {
  auto budget = std::make_shared<Budget>();
  Result<ByteSource> source = file_source(path, budget);
  if (!source) return visitor.refuse(path, source.error());
  Walker(limits, visitor).open(path, std::move(source).value(), {0, nullptr, budget, {}});
}

void visit_stream(const std::string& location, ByteSource source, const InputLimits& limits,
                  const Visitor& visitor) {
  auto budget = std::make_shared<Budget>();
  ByteSource counted = [source = std::move(source), budget]() {
    Result<std::string_view> block = source();
    if (block) budget->packed += block->size();
    return block;
  };
  Walker(limits, visitor).open(location, std::move(counted), {0, nullptr, budget, {}});
}

}  // namespace rampart::reports
