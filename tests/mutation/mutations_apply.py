"""Mutations of applying and of verifying, in the form of mutations.py."""

R = ("reconciler",)

APPLY = [
    ("apply-overwrites-changed-sets", "reconciler/apply/apply.cc",
     "} else if (!is_live(set, set.before, *sets)) {", "} else if (false) {", R),
    ("apply-counts-signatures", "reconciler/apply/limit.cc",
     "(about_cname && !may_join_cname(key.type))", "about_cname", R),
    ("apply-ignores-survivors", "reconciler/apply/apply.cc",
     "} else if (!foreign_values_survive(outcome->change.set)) {", "} else if (false) {", R),
    ("apply-trusts-the-receipt", "reconciler/apply/apply.cc",
     "if (is_live(set, set.after, sets)) return;",
     "if (batch.receipt || is_live(set, set.after, sets)) return;", R),
    ("apply-does-not-wait", "reconciler/apply/apply.cc",
     "if (!served) doubt =", "if (false) doubt =", R),
    ("apply-stages-in-reverse", "reconciler/apply/apply.cc",
     "kStages = {Stage::Relax, Stage::Publish, Stage::Authorize, Stage::Enforce,",
     "kStages = {Stage::Relax, Stage::Enforce, Stage::Authorize, Stage::Publish,", R),
    ("apply-goes-on-after-a-failure", "reconciler/apply/apply.cc",
     "if (!why.empty()) set_outcome(*outcome, WriteState::Withheld, why);", "", R),
    ("apply-withheld-domain-goes-on", "reconciler/apply/apply.cc",
     "failures.waiting.insert(outcome.change.domain);", "", R),
    ("apply-withheld-blocks-its-zone", "reconciler/apply/apply.cc",
     "failures.waiting.insert(outcome.change.domain);",
     "failures.zones.insert(outcome.change.zone);", R),
    ("apply-removes-before-a-withheld-sender", "reconciler/apply/limit.cc",
     "withhold_removals(unwritten, limited);", "", R),
    ("apply-any-withheld-change-keeps-removals", "reconciler/apply/limit.cc",
     "if (admits(one.change)) first", "first", R),
    ("verify-counts-findings-for-rounds", "reconciler/apply/verify.cc",
     "unread.emplace(*finding.domain, key);", "++all.unread[{*finding.domain, key}];",
     ("script:zones/silence_test.py",)),
]
