/// The elements of a report, as one table.
#include "reports/parse/elements.h"

#include <algorithm>
#include <array>
#include <span>

namespace rampart::reports {
namespace {

using E = Element;

struct Child {
  Element parent;
  std::string_view name;
  Element element;
};

/// Sorted by parent, the most frequent child first. An element is known by its parent as well as
/// its name: "dkim" and "spf" mean a verdict in policy_evaluated and a raw result in auth_results.
constexpr std::array kChildren = std::to_array<Child>({
    {E::Document, "feedback", E::Feedback},
    {E::Feedback, "record", E::Record},
    {E::Feedback, "version", E::Version},
    {E::Feedback, "report_metadata", E::ReportMetadata},
    {E::Feedback, "policy_published", E::PolicyPublished},
    {E::ReportMetadata, "org_name", E::OrgName},
    {E::ReportMetadata, "email", E::Email},
    {E::ReportMetadata, "report_id", E::ReportId},
    {E::ReportMetadata, "date_range", E::DateRange},
    {E::ReportMetadata, "error", E::Problem},
    {E::ReportMetadata, "generator", E::Generator},
    {E::ReportMetadata, "extra_contact_info", E::Contact},
    {E::DateRange, "begin", E::Begin},
    {E::DateRange, "end", E::End},
    {E::PolicyPublished, "domain", E::Domain},
    {E::PolicyPublished, "adkim", E::Adkim},
    {E::PolicyPublished, "aspf", E::Aspf},
    {E::PolicyPublished, "p", E::P},
    {E::PolicyPublished, "sp", E::Sp},
    // np, testing, discovery_method and generator are of RFC 9990; pct is of RFC 7489 alone. One
    // table reads both, because reporters mix them.
    {E::PolicyPublished, "np", E::Np},
    {E::PolicyPublished, "pct", E::Pct},
    {E::PolicyPublished, "testing", E::Testing},
    {E::PolicyPublished, "discovery_method", E::Discovery},
    {E::Record, "row", E::Row},
    {E::Record, "identifiers", E::Identifiers},
    {E::Record, "auth_results", E::AuthResults},
    {E::Record, "identities", E::Identifiers},  // Written by some reporters.
    {E::Row, "source_ip", E::SourceIp},
    {E::Row, "count", E::Count},
    {E::Row, "policy_evaluated", E::PolicyEvaluated},
    {E::PolicyEvaluated, "disposition", E::Disposition},
    {E::PolicyEvaluated, "dkim", E::DkimVerdict},
    {E::PolicyEvaluated, "spf", E::SpfVerdict},
    {E::PolicyEvaluated, "reason", E::Reason},
    {E::Reason, "type", E::ReasonType},
    {E::Reason, "comment", E::ReasonComment},
    {E::Identifiers, "header_from", E::HeaderFrom},
    {E::Identifiers, "envelope_from", E::EnvelopeFrom},
    {E::Identifiers, "envelope_to", E::EnvelopeTo},
    {E::AuthResults, "dkim", E::Dkim},
    {E::AuthResults, "spf", E::Spf},
    {E::Dkim, "domain", E::DkimDomain},
    {E::Dkim, "selector", E::DkimSelector},
    {E::Dkim, "result", E::DkimResult},
    {E::Spf, "domain", E::SpfDomain},
    {E::Spf, "scope", E::SpfScope},
    {E::Spf, "result", E::SpfResult},
});
static_assert(std::ranges::is_sorted(kChildren, {}, &Child::parent));

std::span<const Child> children_of(Element parent) {
  return std::ranges::equal_range(kChildren, parent, {}, &Child::parent);
}

}  // namespace

Element element_in(Element parent, std::string_view name) {
  const std::span<const Child> children = children_of(parent);
  // A parent has nine children at most, and the frequent ones are first: a linear search is quicker
  // than a hash.
  const auto found = std::ranges::find(children, name, &Child::name);
  return found == children.end() ? E::Unknown : found->element;
}

bool is_container(Element element) { return !children_of(element).empty(); }

}  // namespace rampart::reports
