#!/usr/bin/env python3
"""A month of mail through more than 60 services, and of outsiders who imitate them: 95 % of the
messages are named right, and no outsider's mail is called proved mail of a service it did not use.

service_mail.txt says how services really send, and service_spf.txt what they authorize; both are
independent of the catalogue. The mail is generated from a seed (RAMPART_SEED).
"""

import collections
import csv
import dataclasses
import datetime
import io
import ipaddress
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import harness  # noqa: E402

harness.need_modules("dns")

import dns_stub  # noqa: E402
from harness import BINARY, Checks  # noqa: E402
from report_xml import record, report  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
NOW = "2026-11-21T00:00:00Z"
FIRST = datetime.date(2026, 10, 20)
DAYS = 30
LANES = 7  # An address sends one kind of mail a day, so that a day's rows show how it is named.
US = "acme.example"
REPORTERS = ("noreply-dmarc-support@google.com", "noreply@dmarc.yahoo.com",
             "dmarcreport@microsoft.com")
DECLARED = {"google_workspace": "google", "mailchimp": "k2", "sendgrid": "s1", "resend": "resend",
            "zendesk": "zendesk1", "office": "office-a"}
LEAST_RIGHT = 0.95

YAML = f"""version: 1
providers: {{files: {{type: zonefile, directory: zones}}}}
senders:
  office: {{spf: ["ip4:198.51.100.0/28"], dkim: self, owner: it, category: internal}}
defaults: {{provider: files}}
domains:
  {US}:
    senders:
      - google_workspace
      - {{use: sendgrid, with: {{user: "123456", wl: "wl789"}}}}
      - mailchimp
      - resend
      - zendesk
      - office
    dkim: [{{selector: office-a, txt: "v=DKIM1; p="}}]
    dmarc: {{phase: monitor, since: 2026-10-01, rua: ["mailto:d@{US}"]}}
"""


def lines_of(name):
    lines = (HERE / name).read_text().splitlines()
    return [line.split("|") for line in lines if line and not line.startswith("#")]


TREES = dict(lines_of("service_spf.txt"))


@dataclasses.dataclass(frozen=True)
class Mail:
    """One kind of mail: what a report shows of it, and who really sent it."""

    ip: str
    truth: frozenset    # The names that are right.
    keys: tuple = ()    # (d=, selector, result)
    envelope: str = ""
    spf: str = "pass"
    outsider: bool = False


