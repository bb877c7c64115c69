"""The campaign's result as a table, on the terminal and in docs/reliability.md."""

from scenes import SCENES
from trial import count_by

BEGIN, END = "<!-- the campaign's table begins -->", "<!-- the campaign's table ends -->"
FAULTS = {"kill": "killed at a call", "error": "a call fails", "full": "disk full, short write",
          "wire": "network", "clock": "killed, then the clock jumps"}
COLUMNS = ("runs", "lost", "wrong", "left")


def kind_of(verdict):
    return verdict.fault.partition(":")[0]


def rows_of(verdicts):
    """[(fault, place, counts)], in the order of the faults and of the scenes, and the sum."""
    table = count_by(verdicts, lambda one: (kind_of(one), one.scene))
    rows = [(FAULTS[kind], scene.place, table[kind, scene.name]) for kind in FAULTS
            for scene in SCENES if (kind, scene.name) in table]
    whole = count_by(verdicts, lambda one: "all")["all"]
    return [*rows, ("all", "all", whole)]


def calls_of(verdicts):
    """[(call, counts)] of the system calls at which a run was killed or that failed."""
    table = count_by([one for one in verdicts if kind_of(one) in ("kill", "error", "clock")],
                     lambda one: one.fault.split(":")[1])
    return sorted(table.items())


def text(verdicts):
    """The table for the terminal."""
    lines = [f"{'fault':30} {'place':32} {'runs':>5} {'lost':>5} {'wrong':>5} {'left behind':>11}"]
    lines += [f"{fault:30} {place:32} {row['runs']:5} {row['lost']:5} {row['wrong']:5} "
              f"{row['left']:11}" for fault, place, row in rows_of(verdicts)]
    calls = ", ".join(f"{call} {row['runs']}" for call, row in calls_of(verdicts))
    missed = sum(not one.reached for one in verdicts)
    return "\n".join([*lines, f"by call: {calls}", f"not reached: {missed}"])


def page(verdicts, seed):
    """The table for the page."""
    lines = [f"Seed {seed}, {len(verdicts):,} runs of {len({one.scene for one in verdicts})} "
             "commands.", "", "| fault | place | runs | lost | wrong | left behind |",
             "|---|---|--:|--:|--:|--:|"]
    lines += [f"| {fault} | {place} | " + " | ".join(str(row[one]) for one in COLUMNS) + " |"
              for fault, place, row in rows_of(verdicts)]
    calls = ", ".join(f"`{call}` {row['runs']}" for call, row in calls_of(verdicts))
    missed = sum(not one.reached for one in verdicts)
    return "\n".join([*lines, "", f"Runs by system call: {calls}. In {missed:,} runs the call or "
                      "message chosen for the fault did not occur, so these runs were "
                      "undisturbed."])


def write(path, verdicts, seed):
    """Puts the table between the two markers of the page."""
    whole = path.read_text()
    before, _, rest = whole.partition(BEGIN)
    _, _, after = rest.partition(END)
    path.write_text(f"{before}{BEGIN}\n\n{page(verdicts, seed)}\n\n{END}{after}")


