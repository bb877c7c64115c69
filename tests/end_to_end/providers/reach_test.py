#!/usr/bin/env python3
"""Which zones a provider reaches: tokens that reach none, two zones of one name, zones that a plan
does not concern, name servers by host name; limits of the host before anything is written."""

import contextlib
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "support"), str(HERE.parents[1] / "contract")]

from harness import BINARY, Checks, need_modules  # noqa: E402

need_modules("dns")

import dns.flags  # noqa: E402
import dns.message  # noqa: E402
import dns.rrset  # noqa: E402
import cloudflare_fake_test as cloudflare  # noqa: E402
import dns_stub  # noqa: E402
import route53_fake as aws  # noqa: E402
import servers_route53  # noqa: E402
from loopback import free_port, program, running  # noqa: E402

CHECKS = Checks()
SECRET = "c2VjcmV0LW9mLXRoZS1yYW1wYXJ0LXRlc3RzLTAxMjM0NTY="
NOBODY = "nozone-token-33333333333333333333333333"
HEAD = """version: 1
providers: {{p: {provider}}}
senders:
  own: {{spf: ["ip4:192.0.2.1"], owner: it, category: internal, reviewed: 2026-10-01}}
defaults: {{provider: p, senders: [own], dmarc: {{phase: spf}}}}
domains:
"""


def post(url, body):
    request = urllib.request.Request(url, json.dumps(body).encode(), method="POST")
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.loads(answer.read() or b"{}")


class Place:
    """A folder with a YAML, and the program in it."""

    def __init__(self, folder, provider, domains, environment):
        self.folder, self.environment = pathlib.Path(folder), environment
        self.write(provider, domains)

    def write(self, provider, domains):
        self.folder.joinpath("domains.yaml").write_text(
            HEAD.format(provider=provider) + "".join(f"  {one}\n" for one in domains))

    def run(self, *words, **environment):
        base = {"PATH": os.environ["PATH"], "HOME": str(self.folder)}
        nothing = [] if "--nameserver" in words else ["--nameserver", "127.0.0.1:9"]
        return subprocess.run(
            [str(BINARY), "--now", "2026-11-21T00:00:00Z", *nothing, *map(str, words)],
            cwd=self.folder, env={**base, **self.environment, **environment}, timeout=120,
            capture_output=True, text=True, check=False)

    def plan(self, *words, **environment):
        done = self.run("plan", "--live", "provider", "--format", "json", *words, **environment)
        return done.returncode, json.loads(done.stdout)


def finding(plan, code):
    """The message and the hint of the plan's findings of this code."""
    return " ".join(one["message"] + " " + one["hint"] for one in plan["findings"]
                    if one["code"] == code)


def check_cloudflare(folder):
    """Z5 and Z6: a token that does not reach the zone, and TTLs that the host refuses."""
    port = free_port()
    with running([sys.executable, HERE.parents[1] / "contract/cloudflare_fake.py", port], port,
                 pathlib.Path(folder) / "fake.log"):
        control = f"http://127.0.0.1:{port}/control"
        post(control + "/zones", {"name": "example.com"})
        place = Place(folder, "{type: cloudflare}", ["example.com: {}", "example.net: {}"],
                      {"CLOUDFLARE_API_TOKEN": cloudflare.TOKEN,
                       "CLOUDFLARE_BASE_URL": f"http://127.0.0.1:{port}/client/v4"})
        code, plan = place.plan()
        shown = finding(plan, "zone-missing")
        CHECKS.equal("a zone outside the token's reach withholds", code, 3)
        CHECKS.check("its message names the permissions",
                     "reaches 1 zone" in shown and "Zone > DNS > Edit" in shown, shown)
        CHECKS.check("nobody is shown to create the zone", "create" not in shown, shown)
        _, plan = place.plan(CLOUDFLARE_API_TOKEN=NOBODY)
        shown = finding(plan, "zone-missing")
        CHECKS.check("a token without Zone Read is reported as such",
                     "reaches no zone at all" in shown and "create" not in shown, shown)
        for ttl, refused in ((30, True), (1, True), (60, False), (86401, True)):
            place.write("{type: cloudflare}", [f"example.com: {{ttl: {ttl}}}"])
            code, plan = place.plan()
            CHECKS.equal(f"ttl {ttl}", (code, "takes 60 to 86400" in
                                        finding(plan, "ttl-out-of-range")),
                         (3, True) if refused else (0, False))
        place.write("{type: cloudflare}", ["example.com: {ttl: 30}"])
        done = place.run("apply", "--auto-approve", "--verify-timeout", "1s")
        CHECKS.equal("apply withholds it", done.returncode, 3)
        with urllib.request.urlopen(control + "/zones/example.com", timeout=20) as answer:
            CHECKS.equal("and writes nothing", json.loads(answer.read())["records"], [])
        first = post(control + "/zones", {"name": "twin.example", "status": "pending"})["id"]
        post(control + "/zones", {"name": "twin.example", "status": "moved", "twin": True})
        place.write("{type: cloudflare}", ["twin.example: {}"])
        _, plan = place.plan()
        CHECKS.check("two zones of one name need a choice",
                     "zone_ids" in finding(plan, "unobservable"), plan["findings"])
        place.write(f"{{type: cloudflare, zone_ids: {{twin.example: {first}}}}}",
                    ["twin.example: {}"])
        code, plan = place.plan()
        CHECKS.equal("zone_ids chooses", (code, len(plan["changes"])), (0, 1))


