/// Any octets as a message: read, its author found, its signatures and its ARC chain checked
/// against keys that all exist.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "mail/dmarc/check_message.h"

namespace {

constexpr int kMostRounds = 200;

/// One answer for every question: a key that verifies nothing.
rampart::Answer answer_to(const rampart::Question& question) {
  using rampart::AnswerStatus;
  if (question.name.text().find("_domainkey") == std::string::npos) {
    return {.status = AnswerStatus::NxDomain};
  }
  return {.status = AnswerStatus::Data,
          .values = {"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="}};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rampart;
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  const auto head = mail::read_head(octets);
  if (!head) return 0;
  if (head->body_offset > size) std::abort();
  const auto body = mail::find_body(octets);
  if (body && *body != head->body_offset) std::abort();
  dkim::Verifier verifier(*head);
  verifier.feed(octets.substr(head->body_offset));
  verifier.finish();
  Answers answers;
  const spf::Client client{.sender = "a@example.com", .helo = "mail.example.com"};
  for (int round = 0; round < kMostRounds; ++round) {
    const auto verdict = dmarc::check_message(client, verifier, answers);
    if (verdict.unknown.empty()) return 0;
    const std::size_t known = answers.size();
    for (const Question& question : verdict.unknown) answers[question] = answer_to(question);
    if (answers.size() == known) std::abort();
  }
  std::abort();
}
