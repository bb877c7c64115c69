#include "dns/resolver/validated.h"

#include "dns/resolver/engine.h"

namespace rampart {

// Beside ask() and not in its place: nearly every user of an answer decides by its content alone,
// and must not depend on a resolver's word about it.
std::vector<ValidatedAnswer> ask_validated(std::span<const Query> queries,
                                           const ResolverLimits& limits, ServerHistory& history) {
  ResolverEngine engine(queries, limits, history);
  std::vector<Answer> answers = engine.run();
  std::vector<ValidatedAnswer> validated;
  validated.reserve(answers.size());
  for (std::size_t index = 0; index < answers.size(); ++index) {
    validated.push_back({std::move(answers[index]), engine.authenticated()[index] != 0});
  }
  return validated;
}

}  // namespace rampart
