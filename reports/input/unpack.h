/// Finds the reports in files, folders, globs and standard input: XML, JSON, gzip, zlib, xz, bzip2,
/// zip, tar, mails, mboxes and Maildirs, nested in any way. File names and media types are ignored,
/// because reporters get them wrong: the content decides.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mail/dkim/verify.h"
#include "reports/input/byte_source.h"

namespace rampart::reports {

/// The mail that carried a report, with its body hashed for its DKIM signatures.
struct CarryingMail {
  mail::Head head;
  dkim::Verifier verifier;
  /// The topmost Received field of the outermost mail, which is this one or contains it; empty
  /// where that has none. The server that took the mail in writes it (RFC 5321 section 4.4), so
  /// its date is the only one that the sender cannot choose.
  std::string received;

  /// Null where the mail has no readable header.
  static std::shared_ptr<CarryingMail> of(std::string_view mail);
  /// Use `of`.
  explicit CarryingMail(mail::Head read) : head(std::move(read)), verifier(head) {}
  CarryingMail(const CarryingMail&) = delete;
  CarryingMail& operator=(const CarryingMail&) = delete;
};

/// Null where no mail carried a report, or one that proves nothing of its sender.
using Carrier = std::shared_ptr<const CarryingMail>;

/// The parts of a failure report.
struct FailureParts {
  std::string fields;
  std::string original;
};

/// Receives what is found. For each report: `begin`, any number of `feed`, and `end`.
struct Visitor {
  std::function<void(const std::string& location, Carrier carrier)> begin;
  /// Some octets of the report. After an Error there are no more, and `end` gets the Error.
  std::function<Result<Ok>(std::string_view octets)> feed;
  /// With the Error that ended reading or feeding, if any.
  std::function<void(std::optional<Error> error)> end;
  /// A JSON document, whole: it may be an SMTP TLS report (RFC 8460).
  std::function<void(const std::string& location, std::string_view json, const Carrier& carrier)>
      json;
  /// A failure report (RFC 6591): its fields, and the header of the mail that failed, or "".
  std::function<void(const std::string& location, const FailureParts& parts,
                     const Carrier& carrier)>
      failure;
  /// Before a mail that is large or has many parts is parsed: what was found so far should be kept
  /// before that. May be empty.
  std::function<void()> before_heavy_mail;
  /// Something that is not a report or could not be unpacked.
  std::function<void(const std::string& location, const Error& error)> refuse;
};

/// The content of a stream.
enum class Content { Empty, Xml, Json, Gzip, Zlib, Xz, Bzip2, Zip, Tar, Mbox, Mail, Unknown };

/// How many octets at the start of a stream detect_content needs.
constexpr std::size_t kDetectedOctets = 512;

/// The content of a stream by its first octets.
Content detect_content(std::string_view head);

/// The files that `paths` name: a file itself, a folder's files in order (of a Maildir those of cur
/// and new), the matches of a glob, "-" for standard input. A path that names nothing, and a folder
/// that cannot be listed, are returned themselves, so that reading them reports why.
std::vector<std::string> expand_paths(const std::vector<std::string>& paths);

/// Visits every report of one file.
void visit_file(const std::string& path, const InputLimits& limits, const Visitor& visitor);

/// Visits every report of a stream; `location` names it in refusals.
void visit_stream(const std::string& location, ByteSource source, const InputLimits& limits,
                  const Visitor& visitor);

}  // namespace rampart::reports
