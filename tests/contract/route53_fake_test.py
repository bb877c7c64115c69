#!/usr/bin/env python3
"""Proves the Route 53 fake true: AWS's own clients (boto3 and awscli) drive it, by their rules."""

import contextlib
import json
import os
import pathlib
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import boto3  # noqa: E402
import botocore.config  # noqa: E402
import botocore.exceptions  # noqa: E402

import route53_fake  # noqa: E402


class Tally:
    """What held and what did not."""

    passed, failed = 0, 0

    def check(self, holds, what):
        self.passed += bool(holds)
        self.failed += not holds
        if not holds:
            print(f"FAILED: {what}")


TALLY = Tally()


@contextlib.contextmanager
def fake():
    server = route53_fake.serve(0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


def client(server, key="AKIDEXAMPLE", token=None, secret=route53_fake.SECRET):
    return boto3.client("route53", endpoint_url=f"http://127.0.0.1:{server.server_port}",
                        region_name="us-east-1", aws_access_key_id=key,
                        aws_secret_access_key=secret, aws_session_token=token,
                        config=botocore.config.Config(retries={"total_max_attempts": 1}))


def batch(*changes):
    """A ChangeBatch of (action, name, type, ttl, values)."""
    return {"Changes": [{"Action": action, "ResourceRecordSet": {
        "Name": name, "Type": kind, "TTL": ttl,
        "ResourceRecords": [{"Value": value} for value in values]}}
        for action, name, kind, ttl, values in changes]}


def refusal(call, *args, **named):
    """The error code and message of a call that must fail."""
    try:
        call(*args, **named)
    except botocore.exceptions.ClientError as error:
        return error.response["Error"].get("Code", ""), str(error.response)
    return "none", ""


def check_batches(server):
    """One bad change and nothing is applied, for every way of being bad."""
    r53 = client(server)
    zone = r53.create_hosted_zone(Name="Example.COM", CallerReference="1")["HostedZone"]["Id"]
    txt = ("a.example.com", "TXT", 300, ['"x"'])
    made = r53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch(
        ("CREATE", *txt), ("CREATE", "*.W.example.com.", "CNAME", 60, ["t.example.net"])))
    change = made["ChangeInfo"]
    TALLY.check(change["Status"] == "PENDING", "a change starts PENDING")
    states = [r53.get_change(Id=change["Id"])["ChangeInfo"]["Status"] for _ in range(3)]
    TALLY.check(states == ["PENDING", "PENDING", "INSYNC"], f"it becomes INSYNC: {states}")
    TALLY.check(refusal(r53.get_change, Id="CNONE")[0] == "NoSuchChange", "an unknown change")
    names = [one["Name"] for one in
             r53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]]
    TALLY.check(names == ["example.com.", "example.com.", "a.example.com.",
                          "\\052.w.example.com."], f"names as Route 53 gives them: {names}")
    good = ("CREATE", "good.example.com", "TXT", 60, ['"y"'])
    long = '"' + "x" * 256 + '"'
    cases = {
        "create of what exists": ("CREATE", *txt),
        "create with another value": ("CREATE", "a.example.com", "TXT", 60, ['"z"']),
        "delete of a wrong value": ("DELETE", "a.example.com", "TXT", 300, ['"z"']),
        "delete with a wrong TTL": ("DELETE", "a.example.com", "TXT", 301, ['"x"']),
        "delete of nothing": ("DELETE", "none.example.com", "TXT", 300, ['"x"']),
        "unquoted text": ("CREATE", "b.example.com", "TXT", 60, ["v=spf1 -all"]),
        "a string too long": ("CREATE", "b.example.com", "TXT", 60, [long]),
        "a value twice": ("CREATE", "b.example.com", "TXT", 60, ['"x"', '"x"']),
        "a CNAME at the apex": ("CREATE", "example.com", "CNAME", 60, ["t.example.net"]),
        "a CNAME beside others": ("CREATE", "a.example.com", "CNAME", 60, ["t.example.net"]),
        "an address that is none": ("CREATE", "b.example.com", "A", 60, ["192.0.2.300"]),
        "an MX of one field": ("CREATE", "b.example.com", "MX", 60, ["mx.example.com"]),
        "a name outside": ("CREATE", "b.example.org", "TXT", 60, ['"x"']),
        "the apex's SOA": ("DELETE", "example.com", "SOA", 900, ["a. b. 1 2 3 4 5"]),
        "too many records": ("CREATE", "b.example.com", "TXT", 60,
                             [f'"{n}"' for n in range(1001)]),
        "too many characters": ("CREATE", "b.example.com", "TXT", 60,
                                [f'"{n:0200}"' for n in range(160)]),
    }
    for what, change in cases.items():
        before = json.dumps(server.state.account.zones[zone.split("/")[2]].ordered(), default=vars)
        code, whole = refusal(r53.change_resource_record_sets, HostedZoneId=zone,
                              ChangeBatch=batch(good, change))
        after = json.dumps(server.state.account.zones[zone.split("/")[2]].ordered(), default=vars)
        TALLY.check("InvalidChangeBatch" in code + whole, f"{what}: {code} {whole[:200]}")
        TALLY.check(before == after, f"{what}: nothing was applied")
    doubled = [f'"{n}"' for n in range(501)]
    code, _ = refusal(r53.change_resource_record_sets, HostedZoneId=zone, ChangeBatch=batch(
        *[("UPSERT", f"u{n}.example.com", "TXT", 60, [value])
          for n, value in enumerate(doubled)]))
    TALLY.check(code == "InvalidChangeBatch", "UPSERT counts twice")
    server.state.shape = "bare"
    _, whole = refusal(r53.change_resource_record_sets, HostedZoneId=zone,
                       ChangeBatch=batch(("CREATE", *txt)))
    TALLY.check("'Messages': {'Message': \"Tried to create" in whole, f"the bare form: {whole}")
    server.state.shape = "common"