def check_locked(folder):
    """What Email Routing keeps at Cloudflare withholds the one change that needs it; records that
    nothing here can represent withhold none."""
    port = free_port()
    with running([sys.executable, HERE.parents[1] / "contract/cloudflare_fake.py", port], port,
                 pathlib.Path(folder) / "fake.log"):
        control = f"http://127.0.0.1:{port}/control"

        def record(content, kind="TXT", name="example.com", **more):
            return {"type": kind, "name": name, "content": content, "ttl": 1, **more}

        def contents(name="example.com"):
            with urllib.request.urlopen(control + "/zones/example.com", timeout=20) as answer:
                return sorted(one["content"] for one in json.loads(answer.read())["records"]
                              if one["name"] == name)

        meta = {"email_routing": True, "read_only": True}
        spf = '"v=spf1 include:_spf.mx.cloudflare.net ~all"'
        others = [record("kept=1", meta=meta), record("x", "TOMORROW"),
                  record("x", name="a..b.example.com"),
                  record("route1.mx.cloudflare.net", "MX", priority=10, meta=meta)]
        post(control + "/zones", {"name": "example.com", "records": others + [
            record(spf, meta=meta)]})
        before = contents()
        place = Place(folder, "{type: cloudflare}",
                      ["example.com: {dmarc: {phase: monitor, rua: ['mailto:d@example.com']}}"],
                      {"CLOUDFLARE_API_TOKEN": cloudflare.TOKEN,
                       "CLOUDFLARE_BASE_URL": f"http://127.0.0.1:{port}/client/v4"})
        code, plan = place.plan()
        shown = finding(plan, "record-locked")
        CHECKS.equal("a locked SPF record is a finding", code, 3)
        CHECKS.check("it names the record, its keeper and what to do",
                     all(words in shown for words in ("example.com TXT", "Email Routing", "unlock",
                                                      "spf: unmanaged")), shown)
        CHECKS.equal("the other changes stay", [one["name"] for one in plan["changes"]],
                     ["_dmarc.example.com"])
        done = place.run("apply", "--auto-approve", "--verify-timeout", "1s")
        CHECKS.check("apply refuses nothing", "read only" not in done.stdout + done.stderr,
                     done.stdout)
        CHECKS.equal("and writes them", (contents("_dmarc.example.com") != [], contents()),
                     (True, before))
        place.write("{type: cloudflare}", [
            "example.com: {spf: unmanaged, dmarc: {phase: monitor, rua: "
            "['mailto:d@example.com']}}"])
        CHECKS.equal("SPF left to Cloudflare", place.plan()[0], 0)
        # Unlocked, it is changed; a value that is locked beside it is not.
        post(control + "/zones", {"name": "example.com", "records": others + [
            record(spf, meta={"email_routing": True})]})
        place.write("{type: cloudflare}", ["example.com: {}"])
        done = place.run("apply", "--auto-approve", "--verify-timeout", "1s")
        CHECKS.check("an unlocked record is written", "ip4:192.0.2.1" in str(contents()) and
                     spf not in contents() and "kept=1" in contents(), done.stdout + done.stderr)


class NameServers:
    """A name server on loopback that knows the NS records of some zones."""

    def __init__(self, servers):
        self.servers = servers

    def answer(self, query):
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.AA
        question = query.question[0]
        names = self.servers.get(question.name.to_text(omit_final_dot=True), [])
        if names and question.rdtype == 2:
            reply.answer.append(dns.rrset.from_text_list(question.name, 60, "IN", "NS", names))
        return reply


