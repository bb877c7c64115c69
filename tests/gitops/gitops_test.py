#!/usr/bin/env python3
"""The workflows' own `run:` blocks over a story: a remote, a name server, a fake of GitHub."""

import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import github_fake  # noqa: E402
import scene as scenery  # noqa: E402
import yaml_files  # noqa: E402
from scene import begins, day, refused  # noqa: E402

SOURCE = HERE.parent.parent

class Story:
    """The steps, and what each was expected to show."""

    def __init__(self, scene):
        self.scene, self.machine, self.hub = scene, scene.machine, scene.hub
        self.passed, self.wrong = 0, []

    def expect(self, holds, sentence, run=None):
        if holds:
            self.passed += 1
        else:
            self.wrong.append(sentence + (f"\n{run.log[-4000:]}" if run else ""))

    def head(self, ref):
        return self.hub.git("rev-parse", ref)

    def plan(self, branch, hostile=None, origin=github_fake.REPOSITORY):
        """plan.yml on a pull request's head, then comment.yml; `hostile` changes the artifact, and
        `origin` is the repository that holds the head."""
        sha = self.head(branch)
        run = self.machine.run("plan.yml", "pull_request", sha, f"refs/heads/{branch}", base="main")
        folder = self.scene.folder / "artifacts" / str(run.number) / "plan"
        if hostile:
            folder.mkdir(parents=True, exist_ok=True)
            hostile(folder)
        payload = {"workflow_run": {"id": run.number, "head_sha": sha, "event": "pull_request",
                                 "conclusion": run.conclusion,
                                 "head_repository": {"full_name": origin},
                                 "html_url": f"https://example.com/runs/{run.number}"}}
        comment = self.machine.run("comment.yml", "workflow_run", self.head("main"),
                                   "refs/heads/main", payload)
        self.expect(comment.conclusion == "success", f"comment.yml on {branch}", comment)
        return run

    def open(self, branch, title="A change"):
        return self.hub.add_pull(title, "", branch, "main", "operator")["number"]

    def comments(self, number):
        return [one["body"] for one in self.hub.comments if one["issue"] == number]

    def merge(self, number):
        """Merges, and runs apply.yml as the push would."""
        payload, sha = {"before": self.head("main")}, self.hub.merge(number)
        return self.machine.run("apply.yml", "push", sha, "refs/heads/main", payload)

    def scheduled(self, workflow):
        return self.machine.run(workflow, "schedule", self.head("main"), "refs/heads/main")

    def pull_from(self, branch):
        found = [one for one in self.hub.pulls if one["head"] == branch and one["state"] == "open"]
        return found[0] if found else None

    def first_publication(self):
        self.machine.set_clock(day(0))
        run = self.machine.run("apply.yml", "workflow_dispatch", self.head("main"),
                               "refs/heads/main")
        self.expect(run.conclusion == "success", "the first apply", run)
        self.expect("v=spf1 ip4:192.0.2.0/28 ~all" in self.scene.txt("example.com"),
                    "SPF is published")
        self.expect("site-verification=keep-me" in self.scene.txt("example.com"),
                    "a foreign value stays")
        self.expect("p=none" in "".join(self.scene.txt("_dmarc.example.com")), "DMARC is there")
        self.expect("Applied and seen" in run.summary, "a summary", run)

    def sender_added(self):
        self.scene.branch("add-billing", lambda text: text.replace(
            "      - office            #", "      - billing\n      - office            #"))
        number = self.open("add-billing", "Billing sends too")
        run = self.plan("add-billing")
        self.expect(run.conclusion == "success", "the plan of a new sender", run)
        self.expect("198\\.51\\.100\\.7" in run.summary or "198.51.100.7" in run.summary,
                    "the summary shows the address", run)
        bodies = self.comments(number)
        self.expect(len(bodies) == 1 and "198.51.100.7" in bodies[0],
                    f"one comment shows the plan: {bodies}")
        self.plan("add-billing")
        self.expect(len(self.comments(number)) == 1, "the comment is updated in place")
        return number

    def hostile_plans(self, number):
        """comment.yml believes nothing of what a pull request's run left."""
        def not_json(folder):
            (folder / "plan.json").write_text("@everyone <img src=x>")

        def link(folder):
            (folder / "plan.json").unlink(missing_ok=True)
            (folder / "plan.json").symlink_to("/etc/passwd")

        def mention(folder):
            path = folder / "plan.json"
            plan = json.loads(path.read_text())
            plan["holds"] = [{"domain": "example.com", "code": "keys-first",
                              "reason": "@everyone ![x](https://evil.example/x.png) <script>"}]
            path.write_text(json.dumps(plan))

        for hostile in (not_json, link):
            self.plan("add-billing", hostile)
            body = self.comments(number)[0]
            self.expect("No plan was made" in body and "everyone" not in body and
                        "root:" not in body, f"{hostile.__name__}: {body[:300]}")
        self.plan("add-billing", mention)
        body = self.comments(number)[0]
        self.expect("@everyone" not in body and "![x]" not in body and "<script" not in body,
                    f"a mention is not one: {body}")
        self.plan("add-billing", origin="outsider/mail")
        self.expect("**From a fork.**" in self.comments(number)[0].split("## ")[0],
                    "a fork's plan comes with a warning")
        self.plan("add-billing")
        self.expect("198.51.100.7" in self.comments(number)[0] and
                    "a fork" not in self.comments(number)[0], "the true plan is back")

    def nothing_to_plan(self):
        """A required check answers for a pull request that touches no YAML, and says nothing."""
        self.scene.branch("words", lambda text: text)
        number = self.open("words", "Words")
        run = self.plan("words")
        self.expect(run.conclusion == "success" and "Nothing to plan" in run.summary,
                    "a pull request without YAML passes", run)
        self.expect(not self.comments(number), "and gets no comment")

    def wrong_change_blocked(self):
        self.scene.branch("wrong", lambda text: text.replace(
            "    dkim:\n      - rotate", '    spf: {extra: ["+all"]}\n    dkim:\n      - rotate'))
        self.open("wrong")
        run = self.plan("wrong")
        self.expect(run.conclusion == "failure" and run.failed_step == "Verdict",
                    "a record that lets everybody send is blocked", run)
        self.expect(re.search(r"^::error file=domains\.yaml,line=\d+", run.log, re.MULTILINE),
                    "the error is annotated", run)
        self.scene.branch("broken", lambda text: text.replace(
            "      phase: monitor", "      phase: monitr"))
        self.open("broken")
        run = self.plan("broken")
        self.expect(run.conclusion == "failure" and "::error file=domains.yaml" in run.log,
                    "a mistake in the YAML is annotated", run)

    def applied(self, number):
        run = self.merge(number)
        self.expect(run.conclusion == "success" and "Applied" in run.summary, "apply", run)
        self.expect(any("ip4:198.51.100.7" in one for one in self.scene.txt("example.com")),
                    "the new sender is live")
        self.expect("is to be reviewed" not in run.log, "the reviewed plan was found", run)

    def ramp_step(self):
        self.machine.set_clock(day(14))
        self.scene.publish_evidence([(begin, "none", 100, "pass") for begin in begins(-10, 13)])
        self.machine.variables["RAMPART_SCHEDULES"] = "true"
        run = self.scheduled("advance.yml")
        self.expect(run.conclusion == "success", "advance.yml", run)
        pull = self.pull_from("rampart/advance-quick")
        self.expect(pull is not None and "example.com" in pull["body"], "a pull request", run)
        if pull is None:
            return
        self.expect(("plan.yml", "rampart/advance-quick", {}) in self.hub.dispatches,
                    "plan.yml starts")
        text = self.scene.text("rampart/advance-quick")
        self.expect("phase: quarantine      # moved on by evidence" in text and "pct: 10" in text,
                    f"phase and pct are edited, the comment stays:\n{text}")
        before = self.head("rampart/advance-quick")
        self.scheduled("advance.yml")
        self.expect(self.head("rampart/advance-quick") == before, "nothing is pushed twice")
        self.expect(len([one for one in self.hub.pulls if one["head"] == pull["head"]]) == 1,
                    "there is one pull request")
        self.plan("rampart/advance-quick")
        run = self.merge(pull["number"])
        record = "".join(self.scene.txt("_dmarc.example.com"))
        self.expect("p=quarantine" in record and "pct=10" in record and "t=y" in record,
                    f"the step is live: {record}", run)

    def rotation(self):
        pull = self.pull_from("rampart/rotate")
        self.expect(pull is not None, "advance.yml proposes a key")
        if pull is None:
            return
        files = self.hub.git("ls-tree", "-r", "--name-only", "rampart/rotate")
        keys = [name for name in files.splitlines() if name.startswith("keys/")]
        self.expect(any(name.endswith(".pub") for name in keys), f"a public key: {files}")
        private = [name for name in keys if name.endswith(".key")]
        self.expect(all("ENCRYPTED" in self.hub.git("show", f"rampart/rotate:{name}")
                        for name in private), "private keys are encrypted")
        self.plan("rampart/rotate")
        run = self.merge(pull["number"])
        selector = re.search(r"(office-\d{8}\w?)", self.scene.text())
        self.expect(selector is not None, "the YAML names the selector", run)
        if selector:
            live = self.scene.txt(f"{selector[1]}._domainkey.example.com")
            self.expect(len(live) == 1 and "k=ed25519" in live[0], f"the key is live: {live}", run)

    def drift(self):
        run = self.scheduled("drift.yml")
        self.expect(run.conclusion == "success" and not self.hub.issues, "no drift", run)
        self.scene.change_by_hand("_dmarc.example.com", "v=DMARC1; p=none")
        for _ in range(2):
            run = self.scheduled("drift.yml")
        issues = [one for one in self.hub.issues if one["state"] == "open"]
        self.expect(len(issues) == 1 and "_dmarc.example.com" in issues[0]["body"],
                    "one issue says what differs", run)
        run = self.machine.run("apply.yml", "workflow_dispatch", self.head("main"),
                               "refs/heads/main")
        self.expect("p=quarantine" in "".join(self.scene.txt("_dmarc.example.com")),
                    "apply by hand restores it", run)
        self.scheduled("drift.yml")
        self.expect(self.hub.issues and self.hub.issues[0]["state"] == "closed",
                    "the issue is closed")

    def step_back(self):
        """Two broken senders: the step back merges itself where that is wanted."""
        self.machine.set_clock(day(20))
        self.machine.variables["RAMPART_MERGE_STEPS_BACK"] = "true"
        days = [(begin, "none", 100, "pass") for begin in begins(-10, 13)]
        days += [(begin, "quarantine", 10, "fail") for begin in begins(14, 19)]
        self.scene.publish_evidence(days)
        self.hub.dispatches.clear()
        merge, self.hub.merge = self.hub.merge, refused
        run = self.scheduled("advance.yml")
        self.hub.merge = merge
        self.expect("rampart-data, which is not a protected branch" in run.log and
                    self.pull_from("rampart/step-back"),
                    "evidence that anyone can write merges nothing", run)
        self.hub.protected.add("rampart-data")
        self.hub.merge = refused
        run = self.scheduled("advance.yml")
        self.hub.merge = merge
        self.expect(run.conclusion == "success" and "waits for a person" in run.log and
                    "--- Keys (0)" in run.log and self.pull_from("rampart/step-back"),
                    "where branch protection refuses, it waits, and keys are looked at", run)
        run = self.scheduled("advance.yml")
        text = self.scene.text()
        self.expect("phase: monitor" in text and
                    "pct: 10" not in [line.strip() for line in text.splitlines()],
                    f"main stepped back:\n{text}", run)
        inputs = {"run": str(run.number)}
        self.expect(("apply.yml", "main", inputs) in self.hub.dispatches,
                    f"apply.yml starts with the step back's plan: {self.hub.dispatches}", run)
        foreign = self.machine.run("apply.yml", "workflow_dispatch", self.head("main"),
                                   "refs/heads/main", inputs={"run": str(run.number - 1)})
        self.expect(foreign.conclusion == "success" or "no artifact" in foreign.log,
                    "a run without a step back has no plan", foreign)
        # Something else is pending beside the step back: it stays pending.
        self.scene.change_by_hand("example.com", "v=spf1 -all")
        run = self.machine.run("apply.yml", "workflow_dispatch", self.head("main"),
                               "refs/heads/main", inputs=inputs)
        self.expect(self.scene.txt("example.com") == ["v=spf1 -all"],
                    f"the step back's plan is applied alone: {self.scene.txt('example.com')}", run)
        record = "".join(self.scene.txt("_dmarc.example.com"))
        self.expect("p=none" in record, f"p=none is live: {record}", run)
        run = self.machine.run("apply.yml", "workflow_dispatch", self.head("main"),
                               "refs/heads/main")
        self.expect(self.scene.txt("example.com") != ["v=spf1 -all"], "a run by hand has it", run)

    def rollback_at_night(self):
        """An operator rolls back from his own machine; a merge of something else leaves it so."""
        self.machine.set_clock(day(40))
        self.scene.branch("up", lambda text: text.replace(
            "      phase: monitor", "      phase: quarantine").replace("pct: 100", "pct: 10"))
        number = self.open("up")
        self.plan("up")
        # The step up itself goes in by hand: there is no evidence for it, and no ramp asked for it.
        run = self.merge(number)
        record = "".join(self.scene.txt("_dmarc.example.com"))
        self.expect("p=quarantine" in record, f"enforced again: {record}", run)
        self.scene.branch("unrelated", lambda text: text.replace("owner: finance",
                                                                 "owner: accounting").replace(
            '"ip4:198.51.100.7"', '"ip4:198.51.100.7", "ip4:198.51.100.9"'))
        unrelated = self.open("unrelated")
        self.plan("unrelated")
        self.scene.git("checkout", "--quiet", "-B", "night", "origin/main")
        code, said = self.scene.rampart("rollback", "example.com")
        self.expect(code == 0, f"rollback: {said}")
        code, said = self.scene.rampart("apply", "--auto-approve")
        self.expect(code == 0, f"apply at night: {said}")
        self.scene.commit("Night: example.com back to p=none")
        self.scene.git("push", "--quiet", "origin", "night")
        self.expect("p=none" in "".join(self.scene.txt("_dmarc.example.com")), "mail flows again")
        run = self.merge(unrelated)
        self.expect(any("198.51.100.9" in one for one in self.scene.txt("example.com")),
                    "the unrelated change is applied", run)
        self.expect("p=none" in "".join(self.scene.txt("_dmarc.example.com")),
                    "the unrelated merge does not undo the rollback", run)
        # Keys-first held the step that time; started again, the reviewed plan alone withholds it.
        run = self.machine.run("apply.yml", "push", self.head("main"), "refs/heads/main")
        self.expect("p=none" in "".join(self.scene.txt("_dmarc.example.com")),
                    "nor does a second run", run)
        self.expect("Something was withheld" in run.summary, "which says what it withheld", run)
        number = self.open("night")
        self.plan("night")
        run = self.merge(number)
        self.expect(run.conclusion == "success" and "phase: monitor" in self.scene.text() and
                    "p=none" in "".join(self.scene.txt("_dmarc.example.com")),
                    "after its own merge main has the live records", run)

    def only_steps(self):
        """What counts as a step and nothing else, in a block and in one line."""
        block = "a:\n  dmarc:\n    phase: quarantine  # why\n    pct: 10\n    since: 2026-11-01\n"
        flow = ("a: {dmarc: {phase: quarantine, pct: 10, since: 2026-11-01, "
                "target: {phase: reject}, ramp: quick}}\n")
        cases = [
            (block, "a:\n  dmarc:\n    phase: monitor  # why\n    since: 2026-11-22\n", True),
            (block, block.replace("pct: 10", "pct: 100"), True),
            (block, block.replace("# why", "# because"), False),
            (block, block.replace("pct: 10", "pct: 10\n    rua: [mailto:a@example.com]"), False),
            (flow, flow.replace("quarantine, pct: 10", "monitor"), True),
            (flow, flow.replace("phase: quarantine, pct: 10, since: 2026-11-01",
                                "since: 2026-11-22, pct: 100, phase: monitor"), True),
            (flow, flow.replace("pct: 10, since: 2026-11-01, ", ""), True),
            (flow, flow.replace("target: {phase: reject}", "target: {phase: quarantine}"), False),
            (flow, flow.replace("ramp: quick", "ramp: slow"), False),
            (flow, flow.replace("ramp: quick", "ramp: quick, sp: none"), False),
            (flow, flow + "b: {}\n", False),
        ]
        self.scene.git("checkout", "--quiet", "-B", "steps", "origin/main")
        path = self.scene.clone / "domains.yaml"
        for before, after, wanted in cases:
            path.write_text(before)
            self.scene.git("commit", "--quiet", "--all", "--allow-empty", "-m", "before")
            path.write_text(after)
            self.scene.git("commit", "--quiet", "--all", "-m", "after")
            done = subprocess.run([self.machine.tools / "rampart-github", "only-steps", "HEAD~1"],
                                  cwd=self.scene.clone, capture_output=True, text=True)
            self.expect((done.returncode == 0) == wanted and not done.stderr,
                        f"a step alone is {wanted}: {after} {done.stderr}")

    def secrets(self):
        """Nothing that a run printed, kept or sent holds a secret."""
        held = [scenery.SECRET, scenery.PASSPHRASE, "ghs_token-of-the-story"]
        found = []
        for path in self.scene.folder.rglob("*"):
            if path.is_symlink() or not path.is_file() or path.name in ("knot.conf",):
                continue
            text = path.read_bytes()
            found += [str(path) for one in held if one.encode() in text]
        spoken = json.dumps([self.hub.pulls, self.hub.comments, self.hub.issues])
        self.expect(not found and not any(one in spoken for one in held), f"secrets in {found}")

    def step(self, act, *arguments):
        """Plays one step; what breaks off is a failure, and the next step is played."""
        try:
            return act(*arguments)
        except Exception:  # pylint: disable=broad-except
            self.expect(False, f"{act.__name__} broke off: {traceback.format_exc()}")
            return None

    def tell(self):
        self.step(self.first_publication)
        number = self.step(self.sender_added)
        self.step(self.hostile_plans, number)
        for act in (self.nothing_to_plan, self.wrong_change_blocked, lambda: self.applied(number),
                    lambda: yaml_files.play(self), self.ramp_step, self.rotation, self.drift,
                    self.step_back, self.rollback_at_night, self.only_steps, self.secrets):
            self.step(act)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", default=str(SOURCE / "build/dev/rampart"))
    parser.add_argument("--keep", action="store_true", help="keep the folder")
    wanted = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="rampart-gitops.")
    os.environ |= {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
    try:
        with scenery.Scene(folder, pathlib.Path(wanted.binary).resolve()) as scene:
            story = Story(scene)
            story.tell()
    finally:
        if wanted.keep:
            print(folder)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    for sentence in story.wrong:
        print(f"failed: {sentence}")
    print(f"{story.passed} passed, {len(story.wrong)} failed")
    return 1 if story.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
