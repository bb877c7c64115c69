#!/usr/bin/env python3
"""Keys from birth to a verified message, with real parts: made, planned, applied, served by a real
name server, exported; opendkim (a milter under postfix) and rspamd sign, dkimpy signs Ed25519; and
dkimpy, opendkim, rspamd and check-message verify."""

import base64
import json
import os
import pathlib
import shutil
import smtplib
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import harness  # noqa: E402

harness.need_modules("dkim", "dns")

import dkim  # noqa: E402
import dns.resolver  # noqa: E402
from dns_server import DnsServer, installed, zone_files  # noqa: E402
from harness import BINARY, Checks  # noqa: E402
from key_material import seed_of  # noqa: E402
from loopback import await_port, free_port, program, stop  # noqa: E402
from zone_loading import WrittenZones  # noqa: E402

NOW = "2026-01-01T00:00:00Z"
YAML = """version: 1
keys: {recipients: [certs/mta.pem]}
providers: {files: {type: zonefile, directory: zones}}
senders: {mta: {spf: ["ip4:127.0.0.1"], dkim: self}}
domains:
  example.com:
    provider: files
    senders: [mta]
    dmarc: {phase: monitor, rua: ["mailto:dmarc@example.com"]}
    dkim:
      - rotate: {name: office, sender: mta, algorithm: both}
"""
ZONE = """$ORIGIN example.com.
$TTL 3600
@ IN SOA ns1 admin 1 7200 3600 1209600 300
@ IN NS ns1
ns1 IN A 127.0.0.1
"""
MESSAGE = (b"From: Alice <alice@example.com>\r\nTo: bob@example.net\r\nSubject: the chain\r\n"
           b"Date: Thu, 01 Jan 2026 00:00:00 +0000\r\nMessage-ID: <chain@example.com>\r\n"
           b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n"
           b"Hello,\r\n\r\n  with  blanks \r\nand a line.\r\n")


