/// Containers within containers, down to the XML.
#include "reports/input/unpack.h"

#include <fmt/format.h>

#include <algorithm>

#include "reports/input/archive.h"
#include "reports/input/mbox.h"
#include "reports/input/mime.h"

namespace rampart::reports {
namespace {

/// Where a stream stands: how deep, in which mail, and whose size bounds what it may become.
struct Level {
  int depth = 0;
  std::shared_ptr<const CarryingMail> carrier;
  std::shared_ptr<Budget> budget;
};

class Walker {
 public:
  Walker(const InputLimits& limits, const Visitor& visitor) : limits_(limits), visitor_(visitor) {}

  void open(const std::string& place, ByteSource pull, const Level& level) {
    std::string head;
    while (head.size() < kSniffed) {
      const Result<std::string_view> block = pull();
      if (!block) return visitor_.refuse(place, block.error());
      if (block->empty()) break;
      head += *block;
    }
    const Content content = sniff(head);
    ByteSource whole = pull_after(std::move(head), std::move(pull));
    if (content == Content::Xml) return report(place, whole, level);
    if (level.depth >= limits_.depth) {
      return visitor_.refuse(place, Error{"it is packed too deep"});
    }
    open_container(content, place, std::move(whole), level);
  }

 private:
  void open_container(Content content, const std::string& place, ByteSource pull,
                      const Level& level) {
    Level inner = level;
    ++inner.depth;
    switch (content) {
      case Content::Gzip:
      case Content::Zlib:
        return open(place, inflated(std::move(pull), level.budget, limits_), inner);
      case Content::Zip:
      case Content::Tar:
        return archive(place, std::move(pull), inner);
      case Content::Mbox:
        return mbox(place, pull, inner);
      case Content::Mail: {
        const Result<std::string> text = pull_all(pull, limits_.mail_octets);
        return text ? mail(place, *text, inner) : visitor_.refuse(place, text.error());
      }
      case Content::Empty:
        return visitor_.refuse(place, Error{"it is empty"});
      case Content::Xml:
      case Content::Unknown:
        break;
    }
    visitor_.refuse(place, Error{"it is no report and nothing that could hold one"});
  }

  void report(const std::string& place, const ByteSource& pull, const Level& level) {
    visitor_.begin(place, level.carrier);
    std::uint64_t size = 0;
    for (;;) {
      const Result<std::string_view> block = pull();
      if (!block) return visitor_.end(block.error());
      if (block->empty()) return visitor_.end(std::nullopt);
      size += block->size();
      if (size > limits_.octets) {
        return visitor_.end(Error{fmt::format("it is larger than {} MiB", limits_.octets >> 20)});
      }
      if (const Result<Ok> fed = visitor_.feed(*block); !fed) return visitor_.end(fed.error());
    }
  }

  void archive(const std::string& place, ByteSource pull, const Level& level) {
    int members = 0;
    const auto member = [&](const std::string& name, const ByteSource& octets) {
      ++members;
      open(place + "/" + name, octets, level);
    };
    const Result<Ok> read = for_each_member(std::move(pull), level.budget, limits_, member);
    if (!read) return visitor_.refuse(place, read.error());
    if (members == 0) visitor_.refuse(place, Error{"the archive holds no file"});
  }

  void mbox(const std::string& place, const ByteSource& pull, const Level& level) {
    int number = 0;
    const auto one = [&](const Result<std::string>& text) {
      const std::string where = fmt::format("{}#{}", place, ++number);
      if (!text) return visitor_.refuse(where, text.error());
      mail(where, *text, level);
    };
    const Result<Ok> read = for_each_mail(pull, limits_.mail_octets, one);
    if (!read) visitor_.refuse(place, read.error());
  }

  /// Each mail is measured by its own size.
  void mail(const std::string& place, const std::string& text, const Level& level) {
    int found = 0;
    const std::shared_ptr<const CarryingMail> carrier = CarryingMail::of(text);
    const auto leaf = [&](const MimePart& part) {
      const Content content = sniff(part.octets.substr(0, kSniffed));
      if (!may_be_report(content, part)) return;
      ++found;
      const auto budget = std::make_shared<Budget>(Budget{part.octets.size(), 0});
      // The outer mail's signature says nothing of a mail that it merely passes on.
      const Level inner{level.depth, part.attached ? nullptr : carrier, budget};
      open(part.name.empty() ? place : place + "/" + part.name, pull_text(part.octets), inner);
    };
    for_each_part(text, leaf);
    if (found == 0) visitor_.refuse(place, Error{"the mail carries no report"});
  }

  static bool may_be_report(Content content, const MimePart& part) {
    if (content == Content::Xml) {
      // The HTML half of a covering letter begins with a mark, too.
      std::string_view head = part.octets.substr(0, kSniffed);
      const bool wide = head.find('\0') != head.npos;
      head.remove_prefix(std::min(head.find('<'), head.size()));
      const std::string_view tag = head.substr(0, head.find_first_of(" \t\r\n>"));
      return wide || tag.starts_with("<?xml") || tag.ends_with("feedback") || tag == "<xs:schema" ||
             (tag.starts_with("<!--") && head.find("feedback") != head.npos);
    }
    return content == Content::Gzip || content == Content::Zlib || content == Content::Zip ||
           content == Content::Tar;
  }

  const InputLimits& limits_;
  const Visitor& visitor_;
};

}  // namespace

std::shared_ptr<const CarryingMail> CarryingMail::of(std::string_view mail) {
  Result<mail::Head> head = mail::read_head(mail);
  if (!head) return nullptr;
  const std::size_t body = std::min(head->body_offset, mail.size());
  auto carrier = std::make_shared<CarryingMail>(std::move(head).value());
  carrier->verifier.feed(mail.substr(body));
  carrier->verifier.finish();
  return carrier;
}

void visit_file(const std::string& path, const InputLimits& limits, const Visitor& visitor) {
  auto budget = std::make_shared<Budget>();
  Result<ByteSource> pull = pull_file(path, budget);
  if (!pull) return visitor.refuse(path, pull.error());
  Walker(limits, visitor).open(path, std::move(pull).value(), {0, nullptr, budget});
}

void visit_stream(const std::string& place, ByteSource pull, const InputLimits& limits,
                  const Visitor& visitor) {
  auto budget = std::make_shared<Budget>();
  ByteSource counted = [pull = std::move(pull), budget]() {
    Result<std::string_view> block = pull();
    if (block) budget->packed += block->size();
    return block;
  };
  Walker(limits, visitor).open(place, std::move(counted), {0, nullptr, budget});
}

}  // namespace rampart::reports
