/// The elements of a report and their parents.
#pragma once

#include <cstdint>
#include <string_view>

namespace rampart::reports {

/// Problem is `error`. `dkim` and `spf` have two meanings: an evaluation in policy_evaluated
/// (DkimVerdict, SpfVerdict), a result in auth_results.
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

/// The element that `name` is within `parent`; Unknown where the RFCs define none.
Element element_in(Element parent, std::string_view name);

/// Whether the element contains other elements rather than text.
bool is_container(Element element);

}  // namespace rampart::reports