class Month:
    """Names of hosts, and all mail with its messages."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.records = {}  # {(name, type): [value]}
        self.mail = []     # (Mail, messages, lane)
        self.lanes = collections.Counter()
        self.days = collections.defaultdict(collections.Counter)  # {day: {Mail: messages}}
        self.hosts = 0
        self.customers = set()  # Addresses from which outsiders send as customers of a service.

    def host(self, ip, name, confirmed=True):
        reverse = ipaddress.ip_address(ip).reverse_pointer
        self.records[reverse, "PTR"] = [name + "."]
        if confirmed:
            kind = "AAAA" if ":" in ip else "A"
            self.records.setdefault((name, kind), []).append(ip)

    def add(self, mail, most):
        lane = self.lanes[mail.ip]
        assert lane < LANES, mail
        self.lanes[mail.ip] += 1
        self.mail.append((mail, self.random.randint(max(1, most // 3), most), lane))

    def friends(self):
        return {mail.ip for mail, _, _ in self.mail if not mail.outsider}

    def service(self, name, addresses, host, signs, bounces):
        selector = DECLARED.get(name, f"{name[:8].replace('_', '-')}-x1")
        own_key = ((signs, "own1", "pass"),) if signs != "-" else ()
        ours = (US, selector, "pass")
        own_bounce = US if bounces == "=" else bounces
        right = frozenset({name})
        for ip in addresses:
            named = host != "-" and self.random.random() < 0.95
            if named:
                self.hosts += 1
                self.host(ip, host.replace("{}", str(self.hosts)))
            # With nothing of its own in it, mail of a shared pool is the pool's.
            plain = right if named and not pool_of(ip) else right | pool_of(ip)
            self.add(Mail(ip, right, (ours, *own_key), own_bounce), 400)
            self.add(Mail(ip, plain if bounces == "=" else right, (ours,), own_bounce), 200)
            self.add(Mail(ip, plain, (ours,), f"bounce.{US}"), 200)
            self.add(Mail(ip, right if own_key else plain, own_key, own_bounce), 80)
            broken = ((US, selector, "fail"), *own_key)
            self.add(Mail(ip, right if own_key else plain, broken, own_bounce), 20)
            self.add(Mail(ip, plain, ((US, "", "pass"),), own_bounce), 60)

    def forwarders(self):
        """Hosts that pass Google's mail on; some of it loses its signature."""
        google = frozenset({"google_workspace"})
        ours, broken = (US, "google", "pass"), (US, "google", "fail")
        for ip, host, name in (("192.0.2.10", "mx.college.example", "ptr:college.example"),
                               ("192.0.2.11", "mx2.alumni.example", "ptr:alumni.example"),
                               ("40.92.7.7", "mail-x.outbound.protection.outlook.com",
                                "microsoft_365"),
                               ("15.235.20.9", "mail-of-9.improvmx.com", "improvmx")):
            self.host(ip, host)
            self.add(Mail(ip, google, (ours,), "srs." + host.partition(".")[2]), 300)
            self.add(Mail(ip, frozenset({name}), (broken,), "srs." + host.partition(".")[2]), 60)

    def outsiders(self):
        """Mail of others in the domain's name; see each kind's comment."""
        def out(ip, label, *mail):
            self.add(Mail(ip, frozenset({label}), *mail, outsider=True), 40)
        for i in range(1, 120):  # A botnet, half of it with names in one ISP's domain.
            ip = f"100.125.{i // 100}.{i % 100}"
            if i % 2:
                self.host(ip, f"host{i}.isp.example")
            out(ip, "ptr:isp.example" if i % 2 else f"ip:{ip}", (), "x.example", "none")
        for i, kind in enumerate(("mail.google.com", "o1.sendgrid.net", "mx.mcsv.net",
                                  "amazonses.com")):
            # A host name that only begins like a service's, and leads back.
            self.host(f"203.0.113.{i}", f"{kind}.attacker.test")
            out(f"203.0.113.{i}", "ptr:attacker.test", (), "attacker.test", "pass")
            # A host name that is a service's, and does not lead back.
            self.host(f"203.0.113.{i + 20}", kind, confirmed=False)
            out(f"203.0.113.{i + 20}", f"ip:203.0.113.{i + 20}", (), "attacker.test", "pass")
            # A bounce domain and a signature that look like a service's.
            out(f"203.0.113.{i + 40}", f"ip:203.0.113.{i + 40}",
                ((f"{kind}.attacker.test", "s", "pass"),), f"{kind}.attacker.test", "pass")
            alike = "x" + ".".join(kind.split(".")[-2:])
            out(f"203.0.113.{i + 60}", f"ip:203.0.113.{i + 60}", ((alike, "s", "pass"),), alike,
                "pass")
            # The service's bounce domain or signature, without a pass.
            likely = {"mail.google.com": "google_workspace", "o1.sendgrid.net": "sendgrid",
                      "mx.mcsv.net": "mailchimp", "amazonses.com": "amazon_ses"}[kind]
            for j, result in enumerate(("softfail", "fail", "none", "temperror")):
                ip = f"203.0.113.{100 + 10 * i + j}"
                self.add(Mail(ip, frozenset({likely, f"ip:{ip}"}), ((kind, "s", "fail"),), kind,
                              result, outsider=True), 9)
        for ip, pool, key in (("167.89.10.1", "sendgrid", "sendgrid.net"),
                              ("167.89.99.1", "sendgrid", "sendgrid.net"),
                              ("198.2.180.1", "mailchimp", "mailchimpapp.net"),
                              ("69.72.43.1", "mailgun", "mailgun.org"),
                              ("209.85.220.99", "google_workspace", "attacker.test")):
            # Another customer of a service, from the addresses that the domain's mail comes from.
            out(ip, pool, ((key, "s", "pass"),),
                key if key == "attacker.test" else f"em7.{key}", "pass")
            self.customers.add(ip)


