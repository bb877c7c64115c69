"""Real name servers that take updates, each behind proxy.py: named, knot and pdns."""

import base64
import contextlib
import json
import pathlib
import subprocess
import sys
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "end_to_end/support"))

from loopback import free_port, program, running  # noqa: E402

ZONES = ["contract.example", "sub.contract.example", "xn--bcher-kva.example"]
SECRET = base64.b64encode(b"a secret of thirty-two octets...").decode()
API_KEY = "pdns-api-key-of-the-suite"
SCHEMA = "/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql"


def zone_file(folder, zone):
    path = folder / f"{zone}.zone"
    path.write_text(f"$ORIGIN {zone}.\n$TTL 3600\n@ SOA ns1.example.net. hostmaster.example.net. "
                    "1 7200 900 1209600 300\n@ NS ns1.example.net.\n")
    return path


def start_named(folder, port, transfers, more=""):
    """BIND; `transfers` says whether the adapter's keys may transfer zones; `more` is for zones."""
    keys = "".join(f'key "{name}" {{ algorithm {algorithm}; secret "{SECRET}"; }};\n'
                   for name, algorithm in [("side", "hmac-sha256"), ("rampart", "hmac-sha256"),
                                           ("narrow", "hmac-sha512")])
    allowed = "key side; key rampart; key narrow;" if transfers else "key side;"
    zones = "".join(
        f'zone "{zone}" {{ type primary; file "{zone_file(folder, zone)}"; check-names ignore;\n'
        f"  {more}\n"
        "  update-policy { grant side zonesub ANY; grant rampart zonesub ANY;\n"
        f"    grant narrow name www.{zone}. TXT; }}; }};\n" for zone in ZONES)
    config = folder / "named.conf"
    config.write_text(f"""options {{
  directory "{folder}"; pid-file "named.pid"; session-keyfile "session.key";
  managed-keys-directory "."; lock-file none; listen-on port {port} {{ 127.0.0.1; }};
  listen-on-v6 {{ none; }}; recursion no; dnssec-validation no; notify no;
  allow-transfer {{ {allowed} }}; max-records-per-type 0; max-types-per-name 0;
}};
controls {{}};
{keys}{zones}""")
    return [program("named"), "-g", "-n", "1", "-c", str(config)]


def start_knot(folder, port, more=""):
    """Knot; `more` is for the template of its zones."""
    keys = "".join(f"  - id: {name}.\n    algorithm: {algorithm}\n    secret: {SECRET}\n"
                   for name, algorithm in [("side", "hmac-sha256"), ("rampart", "hmac-sha256"),
                                           ("narrow", "hmac-sha512")])
    zones = "".join(f"  - domain: {zone}\n    file: {zone_file(folder, zone)}\n"
                    "    acl: [full, narrow]\n" for zone in ZONES)
    config = folder / "knot.conf"
    config.write_text(f"""server:
    rundir: {folder}
    listen: 127.0.0.1@{port}
    tcp-workers: 2
    udp-workers: 1
database:
    storage: {folder}
key:
{keys}acl:
  - id: full
    key: [side., rampart.]
    action: [update, transfer]
  - id: narrow
    key: narrow.
    action: [update, transfer]
    update-type: [TXT]
    update-owner: name
    update-owner-match: equal
    update-owner-name: [www]
template:
  - id: default
    zonefile-sync: -1
    zonefile-load: whole
    journal-content: changes
    semantic-checks: on
{more}zone:
{zones}""")
    return [program("knotd"), "-c", str(config)]


def start_pdns(folder, port, api_port):
    database = folder / "pdns.db"
    subprocess.run(["sqlite3", str(database)], stdin=open(SCHEMA, encoding="utf-8"), check=True)
    (folder / "pdns.conf").write_text(f"""launch=gsqlite3
gsqlite3-database={database}
gsqlite3-pragma-synchronous=0
socket-dir={folder}
local-address=127.0.0.1
local-port={port}
api=yes
api-key={API_KEY}
webserver=yes
webserver-address=127.0.0.1
webserver-port={api_port}
webserver-allow-from=127.0.0.0/8
webserver-max-bodysize=16
dnsupdate=yes
allow-dnsupdate-from=127.0.0.0/8
allow-axfr-ips=
disable-axfr=no
cache-ttl=0
query-cache-ttl=0
negquery-cache-ttl=0
zone-cache-refresh-interval=0
max-tcp-connections=100
guardian=no
daemon=no
""")
    tool = [program("pdnsutil"), f"--config-dir={folder}"]
    quiet = {"check": True, "capture_output": True}
    for name, algorithm in [("side", "hmac-sha256"), ("rampart", "hmac-sha256"),
                            ("narrow", "hmac-sha512")]:
        subprocess.run([*tool, "import-tsig-key", name, algorithm, SECRET], **quiet)
    for zone in ZONES:
        subprocess.run([*tool, "load-zone", zone, str(zone_file(folder, zone))], **quiet)
        for meta in ("TSIG-ALLOW-DNSUPDATE", "TSIG-ALLOW-AXFR"):
            subprocess.run([*tool, "set-meta", zone, meta, "side", "rampart"], **quiet)
    return [program("pdns_server"), f"--config-dir={folder}"]


