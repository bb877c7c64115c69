"""Runs a workflow's jobs: every `run:` block as GitHub would, by bash in a fresh checkout; what
`uses:` names is played by the few functions here."""

import dataclasses
import pathlib
import shutil
import subprocess

import yaml

import expressions
import github_fake

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
TOOLS = ("apt-get -qq update && apt-get -qq install -y --no-install-recommends "
         "ca-certificates curl git jq")


@dataclasses.dataclass
class Run:
    """What a run came to."""

    number: int
    conclusion: str = "success"
    log: str = ""
    summary: str = ""
    failed_step: str = ""


class Runner:
    """A machine for workflows: a remote, a fake GitHub, programs on PATH, secrets and variables."""

    def __init__(self, folder, remote, hub, api):
        self.folder, self.remote, self.hub, self.api = folder, remote, hub, api
        self.tools = folder / "tools"
        self.secrets, self.variables = {}, {}
        self.clock = ""
        self.count = 0

    def place_tools(self, binary, nameserver):
        """`rampart` with the story's clock and name server, and the helper of the workflows."""
        self.tools.mkdir()
        clock = self.folder / "clock"
        wrapper = self.tools / "rampart"
        wrapper.write_text("#!/bin/bash\n" f'exec "{binary}" --now "$(cat "{clock}")" '
                           f'--nameserver {nameserver} --resolver {nameserver} "$@"\n')
        wrapper.chmod(0o755)
        # A remote that, as a private repository's, lets in nobody without a token.
        git = self.tools / "git"
        git.write_text("#!/bin/bash\n"
                       'case "$1" in fetch | push) [ -n "$GIT_CONFIG_VALUE_0" ] || exit 128 ;; '
                       'esac\n' f'exec {shutil.which("git")} "$@"\n')
        git.chmod(0o755)
        (self.tools / "rampart-github").symlink_to(SOURCE / "packaging/rampart-github")

    def set_clock(self, day):
        self.clock = f"{day}T07:00:00Z"
        (self.folder / "clock").write_text(self.clock)

    def run(self, workflow, event, sha, ref, payload=None, inputs=None, base=None):
        """One run of a workflow file over the commit `sha`; jobs in order, as `needs` asks."""
        self.count += 1
        run = Run(self.count)
        definition = yaml.safe_load((SOURCE / ".github/workflows" / workflow).read_text())
        payload = {"repository": {"default_branch": "main"}, **(payload or {})}
        self.hub.runs.append({"id": run.number, "workflow": workflow, "head_sha": sha,
                              "head_branch": ref.removeprefix("refs/heads/"), "conclusion": None})
        contexts = {
            "github": {"event": payload, "event_name": event, "sha": sha, "ref": ref,
                       "base_ref": base or "", "token": github_fake.TOKEN,
                       "repository": github_fake.REPOSITORY},
            "vars": self.variables, "secrets": self.secrets, "inputs": inputs or {}, "needs": {}}
        for name, job in definition["jobs"].items():
            if "if" in job and not expressions.evaluate(job["if"], contexts):
                run.conclusion = "skipped"
                continue
            wanted = [job["needs"]] if isinstance(job.get("needs"), str) else job.get("needs", [])
            if any(one not in contexts["needs"] for one in wanted):
                continue
            outputs = JobRun(self, run, definition, job, dict(contexts)).steps()
            if outputs is not None:
                contexts["needs"][name] = {"outputs": outputs}
        self.hub.runs[-1]["conclusion"] = run.conclusion
        return run