class Chain(Checks):
    """One domain, its keys, and the programs around it."""

    def __init__(self, folder):
        super().__init__()
        self.folder = pathlib.Path(folder)
        self.started, self.stops = [], []
        self.server = None

    def run(self, *command, **options):
        return subprocess.run([str(one) for one in command], cwd=self.folder, timeout=120,
                              stdin=subprocess.DEVNULL, capture_output=True, **options)

    def rampart(self, *words, wanted=(0,)):
        done = self.run(BINARY, "--now", NOW, *words)
        self.check(f"{' '.join(words)}: {done.returncode}: {done.stderr.decode()[-500:]}",
                   done.returncode in wanted)
        return done.stdout.decode()

    def start(self, *command):
        log = open(self.folder / f"{pathlib.Path(command[0]).name}.log", "wb")
        self.started.append(subprocess.Popen(
            [str(one) for one in command], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log,
            stderr=log, start_new_session=True))

    def stop(self):
        for command in self.stops:
            self.run(*command)
        for process in self.started:
            process.terminate()
        for process in self.started:
            stop(process)
        if self.server:
            self.server.stop()

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def keys(self):
        """Made for the mail host alone, planned, applied, and promoted once they are published."""
        self.write("domains.yaml", YAML)
        self.write("zones/example.com.zone", ZONE)
        (self.folder / "certs").mkdir()
        self.run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=mta",
                 "-keyout", "mta.key", "-out", "certs/mta.pem")
        self.rampart("rotate", "--write", wanted=(2,))
        self.rampart("plan")
        self.rampart("apply", "--auto-approve")
        self.server = DnsServer("knot" if "knot" in installed() else installed()[0],
                                zone_files(self.folder / "zones"), self.folder / "dns")
        self.rampart("rotate", "--write", wanted=(2,))
        self.rampart("verify", "--nameserver", self.server.address)
        self.rampart("keys", "export", "--out", "out", wanted=(1,))  # CI cannot open them.
        self.check("a key without its opener", not (self.folder / "out/example.com").exists())
        for form in ("opendkim", "rspamd", "pem"):
            self.rampart("keys", "export", "--format", form, "--out", f"out-{form}", "--identity",
                         "mta.key")
            self.rampart("keys", "export", "--format", form, "--out", f"out-{form}", "--check")
        private = [path for path in (self.folder / "keys").rglob("*") if path.is_file()
                   and b"PRIVATE KEY" in path.read_bytes()]
        self.check(f"a readable private key: {private}", not private)

    def resolver_file(self):
        return self.write("unbound.conf", f"""server:
  do-not-query-localhost: no
  module-config: "iterator"
forward-zone:
  name: "."
  forward-addr: 127.0.0.1@{self.server.port}
""")

    def lookup(self, name, **_):
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers, resolver.port = ["127.0.0.1"], self.server.port
        try:
            found = resolver.resolve(name.decode(), "TXT")
        except dns.exception.DNSException:
            return None
        return b"".join(found[0].strings)

    def pem(self, selector):
        return self.folder / f"out-pem/example.com/{selector}.pem"

    def test_keys(self):
        """opendkim-testkey agrees on every published key. It compares the private half of an RSA
        key alone: of any other it says `EVP_PKEY_get1_RSA() failed`, so that the Ed25519 key is
        checked by its record here, and its halves by the messages that they sign and verify."""
        config = self.write("testkey.conf", f"ResolverConfiguration {self.resolver_file()}\n")
        for selector in ("office-20260101r", "office-20260101e"):
            halves = [()] if selector.endswith("e") else [(), ("-k", self.pem(selector))]
            for half in halves:
                done = self.run("opendkim-testkey", "-vvv", "-x", config, "-d", "example.com", "-s",
                                selector, *half)
                said = (done.stdout + done.stderr).decode()
                self.check(f"opendkim-testkey {selector} {len(half)}: {said}",
                           done.returncode == 0 and "key OK" in said)
        self.write("other.pem", "")
        self.run("openssl", "genrsa", "-out", "other.pem", "2048")
        done = self.run("opendkim-testkey", "-x", config, "-d", "example.com", "-s",
                        "office-20260101r", "-k", self.folder / "other.pem")
        self.check("opendkim-testkey takes another key for ours", done.returncode != 0)

    def verify(self, signer, message):
        """Every verifier at hand passes the message, and none passes it tampered with."""
        name = self.write(f"{signer}.eml", "").name
        for content, good in ((message, True), (message.replace(b"Hello", b"Hallo"), False)):
            (self.folder / name).write_bytes(content)
            found = {"dkimpy": bool(dkim.verify(content, dnsfunc=self.lookup))}
            if not content:
                continue
            said = json.loads(self.run(BINARY, "--format", "json", "--resolver",
                                       self.server.address, "check-message", name, "--ip",
                                       "127.0.0.1").stdout)
            found["check-message"] = any(one["result"] == "pass" for one in said["dkim"])
            if program("opendkim"):
                done = self.run("opendkim", "-t", name, "-x", self.folder / "verify.conf")
                found["opendkim"] = b"succeeded" in done.stdout
            if program("rspamd"):
                said = self.rspamd_says(content, IP="192.0.2.9")
                found["rspamd"] = "R_DKIM_ALLOW" in said["symbols"]
            for verifier, passes in found.items():
                self.check(f"{verifier} on a message of {signer}: {passes}", passes == good)

    def start_opendkim(self):
        self.milter = free_port()
        common = f"ResolverConfiguration {self.resolver_file()}\nRequireSafeKeys no\n"
        self.write("verify.conf", f"{common}Mode v\n")
        config = self.write("opendkim.conf", f"""{common}Mode s
Socket inet:{self.milter}@127.0.0.1
KeyTable file:{self.folder}/out-opendkim/KeyTable
SigningTable refile:{self.folder}/out-opendkim/SigningTable
InternalHosts 127.0.0.1
Canonicalization relaxed/simple
SignatureAlgorithm rsa-sha256
Background no
""")
        self.start("/usr/sbin/opendkim", "-f", "-x", config)
        await_port(self.milter)

    def start_postfix(self):
        self.smtp, sink = free_port(), free_port()
        self.write("sink/ready", "")
        shutil.chown(self.folder / "sink", "postfix")
        self.start("/usr/sbin/smtp-sink", "-u", "postfix", "-d", f"{self.folder}/sink/message",
                   f"127.0.0.1:{sink}", "10")
        self.write("postfix/main.cf", f"""compatibility_level = 3.6
queue_directory = {self.folder}/spool
data_directory = {self.folder}/data
daemon_directory = /usr/lib/postfix/sbin
command_directory = /usr/sbin
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
myhostname = mta.example.com
mydestination =
mynetworks = 127.0.0.0/8
relayhost = [127.0.0.1]:{sink}
smtp_host_lookup = native
smtpd_milters = inet:127.0.0.1:{self.milter}
smtpd_relay_restrictions = permit_mynetworks, reject
""")
        services = [f"127.0.0.1:{self.smtp} inet n - n - - smtpd", "pickup unix n - n 60 1 pickup",
                    "cleanup unix n - n - 0 cleanup", "qmgr unix n - n 300 1 qmgr",
                    "rewrite unix - - n - - trivial-rewrite", "bounce unix - - n - 0 bounce",
                    "defer unix - - n - 0 bounce", "smtp unix - - n - - smtp",
                    "error unix - - n - - error", "anvil unix - - n - 1 anvil",
                    "scache unix - - n - 1 scache", "tlsmgr unix - - n 1000? 1 tlsmgr",
                    "proxymap unix - - n - - proxymap"]
        self.write("postfix/master.cf", "\n".join(services) + "\n")
        for name in ("spool", "data"):
            (self.folder / name).mkdir()
        shutil.chown(self.folder / "data", "postfix")
        self.stops.append(("/usr/sbin/postfix", "-c", self.folder / "postfix", "stop"))
        done = self.run("/usr/sbin/postfix", "-c", self.folder / "postfix", "start")
        self.check(f"postfix: {done.stderr.decode()[-500:]}", done.returncode == 0)
        await_port(self.smtp)

    def signed_by_opendkim(self):
        with smtplib.SMTP("127.0.0.1", self.smtp) as smtp:
            smtp.sendmail("alice@example.com", ["bob@example.net"], MESSAGE)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            for path in (self.folder / "sink").glob("message*"):
                text = path.read_bytes()
                if b"and a line." in text:
                    return text.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
            time.sleep(0.1)
        return b""

    def start_rspamd(self):
        self.rspamd = free_port()
        off = ["fuzzy_check", "rbl", "phishing", "asn", "surbl", "mx_check", "url_redirector",
               "greylist", "ratelimit", "replies", "neural", "history_redis", "dmarc", "arc"]
        for module in off:
            self.write(f"rspamd/local.d/{module}.conf", "enabled = false;\n")
        for worker in ("proxy", "controller", "fuzzy"):
            self.write(f"rspamd/local.d/worker-{worker}.inc", "enabled = false;\n")
        self.write("rspamd/local.d/worker-normal.inc",
                   f'bind_socket = "127.0.0.1:{self.rspamd}";\ncount = 1;\n')
        self.write("rspamd/local.d/options.inc", "disable_hyperscan = true;\n"
                   f'dns {{ nameserver = ["127.0.0.1:{self.server.port}:1"]; }}\n')
        self.write("rspamd/local.d/dkim_signing.conf", "use_redis = false;\nsign_local = true;\n"
                   'allow_username_mismatch = true;\nuse_domain = "header";\n'
                   + (self.folder / "out-rspamd/dkim_domains.conf").read_text())
        for name in ("run", "db", "log"):
            (self.folder / "rspamd" / name).mkdir()
        places = [f"--var={name}={self.folder}/rspamd/{folder}" for name, folder in
                  (("LOCAL_CONFDIR", ""), ("RUNDIR", "run"), ("DBDIR", "db"), ("LOGDIR", "log"))]
        self.start("/usr/bin/rspamd", "-i", "-f", "-c", "/etc/rspamd/rspamd.conf", *places)
        # It compiles its rules first, which takes a minute beside other work.
        await_port(self.rspamd, seconds=180)

    def rspamd_says(self, message, **headers):
        request = urllib.request.Request(f"http://127.0.0.1:{self.rspamd}/checkv2", data=message,
                                         headers=headers)
        with urllib.request.urlopen(request, timeout=60) as reply:
            return json.loads(reply.read())

    def signed_by_rspamd(self):
        said = self.rspamd_says(MESSAGE, User="alice@example.com", From="alice@example.com",
                                Rcpt="bob@example.net", IP="127.0.0.1")
        found = said.get("dkim-signature", [])
        return [found] if isinstance(found, str) else found

    def with_signature(self, signature):
        """A message in CRLF with rspamd's signature, whose own folding may be bare LF."""
        text = signature.replace("\r\n", "\n").replace("\n", "\r\n")
        return b"DKIM-Signature: " + text.encode() + b"\r\n" + MESSAGE

    def go(self):
        self.keys()
        if program("opendkim"):
            self.test_keys()
            self.start_opendkim()
        if program("rspamd"):
            self.start_rspamd()
        for selector, algorithm in (("r", b"rsa-sha256"), ("e", b"ed25519-sha256")):
            key = self.pem(f"office-20260101{selector}").read_bytes()
            if selector == "e":  # dkimpy reads the 32 octets of the seed, in Base64.
                key = base64.b64encode(seed_of(key))
            name = f"office-20260101{selector}".encode()
            signature = dkim.sign(MESSAGE, name, b"example.com", key, signature_algorithm=algorithm)
            self.verify(f"dkimpy-{selector}", signature + MESSAGE)
        if program("rspamd"):
            signatures = self.signed_by_rspamd()
            self.check(f"rspamd signed {len(signatures)} times", len(signatures) == 2)
            for number, signature in enumerate(signatures):
                self.verify(f"rspamd-{number}", self.with_signature(signature))
        if program("opendkim") and program("postfix") and os.geteuid() == 0:
            self.start_postfix()
            message = self.signed_by_opendkim()
            self.check(f"opendkim did not sign: {message}", b"s=office-20260101r;" in message)
            self.verify("opendkim", message)


def main():
    missing = [f"{one} is not installed" for one in ("opendkim", "rspamd", "postfix")
               if not program(one)]
    folder = pathlib.Path(tempfile.mkdtemp(prefix="rampart-chain-")).resolve()
    folder.chmod(0o755)
    chain = Chain(folder)
    try:
        chain.go()
        written = WrittenZones(folder / "written")
        written.keep_folder("the zone that was applied", folder / "zones")
        missing += written.check(chain)
    finally:
        chain.stop()
        if "--keep" in sys.argv:
            print(folder)
        else:
            shutil.rmtree(folder)
    return chain.report(missing)


if __name__ == "__main__":
    sys.exit(main())
