"""The ramps of this world: the built-in ones as the contract has them, and its own."""

import calendar
import dataclasses
import datetime

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclasses.dataclass(frozen=True)
class Gates:
    window: int = 14
    min_messages: int = 1000
    min_legit_rate: float = 0.98
    min_reporters: int = 2
    max_unresolved_share: float = 0.005
    low_window: int = 90
    low_messages: int = 30
    rollback_below: float = 0.95


@dataclasses.dataclass(frozen=True)
class Ramp:
    """Steps are (phase, pct, hold): hold is a number of days, or "1mo", or None for the last."""

    name: str
    steps: tuple
    gates: Gates = Gates()
    mode: str = "compat"
    limit: int = 10
    weekdays: tuple = ("mon", "tue", "wed", "thu")
    freeze: tuple = ()
    builtin: bool = False

    def allows(self, date):
        """Whether a step may be taken on this day."""
        frozen = any(first <= date <= last for first, last in self.freeze)
        return not frozen and (not self.weekdays or WEEK[date.weekday()] in self.weekdays)

    def allowed_day(self, date):
        while not self.allows(date):
            date += datetime.timedelta(days=1)
        return date

    def place(self, entry):
        return [step[:2] for step in self.steps].index(entry)

    def hold_end(self, entry, live):
        """The first day on which a step that went live then has been held long enough."""
        hold = self.steps[self.place(entry)][2]
        if hold == "1mo":
            year, month = live.year + live.month // 12, live.month % 12 + 1
            last = calendar.monthrange(year, month)[1]
            return datetime.date(year, month, min(live.day, last))
        return live + datetime.timedelta(days=hold)

    def yaml(self):
        """The ramp as `ramps:` has it."""
        steps = "".join(
            f"      - {{phase: {phase}"
            + (f", pct: {pct}" if pct < 100 else "")
            + (f", hold: {hold}" + ("d" if isinstance(hold, int) else "") if hold else "")
            + "}\n" for phase, pct, hold in self.steps)
        g = self.gates
        freeze = ", ".join(f"{first}/{last}" for first, last in self.freeze)
        return (f"  {self.name}:\n    steps:\n{steps}    gates: {{window: {g.window}d, "
                f"min_messages: {g.min_messages}, min_legit_rate: {g.min_legit_rate}, "
                f"min_reporters: {g.min_reporters},\n            max_unresolved_share: "
                f"{g.max_unresolved_share}, low_volume: {{window: {g.low_window}d, min_messages: "
                f"{g.low_messages}}},\n            rollback_below: {g.rollback_below}}}\n"
                f"    mode: {self.mode}\n    max_domains_per_run: {self.limit}\n"
                f"    weekdays: [{', '.join(self.weekdays)}]\n    freeze: [{freeze}]\n")


def steps_of(monitor, quarantine, reject, last_quarantine):
    """(pct, hold) pairs as steps; the last step of reject has no hold."""
    steps = [("monitor", 100, monitor)]
    steps += [("quarantine", pct, hold) for pct, hold in quarantine]
    steps.append(("quarantine", 100, last_quarantine))
    steps += [("reject", pct, hold) for pct, hold in reject]
    return (*steps, ("reject", 100, None))


def day(text):
    return datetime.date.fromisoformat(text)


QUARTERS = [(pct, 14) for pct in (10, 25, 50, 75)]
WEEKS = [(pct, 7) for pct in (10, 25, 50)]
HALVES = [(10, 14), (50, 14)]

BUILTIN = (
    Ramp("standard", steps_of(30, HALVES, HALVES, 30), builtin=True),
    Ramp("cautious", steps_of(30, QUARTERS, QUARTERS, 14),
         Gates(min_legit_rate=0.99, min_reporters=3, rollback_below=0.97), limit=5, builtin=True),
    Ramp("fast", steps_of(28, WEEKS, WEEKS, 7), Gates(window=7), builtin=True),
    Ramp("policy-only", steps_of(30, [], [], 30), Gates(min_legit_rate=0.99, rollback_below=0.97),
         mode="policy-only", builtin=True),
)

OWN = (
    Ramp("braked", steps_of(30, [(50, 14)], [(50, 14)], 30), limit=2,
         weekdays=("tue", "thu"), freeze=((day("2026-03-02"), day("2026-03-22")),
                                          (day("2026-12-15"), day("2027-01-05")))),
    Ramp("monthly", steps_of("1mo", [(25, 7)], [(25, 7)], "1mo"), weekdays=()),
    # Compact ramps, with windows as short as their steps.
    Ramp("brisk", steps_of(8, [(10, 3), (50, 3)], [(50, 3)], 6),
         Gates(window=5, min_messages=300, low_window=25, low_messages=20), limit=99),
    Ramp("abrupt", steps_of(8, [], [], 8), Gates(window=5, min_messages=300, min_legit_rate=0.99),
         mode="policy-only"),
    Ramp("narrow", steps_of(8, [(50, 3)], [(50, 3)], 5), Gates(window=5, min_messages=300), limit=1,
         weekdays=("tue", "thu"), freeze=((day("2026-01-26"), day("2026-02-04")),)),
)

RAMPS = {ramp.name: ramp for ramp in BUILTIN + OWN}
