#!/usr/bin/env python3
"""What the commands about reports print: the contract's JSON, a patch that applies, threats for
other defences, and evidence that a plan can be made from.
"""

import csv
import io
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import harness  # noqa: E402

harness.need_modules("dns")

from harness import BINARY, Checks  # noqa: E402
from report_workplace import RECORD_LIST, Workplace  # noqa: E402


def check_summary(place):
    got = json.loads(place.run("reports", "summary", "--domain", "example.com", "--format",
                               "json").stdout)
    totals = [got[key] for key in ("domain", "since", "until", "messages", "pass", "partial",
                                   "fail", "reporters")]
    yield f"totals {totals}", totals == ["example.com", "2026-11-19", "2026-11-19", 169, 100, 25,
                                         44, 1]
    yield f"pass_rate {got['pass_rate']}", abs(got["pass_rate"] - 125 / 169) < 1e-9
    yield f"legit_rate {got['legit_rate']}", abs(got["legit_rate"] - 125 / 155) < 1e-9
    rows = {one["source"]: one for one in got["sources"]}
    yield f"sources {sorted(rows)}", sorted(rows) == [
        "ip:192.0.2.7", "ip:203.0.113.66", "office", "ptr:forward.example", "sendgrid"]
    wanted = {"office": ("pass", 100), "sendgrid": ("sender-missing-spf", 30),
              "ip:192.0.2.7": ("unauthorized", 3), "ptr:forward.example": ("forwarded", 4)}
    for source, (category, count) in wanted.items():
        yield f"{source}: {rows[source]}", rows[source]["categories"][category] == count
    yield "declared", rows["office"]["declared"] and not rows["sendgrid"]["declared"]
    keys = {"source", "declared", "named_by", "sure", "messages", "categories", "ips", "hosts",
            "dkim_domains", "envelope_domains", "dkim_selectors", "dispositions", "first_seen",
            "last_seen", "action"}
    yield "shape", all(keys <= set(one) for one in got["sources"])
    sendgrid = rows["sendgrid"]
    yield f"named {sendgrid}", (sendgrid["named_by"], sendgrid["sure"], sendgrid["hosts"],
                                sendgrid["envelope_domains"]) == (
                                    "ptr", "proved", ["o1.sendgrid.net"],
                                    ["bounces.example.com"])
    yield "its action", sendgrid["action"] == (
        "if it is yours, add to the domain's senders: sendgrid")
    yield f"wave {got['wave']}", (got["wave"]["messages"], got["wave"]["addresses"]) == (10, 2)
    few = json.loads(place.run("reports", "sources", "--limit", "1", "--format", "json").stdout)
    yield f"cut {few['cut']}", (len(few["sources"]), few["cut"]) == (
        1, {"sources": 4, "messages": 49})
    yield "not a number", place.run("reports", "sources", "--limit", "few").returncode == 1
    yield "forwarder's action", "never add" in rows["ptr:forward.example"]["action"]
    empty = json.loads(place.run("reports", "summary", "--domain", "none.example", "--format",
                                 "json").stdout)
    yield "nothing there", empty["messages"] == 0 and empty["sources"] == []
    later = json.loads(place.run("reports", "summary", "--domain", "example.com", "--since",
                                 "2026-11-20", "--format", "json").stdout)
    yield "later", later["messages"] == 0
    yield "text", "legitimate mail that passes: 80.64 %" in place.run("reports", "summary").stdout
    yield "bad date", place.run("reports", "summary", "--since", "soon").returncode == 1


LIAR = """<feedback><report_metadata><org_name>Liar</org_name><email>d@liar.example</email>
<report_id>1</report_id><date_range><begin>1790000000</begin><end>1790086399</end></date_range>
</report_metadata><policy_published><domain>use.example</domain><p>none</p></policy_published>
<record><row><source_ip>203.0.113.9</source_ip><count>2</count><policy_evaluated>
<dkim>pass</dkim><spf>fail</spf></policy_evaluated></row><auth_results><dkim>
<domain>other.example</domain><result>pass</result></dkim></auth_results></record></feedback>"""


def check_use(place):
    """Senders without mail, selectors in use, what is new, and who contradicts himself."""
    def asked(*words):
        return json.loads(place.run("reports", "summary", "--domain", "example.com", *words,
                                    "--format", "json").stdout)

    got = asked()
    yield f"unused {got['unused_senders']}", got["unused_senders"] == ["archive"]
    yield f"selectors {got['selectors']}", got["selectors"] == [
        {"selector": "s1", "sources": ["office", "ptr:forward.example"]}]
    yield f"new {got['new_sources']}", sorted(got["new_sources"]) == [
        "office", "ptr:forward.example", "sendgrid"]
    later = asked("--now", "2026-12-21T00:00:00Z")
    yield f"not new {later['new_sources']}", later["new_sources"] == []
    yield "still used", later["unused_senders"] == ["archive"]
    old = asked("--now", "2027-03-01T00:00:00Z")
    yield f"unused {old['unused_senders']}", sorted(old["unused_senders"]) == ["archive", "office"]
    few = asked("--since", "2026-11-15")
    yield "a few days say nothing of use", (few["unused_senders"], few["new_sources"]) == ([], [])
    text = place.run("reports", "sources").stdout
    for line in ("declared, but no mail for 90 days: archive", "new this week: office",
                 "selector in use: s1 (office, ptr:forward.example)"):
        yield f"{line}: {text}", line in text
    (place.folder / "liar.xml").write_text(LIAR)
    place.run("--store", "sqlite:liar.db", "reports", "ingest", "liar.xml")
    shown = place.run("--store", "sqlite:liar.db", "reports", "summary").stdout
    yield f"contradiction {shown}", (
        "the verdicts of liar.example contradict its own SPF and DKIM results in 1 record" in shown)


