"""What the tests of `reports fetch` work on: a Dovecot, a box, and stores."""

import json
import os
import pathlib
import subprocess
import urllib.parse

import dovecot
from harness import BINARY


class Bench:
    """One server, one box, and a store for each story."""

    def __init__(self, folder, more="", ssl="yes"):
        self.folder = pathlib.Path(folder)
        self.folder.chmod(0o755)
        (self.folder / "dovecot").mkdir()
        self.server = dovecot.Dovecot(self.folder / "dovecot", more, ssl)
        self.ca = self.folder / "dovecot/ca.pem"
        self.proxies, self.stores, self.store = [], 0, None
        self.resolver = "127.0.0.1:1"
        self.new_store()

    def new_store(self):
        self.stores += 1
        self.store = f"sqlite:{self.folder}/{self.stores}.db"

    def proxy(self, port):
        self.proxies.append(dovecot.Proxy(port))
        return self.proxies[-1]

    def stop(self):
        for one in self.proxies:
            one.stop()
        self.server.stop()

    def url(self, port=None, scheme="imaps", host="localhost"):
        user = urllib.parse.quote(dovecot.USER)
        return f"{scheme}://{user}@{host}:{port or self.server.imaps}/INBOX"

    def start(self, *words, url=None, secret=("RAMPART_IMAP_PASSWORD", dovecot.PASSWORD)):
        command = [str(BINARY), "reports", "fetch", "--imap", url or self.url(), "--ca",
                   str(self.ca), "--store", self.store, "--resolver", self.resolver, "--format",
                   "json", *words]
        clean = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
        return subprocess.Popen(command, cwd=self.folder, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                env={**clean, secret[0]: secret[1]})

    def fetch(self, *words, **options):
        """(exit code, answer, standard error)"""
        process = self.start(*words, **options)
        out, err = process.communicate(timeout=240)
        answer = json.loads(out) if out.strip() else {}
        return process.returncode, answer, err.decode()

    def messages(self):
        done = subprocess.run([str(BINARY), "reports", "summary", "--domain", "example.com",
                               "--store", self.store, "--resolver", self.resolver, "--format",
                               "json"], stdout=subprocess.PIPE, check=True)
        return json.loads(done.stdout)["messages"]

    def all_seen(self, box=""):
        return all("S" in flags for flags, _ in self.server.mails(box))