class JobRun:
    """One job: its workspace, its environment, its steps."""

    def __init__(self, runner, run, definition, job, contexts):
        self.runner, self.run, self.job, self.contexts = runner, run, job, contexts
        self.shell = definition.get("defaults", {}).get("run", {}).get("shell", "sh")
        self.folder = runner.folder / f"run{run.number}-{len(contexts['needs'])}"
        self.workspace, self.temp = self.folder / "workspace", self.folder / "temp"
        self.workspace.mkdir(parents=True)
        self.temp.mkdir()
        (self.folder / "home").mkdir()
        contexts["runner"] = {"temp": str(self.temp)}
        contexts["steps"] = {}
        self.environment = {key: expressions.expand(value, contexts)
                            for key, value in job.get("env", {}).items()}

    def steps(self):
        """The job's outputs; None where it failed. After a failure only a step runs whose condition
        asks for more than success."""
        failed = False
        for step in self.job["steps"]:
            condition = step.get("if", "")
            if failed and "cancelled()" not in condition:
                continue
            if condition and not expressions.evaluate(condition, self.contexts):
                continue
            good = self.play(step) if "uses" in step else self.execute(step)
            status = self.contexts["steps"].setdefault(step.get("id", ""), {})
            status["outcome"] = "success" if good else "failure"
            if not good and not step.get("continue-on-error") and not failed:
                failed = True
                self.run.conclusion = "failure"
                self.run.failed_step = step.get("name", step.get("uses", ""))
        if failed:
            return None
        return {key: expressions.expand(value, self.contexts)
                for key, value in self.job.get("outputs", {}).items()}

    def play(self, step):
        action = step["uses"].split("@")[0]
        options = {key: expressions.expand(value, self.contexts)
                  for key, value in step.get("with", {}).items()}
        if action == "actions/checkout":
            return self.checkout(options)
        if action == "./":
            return (SOURCE / "action.yml").is_file()
        if action == "actions/upload-artifact":
            return self.upload(options)
        if action == "actions/download-artifact":
            return self.download(options)
        raise ValueError(f"the harness cannot play {action}")

    def git(self, *words):
        subprocess.run(["git", "-C", str(self.workspace), *words], check=True, capture_output=True)

    def checkout(self, options):
        depth = [] if options.get("fetch-depth") == "0" else ["--single-branch"]
        subprocess.run(["git", "clone", "--quiet", *depth, f"file://{self.runner.remote}",
                        str(self.workspace)], check=True, capture_output=True)
        self.git("fetch", "--quiet", "origin", self.contexts["github"]["sha"])
        self.git("checkout", "--quiet", "--detach", self.contexts["github"]["sha"])
        return True

    def artifact(self, run, name):
        return self.runner.folder / "artifacts" / str(run) / name

    def upload(self, options):
        source = self.workspace / options["path"]
        if not source.exists():
            return options.get("if-no-files-found") == "ignore"
        target = self.artifact(self.run.number, options["name"])
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
        return True

    def download(self, options):
        source = self.artifact(options.get("run-id", self.run.number), options["name"])
        if not source.is_dir():
            self.run.log += f"no artifact {source.name} of run {source.parent.name}\n"
            return False
        shutil.copytree(source, self.workspace / options["path"], symlinks=True, dirs_exist_ok=True)
        return True

    def execute(self, step):
        script = step["run"]
        if script.strip() == TOOLS:
            return True
        output, summary, env_file = (self.folder / name for name in ("output", "summary", "env"))
        for path in (output, env_file):
            path.write_text("")
        environment = {
            "PATH": f"{self.runner.tools}:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8",
            "HOME": str(self.folder / "home"), "RUNNER_TEMP": str(self.temp),
            "GITHUB_WORKSPACE": str(self.workspace), "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(summary), "GITHUB_ENV": str(env_file),
            "GITHUB_API_URL": self.runner.api, "GITHUB_REPOSITORY": github_fake.REPOSITORY,
            "GITHUB_SHA": self.contexts["github"]["sha"], "GITHUB_RUN_ID": str(self.run.number),
            **self.environment,
            **{key: expressions.expand(value, self.contexts)
               for key, value in step.get("env", {}).items()}}
        shell = {"bash": ["bash", "--noprofile", "--norc", "-eo", "pipefail"], "sh": ["sh", "-e"]}
        path = self.folder / "script"
        path.write_text(expressions.expand(script, self.contexts))
        done = subprocess.run([*shell[self.shell], str(path)], cwd=self.workspace, env=environment,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace")
        self.run.log += f"--- {step.get('name', '')} ({done.returncode})\n{done.stdout}"
        if summary.exists():
            self.run.summary = summary.read_text()
        self.environment |= pairs(env_file)
        if "id" in step:
            self.contexts["steps"][step["id"]] = {"outputs": pairs(output)}
        return done.returncode == 0


def pairs(path):
    """name=value lines, as GITHUB_OUTPUT and GITHUB_ENV take them."""
    return dict(line.split("=", 1) for line in path.read_text().splitlines() if "=" in line)