def check_suggest(place):
    patch = place.run("reports", "sources", "--suggest").stdout
    yield f"patch {patch}", "+      - sendgrid" in patch and "forward" not in patch
    copy = place.folder / "patched"
    copy.mkdir()
    shutil.copy(place.folder / "domains.yaml", copy)
    done = subprocess.run(["git", "apply", "-"], cwd=copy, input=patch, text=True, check=False)
    yield "it applies", done.returncode == 0
    text = (copy / "domains.yaml").read_text()
    yield "comments stay", "# ours" in text and "# who may send" in text
    valid = subprocess.run([str(BINARY), "validate"], cwd=copy, stdout=subprocess.PIPE, check=False)
    yield f"it loads: {valid.stdout}", valid.returncode == 0


def check_threats(place):
    rows = list(csv.DictReader(io.StringIO(place.run("reports", "threats", "--format",
                                                     "csv").stdout)))
    yield f"csv {rows}", [(one["ip"], one["messages"]) for one in rows] == [
        ("203.0.113.66", "7"), ("192.0.2.7", "3")]
    first = place.run("reports", "threats", "--format", "stix").stdout
    bundle = json.loads(first)
    identifier = re.compile(r"^(bundle|indicator|note)--[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-"
                            r"[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
    yield "stix ids", all(identifier.match(one["id"]) for one in [bundle, *bundle["objects"]])
    yield "stix", (bundle["type"], len(bundle["objects"]),
                   bundle["objects"][0]["pattern"]) == (
                       "bundle", 3, "[ipv4-addr:value = '203.0.113.66']")
    note = bundle["objects"][2]
    left_out = "the address may be legitimate: 30 failing messages from 1 address"
    yield f"a note {note}", note["type"] == "note" and left_out in note["content"]
    yield "about all", note["object_refs"] == [one["id"] for one in bundle["objects"][:2]]
    for form in ("csv", "stix"):
        done = place.run("reports", "threats", "--format", form)
        yield f"on stderr {done.stderr}", left_out in done.stderr
    yield "equal bytes", first == place.run("reports", "threats", "--format", "stix").stdout
    text = place.run("reports", "threats").stdout
    yield "text", "203.0.113.66: 7 messages" in text and left_out in text


def check_export(place):
    rows = list(csv.DictReader(io.StringIO(place.run("reports", "export").stdout)))
    yield "one row a record", len(rows) == len(RECORD_LIST)
    yield "a plain recount", sum(int(one["count"]) for one in rows) == 169
    yield f"no formula: {rows[0]['report_id']}", rows[0]["report_id"] == "'=1+1"
    same = json.loads(place.run("reports", "export", "--format", "json").stdout)
    yield "json", [int(one["count"]) for one in rows] == [one["count"] for one in same]


def check_evidence(place):
    place.run("reports", "evidence", "--out", "none.json")
    yield "asserted reports are no evidence", json.loads(
        (place.folder / "none.json").read_text())["rows"] == []
    place.run("reports", "ingest", "--trusted", "r.xml")
    done = place.run("reports", "evidence", "--out", "evidence.json")
    evidence = json.loads((place.folder / "evidence.json").read_text())
    yield f"evidence {done.stderr}", evidence["newest"] == "2026-11-19T23:59:59Z"
    outcomes = {(one["source"], one["fate"]): one["messages"] for one in evidence["rows"]}
    yield f"outcomes {outcomes}", outcomes == {
        ("office", "both"): 100, ("office", "spf"): 20, ("sendgrid", "fail"): 30,
        ("unmarked", "fail"): 10, ("ptr:forward.example", "dkim"): 5,
        ("ptr:forward.example", "forwarded"): 4}
    worlds = []
    for options in (["--evidence", "evidence.json"], []):
        place.run("plan", "--save-world", "world.json", *options)
        worlds.append(json.loads((place.folder / "world.json").read_text())["evidence"])
    yield "the store and the file say the same", worlds == [evidence, evidence]
    first = place.run("plan", "--world", "world.json", "--format", "json").stdout
    place.run("plan", "--world", "world.json", "--save-world", "again.json")
    kept = json.loads((place.folder / "again.json").read_text())["evidence"]
    yield "a world keeps its evidence", kept == evidence and first != ""
    (place.folder / "bad.json").write_text("{}")
    bad = place.run("plan", "--evidence", "bad.json")
    yield "no evidence file", bad.returncode == 1 and "bad.json" in bad.stderr


def check(place):
    missing = place.run("reports", "summary")
    yield "no store", missing.returncode == 1 and "rampart.db" in missing.stderr
    done = place.run("reports", "ingest", "r.xml")
    yield f"ingest: {done.stderr}", done.returncode == 0
    for part in (check_summary, check_use, check_suggest, check_threats, check_export,
                 check_evidence):
        for story, good in part(place):
            yield f"{part.__name__}: {story}", good
    listed = place.run("inventory").stdout
    yield f"inventory {listed}", "| office | office | internal | it |" in listed
    wrong = place.run("--store", "postgresql://x", "reports", "summary")
    yield "another store", wrong.returncode == 1 and "sqlite:PATH" in wrong.stderr


def main():
    checks = Checks()
    with tempfile.TemporaryDirectory() as folder:
        checks.each(check(Workplace(folder)))
    return checks.report()


if __name__ == "__main__":
    sys.exit(main())
