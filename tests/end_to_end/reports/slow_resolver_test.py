#!/usr/bin/env python3
"""`advance` with a resolver that takes 2 s an answer, answers every second question, or is dead:
never more permissive than with one that answers, and finished within a bounded time."""

import concurrent.futures
import datetime
import itertools
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import harness  # noqa: E402

harness.need_modules("dns")

import dns.message  # noqa: E402
import dns.rcode  # noqa: E402

import dns_stub  # noqa: E402
from harness import BINARY, Checks  # noqa: E402
from report_xml import record, report  # noqa: E402

NOW = "2026-11-24T06:00:00Z"
FIRST, SINCE = datetime.date(2026, 10, 10), datetime.date(2026, 11, 1)
DAYS = 45
US = "acme.example"
REPORTERS = ("noreply-dmarc-support@google.com", "noreply@dmarc.yahoo.com",
             "dmarcreport@microsoft.com")
MOST_SECONDS = 60  # A dozen rounds of lookups, each as slow as the resolver.

YAML = f"""version: 1
providers: {{files: {{type: zonefile, directory: zones}}}}
defaults: {{provider: files}}
domains:
  {US}:
    senders:
      - google_workspace
      - mailchimp
      - {{use: sendgrid, with: {{user: "123456", wl: "wl789"}}}}
    dmarc: {{phase: quarantine, pct: 10, since: {SINCE}, rua: ["mailto:d@{US}"]}}
"""

TREES = {"_spf.google.com": "v=spf1 include:_netblocks.google.com ~all",
         "_netblocks.google.com": "v=spf1 ip4:209.85.128.0/17 ~all",
         "sendgrid.net": "v=spf1 ip4:167.89.0.0/17 ~all",
         "servers.mcsv.net": "v=spf1 ip4:198.2.128.0/18 -all",
         "zcsend.net": "v=spf1 ip4:135.84.81.0/24 -all"}
HOSTS = {"209.85.220.41": "mail-sor-f41.google.com", "167.89.10.1": "o1.ptr.sendgrid.net",
         "135.84.81.7": "sender7.zcsend.net", "203.0.113.25": f"web1.{US}",
         "15.235.20.9": "mail-of-9.improvmx.com", "203.0.113.66": "host66.isp.example"}

OURS, BROKEN = ((US, "google", "pass"),), ((US, "k2", "fail"),)
HEALTHY = [("209.85.220.41", 200, OURS, US, "pass"),
           ("167.89.10.1", 200, ((US, "s1", "pass"),), "em1.sendgrid.net", "pass")]
MAILCHIMP = ("198.2.130.1", 60, ((US, "k2", "pass"),), "mail7.mcsv.net", "pass")

# {story: (rows of every day, rows of the last twelve days, what a good resolver leads to)}
STORIES = {
    "a healthy domain": ([*HEALTHY, MAILCHIMP], [], "advance"),
    "a botnet": ([*HEALTHY, MAILCHIMP], [("203.0.113.66", 500, (), "x.example", "none")],
                 "advance"),
    "a forwarder of the catalogue": ([*HEALTHY, MAILCHIMP],
                                     [("15.235.20.9", 30, BROKEN, "srs.example", "pass")],
                                     "advance"),
    "an undeclared service": ([*HEALTHY, MAILCHIMP],
                              [("135.84.81.7", 30, (), "x.example", "none")], "stay"),
    "a host of our own": ([*HEALTHY, MAILCHIMP], [("203.0.113.25", 30, (), "x.example", "none")],
                          "stay"),
    "a sender that breaks": (HEALTHY, [], "step-back"),
}


RECORDS = {**{(tree, "TXT"): [text] for tree, text in TREES.items()},
           **{(f"{'.'.join(reversed(ip.split('.')))}.in-addr.arpa", "PTR"): [host + "."]
              for ip, host in HOSTS.items()},
           **{(host, "A"): [ip] for ip, host in HOSTS.items()}}


