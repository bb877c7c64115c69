/// The elements of a report and where each may stand.
#pragma once

#include <cstdint>
#include <string_view>

namespace rampart::reports {

/// `dkim` and `spf` mean two things each: a verdict in policy_evaluated, a result in auth_results.
enum class Element : std::uint8_t {
  Unknown,
  Document,
  Feedback,
  Version,
  ReportMetadata,
  OrgName,
  Email,
  Contact,
  ReportId,
  DateRange,
  Begin,
  End,
  Problem,
  Generator,
  PolicyPublished,
  Domain,
  Adkim,
  Aspf,
  P,
  Sp,
  Np,
  Pct,
  Testing,
  Discovery,
  Record,
  Row,
  SourceIp,
  Count,
  PolicyEvaluated,
  Disposition,
  DkimVerdict,
  SpfVerdict,
  Reason,
  ReasonType,
  ReasonComment,
  Identifiers,
  EnvelopeTo,
  EnvelopeFrom,
  HeaderFrom,
  AuthResults,
  Dkim,
  DkimDomain,
  DkimSelector,
  DkimResult,
  Spf,
  SpfDomain,
  SpfScope,
  SpfResult,
};

/// What `name` means within `parent`; Unknown where no report has it there.
Element element_in(Element parent, std::string_view name);

/// Whether the element holds others rather than text.
bool is_container(Element element);

}  // namespace rampart::reports