def networks_of(tree):
    """Every network that a record authorizes, includes followed."""
    found = []
    for term in TREES.get(tree, "").split():
        kind, _, value = term.partition(":")
        if kind in ("ip4", "ip6"):
            found.append(ipaddress.ip_network(value))
        elif kind == "include":
            found += networks_of(value)
    return found


POOLS = {name: networks_of(tree) for name, tree in (
    ("amazon_ses", "amazonses.com"), ("sendgrid", "sendgrid.net"), ("mailgun", "mailgun.org"))}
POOLS["resend"] = POOLS["amazon_ses"]  # Declared, and sends from there.


def pool_of(ip):
    """The services whose shared addresses this is one of."""
    address = ipaddress.ip_address(ip)
    return frozenset(name for name, networks in POOLS.items()
                     if any(address in one for one in networks))


def month(seed):
    made = Month(seed)
    rows = lines_of("service_mail.txt")
    for number, (name, addresses, host, signs, bounces) in enumerate(rows):
        made.service(name, addresses.replace("{n}", str(number % 9 + 1)).split(), host, signs,
                     bounces)
    for i in (1, 2):
        made.add(Mail(f"198.51.100.{i}", frozenset({"office"}), ((US, "office-a", "pass"),), US),
                 2000)
    made.forwarders()
    made.outsiders()
    for tree, record in TREES.items():
        if record.startswith("A "):
            made.records[tree, "A"] = record.split()[1:]
        else:
            made.records[tree, "TXT"] = [record]
    return made, len(rows)


def write_reports(made, folder):
    """Spreads the mail over days and reporters; a kind is not seen by all on all days."""
    reports = collections.defaultdict(list)
    for mail, messages, lane in made.mail:
        shares = min(messages, made.random.randint(3, 12))
        for share in range(shares):
            count = messages // shares + (1 if share < messages % shares else 0)
            day = made.random.randrange(lane, DAYS, LANES)
            slot = (day, made.random.choice(REPORTERS))
            made.days[day][mail] += count
            reports[slot].append(record(US, mail.ip, count, mail.keys, mail.envelope, mail.spf))
    for (day, email), rows in reports.items():
        (folder / f"{day}-{email}.xml").write_text(
            report(US, email, FIRST + datetime.timedelta(days=day), rows))


class Place:
    """A folder with the YAML, and a store of the month."""

    def __init__(self, folder, made):
        self.folder = pathlib.Path(folder)
        self.resolver = dns_stub.serve(made.records, dns_stub.Records)
        (self.folder / "domains.yaml").write_text(YAML)
        (self.folder / "zones").mkdir()
        (self.folder / f"zones/{US}.zone").write_text(
            "$TTL 3600\n@ SOA ns hostmaster 1 3600 900 604800 60\n@ NS ns\nns A 192.0.2.53\n")
        (self.folder / "reports").mkdir()
        write_reports(made, self.folder / "reports")
        done = self.run("reports", "ingest", "--trusted", "reports")
        assert done.returncode == 0, done.stderr
        # On a busy machine the name server may miss questions; what it answered is kept.
        for _ in range(5):
            self.sources = json.loads(
                self.run("reports", "sources", "--format", "json").stdout)["sources"]
            if not any(one["lacks"] for one in self.sources):
                break

    def rows(self, day):
        date = str(FIRST + datetime.timedelta(days=day))
        done = self.run("reports", "sources", "--since", date, "--until", date, "--format", "json")
        return json.loads(done.stdout)["sources"]

    def run(self, *words):
        return subprocess.run(
            [str(BINARY), "--now", NOW, "--resolver", self.resolver, *words], cwd=self.folder,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)


