/// Finds the reports in whatever is handed in: files, folders, globs, standard input; XML, gzip,
/// zlib, zip, tar, mails, mboxes and Maildirs, within each other. Names and media types are not
/// believed: content is looked at.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mail/dkim/verify.h"
#include "reports/input/byte_source.h"

namespace rampart::reports {

/// The mail that carried a report, its body hashed as its signatures ask.
struct CarryingMail {
  mail::Head head;
  dkim::Verifier verifier;

  /// Null where the mail has no readable header.
  static std::shared_ptr<const CarryingMail> of(std::string_view mail);
  explicit CarryingMail(mail::Head read) : head(std::move(read)), verifier(head) {}
  CarryingMail(const CarryingMail&) = delete;
  CarryingMail& operator=(const CarryingMail&) = delete;
};

/// Who is told what is found. A report is `begin`, any number of `feed`, and `end`.
struct Visitor {
  std::function<void(const std::string& place, std::shared_ptr<const CarryingMail> carrier)> begin;
  std::function<Result<Ok>(std::string_view octets)> feed;
  /// With the Error that reading or feeding ended in.
  std::function<void(std::optional<Error> error)> end;
  /// Something that is no report, or could not be unpacked.
  std::function<void(const std::string& place, const Error& error)> refuse;
};

/// What a stream is, by its first octets.
enum class Content { Empty, Xml, Gzip, Zlib, Zip, Tar, Mbox, Mail, Unknown };

/// Enough octets to tell.
constexpr std::size_t kSniffed = 512;

Content sniff(std::string_view head);

/// The files that `words` name: a file itself, a folder's files (of a Maildir those of cur and
/// new) in order, what a glob matches, "-" for standard input. What names nothing is given back
/// as it is, so that reading it says why.
std::vector<std::string> expand(const std::vector<std::string>& words);

/// Visits every report of one file.
void visit_file(const std::string& path, const InputLimits& limits, const Visitor& visitor);

/// As visit_file, of a stream.
void visit_stream(const std::string& place, ByteSource pull, const InputLimits& limits,
                  const Visitor& visitor);

}  // namespace rampart::reports
