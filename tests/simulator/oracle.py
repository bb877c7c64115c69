"""What `advance` should do, from the reports that have arrived: an implementation of the contract's
marks, reporters, gates, holds and brakes that shares nothing with the tool but the contract."""

import collections
import dataclasses
import datetime

import evidence
import losses
import ramps
import reports

LATE = 3            # Days: the window of the gates ends this long before now.
FRESH = 5           # Days that evidence is good for.
TAGS = 7            # Days after which a reporter that states weaker tags delays no more.
STEADY = 3          # Days of failing mail that make a service somebody's own.
LARGE = 0.25        # The share of the mail of a reporter whose silence holds a step.
SHARES = 56         # The days before a window that such a share is measured on.


@dataclasses.dataclass
class Wanted:
    """A move that should happen."""

    domain: str
    action: str
    after: tuple
    due: datetime.date = datetime.date.min


class Oracle:
    """Knows the verified reports that have arrived, and nothing else."""

    def __init__(self, domains, refused):
        self.domains = {domain.name: domain for domain in domains}
        self.files = {name: evidence.File(domain) for name, domain in self.domains.items()}
        self.refused = refused  # Domains of reporters that the YAML refuses.
        self.reasons = {}
        self.backs = {}         # domain -> day of its last step back.
        self.braked = 0         # Domains that a brake made wait, each on each run.

    def learn(self, report):
        """A verified report; one that comes twice counts once. Whether it was new."""
        return self.files[report.domain].learn(report)

    def forget(self, day):
        """Reports of days before this one are pruned."""
        for file in self.files.values():
            file.forget(day)

    def why(self, name):
        return self.reasons.get(name, "")

    def steps(self, day, states):
        """{domain: Wanted} of a run on this day."""
        found, up = {}, collections.defaultdict(list)
        for name, (phase, pct, since) in sorted(states.items()):
            self.reasons[name] = ""
            if phase == "dkim":
                continue
            case = Case(self, self.domains[name], (phase, pct), reports.day(since), day)
            wanted = case.decide()
            self.reasons[name] = case.reason
            if wanted is None:
                continue
            if wanted.action == "advance":
                up[self.domains[name].ramp].append(wanted)
            else:
                found[name] = wanted
        for name, candidates in up.items():
            self.braked += max(0, len(candidates) - ramps.RAMPS[name].limit)
            candidates.sort(key=lambda one: (one.due, one.domain))
            limit = ramps.RAMPS[name].limit
            found |= {one.domain: one for one in candidates[:limit]}
        return found


