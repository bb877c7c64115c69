#!/usr/bin/env python3
"""Zone files beside BIND's journals: what named does with a change of the file, a finding at plan
time that names the command, and a rollback wherever named takes it."""

import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from harness import Checks  # noqa: E402
from loopback import free_port, program, running  # noqa: E402
from workplace import SECRET, Workplace, codes, status, until, values  # noqa: E402

ZONE = """$ORIGIN example.com.
$TTL 1h
@ IN SOA ns1 hostmaster ( 2026010101 2h 1h 2w 5m )
@ IN NS ns1
ns1 IN A 127.0.0.1
@ IN TXT "v=spf1 -all"
_dmarc 300 IN TXT "v=DMARC1; p=quarantine; t=y; pct=10; rua=mailto:dmarc@example.com"
"""
KEY = f'key "rndc" {{ algorithm hmac-sha256; secret "{SECRET}"; }};\n'
YAML = ("example.com: {provider: files, senders: [office-mta], dkim: [%s], dmarc: {phase: "
        "quarantine, pct: 10, since: 2026-11-01, rua: ['mailto:dmarc@example.com']}}")
SENDERS = 'office-mta: {spf: ["ip4:192.0.2.0/28"], dkim: self}'
MODES = {
    "inline": "dnssec-policy default; inline-signing yes;",
    "differences": "ixfr-from-differences yes;",
    "dynamic": "allow-update { 127.0.0.1; };",
    "dynamic-inline": "dnssec-policy default; inline-signing yes; allow-update { 127.0.0.1; };",
}


class Bind:
    """A named with one zone, and rndc."""

    def __init__(self, folder, mode):
        self.folder, self.port, self.control = folder, free_port(), free_port()
        (folder / "zones").mkdir(parents=True)
        (folder / "keys").mkdir()
        (folder / "zones/example.com.zone").write_text(ZONE)
        (folder / "named.conf").write_text(f"""options {{
  directory "{folder}"; pid-file "named.pid"; session-keyfile "session.key";
  managed-keys-directory "."; lock-file none; listen-on port {self.port} {{ 127.0.0.1; }};
  listen-on-v6 {{ none; }}; recursion no; dnssec-validation no; key-directory "keys";
}};
{KEY}controls {{ inet 127.0.0.1 port {self.control} allow {{ 127.0.0.1; }} keys {{ "rndc"; }}; }};
zone "example.com" {{ type primary; file "{folder}/zones/example.com.zone"; {MODES[mode]} }};
""")
        (folder / "rndc.conf").write_text(
            KEY + 'options { default-key "rndc"; default-server 127.0.0.1; '
            f"default-port {self.control}; }};\n")

    def running(self):
        command = [program("named"), "-g", "-n", "1", "-c", str(self.folder / "named.conf")]
        return running(command, self.control, self.folder / "log", cwd=self.folder)

    def rndc(self, *words):
        return subprocess.run([program("rndc"), "-c", str(self.folder / "rndc.conf"), *words],
                              capture_output=True, text=True).returncode

    def update(self, record):
        subprocess.run([program("nsupdate")], text=True, check=True, capture_output=True,
                       input=f"server 127.0.0.1 {self.port}\nzone example.com\n"
                             f"update add {record}\nsend\n")

    def has(self, suffix):
        return (self.folder / f"zones/example.com.zone{suffix}").exists()

    def serves(self, text, name="_dmarc.example.com"):
        return until(lambda: any(text in value for value in values(self.port, name, "TXT")))

    def ready(self):
        return until(lambda: status(self.port, "example.com") == "NOERROR")


def selectors(*names):
    return ", ".join(f"{{selector: {name}, txt: 'v=DKIM1; p='}}" for name in names)


def start(checks, mode, folder):
    bind = Bind(folder, mode)
    place = Workplace(folder)
    place.yaml("files: {type: zonefile, directory: zones}", YAML % "", SENDERS)
    return bind, place


def notices(plan):
    return [one for one in plan["findings"] if one["code"] == "zone-journal"]


def copied(checks, folder):
    """inline-signing: the file is written, before and after named has made its journal."""
    bind, place = start(checks, "inline", folder)
    with bind.running():
        checks.check("inline: ready", bind.ready() and until(lambda: bind.has(".jbk")))
        code, text = place.apply()
        checks.equal("inline: the first apply", (code, text * (code != 0)), (0, ""))
        bind.rndc("reload", "example.com")
        checks.check("inline: SPF is served", bind.serves("192.0.2.0", "example.com"))
        checks.check("inline: named made a journal", until(lambda: bind.has(".jnl")))
        place.yaml("files: {type: zonefile, directory: zones}", YAML % selectors("s1"), SENDERS)
        _, plan = place.plan()
        found = notices(plan)
        checks.equal("inline: one warning", [one["severity"] for one in found], ["warning"])
        checks.check("inline: it names both commands", found and all(
            command in found[0]["hint"] for command in
            ("rndc reload example.com", "rndc sync -clean example.com")), found)
        code, text = place.apply()
        checks.equal("inline: the second apply", (code, text * (code != 0)), (0, ""))
        bind.rndc("reload", "example.com")
        checks.check("inline: the key is served",
                     bind.serves("DKIM1", "s1._domainkey.example.com"))
        place.run("rollback", "example.com")
        code, text = place.apply()
        checks.equal("inline: the rollback", (code, text * (code != 0)), (0, ""))
        bind.rndc("reload", "example.com")
        checks.check("inline: the rollback is served", bind.serves("p=none"))
        checks.equal("inline: without changes no finding", notices(place.plan()[1]), [])
        # What the finding warns of: a change that named did not reload before it starts again.
        place.yaml("files: {type: zonefile, directory: zones}", YAML.replace(
            "phase: quarantine, pct: 10, since: 2026-11-01", "phase: monitor") %
            selectors("s1", "s2"), SENDERS)
        place.apply()
    with bind.running():
        checks.equal("inline: after a start without reload", status(bind.port, "example.com"),
                     "SERVFAIL")
        bind.rndc("sync", "-clean", "example.com")
        bind.rndc("reload", "example.com")
        checks.check("inline: sync -clean repairs it",
                     bind.serves("DKIM1", "s2._domainkey.example.com"))


