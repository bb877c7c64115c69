"""What the story plays on: a bare remote, an operator's clone, a name server that takes updates,
and reports of two receivers."""

import datetime
import gzip
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "end_to_end/support"))

import dns.message  # noqa: E402
import dns.query  # noqa: E402
import dns.tsigkeyring  # noqa: E402
import dns.update  # noqa: E402

import dns_server  # noqa: E402
import github_fake  # noqa: E402
import runner  # noqa: E402

SECRET = "YSBzZWNyZXQgb2YgdGhpcnR5LXR3byBvY3RldHMuLi4="
PASSPHRASE = "a passphrase of the story"
ZONE = """$ORIGIN example.com.
$TTL 300
@ SOA ns1 hostmaster 1 7200 900 1209600 300
@ NS ns1
@ MX 10 mail
@ TXT "site-verification=keep-me"
ns1 A 127.0.0.1
mail A 192.0.2.1
"""
YAML = """# The mail policy of example.com.
version: 1
providers:
  dns:
    type: rfc2136
    server: "127.0.0.1:{port}"
    tsig_name: rampart.
    tsig_algorithm: hmac-sha256
senders:
  office: {{spf: ["ip4:192.0.2.0/28"], dkim: self, owner: it, category: internal}}
  billing: {{spf: ["ip4:198.51.100.7"], dkim: self, owner: finance, category: internal}}
ramps:
  quick:
    steps:
      - {{phase: monitor, hold: 14d}}
      - {{phase: quarantine, pct: 10, hold: 14d}}
      - {{phase: quarantine, hold: 14d}}
      - {{phase: reject}}
    gates:
      {{window: 7d, min_messages: 100, min_legit_rate: 0.98, rollback_below: 0.95}}
    weekdays: [mon, tue, wed, thu, fri, sat, sun]
defaults: {{provider: dns, ttl: 300}}
domains:
  example.com:
    senders:
      - office            # the mail host
    dkim:
      - rotate:
          {{name: office, sender: office, every: 3mo, algorithm: ed25519, publish_ahead: 7d}}
    dmarc:
      phase: monitor      # moved on by evidence
      since: 2026-10-01
      target: {{phase: reject}}
      ramp: quick
      rua: [mailto:dmarc@example.com]
"""
REPORT = """<?xml version="1.0"?><feedback><report_metadata><org_name>{reporter}</org_name>
<email>dmarc@{reporter}</email><report_id>{reporter}-{begin}</report_id>
<date_range><begin>{begin}</begin><end>{end}</end></date_range></report_metadata>
<policy_published><domain>example.com</domain><p>{policy}</p><sp>{policy}</sp><pct>{pct}</pct>
</policy_published><record><row><source_ip>192.0.2.1</source_ip><count>200</count>
<policy_evaluated><disposition>none</disposition><dkim>{result}</dkim><spf>{result}</spf>
</policy_evaluated></row><identifiers><header_from>example.com</header_from></identifiers>
<auth_results><dkim><domain>example.com</domain><selector>office</selector><result>{result}</result>
</dkim><spf><domain>example.com</domain><result>{result}</result></spf></auth_results></record>
<record><row><source_ip>198.51.100.7</source_ip><count>40</count>
<policy_evaluated><disposition>none</disposition><dkim>fail</dkim><spf>{result}</spf>
</policy_evaluated></row><identifiers><header_from>example.com</header_from></identifiers>
<auth_results><spf><domain>example.com</domain><result>{result}</result></spf></auth_results>
</record></feedback>"""


def knot_with_updates(zones, state, port):
    """knot, taking updates and transfers by the story's TSIG key."""
    command = dns_server.knot_command(zones, state, port)
    config = state / "knot.conf"
    text = config.read_text().replace("journal-content: none", "journal-content: changes\n"
                                      "    acl: full")
    text = text.replace("template:\n", f"""key:
  - id: rampart.
    algorithm: hmac-sha256
    secret: {SECRET}
acl:
  - id: full
    key: rampart.
    action: [update, transfer]
template:
""", 1)
    config.write_text(text)
    return command


dns_server.COMMANDS["knot-updates"] = knot_with_updates


MIDNIGHT = datetime.datetime(2026, 11, 2, tzinfo=datetime.timezone.utc)


def day(number):
    """The date that many days after the story's first Monday."""
    return (MIDNIGHT + datetime.timedelta(days=number)).strftime("%Y-%m-%d")


def begins(first, last):
    """The Unix times at which those days begin, both ends included."""
    return [int((MIDNIGHT + datetime.timedelta(days=number)).timestamp())
            for number in range(first, last + 1)]


def refused(*_):
    """What branch protection answers to a merge."""
    raise github_fake.Refused(405, "At least 1 approving review is required")