def named_wrong(made, place):
    """Yields (mail, messages, names) of what is named wrong, day by day."""
    for day, mails in sorted(made.days.items()):
        names = collections.defaultdict(set)
        for row in place.rows(day):
            for ip in row["ips"]:
                names[ip].add(row["source"])
        for mail, messages in mails.items():
            if not names[mail.ip] or not names[mail.ip] <= mail.truth:
                yield mail, messages, names[mail.ip]


def check_names(made, place):
    every = sum(messages for _, messages, _ in made.mail)
    wrong = collections.Counter()
    for mail, messages, names in named_wrong(made, place):
        wrong[" or ".join(sorted(mail.truth)), " and ".join(sorted(names))] += messages
    right = every - sum(wrong.values())
    proved = sum(one["messages"] for one in place.sources if one["sure"] == "proved")
    print(f"{right} of {every} messages named right ({right / every:.2%}); "
          f"{proved / every:.2%} by a proved name")
    for (truth, name), messages in wrong.most_common(20):
        print(f"  {messages} messages of {truth} named {name}")
    yield f"{right / every:.2%} named right", right / every >= LEAST_RIGHT
    yield "every message is in a row", sum(one["messages"] for one in place.sources) == every


def check_outsiders(made, place):
    outsiders = collections.defaultdict(set)
    friends = made.friends()
    for mail, _, _ in made.mail:
        if mail.outsider:
            outsiders[mail.ip] |= mail.truth
    claimed = [(one["source"], ip) for one in place.sources for ip in one["ips"]
               if one["sure"] == "proved" and ":" not in one["source"]
               and ip in outsiders.keys() - friends - made.customers]
    yield f"no outsider is proved to be a service {claimed}", not claimed
    elsewhere = [(one["source"], ip) for one in place.sources for ip in one["ips"]
                 if ip in outsiders and ip not in friends and one["source"] not in outsiders[ip]]
    yield f"no outsider has another's name {elsewhere}", not elsewhere
    yield "what an outsider sends never passes", all(
        one["categories"]["pass"] + one["categories"]["partial"] == 0
        for one in place.sources if one["ips"] and set(one["ips"]) <= outsiders.keys() - friends)


def check_threats(made, place):
    text = place.run("reports", "threats", "--format", "csv").stdout
    listed = {one["ip"] for one in csv.DictReader(io.StringIO(text))}
    friends = made.friends()
    yield f"no friend is a threat {listed & friends}", not listed & friends
    botnet = {mail.ip for mail, _, _ in made.mail if mail.outsider and mail.ip.startswith("100.")}
    yield f"the botnet is {botnet - listed}", botnet <= listed
    stix = json.loads(place.run("reports", "threats", "--format", "stix").stdout)
    patterns = " ".join(one.get("pattern", "") for one in stix["objects"])
    yield "nor in STIX", not any(f"'{ip}'" in patterns for ip in friends)
    patch = place.run("reports", "sources", "--suggest").stdout
    yield "no forwarder is suggested", "+ " in patch and "improvmx" not in patch


def main():
    checks = Checks()
    seed = int(os.environ.get("RAMPART_SEED", "20261130"))
    made, services = month(seed)
    checks.check(f"{services} services", services >= 60)
    with tempfile.TemporaryDirectory() as folder:
        place = Place(folder, made)
        for part in (check_names, check_outsiders, check_threats):
            checks.each((f"{part.__name__}: {what}", good) for what, good in part(made, place))
    return checks.report()


if __name__ == "__main__":
    sys.exit(main())
