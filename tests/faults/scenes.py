"""The commands of the campaign: what is in the folder before each, and which exit codes claim that
the work was done. Import it after harness.need_modules("dns")."""

import dataclasses
import datetime
import gzip
import pathlib
import subprocess

import hosts
import places
import report_xml

NOW = "2026-11-24T06:00:00Z"
SCENARIOS = pathlib.Path(__file__).resolve().parents[1] / "scenarios"
QUIET = ["--nameserver", "127.0.0.1:1", "--resolver", "127.0.0.1:1"]
OFFICE = 'senders: {office: {spf: ["ip4:192.0.2.2"], dkim: self}}\n'
FILES = "providers: {files: {type: zonefile, directory: zones}}\n"
HEAD = "version: 1\n" + FILES + OFFICE + "defaults: {provider: files}\ndomains:\n"
SOA = "$TTL 3600\n@ IN SOA ns1 hostmaster 1 7200 900 1209600 3600\n@ IN NS ns1\nns1 A 192.0.2.53\n"


@dataclasses.dataclass
class Scene:
    """A command: how its folder is built, its words, and what its exit codes mean."""

    name: str
    place: str  # As the table of docs/reliability.md names it.
    build: object  # build(folder, run): `run(*words)` runs the product there.
    words: list
    claims: tuple = (0,)  # Exit codes that claim success.
    host: str = None
    stub: bool = False  # Queries go to the campaign's own resolver.
    weight: int = 1
    dated: bool = False  # It changes several files one after the other, each with the day.
    program: list = None  # Another program than the product, for the canaries.


def zone_text(zone):
    lines = [SOA]
    for name, kind, value in hosts.START:
        text = hosts.quoted(value) if kind == "TXT" else value
        lines.append(f"{name or '@'} IN {kind} {text} ; by another party\n")
    return f"$ORIGIN {zone}.\n" + "".join(lines)


def write_zones(folder, *zones):
    (folder / "zones").mkdir()
    for zone in zones:
        (folder / "zones" / f"{zone}.zone").write_text(zone_text(zone))


def build_files(folder, _):
    """Two zones in files, which need the same changes."""
    write_zones(folder, "contract.example", "second.example")
    (folder / "domains.yaml").write_text(
        HEAD + hosts.DOMAIN + hosts.DOMAIN.replace("contract.example", "second.example"))


def build_host(folder, _):
    (folder / "domains.yaml").write_text(
        "version: 1\nproviders: {p: @PROVIDER@}\n" + OFFICE + "defaults: {provider: p}\n"
        "domains:\n" + hosts.DOMAIN)


def build_rotation(folder, _):
    (folder / "zones").mkdir()
    (folder / "zones/a.example.zone").write_text("$ORIGIN a.example.\n" + SOA)
    (folder / "domains.yaml").write_text(
        HEAD + "  a.example:  # all of it\n    senders: [office]\n    dmarc: {phase: dkim}\n"
        "    dkim:\n      - rotate: {name: office, sender: office, algorithm: both}  # by hand\n")


def build_compromised(folder, run):
    """A rotation whose first pair is published."""
    build_rotation(folder, run)
    run("rotate", "--write", now="2026-11-01T00:00:00Z")
    run("apply", "--auto-approve", "--verify-timeout", "0s", now="2026-11-01T00:00:00Z")


def build_ramp(folder, _):
    source = SCENARIOS / "advance"
    for name in ("domains.yaml", "evidence.json", "more/brands.yaml"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text((source / name).read_text())


def build_keys(folder, _):
    (folder / "zones").mkdir()
    (folder / "zones/a.example.zone").write_text("$ORIGIN a.example.\n" + SOA)
    (folder / "domains.yaml").write_text(
        HEAD + "  a.example: {senders: [office], dmarc: {phase: dkim}}\n")
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out",
                    folder / "given.pem"], check=True, capture_output=True)


def build_export(folder, run):
    """Two keys that are published."""
    build_keys(folder, run)
    run("keys", "generate", "a.example", "s1", "--algorithm", "both")
    (folder / "domains.yaml").write_text(
        HEAD + "  a.example:\n    senders: [office]\n    dmarc: {phase: dkim}\n    dkim:\n"
        "      - {selector: s1r, public_key: keys/a.example/s1r.pub}\n"
        "      - {selector: s1e, public_key: keys/a.example/s1e.pub}\n")
    run("apply", "--auto-approve", "--verify-timeout", "0s")


def build_imported(folder, run):
    write_zones(folder, "contract.example", "second.example")


def report(domain, day, count, name):
    rows = [report_xml.record(domain, "192.0.2.2", count, [(domain, "s1", "pass")], domain, "pass"),
            report_xml.record(domain, "203.0.113.9", 3, [], "elsewhere.example", "fail")]
    return report_xml.report(domain, f"noreply@{name}", day, rows)