class Scene:
    """Everything outside the workflows; a context manager."""

    def __init__(self, folder, binary):
        self.folder = pathlib.Path(folder)
        self.binary = binary
        zone = self.folder / "example.com.zone"
        zone.write_text(ZONE)
        self.server = dns_server.DnsServer("knot-updates", {"example.com": zone},
                                           self.folder / "knot")
        self.remote, self.clone = self.folder / "remote.git", self.folder / "operator"
        self.start_git()
        self.hub, self.api, self.http = github_fake.start(self.remote)
        self.machine = runner.Runner(self.folder, self.remote, self.hub, self.api)
        self.machine.place_tools(binary, self.server.address)
        self.machine.secrets = {"RAMPART_TSIG_SECRET": SECRET, "RAMPART_KEY_PASSPHRASE": PASSPHRASE}

    def start_git(self):
        subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main",
                        str(self.remote)], check=True)
        # As GitHub does: any commit may be fetched by its name.
        subprocess.run(["git", "-C", str(self.remote), "config", "uploadpack.allowAnySHA1InWant",
                        "true"], check=True)
        subprocess.run(["git", "clone", "--quiet", str(self.remote), str(self.clone)], check=True,
                       capture_output=True)
        for key, value in [("user.name", "Operator"), ("user.email", "operator@example.com"),
                           ("commit.gpgsign", "false")]:
            self.git("config", key, value)
        (self.clone / "domains.yaml").write_text(YAML.format(port=self.server.port))
        (self.clone / ".gitignore").write_text("rampart.db*\nplan.json\n")
        self.git("checkout", "--quiet", "-B", "main")
        self.commit("The mail policy")
        self.git("push", "--quiet", "origin", "main")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.http.shutdown()
        self.server.stop()

    def git(self, *words):
        done = subprocess.run(["git", "-C", str(self.clone), *words], capture_output=True,
                              text=True)
        if done.returncode != 0:
            raise RuntimeError(f"git {' '.join(words)}: {done.stderr}")
        return done.stdout.strip()

    def commit(self, message):
        self.git("add", "--all")
        self.git("commit", "--quiet", "-m", message)

    def rampart(self, *words, **environment):
        """The operator's own rampart, in his clone; (exit code, all output)."""
        done = subprocess.run([str(self.machine.tools / "rampart"), *words], cwd=self.clone,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True,
                              env={"PATH": "/usr/bin:/bin", "RAMPART_TSIG_SECRET": SECRET,
                                   **environment})
        return done.returncode, done.stdout

    def branch(self, name, change, start="origin/main"):
        """A branch with one commit: `change` is a function from the YAML's text to the new one."""
        self.git("fetch", "--quiet", "origin")
        self.git("checkout", "--quiet", "-B", name, start)
        path = self.clone / "domains.yaml"
        path.write_text(change(path.read_text()))
        (self.clone / f"{name}.md").write_text("What this branch is for.\n")
        self.commit(name)
        self.git("push", "--quiet", "--force", "origin", name)
        return self.git("rev-parse", "HEAD")

    def text(self, ref="main"):
        """The YAML as it is at the remote."""
        return self.hub.git("show", f"{ref}:domains.yaml")

    def txt(self, name):
        """The TXT values that the name server holds."""
        answer = dns.query.udp(dns.message.make_query(name, "TXT"), "127.0.0.1", 5,
                               self.server.port)
        if answer.flags & dns.flags.TC:
            answer = dns.query.tcp(dns.message.make_query(name, "TXT"), "127.0.0.1", 5,
                                   self.server.port)
        return sorted(b"".join(item.strings).decode() for rrset in answer.answer for item in rrset
                      if rrset.rdtype == dns.rdatatype.TXT)

    def change_by_hand(self, name, value):
        """What somebody does in a web console: the set at `name` becomes `value`."""
        ring = dns.tsigkeyring.from_text({"rampart.": SECRET})
        update = dns.update.Update("example.com", keyring=ring, keyalgorithm="hmac-sha256")
        update.replace(f"{name}.", 300, "TXT", f'"{value}"')
        dns.query.tcp(update, "127.0.0.1", 5, self.server.port)

    def publish_evidence(self, days):
        """`days`: (begin in Unix seconds, policy, pct, pass or fail); the evidence file that
        reports.yml would write, on its branch."""
        reports = self.folder / "reports"
        shutil.rmtree(reports, ignore_errors=True)
        reports.mkdir()
        for begin, policy, pct, result in days:
            for reporter in ("google.com", "yahooinc.com"):
                text = REPORT.format(reporter=reporter, begin=begin, end=begin + 86399,
                                     policy=policy, pct=pct, result=result)
                path = reports / f"{reporter}-{begin}.xml.gz"
                path.write_bytes(gzip.compress(text.encode(), mtime=0))
        self.git("fetch", "--quiet", "origin")
        self.git("checkout", "--quiet", "-B", "evidence", "origin/main")
        store = self.folder / "reports.db"
        store.unlink(missing_ok=True)
        code, said = self.rampart("--store", f"sqlite:{store}", "reports", "ingest", "--trusted",
                                  str(reports))
        if code != 0:
            raise RuntimeError(f"reports ingest: {said}")
        code, said = self.rampart("--store", f"sqlite:{store}", "reports", "evidence", "--out",
                                  str(self.folder / "evidence.json"))
        if code != 0:
            raise RuntimeError(f"reports evidence: {said}")
        self.git("checkout", "--quiet", "--orphan", "data")
        self.git("rm", "-rfq", "--cached", ".")
        for path in self.clone.iterdir():
            if path.name != ".git":
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        shutil.copy(self.folder / "evidence.json", self.clone / "evidence.json")
        self.commit("Evidence")
        self.git("push", "--quiet", "--force", "origin", "HEAD:rampart-data")
        self.git("checkout", "--quiet", "--force", "main")
        self.git("branch", "-D", "data")
