/// Verifies DKIM signatures of messages read from standard input, for comparing with dkimpy:
///   key NAME OCTETS        publishes a TXT record: its length, a line end, and so many octets
///   message NOW OCTETS     prints the outcome of every signature at NOW (Unix seconds)
#include <iostream>
#include <string>

#include "mail/dkim/verify.h"

namespace {

using namespace rampart;

std::string octets_from(std::istream& in) {
  std::size_t size = 0;
  in >> size;
  in.get();
  std::string octets(size, '\0');
  in.read(octets.data(), static_cast<std::streamsize>(size));
  return octets;
}

std::string outcomes(const std::string& message, Answers& answers, std::int64_t now) {
  auto verdict = dkim::verify(message, answers, now);
  if (verdict && !verdict->unknown.empty()) {
    for (const Question& question : verdict->unknown) {
      answers[question] = {.status = AnswerStatus::NxDomain};
    }
    verdict = dkim::verify(message, answers, now);
  }
  if (!verdict) return "unreadable";
  std::string text;
  for (const auto& signature : verdict->signatures) {
    text += (text.empty() ? "" : ",") + std::string(to_text(signature.outcome));
  }
  return text.empty() ? "none" : text;
}

}  // namespace

int main() {
  Answers answers;
  for (std::string word; std::cin >> word;) {
    if (word == "key") {
      std::string name;
      std::cin >> name;
      const std::string value = octets_from(std::cin);
      answers[{Name::literal(name), RecordType::TXT}] = {.status = AnswerStatus::Data,
                                                         .values = {value}};
    } else {
      std::int64_t now = 0;
      std::cin >> now;
      const std::string message = octets_from(std::cin);
      std::cout << outcomes(message, answers, now) << std::endl;
    }
  }
  return 0;
}
