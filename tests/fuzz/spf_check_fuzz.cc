/// Evaluation ends within its limits whatever the DNS says. The first line is the sender, the
/// second the client; every other line answers the questions whose names' lengths lead to it.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "mail/spf/tree.h"

namespace rampart::spf {
namespace {

Answer answer_to(const Question& question, const std::vector<std::string>& lines) {
  Answer answer{.status = AnswerStatus::Data};
  const std::string& line = lines[question.name.text().size() % lines.size()];
  switch (question.type) {
    case RecordType::TXT:
      answer.values = {line};
      break;
    case RecordType::A:
      answer.values = {"192.0.2." + std::to_string(line.size() % 256)};
      break;
    case RecordType::AAAA:
      answer.status = AnswerStatus::NoData;
      break;
    default: {
      const auto name = Name::parse(line.substr(0, 40));
      if (!name) return {.status = AnswerStatus::NxDomain};
      answer.values = {question.type == RecordType::MX ? "10 " + name->text() : name->text()};
    }
  }
  return answer;
}

void evaluate(const std::vector<std::string>& lines) {
  Client client{.ip = Ip::parse(lines[1]).value_or(Ip{})};
  client.sender = lines[0];
  client.helo = "helo.example";
  Answers answers;
  for (int round = 0;; ++round) {
    const Verdict verdict = check_host(client, answers);
    if (verdict.unknown.empty()) break;
    if (round > 30) std::abort();
    const std::size_t before = answers.size();
    for (const Question& question : verdict.unknown) {
      answers.emplace(question, answer_to(question, lines));
    }
    if (answers.size() == before) std::abort();
  }
  if (const auto record = parse(lines.back())) {
    const Name domain = Name::literal("example.com");
    const Tree tree = tree_of(domain, *record, answers);
    const auto networks = admitted_by(domain, *record, answers).pass.networks();
    if (tree.lookups < 0 || networks.size() > 1'000'000) std::abort();
  }
}

}  // namespace
}  // namespace rampart::spf

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::string> lines(1);
  for (std::size_t i = 0; i < size; ++i) {
    if (data[i] == '\n') {
      lines.emplace_back();
    } else {
      lines.back() += static_cast<char>(data[i]);
    }
  }
  if (lines.size() > 2) rampart::spf::evaluate(lines);
  return 0;
}