@contextlib.contextmanager
def proxied(folder, mode, port):
    """proxy.py before `port`: (its own port, its control port)."""
    listen, control = free_port(), free_port()
    command = [sys.executable, str(HERE / "proxy.py"), mode, str(listen), str(port), str(control)]
    with running(command, listen, folder / "proxy.log", cwd=folder):
        yield listen, control


@contextlib.contextmanager
def side_door(folder, port):
    """dns_door.py for the server at `port`: its port. Debian's Python has its dnspython."""
    listen = free_port()
    command = ["/usr/bin/python3", str(HERE / "dns_door.py"), str(listen), str(port), SECRET]
    if (folder / "pdns.db").exists():
        command.append(str(folder / "pdns.db"))
    with running(command, listen, folder / "door.log", cwd=folder):
        yield listen


@contextlib.contextmanager
def serving(folder, make):
    """One name server and its proxy; yields the environment."""
    port = free_port()
    with running(make(folder, port), port, folder / "server.log", cwd=folder):
        with proxied(folder, "dns", port) as (listen, control), side_door(folder, port) as door:
            yield {"RAMPART_CONTRACT_DOOR": str(door), "RAMPART_CONTRACT_SECRET": SECRET,
                   "RAMPART_CONTRACT_PROXY_PORT": str(listen),
                   "RAMPART_CONTRACT_CONTROL": str(control),
                   "RAMPART_CONTRACT_PDNS": str(folder) if (folder / "pdns.db").exists() else ""}


def named(folder):
    return serving(folder, lambda inside, port: start_named(inside, port, True))


def named_without_transfers(folder):
    return serving(folder, lambda inside, port: start_named(inside, port, False))


def knot(folder):
    return serving(folder, start_knot)


def pdns(folder):
    return serving(folder, lambda inside, port: start_pdns(inside, port, free_port()))


@contextlib.contextmanager
def signing(context, published):
    """Enters once the signer has published records of the type `published` in every zone."""
    with context as environment:
        address = f"http://127.0.0.1:{environment['RAMPART_CONTRACT_DOOR']}/raw"
        end = time.monotonic() + 30
        for zone in ZONES:
            question = json.dumps({"zone": zone}).encode()
            while True:
                with urllib.request.urlopen(address, question, timeout=30) as answer:
                    if f" {published} " in answer.read().decode():
                        break
                if time.monotonic() > end:
                    raise RuntimeError(f"the server does not sign {zone}")
                time.sleep(0.1)
        yield environment


def named_signed(folder):
    """Zones that BIND signs as they are updated."""
    return signing(serving(folder, lambda inside, port: start_named(
        inside, port, True, "dnssec-policy default; inline-signing no;")), "RRSIG")


def knot_signed(folder):
    """Zones that Knot signs as they are updated."""
    return signing(serving(folder, lambda inside, port: start_knot(
        inside, port, "    dnssec-signing: on\n")), "CDNSKEY")


@contextlib.contextmanager
def pdns_api(folder):
    """pdns with a proxy before its HTTP API."""
    port, api = free_port(), free_port()
    with running(start_pdns(folder, port, api), api, folder / "server.log", cwd=folder):
        with proxied(folder, "http", api) as (listen, control), side_door(folder, port) as door:
            yield {"RAMPART_CONTRACT_DOOR": str(door), "RAMPART_CONTRACT_SECRET": SECRET,
                   "RAMPART_CONTRACT_API_PORT": str(listen),
                   "RAMPART_CONTRACT_API_KEY": API_KEY, "RAMPART_CONTRACT_PDNS": str(folder),
                   "RAMPART_CONTRACT_CONTROL": str(control)}
