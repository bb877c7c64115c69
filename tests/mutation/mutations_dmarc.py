"""Mutations of DMARC discovery, consents and impact, in the form of mutations.py."""

P = ("policies",)

DMARC = [
    ("consent-of-a-hidden-wildcard", "policies/dmarc/report_authorization.cc",
     "|| wildcard_for(name, zone) != *owner) return false;", ") return false;", P),
    ("consent-of-any-wildcard", "policies/dmarc/report_authorization.cc",
     "if (present && !grants(", "if (false && !grants(", P),
    ("consent-without-an-answer", "policies/dmarc/report_authorization.cc",
     "return present && zone.complete ? std::optional(true) : std::nullopt;", "return true;", P),
    ("wildcard-below-a-name-that-exists", "policies/model/wildcards.cc",
     "return exists_in(at, zone) ? std::nullopt : std::optional(*owner);", "return *owner;", P),
    ("wildcard-names-do-not-exist", "policies/dmarc/discovered_policy.cc",
     "if (const auto owner = wildcard_for(question.name, zone)) {",
     "if (const auto owner = wildcard_for(question.name, zone); owner && false) {", P),
    ("wildcard-cname-is-no-record", "policies/dmarc/discovered_policy.cc",
     "if (has_wildcard({owner, RecordType::CNAME}, zone)) return std::nullopt;", "", P),
    ("silent-suffix-is-no-record", "policies/dmarc/discovered_policy.cc",
     "if (asked != world.answers.end()) {",
     "if (asked != world.answers.end() && asked->second.status != AnswerStatus::Failed) {", P),
    ("impact-unknown-policy-is-none", "policies/dmarc/impact_losses.cc",
     "if (const Unanswered* gap = after.gap()) losses.policy_gap = *gap;", "", P),
    ("inherits-names-the-walk-alone", "policies/dmarc/dmarc.cc",
     "by_walk ? before.by_walk : before.by_psl", "before.by_walk", P),
]
