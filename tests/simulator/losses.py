"""Whether a sender lost its passing mail: anybody can add failing mail, nobody outside can make
passing mail vanish."""

import collections
import dataclasses

ACT, WAIT = 3, 2    # Days with a loss that a step back needs, and those that hold a step.
BASELINE = 28       # Days before a loss that say what was normal.
FEW = 8             # With mail on fewer days than this, a mean day says what was normal.
LOST = 0.5          # The share of the baseline below which passing mail counts as lost.


@dataclasses.dataclass
class Rule:
    """Days, and reporters that each see the loss."""

    days: int
    reporters: int


def lost_days(rows, stale, rule):
    """The days of one sender's loss, or none; its last mail must be of `stale` or later."""
    days = by_day(rows)
    if not days or max(days) < stale:
        return []
    stretch = []
    for day in sorted(days, reverse=True):
        if not fails(days[day]):
            break
        stretch.append(day)
    if not stretch:
        return []
    first = min(stretch)
    normal = baseline(days, first, None, rule.days == ACT)
    found = [day for day in sorted(stretch) if is_loss(*of_all(days[day]), normal(day))]
    if len(found) < rule.days:
        return []
    seeing = seen_by(days, first, found)
    return found if len(seeing) >= rule.reporters else []


def by_day(rows):
    """{day: {reporter: [passing, marked]}}, without what says nothing about the sender."""
    days = collections.defaultdict(lambda: collections.defaultdict(lambda: [0, 0]))
    for row in rows:
        if row.own and row.count:
            days[row.day][row.group][not row.passes] += row.count
    return days


def of_all(day):
    return sum(one[0] for one in day.values()), sum(one[1] for one in day.values())


def fails(day):
    """Whether most of a day's mail fails, and no fewer reporters see that than not."""
    passing, marked = of_all(day)
    against = sum(one[1] > one[0] for one in day.values())
    return marked > passing and against >= sum(one[0] > one[1] for one in day.values())


def baseline(days, first, group, regular):
    """What passes on a day: the mean of its weekday in the 28 days before, or in as many as a
    younger sender has; `regular`: only of weekdays of which more than half
    had passing mail, where it does not pass on most days."""
    passing = {}
    for day in days:
        count = of_all(days[day])[0] if group is None else days[day].get(group, [0, 0])[0]
        if first - BASELINE <= day < first and count:
            passing[day] = count
    start = min(passing, default=first)
    if regular:
        ever = min((day for day in days if of_all(days[day])[0]), default=first)
        start = min(start, max(ever, first - BASELINE))
    often = regular and len(passing) >= 2 and 2 * len(passing) > first - start
    if len(passing) < FEW and not regular:
        mean = sum(passing.values()) / max(1, len(passing))
        return lambda day: mean

    def on(day):
        same = [one for one in range(start, first) if (one - day) % 7 == 0]
        if regular and not often and 2 * sum(one in passing for one in same) <= len(same):
            return 0
        if often and not same:
            return sum(passing.values()) / len(passing)
        return sum(passing.get(one, 0) for one in same) / len(same) if same else 0
    return on


def is_loss(passing, marked, normal):
    """Less than half passes, and marked failing mail makes up for half of what is missing."""
    return normal > 0 and passing < LOST * normal and marked >= LOST * (normal - passing)


def seen_by(days, first, lost):
    """The reporters that each see the loss, where they are half of those that knew the sender."""
    groups = {group for day in days if day >= first - BASELINE for group in days[day]}
    seeing, knew = [], 0
    for group in sorted(groups):
        on = baseline(days, first, group, False)
        normal = sum(on(day) for day in lost)
        now = [days[day].get(group, [0, 0]) for day in lost]
        knew += normal > 0
        if is_loss(sum(one[0] for one in now), sum(one[1] for one in now), normal):
            seeing.append(group)
    return seeing if 2 * len(seeing) >= knew else []
