/// `rampart verify`: does every authoritative server return the records of the YAML?

#include <algorithm>

#include "cli/commands/table.h"
#include "cli/views/json_documents.h"
#include "reconciler/apply/verify.h"

namespace rampart {
namespace {

/// A difference has two causes with two remedies: the provider does not have the records yet, or it
/// has them and a server does not return them.
constexpr std::string_view kAfterDifference =
    "Next: `rampart plan --live provider` shows what is still to be written, or which error "
    "prevents it. If it shows neither, the servers do not return the provider's records yet.\n";

}  // namespace

// Always by DNS, whatever the plan reads: the question is what receivers get.
ExitCode run_verify(Context& context) {
  VALUE_OR_EXIT(const Config config, load(context));
  TRY_OR_FAIL("usage", const auto options, observe_options(context, config, LiveFrom::Dns));
  const auto domains = verify(config, providers_for(context, config), options);
  const bool same = std::ranges::all_of(
      domains, [](const DomainVerification& one) { return one.differences.empty(); });
  const bool differs = std::ranges::any_of(domains, [](const DomainVerification& one) {
    return !one.differences.empty() && !one.unanswered();
  });
  // Silence is no difference: where nobody answered, what is published is unknown.
  const ExitCode unequal = differs ? ExitCode::Different : ExitCode::Error;
  std::string text = context.json() ? verify_json(domains) : verify_text(domains, context.colour);
  if (differs && !context.json()) text += kAfterDifference;
  return print(context, text, same ? ExitCode::Ok : unequal);
}

}  // namespace rampart
