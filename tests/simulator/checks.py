"""What must be true of a world that has been lived, each with the counts that say so."""

import collections

import people
import ramps
import receivers
import reports

HURT = ("quarantine", "reject")
TOP = ("reject", 100)


def figures(fleet, seconds):
    """Lines that say how much was lived."""
    totals = fleet.totals
    yield (f"{len(fleet.domains)} domains, {fleet.plan.days} days, {totals['messages']:,} "
           f"messages, {totals['reports']:,} reports, {totals['forged reports']:,} forged ones, "
           f"{totals['decisions']:,} decisions, {totals['processes']:,} processes, {seconds:.0f} s")
    spent = ", ".join(f"{name} {one:.0f} s" for name, one in sorted(fleet.seconds.items()))
    yield f"within the tool: {spent}"
    for whose in sorted({key[0] for key in fleet.treated}):
        yield f"mail {whose}: " + ", ".join(
            f"{generation} {name} {count:,}" for (one, generation, name), count
            in sorted(fleet.treated.items()) if one == whose)


def checks(fleet, twin):
    """(what was checked, with its counts; whether it holds)"""
    yield from receivers.self_test()
    yield from about_mail(fleet)
    yield from about_twins(fleet, twin)
    yield from about_adversaries(fleet, twin)
    yield from about_waves(fleet, twin)
    yield from about_breaks(fleet)
    yield from about_arrivals(fleet)
    yield from about_the_calendar(fleet)
    yield from about_the_files(fleet)


def sum_of(fleet, whose, dispositions=None):
    return sum(count for (one, _, name), count in fleet.treated.items()
               if one == whose and (dispositions is None or name in dispositions))


def about_mail(fleet):
    """(1) Nobody who is set up is hurt; nor is a step taken over a sender known to fail."""
    for generation in (receivers.OLD, receivers.NEW, receivers.PLAIN):
        counts = collections.Counter()
        for (whose, one, disposition), count in fleet.treated.items():
            if whose == "set up" and one == generation:
                counts[disposition in HURT] += count
        yield (f"senders that are set up, at {generation} receivers: {counts[False]:,} messages "
               f"delivered, {counts[True]:,} quarantined or rejected",
               counts[True] == 0 and counts[False] > 0)
    hurt = sum_of(fleet, "known to fail", HURT)
    yield (f"declared senders known to fail before the last step up: {hurt:,} messages hurt",
           hurt == 0)
    spoofed = sum_of(fleet, "spoofed", HURT)
    yield f"policies are enforced: {spoofed:,} spoofed messages hurt", spoofed > 0


def about_twins(fleet, twin):
    """(2) Forged reports and unmarked mail move nothing; without a twin, every move is checked
    by the oracle, which knows no forged report."""
    forged = fleet.totals["forged reports"]
    yield f"{forged:,} forged reports came", forged > 0
    signed = fleet.honest_mails + fleet.totals["outsiders' reports"]
    believed = fleet.totals["others verified"]
    yield (f"of what nobody vouched for, {believed} of {signed} that their own reporters signed "
           "were verified", believed == signed)
    if twin is None:
        return
    for domain in fleet.domains:
        if not domain.held:
            yield (f"{domain.name}: {len(moves_of(fleet, domain))} moves, the same "
                   f"{len(moves_of(twin, domain))} without adversaries",
                   moves_of(fleet, domain) == moves_of(twin, domain))


def about_adversaries(fleet, twin):
    """(3) Whatever outsiders do, they hold at most: no step up is theirs, and no step back."""
    count = fleet.totals["outsiders' reports"]
    yield f"{count:,} reports of outsiders came", count > 0
    if twin is None:
        return
    wrong = twin.totals["disagreements"]
    print("\n".join(twin.wrong[:5]))
    yield f"without adversaries, {wrong} disagreements with the oracle", wrong == 0
    higher = []
    for (day, here), (_, there) in zip(fleet.history, twin.history, strict=True):
        higher += [(day, domain.name) for domain in fleet.domains if not domain.steps_back
                   and place(domain, here) > place(domain, there)]
    yield f"no domain is ever stricter than without adversaries: {higher[:3]}", not higher
    backs = {(name, world.plan.forged): sum(move.action == "step-back" for move in world.moves
                                            if move.domain == name)
             for world in (fleet, twin) for name in fleet.last}
    theirs = [name for name in fleet.last if backs[name, True] > backs[name, False]]
    yield f"no domain steps back more often than without adversaries: {theirs}", not theirs
    held = sorted(domain.name for domain in fleet.domains if domain.held
                  and moves_of(fleet, domain) != moves_of(twin, domain))
    yield f"outsiders held {len(held)} domains: {held}", len(held) > 0


def place(domain, states):
    """How far up its ramp a domain is; below it, -1."""
    phase, pct, _ = states[domain.name]
    return -1 if phase == "dkim" else ramps.RAMPS[domain.ramp].place((phase, pct))


def about_waves(fleet, twin):
    """(4) A wave blocks nothing: it is in the window of a step that is taken all the same."""
    for domain in fleet.domains:
        if domain.wave is None or domain.held:
            continue
        window = ramps.RAMPS[domain.ramp].gates.window
        taken = [move for move in moves_of(fleet, domain) if move.action == "advance"
                 and move.day - 3 - window < domain.wave[1] and move.day - 3 > domain.wave[0]]
        yield (f"{domain.name}: a wave on days {domain.wave[0]} to {domain.wave[1]}, "
               f"{len(taken)} steps taken over it", len(taken) > 0)
        if twin is not None:
            yield f"{domain.name}: the same moves without the wave", (
                moves_of(fleet, domain) == moves_of(twin, domain))