class Case:
    """One domain on one day."""

    def __init__(self, oracle, domain, step, since, day):
        self.oracle, self.domain, self.step = oracle, domain, step
        self.since, self.day = since, day
        self.ramp = ramps.RAMPS[domain.ramp]
        self.gates = self.ramp.gates
        self.declared = {one.id: one for one in domain.senders if one.declared}
        self.file = oracle.files[domain.name]
        self.counting = self.file.counting(day, oracle.refused)
        self.known = [row for row in self.counting if row.known]
        self.reason = ""

    def stay(self, reason):
        self.reason = reason

    def decide(self):
        if not self.is_fresh():
            return self.stay("no fresh evidence")
        place = self.ramp.place(self.step)
        # A step back answered what failed before it.
        answered = self.since if self.oracle.backs.get(self.domain.name) == self.since else 0
        least = max(2, self.gates.min_reporters)
        lost = self.lost(self.known, losses.Rule(losses.ACT, least))
        if place > 0 and any(sum(one >= answered for one in days) >= losses.ACT
                             for days in lost.values()):
            self.reason = f"lost: {lost}"
            return Wanted(self.domain.name, "step-back", self.ramp.steps[place - 1][:2])
        if place + 1 == len(self.ramp.steps):
            return self.stay("at its target")
        return self.up(self.ramp.steps[place + 1][:2])

    def is_fresh(self):
        """Whether a known reporter was heard of late; a report ends a second before midnight."""
        return any(self.day - FRESH <= row.day for row in self.known)

    def lost(self, rows, rule):
        """{id: the days} of declared senders that lost their passing mail."""
        stale = self.day - LATE - self.gates.window
        found = {}
        for id in self.declared:
            days = losses.lost_days([row for row in rows if row.source == id], stale, rule)
            if days:
                found[id] = days
        return found

    def up(self, target):
        today = reports.date_of(self.day)
        live = self.live_day()
        if live is None:
            return self.stay("not known to be live")
        start = reports.date_of(max(live, self.since))
        ends = self.ramp.hold_end(self.step, start)
        if today < ends:
            return self.stay(f"held until {ends}")
        if not self.ramp.allows(today):
            return self.stay("not a day for steps")
        if unmet := self.unmet():
            return self.stay(unmet)
        # All that count may hold a step, so that one reporter of either set is enough.
        wait = losses.Rule(losses.WAIT, 1)
        if broken := self.lost(self.counting, wait) | self.lost(self.known, wait):
            return self.stay(f"broken: {sorted(broken)}")
        if target[0] == "reject" and (unsigned := self.never_signed()):
            return self.stay(f"not seen aligned by DKIM: {unsigned}")
        return Wanted(self.domain.name, "advance", target, self.ramp.allowed_day(ends))

    # --- The hold --------------------------------------------------------------------------------

    def live_day(self):
        """The first day that known reporters show the step as published."""
        shown = self.file.shown
        before = [day for day in shown if day < self.since]
        if before and self.is_live(shown[max(before)]):
            return self.since
        after = [day for day in shown if day >= self.since and (
            self.is_live(shown[day])
            or (day >= self.since + TAGS and any(map(self.has_policy, shown[day]))))]
        return min(after, default=None)

    def has_policy(self, published):
        return published[0] == {"monitor": "none"}.get(self.step[0], self.step[0])

    def is_live(self, day):
        """Whether a day's reports show the step; one that states no tag counts unless another
        report states something else."""
        same = [published for published in day if self.has_policy(published)]
        if self.step[0] == "monitor":
            return bool(same)
        tests = self.ramp.mode == "compat" and self.step[1] < 100
        stated = [(pct, t) for _, pct, t in same if pct is not None or t is not None]
        full = [(pct, t) for pct, t in stated
                if (pct is None or pct >= self.step[1]) and (not t or tests)]
        return bool(full) or (not stated and bool(same))

    # --- The gates -------------------------------------------------------------------------------

    def window(self):
        """(first day, the day after the last, own messages, the least) that the gates look at."""
        end = self.day - LATE
        for length, least in ((self.gates.window, self.gates.min_messages),
                              (self.gates.low_window, self.gates.low_messages)):
            own = sum(row.count for row in self.known
                      if end - length <= row.day < end and row.own)
            if own >= least:
                return end - length, end, own
        return end - self.gates.window, end, None

    def unmet(self):
        """Why the figures do not suffice, or nothing."""
        gates = self.gates
        first, end, own = self.window()
        if silent := self.silent(first):
            return f"silent: {silent}"
        if own is None:
            return "too few messages of its own"
        rows = [row for row in self.counting if first <= row.day < end]
        reporters = {row.group for row in rows}
        if len(reporters) < gates.min_reporters:
            return f"{len(reporters)} reporters"
        past = [row for row in self.counting if row.day < first]
        rate = evidence.legit_rate(rows, past)
        if rate is None or rate + 1e-9 < gates.min_legit_rate:
            return f"{rate} of its own mail passes"
        if doubt := evidence.doubt(rows, past, gates.min_legit_rate):
            return doubt
        return self.unresolved(rows)

    def silent(self, first):
        """Reporters with a quarter of the domain's mail that show nothing since `first`."""
        before = collections.Counter()
        for row in self.counting:
            if first - SHARES <= row.day < first and row.own:
                before[row.group] += row.count
        heard = {row.group for row in self.counting if row.day >= first}
        return sorted(group for group, count in before.items()
                      if group not in heard and count >= LARGE * before.total())

    def unresolved(self, rows):
        """An undeclared service that fails on three days with a share of the mail, or nothing."""
        for sender in self.domain.senders:
            fails = [row for row in rows if row.source == sender.id and row.fails]
            if sender.declared or len({row.day for row in fails}) < STEADY:
                continue
            share = evidence.cautious_share(rows, sender.id)
            if share + 1e-12 >= self.gates.max_unresolved_share:
                return f"{sender.id} is undeclared: {share} fails"
        return ""

    def never_signed(self):
        first = self.day - self.gates.low_window
        signed = {row.source for row in self.known if row.day >= first and row.dkim}
        return sorted(id for id, one in self.declared.items() if not one.rare and id not in signed)
