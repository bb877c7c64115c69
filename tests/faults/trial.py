"""One run of a command under one fault, the runs after it, and what became of the work."""

import collections
import contextlib
import dataclasses
import datetime
import os
import pathlib
import re
import shutil
import signal
import subprocess

import dns_stub
import faults
import hosts
import scenes
from harness import BINARY
from places import Place, files_in
from wire import Wire

PATIENCE = 100  # Seconds for a run; a command of the campaign takes about one.
RERUNS = 2
MOMENT = "%Y-%m-%dT%H:%M:%SZ"


@dataclasses.dataclass
class Baseline:
    """What one undisturbed run of a scene does, and where faults can be injected into it."""

    start: set
    end: set
    facts: dict


@dataclasses.dataclass
class Verdict:
    """What became of one run under a fault."""

    scene: str
    fault: str
    reached: bool = True
    lost: list = dataclasses.field(default_factory=list)
    wrong: list = dataclasses.field(default_factory=list)
    left: list = dataclasses.field(default_factory=list)
    codes: list = dataclasses.field(default_factory=list)
    output: str = ""

    def is_clean(self):
        return not (self.lost or self.wrong or self.left)


@dataclasses.dataclass
class Outcome:
    """How one process ended; `code` is None where it did not end in time."""

    code: int
    text: str


def shifted(moment, seconds):
    when = datetime.datetime.strptime(moment, MOMENT) + datetime.timedelta(seconds=seconds)
    return when.strftime(MOMENT)


class Bench:
    """Where one worker runs the product: a folder, hosts that it starts when they are needed, and
    the proxies before them."""

    def __init__(self, folder, templates):
        self.folder, self.templates = pathlib.Path(folder), pathlib.Path(templates)
        self.folder.mkdir(parents=True)
        self.hosts, self.wires, self.others = {}, {}, {}

    def close(self):
        for host in self.hosts.values():
            host.close()

    def host(self, scene):
        if not scene.host:
            return None
        if scene.host not in self.hosts:
            self.hosts[scene.host] = hosts.HOSTS[scene.host](self.folder / scene.host)
        return self.hosts[scene.host]

    def wire(self, scene):
        """The proxy before the scene's server; None where it has no server."""
        if scene.name not in self.wires:
            if host := self.host(scene):
                self.wires[scene.name] = Wire(host.port, host.udp)
            elif scene.stub:
                stub = int(dns_stub.serve(scenes.RECORDS, dns_stub.Records).rpartition(":")[2])
                self.wires[scene.name] = Wire(stub, True)
                self.others[scene.name] = dns_stub.serve(scenes.RECORDS, dns_stub.Records)
        return self.wires.get(scene.name)

    def place(self, scene):
        """A fresh copy of the scene's folder, and its host as it was at the start."""
        folder = self.folder / "place"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.templates / scene.name, folder, symlinks=True)
        host, wire = self.host(scene), self.wire(scene)
        if host:
            path = folder / "domains.yaml"
            path.write_text(path.read_text().replace("@PROVIDER@", host.provider(wire.port)))
            host.reset()
        return Place(folder, host, port=wire.port if wire else None)

    def words(self, scene, now):
        if scene.program:
            return scene.program
        wire, host = self.wire(scene), self.host(scene)
        options = scenes.QUIET
        if host:
            options = host.options(wire.port)
        elif scene.stub:
            options = ["--resolver", f"127.0.0.1:{wire.port}", "--resolver",
                       self.others[scene.name]]
        return [str(BINARY), "--now", now, *options, *scene.words]

    def run(self, scene, command, child=None):
        """Runs the command in the place; the whole group is killed where it does not end."""
        host, wire = self.host(scene), self.wire(scene)
        environment = {**scenes.ENVIRONMENT, "HOME": str(self.folder),
                       **(host.environment(wire.port) if host else {})}
        with subprocess.Popen(command, cwd=self.folder / "place", env=environment, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, errors="replace", preexec_fn=child,
                              start_new_session=True) as process:
            try:
                text, _ = process.communicate(timeout=PATIENCE)
                return Outcome(process.returncode, text)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                text, _ = process.communicate()
                return Outcome(None, text)

    def baseline(self, scene):
        """Builds the scene's folder, and runs the command once without a fault, but traced."""
        template = self.templates / scene.name
        template.mkdir(parents=True)

        def product(*words, now=scenes.NOW):
            done = subprocess.run([BINARY, "--now", now, *scenes.QUIET, *words], cwd=template,
                                  env=scenes.ENVIRONMENT, stdin=subprocess.DEVNULL,
                                  capture_output=True, text=True, timeout=PATIENCE)
            if done.returncode not in (0, 2, 5):
                raise RuntimeError(f"{scene.name}: {words}: {done.stdout}{done.stderr}")

        scene.build(template, product)
        place, wire = self.place(scene), self.wire(scene)
        start = place.items()
        if wire:
            wire.arm(None)
        log = self.folder / "strace.log"
        done = self.run(scene, [*faults.strace(log), *self.words(scene, scenes.NOW)])
        if done.code not in scene.claims:
            raise RuntimeError(f"{scene.name}: {done.code} without a fault: {done.text[-3000:]}")
        end = place.items()
        if start == end:
            raise RuntimeError(f"{scene.name}: nothing changes without a fault: {done.text}")
        sizes = [path.stat().st_size for path in place.folder.rglob("*") if path.is_file()]
        new = files_in(end) - files_in(start)
        return Baseline(start, end, {
            "sites": faults.sites_of(log), "largest": max(sizes), "pages": 2 * len(new) + 4,
            "messages": dict(wire.counts) if wire else {}})

    def end_at(self, scene, moments):
        """Where undisturbed runs at these times lead."""
        place = self.place(scene)
        for now in moments:
            self.run(scene, self.words(scene, now))
        return place.items()


