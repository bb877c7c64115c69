/// The elements of a report, as one table.
#include "reports/elements.h"

#include <algorithm>
#include <array>
#include <span>

namespace rampart::reports {
namespace {

struct Place {
  std::string_view name;
  Element element;
};

using enum Element;

constexpr std::array kInDocument = {Place{"feedback", Feedback}};
constexpr std::array kInFeedback = {Place{"record", Record}, Place{"version", Version},
                                    Place{"report_metadata", ReportMetadata},
                                    Place{"policy_published", PolicyPublished}};
constexpr std::array kInMetadata = {
    Place{"org_name", OrgName},          Place{"email", Email},   Place{"report_id", ReportId},
    Place{"date_range", DateRange},      Place{"error", Problem}, Place{"generator", Generator},
    Place{"extra_contact_info", Contact}};
constexpr std::array kInRange = {Place{"begin", Begin}, Place{"end", End}};
constexpr std::array kInPolicy = {
    Place{"domain", Domain}, Place{"adkim", Adkim},     Place{"aspf", Aspf},
    Place{"p", P},           Place{"sp", Sp},           Place{"np", Np},
    Place{"pct", Pct},       Place{"testing", Testing}, Place{"discovery_method", Discovery}};
// Some reporters write `identities`.
constexpr std::array kInRecord = {Place{"row", Row}, Place{"identifiers", Identifiers},
                                  Place{"auth_results", AuthResults},
                                  Place{"identities", Identifiers}};
constexpr std::array kInRow = {Place{"source_ip", SourceIp}, Place{"count", Count},
                               Place{"policy_evaluated", PolicyEvaluated}};
constexpr std::array kInEvaluated = {Place{"disposition", Disposition}, Place{"dkim", DkimVerdict},
                                     Place{"spf", SpfVerdict}, Place{"reason", Reason}};
constexpr std::array kInReason = {Place{"type", ReasonType}, Place{"comment", ReasonComment}};
constexpr std::array kInIdentifiers = {Place{"header_from", HeaderFrom},
                                       Place{"envelope_from", EnvelopeFrom},
                                       Place{"envelope_to", EnvelopeTo}};
constexpr std::array kInResults = {Place{"dkim", Dkim}, Place{"spf", Spf}};
constexpr std::array kInDkim = {Place{"domain", DkimDomain}, Place{"selector", DkimSelector},
                                Place{"result", DkimResult}};
constexpr std::array kInSpf = {Place{"domain", SpfDomain}, Place{"scope", SpfScope},
                               Place{"result", SpfResult}};

std::span<const Place> places_in(Element parent) {
  switch (parent) {
    case Document:
      return kInDocument;
    case Feedback:
      return kInFeedback;
    case ReportMetadata:
      return kInMetadata;
    case DateRange:
      return kInRange;
    case PolicyPublished:
      return kInPolicy;
    case Record:
      return kInRecord;
    case Row:
      return kInRow;
    case PolicyEvaluated:
      return kInEvaluated;
    case Reason:
      return kInReason;
    case Identifiers:
      return kInIdentifiers;
    case AuthResults:
      return kInResults;
    case Dkim:
      return kInDkim;
    case Spf:
      return kInSpf;
    default:
      return {};
  }
}

}  // namespace

Element element_in(Element parent, std::string_view name) {
  const std::span<const Place> places = places_in(parent);
  const auto found = std::ranges::find(places, name, &Place::name);
  return found == places.end() ? Unknown : found->element;
}

bool is_container(Element element) { return !places_in(element).empty(); }

}  // namespace rampart::reports
