/// A domain's facts from a zone in a few lines of text.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "policies/audit/audit.h"
#include "tests/support/spf_zone.h"

namespace rampart::audit {

/// A small catalogue: one sender with one selector.
inline const std::map<std::string, std::shared_ptr<const Sender>>& small_catalogue() {
  static const auto catalogue = [] {
    Sender sender;
    sender.id = "esp";
    sender.spf = {"include:_spf.esp.example"};
    sender.selectors = {"esp1"};
    sender.spf_aligns = Aligns::No;
    return std::map<std::string, std::shared_ptr<const Sender>>{
        {sender.id, std::make_shared<const Sender>(sender)}};
  }();
  return catalogue;
}

/// The facts of `subject` once every question is answered by the zone.
inline Facts facts_of(const Subject& subject, const spf::TestZone& zone) {
  Answers answers;
  zone.resolve(first_questions(subject), answers);
  Table table(answers, senders_by_term(small_catalogue()));
  Facts facts{.subject = subject};
  for (int round = 0; round < 40; ++round) {
    gather(facts, table);
    if (facts.unknown.empty()) break;
    zone.resolve(facts.unknown, answers);
  }
  return facts;
}

inline Facts facts_of(const Subject& subject, std::string_view text) {
  return facts_of(subject, spf::TestZone(text));
}

inline Facts facts_of(const std::string& domain, std::string_view text) {
  return facts_of(Subject{.domain = Name::literal(domain)}, text);
}

/// Keys of real sizes, as records.
inline constexpr std::string_view kEd25519 =
    "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

/// A domain that has everything.
inline constexpr std::string_view kGood = R"(
example.com TXT v=spf1 mx -all
example.com MX 10 mx.example.com
mx.example.com A 192.0.2.1
s1._domainkey.example.com TXT v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=
_dmarc.example.com TXT v=DMARC1; p=reject; rua=mailto:dmarc@example.com
_mta-sts.example.com TXT v=STSv1; id=1;
mta-sts.example.com A 192.0.2.2
_smtp._tls.example.com TXT v=TLSRPTv1; rua=mailto:tls@example.com
)";

/// `kGood` with its lines of this name and type replaced by `lines`.
inline std::string good_but(std::string_view name_and_type, std::string_view lines) {
  std::string text;
  std::istringstream all{std::string(kGood)};
  for (std::string line; std::getline(all, line);) {
    if (!line.starts_with(name_and_type)) text += line + "\n";
  }
  return text + std::string(lines) + "\n";
}

/// The good domain's subject: s1 is declared.
inline Subject good_subject() {
  return {.domain = Name::literal("example.com"), .selectors = {{"s1", Source::Declared}}};
}

/// Facts of the good domain with some lines replaced, its policy enforced.
inline Facts good_facts_but(std::string_view name_and_type, std::string_view lines) {
  Facts facts = facts_of(good_subject(), good_but(name_and_type, lines));
  if (facts.mta_sts.state == State::Valid) {
    set_policy(facts, {.body = "version: STSv1\nmode: enforce\nmx: mx.example.com\n"
                               "max_age: 604800\n",
                       .problem = {}});
  }
  return facts;
}

inline Facts good_facts() { return good_facts_but("nothing", ""); }

}  // namespace rampart::audit
