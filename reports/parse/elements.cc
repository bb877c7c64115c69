/// The elements of a report, as one table.
#include "reports/parse/elements.h"

#include <algorithm>
#include <array>
#include <span>

namespace rampart::reports {
namespace {

struct Place {
  std::string_view name;
  Element element;
};

using E = Element;

constexpr std::array kInDocument = {Place{"feedback", E::Feedback}};
constexpr std::array kInFeedback = {Place{"record", E::Record}, Place{"version", E::Version},
                                    Place{"report_metadata", E::ReportMetadata},
                                    Place{"policy_published", E::PolicyPublished}};
constexpr std::array kInMetadata = {Place{"org_name", E::OrgName},
                                    Place{"email", E::Email},
                                    Place{"report_id", E::ReportId},
                                    Place{"date_range", E::DateRange},
                                    Place{"error", E::Problem},
                                    Place{"generator", E::Generator},
                                    Place{"extra_contact_info", E::Contact}};
constexpr std::array kInRange = {Place{"begin", E::Begin}, Place{"end", E::End}};
constexpr std::array kInPolicy = {Place{"domain", E::Domain},
                                  Place{"adkim", E::Adkim},
                                  Place{"aspf", E::Aspf},
                                  Place{"p", E::P},
                                  Place{"sp", E::Sp},
                                  Place{"np", E::Np},
                                  Place{"pct", E::Pct},
                                  Place{"testing", E::Testing},
                                  Place{"discovery_method", E::Discovery}};
// Some reporters write `identities`.
constexpr std::array kInRecord = {Place{"row", E::Row}, Place{"identifiers", E::Identifiers},
                                  Place{"auth_results", E::AuthResults},
                                  Place{"identities", E::Identifiers}};
constexpr std::array kInRow = {Place{"source_ip", E::SourceIp}, Place{"count", E::Count},
                               Place{"policy_evaluated", E::PolicyEvaluated}};
constexpr std::array kInEvaluated = {Place{"disposition", E::Disposition},
                                     Place{"dkim", E::DkimVerdict}, Place{"spf", E::SpfVerdict},
                                     Place{"reason", E::Reason}};
constexpr std::array kInReason = {Place{"type", E::ReasonType}, Place{"comment", E::ReasonComment}};
constexpr std::array kInIdentifiers = {Place{"header_from", E::HeaderFrom},
                                       Place{"envelope_from", E::EnvelopeFrom},
                                       Place{"envelope_to", E::EnvelopeTo}};
constexpr std::array kInResults = {Place{"dkim", E::Dkim}, Place{"spf", E::Spf}};
constexpr std::array kInDkim = {Place{"domain", E::DkimDomain}, Place{"selector", E::DkimSelector},
                                Place{"result", E::DkimResult}};
constexpr std::array kInSpf = {Place{"domain", E::SpfDomain}, Place{"scope", E::SpfScope},
                               Place{"result", E::SpfResult}};

std::span<const Place> places_in(Element parent) {
  switch (parent) {
    case E::Document:
      return kInDocument;
    case E::Feedback:
      return kInFeedback;
    case E::ReportMetadata:
      return kInMetadata;
    case E::DateRange:
      return kInRange;
    case E::PolicyPublished:
      return kInPolicy;
    case E::Record:
      return kInRecord;
    case E::Row:
      return kInRow;
    case E::PolicyEvaluated:
      return kInEvaluated;
    case E::Reason:
      return kInReason;
    case E::Identifiers:
      return kInIdentifiers;
    case E::AuthResults:
      return kInResults;
    case E::Dkim:
      return kInDkim;
    case E::Spf:
      return kInSpf;
    default:
      return {};
  }
}

}  // namespace

Element element_in(Element parent, std::string_view name) {
  const std::span<const Place> places = places_in(parent);
  const auto found = std::ranges::find(places, name, &Place::name);
  return found == places.end() ? E::Unknown : found->element;
}

bool is_container(Element element) { return !places_in(element).empty(); }

}  // namespace rampart::reports
