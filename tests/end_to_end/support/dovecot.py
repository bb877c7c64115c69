"""A real Dovecot of Debian's on 127.0.0.1, with its own folder and ports, never as root; and a
proxy in front of it that breaks connections where a test wants them broken."""

import grp
import os
import pathlib
import pwd
import shutil
import socket
import socketserver
import subprocess
import threading
import time

from loopback import SBIN, free_port

USER, PASSWORD = "dmarc@example.com", "pa55 \"w\\ord/+ä"
CONFIG = """protocols = imap
base_dir = {folder}/run
log_path = {folder}/dovecot.log
ssl = {ssl}
ssl_cert = <{folder}/server.pem
ssl_key = <{folder}/server.key
disable_plaintext_auth = no
mail_location = maildir:{folder}/mail
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
mail_max_userip_connections = 100
{more}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {folder}/users
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/home
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    address = 127.0.0.1
    port = {imap}
  }}
  inet_listener imaps {{
    address = 127.0.0.1
    port = {imaps}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
"""


def program():
    return shutil.which("dovecot", path=SBIN)


def authority(folder):
    """A certificate authority, and a certificate for localhost by it."""
    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)
    (folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    for name in ("ca", "other-ca"):
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out",
                f"{name}.pem", "-days", "2", "-subj", f"/CN=Test {name}")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "server.key", "-out", "server.csr",
            "-subj", "/CN=localhost")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-out",
            "server.pem", "-days", "2", "-extfile", "names", "-CAcreateserial")


class Dovecot:
    """`more` is further configuration, such as what the server says it can do."""

    def __init__(self, folder, more="", ssl="yes"):
        self.folder = pathlib.Path(folder)
        self.imap, self.imaps = free_port(), free_port()
        # Dovecot gives mail to nobody who is root.
        self.owner = pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
        group = grp.getgrgid(self.owner.pw_gid).gr_name
        authority(self.folder)
        (self.folder / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n")
        (self.folder / "conf").write_text(CONFIG.format(
            folder=self.folder, user=self.owner.pw_name, group=group, imap=self.imap,
            imaps=self.imaps, more=more, ssl=ssl))
        for name in ("mail", "home", "run"):
            (self.folder / name).mkdir()
        self.make_box()
        as_owner = {}
        if os.getuid() == 0:
            as_owner = {"user": self.owner.pw_uid, "group": self.owner.pw_gid, "extra_groups": []}
            self.hand_over()
        self.process = subprocess.Popen([program(), "-F", "-c", str(self.folder / "conf")],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, **as_owner)
        self.wait()

    def wait(self):
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.imap), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        self.stop()
        raise RuntimeError("Dovecot does not come up: " + self.log())

    def log(self):
        path = self.folder / "dovecot.log"
        return path.read_text()[-3000:] if path.exists() else ""

    def hand_over(self):
        if os.getuid() != 0:
            return
        for path in [self.folder, *self.folder.rglob("*")]:
            os.chown(path, self.owner.pw_uid, self.owner.pw_gid)

    def make_box(self, name=""):
        for part in ("cur", "new", "tmp"):
            (self.folder / "mail" / name / part).mkdir(parents=True, exist_ok=True)

    def clear(self, mails):
        """A box of these mails alone, all unseen, under a new UIDVALIDITY."""
        shutil.rmtree(self.folder / "mail")
        self.make_box()
        for number, octets in enumerate(mails):
            path = self.folder / "mail/new" / f"{1700000000 + number}.M{number}P1.test"
            path.write_bytes(octets)
        self.hand_over()

    def mails(self, box=""):
        """(flags, octets) of each mail of a box, by the files that Dovecot keeps."""
        folder = self.folder / "mail" / (f".{box}" if box else "")
        return [(path.name.partition(":2,")[2], path.read_bytes())
                for part in ("cur", "new") for path in sorted((folder / part).glob("*"))]

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Proxy:
    """Passes octets on; `watch(number, octets, is_answer)` sees them first and says what becomes of
    the connection, the number-th one: True lets it be, False cuts it without a word."""

    def __init__(self, to_port):
        proxy = self
        self.to_port, self.watch, self.count = to_port, lambda *_: True, 0

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                proxy.count += 1
                number = proxy.count
                with socket.create_connection(("127.0.0.1", proxy.to_port)) as server:
                    back = threading.Thread(target=proxy.pump, daemon=True,
                                            args=(number, server, self.request, True))
                    back.start()
                    proxy.pump(number, self.request, server, False)
                    back.join()

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def pump(self, number, source, target, is_answer):
        try:
            while octets := source.recv(16384):
                if not self.watch(number, octets, is_answer):
                    break
                target.sendall(octets)
        except OSError:
            pass
        for one in (source, target):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