def read_alone(checks, folder):
    """ixfr-from-differences: a finding that withholds and names the command; a rollback passes."""
    bind, place = start(checks, "differences", folder)
    with bind.running():
        checks.check("differences: ready", bind.ready())
        place.apply()
        bind.rndc("reload", "example.com")
        checks.check("differences: named made a journal", until(lambda: bind.has(".jnl")))
        place.yaml("files: {type: zonefile, directory: zones}", YAML % selectors("s1"), SENDERS)
        code, plan = place.plan()
        checks.equal("differences: plan", (code, codes(plan)), (3, {"zone-journal"}))
        checks.check("differences: the command",
                     "rndc sync -clean example.com" in notices(plan)[0]["hint"])
        before = (folder / "zones/example.com.zone").read_text()
        code, text = place.apply()
        checks.equal("differences: apply", code, 3)
        checks.equal("differences: the file", (folder / "zones/example.com.zone").read_text(),
                     before)
        place.yaml("files: {type: zonefile, directory: zones}", YAML % "", SENDERS)
        place.run("rollback", "example.com")
        code, text = place.apply()
        checks.equal("differences: the rollback", (code, text * (code != 0)), (0, ""))
        bind.rndc("reload", "example.com")
        checks.check("differences: the rollback is served", bind.serves("p=none"))
        bind.rndc("sync", "-clean", "example.com")
        place.yaml("files: {type: zonefile, directory: zones}", YAML.replace(
            "phase: quarantine, pct: 10, since: 2026-11-01", "phase: monitor") %
            selectors("s1"), SENDERS)
        code, text = place.apply()
        checks.equal("differences: after the command", (code, text * (code != 0)), (0, ""))
    with bind.running():
        checks.check("differences: it loads after a start",
                     bind.serves("DKIM1", "s1._domainkey.example.com"))


def overwritten(checks, mode, folder):
    """Dynamic updates: named overwrites the file, so that nothing is written before a freeze."""
    bind, place = start(checks, mode, folder)
    with bind.running():
        checks.check(f"{mode}: ready", bind.ready())
        bind.update('theirs.example.com 60 TXT "theirs"')
        checks.check(f"{mode}: named made a journal", until(lambda: bind.has(".jnl")))
        for when, command in [("journal", ()), ("synced", ("sync", "example.com"))]:
            if command:
                bind.rndc(*command)
                until(lambda: "theirs" in (folder / "zones/example.com.zone").read_text())
            text = (folder / "zones/example.com.zone").read_text()
            code, plan = place.plan()
            checks.equal(f"{mode}, {when}: plan", (code, codes(plan)), (3, {"zone-journal"}))
            hint = notices(plan)[0]["hint"]
            checks.check(f"{mode}, {when}: the commands", all(
                f"rndc {one} example.com" in hint for one in ("freeze", "sync -clean", "thaw")))
            place.run("rollback", "example.com")
            code, said = place.apply()
            checks.check(f"{mode}, {when}: nothing is written, a rollback included",
                         code != 0 and (folder / "zones/example.com.zone").read_text() == text,
                         said)
            place.yaml("files: {type: zonefile, directory: zones}", YAML % "", SENDERS)
        checks.equal(f"{mode}: freeze", bind.rndc("freeze", "example.com"), 0)
        bind.rndc("sync", "-clean", "example.com")
        checks.check(f"{mode}: no journal", until(lambda: not bind.has(".jnl")))
        code, text = place.apply()
        checks.equal(f"{mode}: frozen", (code, text * (code != 0)), (0, ""))
        bind.rndc("thaw", "example.com")
        checks.check(f"{mode}: SPF is served", bind.serves("192.0.2.0", "example.com"))
        checks.check(f"{mode}: the update is kept", bind.serves("theirs", "theirs.example.com"))


def main():
    if not program("named") or not program("rndc"):
        print("skipped: BIND is not installed\n0 passed, 0 failed, 1 skipped")
        return 0
    checks = Checks()
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        copied(checks, work / "inline")
        read_alone(checks, work / "differences")
        for mode in ("dynamic", "dynamic-inline"):
            overwritten(checks, mode, work / mode)
    return checks.report()


if __name__ == "__main__":
    sys.exit(main())
