// A server's reply, whatever it holds, is read without harm: the header is made to fit, so that
// the records are reached.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "dns/resolver/wire.h"

using namespace rampart;

namespace {

void read(const std::string& wire, const std::string& section) {
  const Reply reply = parse_reply(wire, section, message_id(wire), Recursion::Desired, Edns::Off);
  const bool data = reply.answer.status == AnswerStatus::Data;
  if (data && reply.kind != ReplyKind::Answer) std::abort();
  if (data && reply.answer.values_or_none().empty()) std::abort();
  if (reply.kind == ReplyKind::Failure && reply.failure.empty()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string input(reinterpret_cast<const char*>(data), size);
  constexpr RecordType kTypes[] = {RecordType::TXT, RecordType::MX,    RecordType::A,
                                   RecordType::SOA, RecordType::CNAME, RecordType::CAA};
  const Question question{Name::literal("a.example"), kTypes[data[0] % 6]};
  const std::string section = question_section(question);
  read(input, section);
  // The same octets as the records of a reply to our question: one answer, one authority.
  const std::string header("\0\1\x84\x80\0\1\0\1\0\1\0\0", 12);
  read(header + section + input.substr(1), section);
  return 0;
}
