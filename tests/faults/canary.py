"""Three small programs that do what the product must not do. The campaign runs them first: a check
that cannot fail would prove nothing."""

import pathlib

from scenes import Scene
from trial import Trial


def build(folder, _):
    (folder / "kept.txt").write_text("a line\n")


def shell(name, script):
    return Scene(name, name, build, [], program=["sh", "-c", script])


# (the program, the fault, the one word of the verdict that must have something to say)
CANARIES = [
    (shell("canary-lost", "printf 'new\\n' >kept.txt; printf 'a line\\n' >>kept.txt"),
     "kill:write:2", "lost"),
    (shell("canary-wrong", "printf 'new\\n' >new.txt || exit 0"), "error:write:1:ENOSPC", "wrong"),
    (shell("canary-left", "printf 'new\\n' >part.$$; mv part.$$ new.txt"), "kill:renameat2:1",
     "left"),
]


def check(checks, bench):
    """Each canary is found out under its fault, and by the right word."""
    for scene, fault, word in CANARIES:
        baseline = bench.baseline(scene)
        verdict = Trial(bench, scene, baseline, fault).run()
        found = [one for one in ("lost", "wrong", "left") if getattr(verdict, one)]
        checks.equal(f"{scene.name} is found out", (found, verdict.reached), ([word], True))
        count = len(baseline.facts["sites"])
        checks.check(f"{scene.name}: its calls are counted", count > 1, count)


def folders(folder):
    """Where the canaries run: (their bench's folder, their templates)."""
    return pathlib.Path(folder) / "canaries", pathlib.Path(folder) / "canary-templates"
