"""Reads what `rampart render` prints as the other tools would: each reader gives back the records
as {(name, type): (ttl, {values})}, TXT values joined."""

import json
import re
import subprocess

import dns.rdatatype
import dns.zone
import yaml

SOA = "{apex}. 3600 IN SOA ns1.{apex}. hostmaster.{apex}. 1 7200 900 1209600 3600\n" \
      "{apex}. 3600 IN NS ns1.{apex}.\nns1.{apex}. 3600 IN A 192.0.2.53\n"

STUB = """
const zones = {};
function TTL(n) { return {ttl: n}; }
function TXT(name, value, ttl) { return ['TXT', name, value, ttl.ttl]; }
function CNAME(name, value, ttl) { return ['CNAME', name, value, ttl.ttl]; }
function MX(name, preference, host, ttl) {
  return ['MX', name, preference + ' ' + host, ttl.ttl];
}
function D_EXTEND(zone) { zones[zone] = Array.prototype.slice.call(arguments, 1); }
"""

HCL_BLOCK = re.compile(r'^(variable|resource)((?: "[^"\n]*")+) \{\n(.*?)^\}\n', re.M | re.S)
HCL_PAIR = re.compile(r"^  (\w+) += (.*)$")
HCL_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')


def text_of(octets):
    return b"".join(octets).decode("latin-1")


def read_zone(text, apex):
    zone = dns.zone.from_text(SOA.format(apex=apex) + text, origin=apex + ".", relativize=False)
    records = {}
    for name, node in zone.items():
        for rdataset in node:
            kind = dns.rdatatype.to_text(rdataset.rdtype)
            if kind in ("SOA", "NS", "A"):
                continue
            values = {text_of(one.strings) if kind == "TXT" else one.to_text()
                      for one in rdataset}
            records[name.to_text().rstrip("."), kind] = (rdataset.ttl, values)
    return records


def absolute(name, apex):
    return apex if name in ("", "@") else f"{name}.{apex}"


def natural(text):
    return [int(run) if run.isdigit() else run for run in re.split(r"(\d+)", text)]


def octodns_value(kind, value):
    """octoDNS wants each `;` escaped, and takes no other escape."""
    if kind == "MX":
        return f"{value['preference']} {value['exchange']}"
    if kind != "TXT":
        return value
    assert re.fullmatch(r"(?:[^;\\]|\\;)*", value), value
    return value.replace("\\;", ";")


def read_octodns(text, apex):
    tree = yaml.safe_load(text)
    assert list(tree) == sorted(tree, key=natural), "names are not in octoDNS' order"
    records = {}
    for name, rows in tree.items():
        for row in rows if isinstance(rows, list) else [rows]:
            assert list(row) == sorted(row), "keys are not in octoDNS' order"
            kind = row["type"]
            values = {octodns_value(kind, one) for one in row.get("values", [row.get("value")])}
            records[absolute(name, apex), kind] = (row["ttl"], values)
    return records


def read_dnscontrol(text, apex):
    script = STUB + text + "\nconsole.log(JSON.stringify(zones));"
    done = subprocess.run(["node", "-e", script], capture_output=True, check=True, text=True)
    records = {}
    for kind, name, value, ttl in json.loads(done.stdout)[apex]:
        _, values = records.setdefault((absolute(name, apex), kind), (ttl, set()))
        values.add(value)
    return records


def hcl_strings(text):
    """The strings of an expression as Terraform takes them, `$${` and `%%{` undone."""
    plain = HCL_STRING.sub("", text)
    assert re.fullmatch(r"\[(, )*\]|concat\(\[(, )*\], var\.\w+\)|", plain), plain
    strings = []
    for raw in HCL_STRING.findall(text):
        assert not re.search(r"(?<![$%])(?:\$\$)*(?:%%)*[$%]\{", raw), raw
        strings.append(re.sub(r"([$%])\1\{", r"\1{", re.sub(r"\\(.)", r"\1", raw)))
    return strings


def hcl_blocks(text):
    """Every block with its labels and pairs; anything else in the text is an error."""
    code = re.sub(r"^#.*\n", "", text, flags=re.M)
    rest = HCL_BLOCK.sub("", code).strip()
    assert not rest, rest
    for kind, labels, body in HCL_BLOCK.findall(code):
        pairs = {}
        for line in body.splitlines():
            match = HCL_PAIR.match(line)
            assert match, line
            pairs[match[1]] = match[2]
        yield kind, re.findall(r'"([^"]*)"', labels), pairs


def route53_value(kind, text):
    """The provider puts quotes around; 255 octets is the most between two of them."""
    if kind != "TXT":
        return text if text.endswith(".") else text + "."
    parts = text.split('""')
    assert all(len(part) <= 255 for part in parts), text
    return "".join(parts)


def cloudflare_value(kind, pairs):
    text, = hcl_strings(pairs["content"])
    if kind == "MX":
        return f"{pairs['priority']} {text if text.endswith('.') else text + '.'}"
    if kind != "TXT":
        assert pairs["proxied"] == "false"
        return text + "."
    assert re.fullmatch(r'"[^"]{0,255}"( "[^"]{0,255}")*', text), text
    return text[1:-1].replace('" "', "")


def read_terraform(text, wanted):
    """The records of the resources of type `wanted`, and the variables that they use."""
    records, labels, declared, used = {}, [], set(), set()
    for kind, names, pairs in hcl_blocks(text):
        labels.append((kind, *names))
        if kind == "variable":
            declared.add(names[0])
            continue
        used.update(re.findall(r"var\.(\w+)", " ".join(pairs.values())))
        if names[0] != wanted:
            continue
        rtype = hcl_strings(pairs["type"])[0]
        key = hcl_strings(pairs["name"])[0], rtype
        if wanted == "aws_route53_record":
            values = {route53_value(rtype, one) for one in hcl_strings(pairs["records"])}
        else:
            values = {cloudflare_value(rtype, pairs)}
        records.setdefault(key, (int(pairs["ttl"]), set()))[1].update(values)
    assert len(labels) == len(set(labels)), "an identifier occurs twice"
    assert declared == used, (declared, used)
    return records