def build_store(folder, run):
    """A store with a year of two domains' reports, and the files of one more week."""
    (folder / "domains.yaml").write_text(
        HEAD + "  a.example: {senders: [office], dmarc: {phase: monitor, since: 2026-10-01, rua: "
        "['mailto:d@a.example']}}\n  b.example: {senders: [office], dmarc: {phase: dkim}}\n")
    (folder / "zones").mkdir()
    for domain in ("a.example", "b.example"):
        (folder / f"zones/{domain}.zone").write_text(f"$ORIGIN {domain}.\n" + SOA)
    (folder / "old").mkdir()
    (folder / "in").mkdir()
    last = datetime.date(2026, 11, 20)
    for number in range(10):
        day = last - datetime.timedelta(days=60 * number if number > 4 else number)
        (folder / f"old/{number}.xml").write_text(report("b.example", day, 50, "google.com"))
        (folder / f"in/{number}.xml.gz").write_bytes(
            gzip.compress(report("a.example", day, 70 + number, "yahoo.com").encode(), mtime=0))
    run("reports", "ingest", "--trusted", "old")


def build_filled(folder, run):
    build_store(folder, run)
    run("reports", "ingest", "--trusted", "in")


def build_flatten(folder, _):
    (folder / "zones").mkdir()
    (folder / "zones/a.example.zone").write_text("$ORIGIN a.example.\n" + SOA)
    (folder / "domains.yaml").write_text(
        "version: 1\n" + FILES + "senders: {vendor: {spf: ['include:_spf.vendor.example'], "
        "dkim: self}}\ndefaults: {provider: files}\ndomains:\n"
        "  a.example: {senders: [vendor], spf: {flatten: always}, dmarc: {phase: spf}}\n")


# What the campaign's resolver knows: {(name, type): [value]}.
RECORDS = {
    ("_spf.vendor.example", "TXT"): ["v=spf1 include:_a.vendor.example ip4:203.0.113.0/26 ~all"],
    ("_a.vendor.example", "TXT"): ["v=spf1 a:mail.vendor.example ip4:203.0.113.128/26 ~all"],
    ("mail.vendor.example", "A"): ["203.0.113.77"],
}
APPLY = ["apply", "--auto-approve", "--verify-timeout", "2s"]
SCENES = [
    Scene("apply-zonefile", "apply, zone files", build_files,
          ["apply", "--auto-approve", "--verify-timeout", "0s"], (0, 5), weight=2),
    Scene("apply-rfc2136", "apply, RFC 2136 (named)", build_host, APPLY, (0, 5), "named", weight=2),
    Scene("apply-powerdns", "apply, PowerDNS", build_host, APPLY, (0, 5), "powerdns", weight=2),
    Scene("apply-cloudflare", "apply, Cloudflare (stand-in)", build_host,
          ["apply", "--auto-approve", "--verify-timeout", "0s"], (0, 5), "cloudflare", weight=2),
    Scene("apply-route53", "apply, Route 53 (stand-in)", build_host,
          ["apply", "--auto-approve", "--verify-timeout", "0s"], (0, 5), "route53", weight=2),
    Scene("rotate", "rotate --write", build_rotation, ["rotate", "--write"], (0, 2), weight=2),
    Scene("rotate-compromised", "rotate --compromised --write", build_compromised,
          ["rotate", "--compromised", "office-20261101r", "--write"], (0, 2)),
    Scene("advance", "advance --write", build_ramp,
          ["--evidence", "evidence.json", "advance", "--write"], (0, 2), dated=True),
    Scene("rollback", "rollback", build_ramp, ["rollback", "spoofed.example"]),
    Scene("keys-generate", "keys generate", build_keys,
          ["keys", "generate", "a.example", "s1", "--algorithm", "both"]),
    Scene("keys-import", "keys import", build_keys,
          ["keys", "import", "a.example", "s1", "given.pem"]),
    Scene("keys-export", "keys export --out", build_export,
          ["keys", "export", "--format", "opendkim", "--out", "out", "--path", "/srv/keys"]),
    Scene("init", "init --out", build_imported,
          ["init", "--provider", "zonefile:directory=zones", "--out", "domains.yaml"]),
    Scene("plan", "plan --out --save-world", build_files,
          ["plan", "--out", "plan.json", "--save-world", "world.json"]),
    Scene("ingest", "reports ingest", build_store, ["reports", "ingest", "--trusted", "in"],
          weight=2),
    Scene("prune", "reports prune", build_filled, ["reports", "prune", "--keep", "100d"]),
    Scene("evidence", "reports evidence --out", build_filled,
          ["reports", "evidence", "--out", "evidence.json"]),
    Scene("flatten", "spf flatten --write", build_flatten,
          ["spf", "flatten", "a.example", "--write"], stub=True),
    Scene("render", "render --out", build_files, ["render", "--out", "rendered"]),
    Scene("dashboard", "dashboard --out", build_filled,
          ["dashboard", "--out", "pages", "--since", "2026-11-01", "--until", "2026-11-24"]),
]
BY_NAME = {scene.name: scene for scene in SCENES}
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "TZ": "UTC", "LC_ALL": "C.UTF-8",
               "RAMPART_KEY_PASSPHRASE": places.PASSPHRASE}
