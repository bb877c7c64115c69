"""What the zone files publish, read as a name server would, and evaluated as a receiver would."""

import ipaddress
import pathlib
import re

import dns.rdatatype
import dns.zone

import receivers

HEAD = """$ORIGIN {name}.
$TTL 3600
@ IN SOA ns1 admin 1 7200 3600 1209600 300
@ IN NS ns1
ns1 IN A 192.0.2.53
@ IN MX 10 mail
mail IN A 192.0.2.25
@ IN TXT "site-verification={name}"  ; not ours
"""


class Published:
    """The mail records of one zone."""

    def __init__(self, name, texts):
        self.name, self.texts = name, texts
        self.dmarc = receivers.parse(self.at("_dmarc"))
        spf = [text for text in self.at("") if text == "v=spf1" or text.startswith("v=spf1 ")]
        terms = spf[0].split() if len(spf) == 1 else []
        self.networks = [ipaddress.ip_network(term[4:]) for term in terms
                         if term.startswith("ip4:")]
        self.keys = {}
        for owner in texts:
            if owner.endswith("._domainkey"):
                found = re.search(r"p=([A-Za-z0-9+/=]*)", "".join(texts[owner]))
                self.keys[owner.split(".")[0]] = found[1] if found else ""
        self.passing = {}

    def at(self, owner):
        return self.texts.get(owner, [])

    def spf_passes(self, ip):
        """Whether the domain's own SPF admits the address."""
        if ip not in self.passing:
            address = ipaddress.ip_address(ip)
            self.passing[ip] = any(address in network for network in self.networks)
        return self.passing[ip]

    def key_stands(self, selector, key):
        return self.keys.get(selector) == key


class Zones:
    """A folder of zone files, each read again when it has changed."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        self.read = {}

    def make(self, name):
        (self.folder / f"{name}.zone").write_text(HEAD.format(name=name))

    def published(self, name):
        path = self.folder / f"{name}.zone"
        octets = path.read_bytes()
        known = self.read.get(name)
        if known is None or known[0] != octets:
            self.read[name] = (octets, Published(name, texts_of(path, name)))
        return self.read[name][1]


def texts_of(path, name):
    zone = dns.zone.from_file(str(path), f"{name}.", relativize=True)
    texts = {}
    for owner, rdataset in zone.iterate_rdatasets(dns.rdatatype.TXT):
        label = owner.to_text()
        texts["" if label == "@" else label] = [
            b"".join(one.strings).decode() for one in rdataset]
    return texts
