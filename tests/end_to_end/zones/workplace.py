"""A folder with a domains.yaml, in which the suites of zones run the binary."""

import base64
import json
import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from harness import BINARY  # noqa: E402
from loopback import program  # noqa: E402

KNOT = """server:
  rundir: "{folder}"
  listen: 127.0.0.1@{port}
database:
  storage: "{folder}/db"
key:
  - id: rampart.
    algorithm: hmac-sha256
    secret: {secret}
acl:
  - id: u
    key: rampart.
    action: [update, transfer]
{rest}"""
SECRET = base64.b64encode(b"a secret of thirty-two octets...").decode()


class Workplace:
    """Where the binary runs; `environment` has what its providers need."""

    def __init__(self, folder, **environment):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.environment = environment
        self.options = []

    def yaml(self, providers, domains, senders=""):
        (self.folder / "domains.yaml").write_text(
            f"version: 1\nproviders: {{{providers}}}\n"
            + (f"senders: {{{senders}}}\n" if senders else "") + f"domains:\n  {domains}\n")

    def run(self, *words):
        """(exit code, stdout and stderr) of the binary."""
        done = subprocess.run([str(BINARY), "--resolver", "127.0.0.1:9", *self.options, *words],
                              cwd=self.folder, capture_output=True, text=True, timeout=120,
                              env={"PATH": os.environ["PATH"], "HOME": str(self.folder),
                                   **self.environment})
        return done.returncode, done.stdout + done.stderr

    def plan(self, *words):
        """(exit code, the plan's JSON)."""
        done = subprocess.run([str(BINARY), "--resolver", "127.0.0.1:9", "--format", "json",
                               *self.options, "plan", *words], cwd=self.folder,
                              capture_output=True, text=True, timeout=120,
                              env={"PATH": os.environ["PATH"], "HOME": str(self.folder),
                                   **self.environment})
        return done.returncode, json.loads(done.stdout)

    def apply(self):
        return self.run("apply", "--auto-approve", "--verify-timeout", "5s")


def codes(plan):
    return {finding["code"] for finding in plan["findings"] if finding["severity"] == "error"}


def dig(port, *words):
    done = subprocess.run([program("dig"), "@127.0.0.1", "-p", str(port), "+time=2", "+tries=2",
                           *words], capture_output=True, text=True)
    return done.stdout


def status(port, name, kind="SOA"):
    """NOERROR, SERVFAIL, ..."""
    for word in dig(port, name, kind).split("status: ")[1:]:
        return word.split(",")[0]
    return ""


def values(port, name, kind):
    return set(dig(port, "+short", name, kind).split("\n")) - {""}


def until(holds, seconds=15):
    """Whether `holds()` becomes true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.1)
    return False


def knot_with(folder, port, rest):
    """The command of a knotd in `folder` that lets the key of SECRET update (acl "u"); `rest` are
    its templates and zones."""
    (folder / "db").mkdir(exist_ok=True)
    (folder / "knot.conf").write_text(
        KNOT.format(folder=folder, port=port, secret=SECRET, rest=rest))
    return [program("knotd"), "-c", str(folder / "knot.conf")]
