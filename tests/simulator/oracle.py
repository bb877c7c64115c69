"""What `advance` should do, from what honest reporters have said so far: an implementation of the
contract's gates, holds and brakes that shares nothing with the tool but the contract."""

import collections
import dataclasses
import datetime

import ramps
import reports

LATE = 3            # Days: the window of the gates ends this long before now.
FRESH = 5           # Days that evidence is good for.
ACT = 3             # Days of reports that a step back needs.
WAIT = 2            # Days on which a sender fails that keep a domain where it is.
NORMAL = 14         # Days of mail before a break that say what was normal.
STEADY, SHARE = 3, 0.005    # Days and share that make a failing source somebody's own.


@dataclasses.dataclass
class Wanted:
    """A move that should happen."""

    domain: str
    action: str
    after: tuple
    due: datetime.date = datetime.date.min


@dataclasses.dataclass
class Seen:
    """A reported row: who, how many, and how they passed."""

    reporter: str
    source: str
    count: int
    passes: bool
    dkim: bool
    excused: bool


class Oracle:
    """Knows the honest reports that have arrived, and nothing else."""

    def __init__(self, domains):
        self.domains = {domain.name: domain for domain in domains}
        self.days = {name: collections.defaultdict(list) for name in self.domains}
        self.shown = {name: collections.defaultdict(list) for name in self.domains}
        self.known, self.newest = set(), -99
        self.survived, self.passed = set(), {}
        self.reasons = {}
        self.backs = {}        # domain -> day of its last step back.
        self.braked = 0        # Domains that a brake made wait, each on each run.

    def learn(self, report):
        """An honest report; one that comes twice counts once. Whether it was new."""
        key = (report.receiver.name, report.domain, report.day)
        if key in self.known:
            return False
        self.known.add(key)
        self.newest = max(self.newest, report.day)
        for row, _, count, override in report.rows:
            excused = not row.passes and override == "mailing_list"
            self.days[report.domain][report.day].append(
                Seen(report.receiver.domain, row.source, count, row.passes, row.dkim_aligned,
                     excused))
            if row.sender is None or row.source == row.sender.id:
                continue
            if row.dkim_aligned:
                self.survived.add((report.domain, row.source))
        for row, _, _, _ in report.rows:
            if row.passes:
                first = self.passed.get((report.domain, row.source), report.day)
                self.passed[report.domain, row.source] = min(first, report.day)
        stated = report.receiver
        record = report.record
        pct = None if stated.form == "9990" or stated.pct == "none" else (
            100 if stated.pct == "wrong" else record.pct)
        self.shown[report.domain][report.day].append(
            (record.p, pct, record.t if stated.form == "9990" else None))
        return True

    def why(self, name):
        return self.reasons.get(name, "")

    # --- A run -----------------------------------------------------------------------------------

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
        self.days = oracle.days[domain.name]
        self.declared = {one.id: one for one in domain.senders if one.declared}
        self.reason = ""

    def stay(self, reason):
        self.reason = reason

    def decide(self):
        if not self.is_fresh():
            return self.stay("no fresh evidence")
        place = self.ramp.place(self.step)
        broken = self.broken_senders(ACT)
        # A step back answered what failed before it.
        answered = self.since if self.oracle.backs.get(self.domain.name) == self.since else 0
        if place > 0 and (self.fell() or any(
                sum(one >= answered for one in days) >= ACT for days in broken.values())):
            self.reason = "hurt"
            return Wanted(self.domain.name, "step-back", self.ramp.steps[place - 1][:2])
        if place + 1 == len(self.ramp.steps):
            return self.stay("at its target")
        return self.up(self.ramp.steps[place + 1][:2], self.broken_senders(WAIT))

    def is_fresh(self):
        """Whether anybody was heard of late, and of this domain: a day ends a second early."""
        own = any(self.days.get(one) for one in range(self.day - FRESH - 1, self.day))
        return own and self.day - self.oracle.newest <= FRESH

    def up(self, target, broken):
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
        unmet = self.unmet() or (broken and f"broken: {sorted(broken)}")
        if unmet:
            return self.stay(unmet)
        if target[0] == "reject" and (unsigned := self.never_signed()):
            return self.stay(f"not seen aligned by DKIM: {unsigned}")
        return Wanted(self.domain.name, "advance", target, self.ramp.allowed_day(ends))

    # --- The hold --------------------------------------------------------------------------------

    def live_day(self):
        """The first day that the step is known to be live, not before it was entered."""
        shown = self.oracle.shown[self.domain.name]
        before = [day for day in shown if day < self.since]
        if before and self.shows_rung(shown[max(before)]):
            return self.since
        after = [day for day in shown if day >= self.since and self.shows_rung(shown[day])]
        return min(after, default=None)

    def shows_rung(self, published):
        phase, pct = self.step
        policy = {"monitor": "none"}.get(phase, phase)
        tests = self.ramp.mode == "compat" and pct < 100
        return any(p == policy and (phase == "monitor" or (
            share in (None, pct) and testing in (None, tests))) for p, share, testing in published)

    # --- The gates -------------------------------------------------------------------------------

    def rows(self, first, last):
        """Rows of the days first <= day < last."""
        return [row for day in range(first, last) if day in self.days for row in self.days[day]]

    def counted(self, first, last):
        """(own messages, counted, passing, unresolved, reporters) of these days."""
        rows = self.rows(first, last)
        total = sum(row.count for row in rows)
        fails, failing_days = collections.Counter(), collections.defaultdict(set)
        for day in range(first, last):
            for row in self.days.get(day, ()):
                if not row.passes and not self.forwarded(row):
                    fails[row.source] += row.count
                    failing_days[row.source].add(day)
        unresolved = {source for source, count in fails.items() if source not in self.declared and (
            (len(failing_days[source]) >= STEADY and count >= SHARE * total)
            or self.oracle.passed.get((self.domain.name, source), last) < last)}
        own = unresolved | set(self.declared)
        spoofed = sum(count for source, count in fails.items() if source not in own)
        passing = sum(row.count for row in rows if row.passes and row.source in own)
        failing = sum(count for source, count in fails.items() if source in own)
        shadow = sum(fails[source] for source in unresolved)
        return (total - spoofed, passing + failing, passing, shadow,
                len({row.reporter for row in rows}))

    def forwarded(self, row):
        return row.excused or (self.domain.name, row.source) in self.oracle.survived

    def unmet(self):
        """Why the figures do not suffice, or nothing."""
        gates, end = self.gates, self.day - LATE
        seen = self.counted(end - gates.window, end)
        if seen[0] < gates.min_messages:
            seen = self.counted(end - gates.low_window, end)
            if seen[0] < gates.low_messages:
                return f"{seen[0]} messages"
        own, counted, passing, shadow, reporters = seen
        if reporters < gates.min_reporters:
            return f"{reporters} reporters"
        if counted == 0 or passing / counted < gates.min_legit_rate:
            return f"{passing} of {counted} pass"
        if shadow / own > gates.max_unresolved_share:
            return f"{shadow} of {own} are unresolved"
        return ""

    def never_signed(self):
        rows = self.rows(self.day - self.gates.low_window, self.day + 1)
        signed = {row.source for row in rows if row.dkim}
        return sorted(id for id, one in self.declared.items() if not one.rare and id not in signed)

    # --- A rollback ------------------------------------------------------------------------------

    def fell(self):
        """Whether legit_rate since the step is below what the ramp bears."""
        for window in (self.gates.window, self.gates.low_window):
            first = max(self.since, self.day - window)
            _, counted, passing, _, _ = self.counted(first, self.day + 1)
            if counted >= self.gates.low_messages:
                days = sum(1 for day in range(first, self.day + 1) if self.days.get(day))
                return days >= ACT and passing / counted < self.gates.rollback_below
        return False

    def broken_senders(self, least):
        """{id: the days} of declared senders that passed, and fail on their last days of mail."""
        found = {}
        for id in self.declared:
            days = self.sender_days(id)
            stretch = []
            while len(stretch) < len(days) and failing(days[-1 - len(stretch)]):
                stretch.append(days[-1 - len(stretch)])
            if len(stretch) < least:
                continue
            normal = days[:-len(stretch)][-NORMAL:]
            passed = sum(one[1] for one in normal)
            if passed > sum(one[2] for one in normal) and (
                    sum(one[1] for one in stretch) / len(stretch) < passed / len(normal) / 2):
                found[id] = [one[0] for one in stretch]
        return found

    def sender_days(self, id):
        """(day, passing, failing, balances) of the days on which it sent."""
        days = []
        for day in range(self.day - self.gates.low_window - 20, self.day + 1):
            rows = [row for row in self.days.get(day, ()) if row.source == id]
            if not rows:
                continue
            balance = collections.Counter()
            for row in rows:
                balance[row.reporter] += -row.count if row.passes else row.count
            passing = sum(row.count for row in rows if row.passes)
            days.append((day, passing, sum(row.count for row in rows) - passing, balance))
        window = self.day - LATE - self.gates.window
        return days if days and days[-1][0] >= window else []


def failing(day):
    """Whether a sender's day failed, to no fewer reporters than not."""
    _, passing, fails, balance = day
    against = sum(1 for one in balance.values() if one > 0)
    return fails > passing and against >= sum(1 for one in balance.values() if one < 0)
