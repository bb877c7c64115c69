"""One world lived day by day with the real binary: mail, reports, `reports ingest`, `advance`,
`apply`, and what every receiver does to every message under the record of that day."""

import collections
import dataclasses
import json
import os
import pathlib
import random
import subprocess
import time

import forger
import mutations
import oracle
import people
import ramps
import receivers
import reports
import senders
import zone

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
BINARY = str(SOURCE / os.environ.get("RAMPART_BINARY", "build/dev/rampart"))
KEEP = 110          # Days of records kept: the longest window, and what comes late.


@dataclasses.dataclass
class Plan:
    """How a world is lived."""

    days: int
    seed: int = 1
    forged: bool = True             # Whether forged reports come.
    stopped: range = range(0)       # Days on which the scheduler does not run.
    outage: range = range(0)        # Days on which no report arrives.
    weekends: bool = True           # Whether the scheduler runs on them.
    mutation: str = ""              # A fault put into the world, to see it caught.


@dataclasses.dataclass
class Move:
    """What `advance` did to one domain, or what the oracle says it should have done."""

    day: int
    domain: str
    action: str
    before: tuple
    after: tuple


class Fleet:
    """The YAML, its zones and its store in a folder of their own."""

    def __init__(self, folder, domains, plan, resolver):
        self.folder, self.domains, self.plan = pathlib.Path(folder), domains, plan
        self.resolver = resolver
        self.zones = zone.Zones(self.folder / "zones")
        self.yaml = self.folder / "domains.yaml"
        for domain in domains:
            self.zones.make(domain.name)
        text = people.first_yaml(domains, "standard")
        self.yaml.write_text(mutations.of_yaml(plan.mutation, text))
        self.people = people.People(self.yaml)
        self.postman, self.post = senders.Postman(plan.seed), reports.Post(plan.seed)
        self.forger = forger.Forger(plan.seed, domains, plan.outage)
        self.oracle = oracle.Oracle(domains, self.people.refused)
        self.moves, self.expected, self.wrong = [], [], []
        self.treated = collections.Counter()   # (whose, generation, disposition) -> messages
        self.totals = collections.Counter()
        self.seconds = collections.Counter()
        self.entered = {}                      # domain -> (day of its last step up, step)
        self.yesterday = {}
        self.claims = []                       # What outsiders have sent since the last run.
        self.applied = ""
        self.waiting = []
        self.mails = set()                     # Honest reports that come as signed mails.
        self.history = []                      # The YAML's states after each run.
        self.breaks = []                       # (domain, sender, day) of every break
        # (domain, sender) -> {failing day: the run that had heard all that there is of it}
        self.heard = collections.defaultdict(dict)

    def run(self, day, *words, allowed=(0,)):
        started = time.monotonic()
        done = subprocess.run(
            [BINARY, *map(str, words), "--format", "json", "--now",
             f"{reports.date_of(day)}T00:00:00Z", "--resolver", self.resolver], cwd=self.folder,
            stdin=subprocess.DEVNULL, capture_output=True, env={"PATH": "/usr/bin:/bin"})
        self.seconds[" ".join(map(str, words[:2])) if words[0] == "reports" else words[0]] += (
            time.monotonic() - started)
        self.totals["processes"] += 1
        if done.returncode not in allowed:
            self.wrong.append(f"{reports.date_of(day)}: {' '.join(map(str, words))}: exit "
                              f"{done.returncode}: {(done.stderr + done.stdout).decode()[-600:]}")
        try:
            return json.loads(done.stdout)
        except ValueError:
            return {}

    # --- A day -----------------------------------------------------------------------------------

    def live(self, day):
        states = self.states()
        self.happen(day, states)
        self.waiting += self.post.arriving([day])
        if day not in self.plan.stopped and (
                self.plan.weekends or reports.date_of(day).weekday() < 5):
            self.ingest(day)
            if day % 30 == 29:
                self.run(day, "reports", "prune", "--keep", f"{KEEP}d")
                self.oracle.forget(day - KEEP)
            self.advance(day)
            self.apply(day)
        mutations.of_zones(self.plan.mutation, self.zones.folder, day)
        for domain in self.domains:
            self.deliver(domain, day)
            self.claims += self.forger.claims(domain, day, self.yesterday.get(domain.name))

    def states(self):
        return people.states(self.yaml.read_text(), {one.name for one in self.domains})

    def happen(self, day, states):
        """What befalls the domains on this day, as far as people have a hand in it."""
        for domain in self.domains:
            if day == domain.start:
                self.people.start(domain, day)
            phase, pct, since = states[domain.name]
            for event in domain.events:
                if not event.done and day >= self.when(event, domain, (phase, pct), since):
                    getattr(self.people, event.what)(domain, event.sender)
                    if event.what == "break_signing":
                        self.breaks.append((domain.name, event.sender, day))
                    event.done = True

    def when(self, event, domain, step, since):
        """The day of an event; far off while its condition is not met."""
        if event.kind == "start":
            return domain.start + event.days
        entered = (reports.day(since))
        if event.kind == "step":
            return entered + event.days if step == event.step else 10**9
        backs = [move.day for move in self.moves
                 if move.domain == domain.name and move.action == "step-back"]
        return backs[0] + event.days if backs else 10**9

    def end(self):
        """The live records when all days are over."""
        self.last, self.text = self.states(), self.yaml.read_text()
        self.plan_after = len(self.run(self.plan.days - 1, "plan").get("changes", [None]))
        self.foreign = sum(f"site-verification={name}" in self.zones.published(name).at("")
                           for name in self.last)
        self.honest_mails = len(self.mails)
        return self

    # --- Reports ---------------------------------------------------------------------------------

    def ingest(self, day):
        """Two runs: what is vouched for, and what must be proved."""
        arrived, self.waiting = self.waiting, []
        trusted, others = [], []
        for report in arrived:
            again = not self.oracle.learn(report)
            self.totals["came again"] += again and not report.receiver.signed
            for row, *_ in report.rows:
                if row.sender and not row.passes and not row.forwarded and not again:
                    self.heard[report.domain, row.source][report.day] = day
            if report.receiver.signed:
                self.mails.add((report.domain, report.day))
                others.append(self.forger.signed(report))
            else:
                trusted.append(report.xml())
        if self.plan.forged:
            forged = [one for domain in self.domains if domain.forgery and day > domain.start
                      for one in self.forger.forge(domain, day - 1)]
            self.totals["forged reports"] += len(forged)
            others.extend(self.claimed())
            (trusted if self.plan.mutation == "believe everybody" else others).extend(forged)
        for name, members, words in (("trusted", trusted, ["--trusted"]), ("others", others, [])):
            if members:
                path = self.folder / f"{name}.tar"
                reports.packed(members, path)
                got = self.run(day, "reports", "ingest", path.name, *words)
                for key in ("reports", "duplicates", "verified", "records"):
                    self.totals[f"{name} {key}"] += got.get(key, 0)
                self.totals["refused"] += len(got.get("refused", []))

    def claimed(self):
        """The mails of outsiders, signed by domains of their own."""
        mails = []
        for report in self.claims:
            self.oracle.learn(report)
            self.totals["outsiders' reports"] += 1
            mails.append(self.forger.signed(report))
        self.claims = []
        return mails

    # --- The tool --------------------------------------------------------------------------------

    def advance(self, day):
        before = self.states()
        expected = self.oracle.steps(day, before)
        got = self.run(day, "advance", "--write", allowed=(0, 2))
        after = self.states()
        for one in got.get("domains", []):
            if one["action"] != "stay":
                self.moved(day, Move(day, one["domain"], one["action"],
                                     (one["from"]["phase"], one["from"].get("pct", 100)),
                                     (one["to"]["phase"], one["to"].get("pct", 100))), after)
        self.history.append((day, after))
        actual = {one.domain: one for one in self.moves if one.day == day}
        self.compare(day, expected, actual, before, got)
        self.expected += [Move(day, one.domain, one.action, (), one.after)
                          for one in expected.values()]
        for name, state in after.items():
            if state != before[name] and name not in actual:
                self.wrong.append(f"{day}: {name}: {before[name]} became {state} unsaid")

    def moved(self, day, move, after):
        self.moves.append(move)
        date = str(reports.date_of(day))
        if after[move.domain] != (*move.after, date):
            self.wrong.append(f"{date}: {move}: the YAML has {after[move.domain]}")
        if move.action == "step-back":
            self.oracle.backs[move.domain] = day
        else:
            self.entered[move.domain] = (day, move.after)

    def compare(self, day, expected, actual, before, got):
        """What the binary did against what the oracle says."""
        self.totals["decisions"] += sum(state[0] not in ("dkim",) for state in before.values())
        said = {one["domain"]: one for one in got.get("domains", [])}
        for name in sorted(expected.keys() | actual.keys()):
            want, have = expected.get(name), actual.get(name)
            if (want and (want.action, want.after)) != (have and (have.action, have.after)):
                self.totals["disagreements"] += 1
                self.wrong.append(
                    f"{reports.date_of(day)}: {name} at {before[name]}: the oracle says "
                    f"{want and (want.action, want.after)}, advance "
                    f"{have and (have.action, have.after)}; {self.oracle.why(name)}; "
                    f"{said.get(name, {}).get('reasons')}")

    def apply(self, day):
        text = self.yaml.read_text()
        if text != self.applied:
            got = self.run(day, "apply", "--auto-approve")
            self.totals["records written"] += len(got.get("outcomes", []))
            # Keys come first: a step that waits for them is tried again on the next day.
            late = sum(not self.is_published(domain) for domain in self.domains)
            self.totals["steps that waited a day"] += late
            self.applied = "" if late else text

    def is_published(self, domain):
        """Whether the zone publishes the step that the YAML names."""
        phase, pct, _ = self.states()[domain.name]
        found = self.zones.published(domain.name).dmarc
        if phase == "dkim" or found is None:
            return phase == "dkim" and found is None
        mode = ramps.RAMPS[domain.ramp].mode
        pct = 100 if mode == "policy-only" else pct
        wanted = receivers.Record({"monitor": "none"}.get(phase, phase), domain.sp, pct,
                                  mode == "compat" and pct < 100, pct < 100)
        return found == wanted

    # --- The mail --------------------------------------------------------------------------------

    def deliver(self, domain, day):
        published = self.zones.published(domain.name)
        if published.dmarc is None:
            return
        before = self.yesterday.get(domain.name, published.dmarc)
        for name, rows in self.postman.mail(domain, day, published).items():
            receiver = receivers.RECEIVERS[name]
            record = before if receiver.cached else published.dmarc
            rng = random.Random(f"{self.plan.seed}:{name}:{domain.name}:{day}:fate")
            said = []
            for row in rows:
                below = row.header_from != domain.name
                for disposition, count, override in senders.disposed(row, receiver, record, below,
                                                                     rng):
                    if count:
                        said.append((row, disposition, count, override))
                        self.treated[self.whose(domain, row), receiver.generation,
                                  disposition] += count
            self.totals["messages"] += sum(row.count for row in rows)
            self.post.send(reports.Report(receiver, domain.name, day, record, said),
                           self.plan.outage)
            self.totals["reports"] += 1
        self.yesterday[domain.name] = published.dmarc
        self.note_failing(domain, day, published)

    def note_failing(self, domain, day, published):
        """Since when nothing of a sender is aligned."""
        for sender in domain.senders:
            key = senders.key_of(f"{domain.name} {sender.selector}")
            signed = bool(sender.selector) and sender.signs
            by_dkim = signed and published.key_stands(sender.selector, key)
            if by_dkim or (sender.own_bounces and published.spf_passes(sender.ip)):
                sender.failing_since = None
            elif day >= sender.first and sender.failing_since is None:
                sender.failing_since = day

    def whose(self, domain, row):
        """Whose message it is, and whether our step has anything to do with its outcome."""
        if row.sender is None:
            return "spoofed"
        if row.forwarded == "list" and not row.passes:
            return "broken by a list"
        if row.set_up:
            return "set up"
        if not row.sender.declared:
            return "undeclared"
        day, _ = self.entered.get(domain.name, (-1, None))
        failing = row.sender.failing_since
        # Eight days: three of reports, at most four of delay, and the day itself.
        if not row.passes and failing is not None and failing + 8 <= day:
            return "known to fail"
        return "declared, not set up"