def comparable(items):
    """Without what a second run of the same kind may make otherwise: the octets of fresh keys."""
    return {item for item in items if not item[1].startswith("octets ")}


def by_file(items):
    """{file: its items}; the records of a host are one group."""
    groups = collections.defaultdict(set)
    for item in items:
        groups[item[0]].add(item)
    return groups


def differences(seen, wanted):
    """A few words about two ends that differ."""
    more, fewer = sorted(seen - wanted, key=repr), sorted(wanted - seen, key=repr)
    return f"unexpected {str(more[:3])[:500]}, missing {str(fewer[:3])[:500]}"


class Trial:
    """One fault, and the runs after it."""

    def __init__(self, bench, scene, baseline, fault):
        self.bench, self.scene, self.base, self.fault = bench, scene, baseline, fault
        self.verdict = Verdict(scene.name, fault)
        self.ends = [comparable(baseline.end)]
        self.later = scenes.NOW
        if fault.startswith("clock:"):
            self.later = shifted(scenes.NOW, int(fault.rpartition(":")[2]))

    def alternatives(self):
        """The ends that a clock that jumped may lead to as well."""
        if self.later != scenes.NOW:
            self.ends += [comparable(self.bench.end_at(self.scene, moments))
                          for moments in ([self.later], [scenes.NOW, self.later])]

    def is_end(self, seen):
        """Whether this is an intended end. Where the clock jumped between the files of a command
        that writes its day into them, each file may be of another day."""
        if seen in self.ends:
            return True
        if not self.scene.dated:
            return False
        files, ends = by_file(seen), [by_file(end) for end in self.ends]
        return all(any(files.get(name) == end.get(name) for end in ends)
                   for name in set(files).union(*ends))

    def look(self, place, when):
        """Looks for what is lost; the items of the place."""
        items = place.items()
        kept = {item for item in self.start & self.base.end
                if all(item in end for end in self.ends) or item[1].startswith("octets ")}
        missing = kept - items
        if missing:
            self.verdict.lost.append(f"{when}: {str(sorted(missing, key=repr)[:4])[:600]}")
        return items

    def note(self, outcome, what):
        self.verdict.codes.append(outcome.code)
        self.verdict.output += f"--- {what}: {outcome.code}\n{outcome.text[-1500:]}\n"
        if outcome.code is None:
            self.verdict.wrong.append(f"{what} did not end within {PATIENCE} s")

    def run(self):
        """The verdict."""
        self.alternatives()
        bench, scene, verdict = self.bench, self.scene, self.verdict
        place, wire = bench.place(scene), bench.wire(scene)
        self.start = place.items()
        words = self.fault.split(":")
        if wire:
            armed = (words[1], words[2], int(words[3]), words[4]) if words[0] == "wire" else None
            wire.arm(armed)
        front, child, log = faults.wrap(self.fault, place.folder, bench.folder)
        outcome = bench.run(scene, [*front, *bench.words(scene, scenes.NOW)], child)
        verdict.reached = faults.happened(self.fault, outcome.code, log) and (
            words[0] != "wire" or wire.hit)
        self.note(outcome, "the run with the fault")
        if wire:
            wire.arm(None)
        items = self.look(place, "after the fault")
        done = outcome.code in scene.claims
        if done and not self.is_end(self.without_left(items)):
            verdict.wrong.append("it reported success: " + differences(
                comparable(items), self.ends[0]))
        for number in range(1, RERUNS + 1):
            if done and not self.left(items):
                break
            outcome = bench.run(scene, bench.words(scene, self.later))
            self.note(outcome, f"run {number} without a fault")
            items = self.look(place, f"after run {number} without a fault")
            # A command that refuses to do again what was done already has nothing left to do.
            done = outcome.code in scene.claims or self.is_end(self.without_left(items))
        self.settle(items, done)
        return verdict

    def nearest(self, items):
        """The intended end that is nearest to these items."""
        return min(self.ends, key=lambda one: len(one ^ comparable(items)))

    def extra(self, items):
        """The files that an undisturbed run does not leave."""
        return files_in(items) - files_in(self.nearest(items))

    def left(self, items):
        """Those of them that stay. A hidden `.NAME.new` does not: the next write of NAME removes
        it, and until then nothing reads it."""
        return {name for name in self.extra(items) if not re.fullmatch(r"(.*/)?\.[^/]+\.new", name)}

    def without_left(self, items):
        """Files that are left behind are counted as such, and not as a wrong end as well."""
        extra = self.extra(items)
        return {item for item in comparable(items) if item[0] not in extra}

    def settle(self, items, done):
        """Compares the end with the intended one that is nearest to it."""
        self.verdict.left += sorted(self.left(items))
        if not done:
            self.verdict.wrong.append("running again does not finish the work")
        if not self.is_end(self.without_left(items)):
            self.verdict.wrong.append("another end: " + differences(
                self.without_left(items), self.nearest(items)))


def count_by(verdicts, key):
    """{key: Counter of runs, lost, wrong, left}."""
    table = collections.defaultdict(collections.Counter)
    for one in verdicts:
        row = table[key(one)]
        row["runs"] += 1
        row["missed"] += not one.reached
        for word in ("lost", "wrong", "left"):
            row[word] += bool(getattr(one, word))
    return table