def about_breaks(fleet):
    """(5) A vendor that breaks leads to a step back once 3 days of reports have arrived."""
    for name, sender, day in fleet.breaks:
        days = sorted(about for about in fleet.heard[name, sender] if about >= day)[:3]
        known = max((fleet.heard[name, sender][about] for about in days), default=None)
        backs = [move.day for move in fleet.moves
                 if move.domain == name and move.action == "step-back" and move.day > day]
        yield (f"{name}: {sender} broke on day {day}, three days of it were known on day {known}, "
               f"stepped back on day {backs[:1]}",
               len(days) == 3 and bool(backs) and day + 3 <= backs[0] <= known)
    yield f"{len(fleet.breaks)} vendors broke", (
        len(fleet.breaks) == sum(domain.steps_back for domain in fleet.domains))
    stories = {domain.name for domain in fleet.domains if domain.steps_back}
    strays = [move for move in fleet.moves
              if move.action == "step-back" and move.domain not in stories]
    yield f"no other domain stepped back: {strays[:3]}", not strays


def about_arrivals(fleet):
    """(6) Every domain goes up on the very days on which the oracle lets it."""
    wrong = fleet.totals["disagreements"]
    yield (f"{fleet.totals['decisions']:,} decisions, {len(fleet.moves)} moves, "
           f"{len(fleet.expected)} by the oracle, {wrong} disagreements", wrong == 0)
    for domain in fleet.domains:
        at = [day_at(moves, domain) for moves in (fleet.moves, fleet.expected)]
        if domain.reaches is None:
            yield f"{domain.name}: p=reject on day {at[0]}, by the oracle {at[1]}", at[0] == at[1]
        elif domain.reaches:
            yield (f"{domain.name} ({domain.ramp}): p=reject on day {at[0]}, by the oracle {at[1]}",
                   at[0] is not None and at[0] == at[1])
        else:
            yield (f"{domain.name}: stays at {fleet.last[domain.name][0]}",
                   at == [None, None] and fleet.last[domain.name][0] != "reject")
    runs = collections.Counter((move.day, move.domain) for move in fleet.moves)
    most = max(runs.values(), default=0)
    yield f"at most one step a run and domain: {most}", most == 1
    yield f"a brake made domains wait: {fleet.oracle.braked}", fleet.oracle.braked > 0


def about_the_calendar(fleet):
    """A domain without incidents is at p=reject on the day that holds and weekdays alone say."""
    found = []
    for domain in fleet.domains:
        expected = by_calendar(fleet, domain)
        if expected is not None:
            found.append((domain.name, day_at(fleet.moves, domain), expected))
    wrong = [one for one in found if one[1] != one[2]]
    yield f"{len(found)} untroubled domains are as early as the calendar allows: {wrong}", (
        bool(found) and not wrong)


def by_calendar(fleet, domain):
    """The day of p=reject from the ramp alone; None where more than the calendar has a say."""
    ramp, plan = ramps.RAMPS[domain.ramp], fleet.plan
    if domain.events or domain.held or not domain.reaches or ramp.limit < 5 or (
            domain.story in ("rare", "low volume")):
        return None
    day = run_on(plan, domain.start)
    for phase, pct, _ in ramp.steps[:-1]:
        end = ramp.hold_end((phase, pct), reports.date_of(day))
        day = run_on(plan, reports.day(str(ramp.allowed_day(end))))
    troubled = {*plan.stopped, *plan.outage, *range(plan.outage.stop, plan.outage.stop + 20)}
    return None if troubled & set(range(domain.start, day + 1)) else day


def run_on(plan, day):
    """The first day from this one on which the scheduler runs."""
    while not plan.weekends and reports.date_of(day).weekday() >= 5:
        day += 1
    return day


def about_the_files(fleet):
    """What the tool has no business with is as it was."""
    totals = fleet.totals
    print("\n".join(fleet.wrong[:20]))
    yield f"{len(fleet.wrong)} things went wrong", not fleet.wrong
    yield f"{totals['refused']} reports refused", totals["refused"] == 0
    again = totals["trusted duplicates"]
    yield f"{again} reports came twice and counted once", again == totals["came again"] > 0
    kept = [domain for domain in fleet.domains if f"  # {domain.story}" in fleet.text]
    yield f"comments kept: {len(kept)}", len(kept) == len(fleet.domains)
    for note in ("# the fleet", "# nobody enforces unasked"):
        yield f"{note} is kept", note in fleet.text
    yield f"{fleet.foreign} foreign records remain", fleet.foreign == len(fleet.domains)
    yield f"the last plan is empty: {fleet.plan_after}", fleet.plan_after == 0
    by_hand = people.first_yaml(fleet.domains, "standard")
    yield f"the file has grown by little: {len(fleet.text) - len(by_hand)} octets", (
        abs(len(fleet.text) - len(by_hand)) < 60 * len(fleet.domains))


def moves_of(fleet, domain):
    return [move for move in fleet.moves if move.domain == domain.name]


def day_at(moves, domain):
    """The first day on which a domain moved to the top."""
    return next((move.day for move in moves if move.domain == domain.name and move.after == TOP),
                None)