class Names(dns_stub.Records):
    """The trees and hosts, as a resolver of one temper gives them."""

    def __init__(self, temper):
        super().__init__(RECORDS)
        self.temper, self.count = temper, itertools.count()

    def answer(self, query):
        if self.temper == "slow":
            time.sleep(2)
        if self.temper == "every second" and next(self.count) % 2:
            reply = dns.message.make_response(query, recursion_available=True)
            reply.set_rcode(dns.rcode.SERVFAIL)
            return reply
        return super().answer(query)


def rows_of(story, day):
    daily, late, _ = STORIES[story]
    rows = [*daily, *(late if day >= DAYS - 12 else [])]
    if story == "a sender that breaks":
        # From new addresses every day, so that only the include tree shows whose they are.
        rows.append(MAILCHIMP if day < DAYS - 6 else
                    (f"198.2.{140 + day % 40}.9", 60, BROKEN, "mail7.mcsv.net", "pass"))
    return rows


def write_reports(story, folder):
    for number in range(DAYS):
        day = FIRST + datetime.timedelta(days=number)
        policy = "<p>quarantine</p><pct>10</pct>" if day >= SINCE else "<p>none</p>"
        rows = [record(US, *one) for one in rows_of(story, number)]
        for email in REPORTERS:
            (folder / f"{number}-{email}.xml").write_text(report(US, email, day, rows, policy))


def run(folder, resolver, *words):
    return subprocess.run([str(BINARY), "--now", NOW, "--resolver", resolver, *words], cwd=folder,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)


def ingested(story, folder):
    (folder / "domains.yaml").write_text(YAML)
    (folder / "zones").mkdir()
    (folder / f"zones/{US}.zone").write_text(
        "$TTL 3600\n@ SOA ns hostmaster 1 3600 900 604800 60\n@ NS ns\nns A 192.0.2.53\n")
    (folder / "reports").mkdir()
    write_reports(story, folder / "reports")
    done = run(folder, "127.0.0.1:9", "reports", "ingest", "--trusted", "reports")
    assert done.returncode == 0, done.stderr


def advance(folder, resolver):
    """(action, reasons, seconds) with a store that knows no name yet."""
    with tempfile.TemporaryDirectory() as copy:
        place = pathlib.Path(copy) / "place"
        shutil.copytree(folder, place, ignore=shutil.ignore_patterns("reports"))
        started = time.monotonic()
        done = run(place, resolver, "--format", "json", "advance")
        seconds = time.monotonic() - started
        if not done.stdout:
            return "error", done.stderr, seconds
        domain = json.loads(done.stdout)["domains"][0]
        return domain["action"], domain["reasons"], seconds


def check(results):
    for (story, temper), (action, reasons, seconds) in results.items():
        alive = results[story, "alive"][0]
        yield f"{story}, {temper}: {action} {reasons}", action in ("advance", "stay", "step-back")
        yield f"{story}, {temper}: {seconds:.1f} s", seconds <= MOST_SECONDS
        permissive = action == "advance" and alive != "advance"
        yield f"{story}, {temper}: {action}, with answers {alive}: {reasons}", not permissive
        if temper == "alive":
            yield f"{story}: {action} {reasons}", action == STORIES[story][2]


def main():
    checks = Checks()
    resolvers = {temper: dns_stub.serve(None, lambda _, temper=temper: Names(temper))
                 for temper in ("alive", "slow", "every second")}
    resolvers["dead"] = "127.0.0.1:9"
    with tempfile.TemporaryDirectory() as scratch:
        folders = {story: pathlib.Path(scratch) / str(number)
                   for number, story in enumerate(STORIES)}
        for story, folder in folders.items():
            folder.mkdir()
            ingested(story, folder)
        cases = [(story, temper) for temper in resolvers for story in STORIES]
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            outcomes = pool.map(lambda case: advance(folders[case[0]], resolvers[case[1]]), cases)
            results = dict(zip(cases, outcomes))
    for temper in resolvers:
        actions = [results[story, temper] for story in STORIES]
        print(f"{temper}: {', '.join(one[0] for one in actions)}; "
              f"{max(one[2] for one in actions):.1f} s at most")
    checks.each(check(results))
    return checks.report()


if __name__ == "__main__":
    sys.exit(main())
