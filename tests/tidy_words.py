"""The words that no source, help text or document of this project uses, each with what to say
instead: plain engineering English and the field's own terms. tidy_test.py reads this table."""

import re

# (what to find, what to write in its place). Patterns are matched as whole words, in any case.
WORDS = [
    (r"(?<!-)stands?(?!-in)|stood|standing", "exists, is published, is live, remains"),
    (r"told", "reported, shown"),
    (r"mend(?:s|ed|ing)?", "sanitize, repair"),
    (r"wish(?:es|ed)?", "desired record, requested"),
    (r"speaks? (?:of|for)|spoke (?:of|for)", "concerns, supports"),
    (r"ought", "should"),
    (r"shall", "must, will"),
    (r"who(?:so)?ever", "anyone who"),
    (r"nobody's", "no one's; say who is meant"),
    (r"anew", "again"),
    (r"thereof|therein|thereby|whence|hence|hitherto|henceforth", "of it, in it, so"),
    (r"besides", "other than, also"),
    (r"beneath", "under, in, below"),
    (r"lays?|lies (?:in|at|under|below)", "is in, is at"),
    (r"is asked|are asked|was asked|were asked", "is queried"),
    (r"goes by", "uses, follows"),
    (r"news", "impact, what is new"),
    (r"way out", "remediation, fix"),
    (r"way back", "rollback"),
    (r"rungs?|ladders?", "step, ramp"),
    (r"opinions?", "policy result"),
    (r"strangers?", "foreign record, another party's record"),
    (r"take(?:s|n)? down|took down", "record, capture"),
    (r"survey(?:s|ed)?", "inventory"),
    (r"troubles?", "failure, problem"),
    (r"judge[sd]?|judging", "evaluate, check"),
    (r"fares?|fared", "result, outcome"),
    (r"fates?", "outcome"),
    (r"what is said", "the response"),
    (r"(?:all )?is well(?!-)", "succeeds, is correct"),
    (r"of which (?:none|nobody)", "none of which; start a new sentence"),
]
ANY = re.compile(r"\b(?:" + "|".join(found for found, _ in WORDS) + r")\b", re.IGNORECASE)
PATTERNS = [(re.compile(rf"\b(?:{found})\b", re.IGNORECASE), better) for found, better in WORDS]

# Words that the contract or a standard fixes, and names that only look like one of the above.
FIXED = re.compile(r'"fate"|:fate"|fate="|"ladder"|\bnews(?:letter)?\.[a-z]|\bsenders?: .*news|'
                   r'"(?:_dmarc\.)?news"|[._]news |^news IN TXT|; news"|"let news ', re.IGNORECASE)

# What other programs and people wrote is data: captured output and foreign zones are not checked.
ENFORCED = True
EXEMPT = ()


def odd_words(line):
    """Pairs of an odd word in the line, and what to write in its place."""
    if not ANY.search(line) or FIXED.search(line):
        return []
    return [(match[0], better) for pattern, better in PATTERNS for match in pattern.finditer(line)]