def check_pages(server):
    r53 = client(server, "ASIAEXAMPLE", "AQoDYXdzEJr/+=tok")
    zone = r53.create_hosted_zone(Name="pages.example", CallerReference="2")["HostedZone"]["Id"]
    for start in (0, 500):
        r53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch(
            *[("CREATE", f"n{n}.pages.example", "TXT", 60, ['"x"'])
              for n in range(start, min(start + 500, 898))]))
    pages = list(r53.get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone))
    counts = [len(page["ResourceRecordSets"]) for page in pages]
    TALLY.check(counts == [300, 300, 300], f"pages exactly full: {counts}")
    first = r53.list_resource_record_sets(HostedZoneId=zone, StartRecordName="n5.pages.example",
                                          MaxItems="1")["ResourceRecordSets"]
    TALLY.check(first[0]["Name"] == "n5.pages.example.", "a list starts at a name")
    for number in range(150):
        r53.create_hosted_zone(Name=f"z{number}.example", CallerReference=str(number))
    zones = [zone["Name"] for page in r53.get_paginator("list_hosted_zones").paginate()
             for zone in page["HostedZones"]]
    TALLY.check(len(zones) == len(set(zones)) == 152, f"zones come in pages: {len(zones)}")
    near = r53.list_hosted_zones_by_name(DNSName="z7.example")["HostedZones"][0]["Name"]
    TALLY.check(near == "z7.example.", "zones by name start at a name")


def check_credentials(server):
    cases = [("AKIDEXAMPLE", None, "wrong", "SignatureDoesNotMatch"),
             ("AKIDNOBODY", None, "wrong", "InvalidClientTokenId"),
             ("ASIAEXAMPLE", None, route53_fake.SECRET, "SignatureDoesNotMatch"),
             ("ASIAEXAMPLE", "other", route53_fake.SECRET, "InvalidClientTokenId"),
             ("ASIAEXPIRED", "AQoDYXdzEJr/+=old", route53_fake.SECRET, "ExpiredToken")]
    for key, token, secret, wanted in cases:
        code, _ = refusal(client(server, key, token, secret).list_hosted_zones)
        TALLY.check(code == wanted, f"{key} with {token}: {code}")
    narrow = client(server, "AKIDNARROW")
    zone = narrow.list_hosted_zones()["HostedZones"][0]["Id"]
    code, _ = refusal(narrow.change_resource_record_sets, HostedZoneId=zone,
                      ChangeBatch=batch(("CREATE", "a.b", "TXT", 60, ['"x"'])))
    TALLY.check(code == "AccessDenied", f"narrow credentials: {code}")


def check_pace(server):
    server.state.bucket.pace = server.state.bucket.tokens = 5
    caller = client(server)
    codes = [refusal(caller.list_hosted_zones)[0] for _ in range(9)]
    TALLY.check(codes[:5] == ["none"] * 5 and "Throttling" in codes, f"the pace: {codes}")
    server.state.bucket.pace = 0


def check_cli(server, *words, wanted=0):
    environment = {**os.environ, "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
                   "AWS_SECRET_ACCESS_KEY": route53_fake.SECRET, "AWS_MAX_ATTEMPTS": "1",
                   "AWS_DEFAULT_REGION": "us-east-1", "AWS_PAGER": ""}
    done = subprocess.run(["aws", "--endpoint-url", f"http://127.0.0.1:{server.server_port}",
                           "route53", *words], env=environment, capture_output=True, text=True,
                          check=False, timeout=60)
    TALLY.check((done.returncode == 0) == (wanted == 0), f"aws {words[0]}: {done.stderr[-300:]}")
    return json.loads(done.stdout) if done.returncode == 0 else done.stderr


def check_awscli(server):
    zone = check_cli(server, "create-hosted-zone", "--name", "cli.example",
                     "--caller-reference", "cli")["HostedZone"]["Id"]
    change = json.dumps(batch(("CREATE", "a.cli.example", "TXT", 60, ['"a b" "\\303\\266"'])))
    words = ["change-resource-record-sets", "--hosted-zone-id", zone, "--change-batch", change]
    check_cli(server, *words)
    again = check_cli(server, *words, wanted=1)
    TALLY.check("InvalidChangeBatch" in again, f"the second time is refused: {again[-200:]}")
    sets = check_cli(server, "list-resource-record-sets", "--hosted-zone-id", zone,
                     "--query", "ResourceRecordSets[?Type=='TXT']")
    TALLY.check(sets[0]["ResourceRecords"][0]["Value"] == '"a b" "\\303\\266"', f"kept: {sets}")


def main():
    with fake() as server:
        check_batches(server)
        check_pages(server)
        check_credentials(server)
        check_pace(server)
        check_awscli(server)
    print(f"{TALLY.passed} passed, {TALLY.failed} failed")
    return 1 if TALLY.failed else 0


if __name__ == "__main__":
    sys.exit(main())