def twins(door, first, second):
    """Two public zones twin.example with these name servers; their ids."""
    post(f"{door}/remove", {"name": "twin.example"})
    return [post(f"{door}/zone", {"name": "twin.example", "twin": True, "sets": [
        {"name": "twin.example.", "type": "NS", "ttl": 172800, "values": [f"{server}."]}]})["id"]
        for server in (first, second)]


def check_route53(folder):
    """Z10 and Z11: two public zones of one name; one change among sixty domains."""
    with servers_route53.route53(pathlib.Path(folder)) as up:
        door = f"http://127.0.0.1:{up['RAMPART_CONTRACT_HOST']}/_control"
        post(door + "/set", {"pending_polls": 0})
        key = "ASIAEXAMPLE"
        environment = {
            "AWS_ENDPOINT_URL_ROUTE_53": f"http://127.0.0.1:{up['RAMPART_CONTRACT_PORT']}",
            "AWS_EC2_METADATA_DISABLED": "true", "AWS_ACCESS_KEY_ID": key,
            "AWS_SECRET_ACCESS_KEY": aws.SECRET, "AWS_SESSION_TOKEN": aws.ACCOUNTS[key].token}
        fast = "type: route53, requests_per_second: 1000"
        place = Place(folder, f"{{{fast}}}", ["twin.example: {}"], environment)
        ids = twins(door, "ns-1.awsdns-01.org", "ns-9.awsdns-09.com")
        _, plan = place.plan()
        shown = finding(plan, "unobservable")
        CHECKS.check("two zones and no delegation: the ids and the key are named",
                     all(one in shown for one in [*ids, "zone_ids:"]), shown)
        server = dns_stub.serve({"twin.example": ["ns-9.awsdns-09.com."]}, NameServers)
        code, plan = place.plan("--nameserver", server)
        CHECKS.equal("the delegation decides", (code, len(plan["changes"])), (0, 1))
        place.run("apply", "--auto-approve", "--verify-timeout", "1s", "--nameserver", server)
        calls = post(door + "/calls", {})["calls"]
        written = [one for one in calls if "POST" in str(one) and "/rrset" in str(one)]
        CHECKS.check("the delegated zone is written", written and
                     all(ids[1] in str(one) for one in written), calls[-6:])
        place.write(f"{{{fast}, zone_ids: {{twin.example: {ids[0]}}}}}", ["twin.example: {}"])
        code, plan = place.plan()
        CHECKS.equal("zone_ids chooses the other", (code, len(plan["changes"])), (0, 1))
        check_narrow(place, door, fast)


def check_narrow(place, door, fast):
    names = [f"d{number}.example" for number in range(60)]
    record = {"type": "TXT", "ttl": 3600, "values": ['"v=spf1 ip4:192.0.2.1 ~all"']}
    for name in names:
        sets = [] if name == "d7.example" else [{"name": f"{name}.", **record}]
        post(door + "/zone", {"name": name, "sets": sets})
    place.write(f"{{{fast}}}", [f"{name}: {{}}" for name in names])
    done = place.run("plan", "--live", "provider", "--out", "plan.json")
    CHECKS.equal("one change among sixty domains", done.returncode, 0)
    read = lambda calls: {str(one).split("/hostedzone/")[1][:21] for one in calls
                          if "/hostedzone/" in str(one) and "GET" in str(one)}
    post(door + "/arm", {"code": ""})  # Counts from here.
    done = place.run("apply", "plan.json", "--verify-timeout", "1s")
    calls = post(door + "/calls", {})["calls"]
    CHECKS.check("apply plan.json reads the zone of the change alone", len(read(calls)) == 1,
                 (done.returncode, len(calls), sorted(read(calls))))
    CHECKS.check("and writes it", "1 written" in done.stdout, done.stdout + done.stderr)
    # A YAML that is not the reviewed one is read whole, so that nothing is passed over in silence.
    text = place.folder.joinpath("domains.yaml").read_text()
    place.folder.joinpath("domains.yaml").write_text(text.replace("d9.example: {}",
                                                                  "d9.example: {ttl: 60}"))
    done = place.run("apply", "plan.json", "--verify-timeout", "1s")
    CHECKS.equal("a change that was not reviewed is withheld", done.returncode, 3)
    CHECKS.check("and reported", "not-in-plan" in done.stdout and "d9.example" in done.stdout,
                 done.stdout)


def named(folder, port, host):
    """BIND on loopback, with a key for each algorithm."""
    zone = folder / "example.com.zone"
    zone.write_text("$TTL 3600\n@ SOA ns1.example.net. hostmaster.example.net. 1 7200 900 1209600 "
                    "300\n@ NS ns1.example.net.\n")
    algorithms = [f"hmac-sha{size}" for size in (1, 224, 256, 384, 512)]
    keys = "".join(f'key "{one}" {{ algorithm {one}; secret "{SECRET}"; }};\n'
                   for one in algorithms)
    grants = " ".join(f"grant {one} zonesub ANY;" for one in algorithms)
    allowed = " ".join(f"key {one};" for one in algorithms)
    other = "listen-on-v6 { none; };" if ":" not in host else \
        f"listen-on-v6 port {port} {{ ::1; }};"
    config = folder / "named.conf"
    config.write_text(f"""options {{
  directory "{folder}"; pid-file "named.pid"; session-keyfile "session.key";
  managed-keys-directory "."; lock-file none; listen-on port {port} {{ 127.0.0.1; }};
  {other} recursion no; dnssec-validation no; notify no; allow-transfer {{ {allowed} }};
}};
controls {{}};
{keys}zone "example.com" {{ type primary; file "{zone}"; update-policy {{ {grants} }}; }};
""")
    return [program("named"), "-g", "-n", "1", "-c", str(config)], algorithms


def has_ipv6():
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET6) as six:
        six.bind(("::1", 0))
        return True
    return False


def check_transfer(folder, port, secret):
    """The other server has a copy that gets no updates, as a secondary's may be late: zones are
    read there, and what was written is read back from the server that took it."""
    copy, other = folder / "copy", free_port()
    copy.mkdir()
    command, _ = named(copy, other, "127.0.0.1")
    zone = copy / "example.com.zone"
    text = zone.read_text()
    zone.write_text(text + '@ TXT "v=spf1 ip4:192.0.2.1 ~all"\n')
    place = Place(folder, f'{{type: rfc2136, server: "localhost:{port}", transfer: '
                  f'"localhost:{other}", tsig_name: hmac-sha256}}', ["example.com: {}"], secret)
    with running(command, other, copy / "named.log"):
        _, plan = place.plan()
        CHECKS.equal("zones are read from the transfer server", plan["changes"], [])
    zone.write_text(text)
    with running(command, other, copy / "named.log"):
        done = place.run("apply", "--auto-approve", "--nameserver", f"127.0.0.1:{port}")
        CHECKS.equal("updates go to the primary", (done.returncode, done.stderr[-300:] if
                     done.returncode else ""), (0, ""))


def check_named(folder):
    """Servers by host name and IPv6, every algorithm, and a transfer from another server."""
    if not program("named"):
        return ["named is not installed"]
    port, folder = free_port(), pathlib.Path(folder)
    hosts = ["localhost", "127.0.0.1"] + (["[::1]"] if has_ipv6() else [])
    command, algorithms = named(folder, port, hosts[-1])
    with running(command, port, folder / "named.log"):
        secret = {"RAMPART_TSIG_SECRET": SECRET}
        check_transfer(folder, port, secret)
        number = 0
        for host in hosts:
            for algorithm in algorithms if host == "localhost" else algorithms[2:3]:
                number += 1
                place = Place(folder, f'{{type: rfc2136, server: "{host}:{port}", '
                              f"tsig_name: {algorithm}, tsig_algorithm: {algorithm}}}",
                              [f"example.com: {{ttl: {3600 + number}}}"], secret)
                done = place.run("apply", "--auto-approve", "--nameserver", f"127.0.0.1:{port}")
                CHECKS.equal(f"{host} with {algorithm}", (done.returncode, done.stderr[-300:] if
                             done.returncode else ""), (0, ""))
        place.write(f'{{type: rfc2136, server: "no-such-host.invalid:{port}", tsig_name: '
                    "hmac-sha256}", ["example.com: {}"])
        _, plan = place.plan()
        shown = finding(plan, "unobservable")
        CHECKS.check("a host name that does not exist is named", "no-such-host.invalid" in shown,
                     shown)
    return []


def main():
    skipped = []
    for check in (check_cloudflare, check_locked, check_route53, check_named):
        with tempfile.TemporaryDirectory(prefix="rampart-reach-") as folder:
            skipped += check(folder) or []
    return CHECKS.report(skipped)


if __name__ == "__main__":
    sys.exit(main())
