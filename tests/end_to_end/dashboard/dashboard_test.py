#!/usr/bin/env python3
"""The dashboard from real reports, hostile ones among them: every page is well-formed HTML, loads
and runs nothing, links only to its own pages, and shows what the summaries say.
"""

import base64
import hashlib
import html
import json
import pathlib
import re
import sys
import tempfile
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import harness  # noqa: E402

harness.need_modules("dns", "html5lib")

import html5lib  # noqa: E402
from report_workplace import Workplace, report  # noqa: E402

SPACE = "{http://www.w3.org/1999/xhtml}"
HOSTILE = ["<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "'onfocus='alert(1)'",
           "</style><style>*{display:none}", "../../../etc/passwd", "\u202egnp.exe",
           "javascript:alert(1)", "]]>--><svg/onload=alert(1)>"]


def hostile_report(number):
    """A report of which every text is hostile; its domain is, as far as a domain can be."""
    bad = html.escape(HOSTILE[number])
    text = report(f"R{number}").replace(f"<org_name>R{number}", f"<org_name>{bad}")
    return text.replace("<selector>s1", f"<selector>{bad}").replace(
        "<domain>bounce.example", f"<domain>{bad}").replace(
        f"<email>d@r{number}.example", f"<email>{bad}").replace(
        "<policy_published><domain>example.com", f"<policy_published><domain>b{number}=<b>.example"
        .replace("<b>", "&lt;b&gt;") if number % 2 else "<policy_published><domain>example.com")


def elements(path):
    """Every element of a page; a parse error is an exception."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=True)
    return list(parser.parse(path.read_bytes()).iter())


def check_page(folder, path):
    name = path.relative_to(folder).as_posix()
    text = path.read_text()
    found = [one for one in elements(path) if isinstance(one.tag, str)]
    tags = {one.tag.split("}")[1] for one in found}
    yield f"{name}: no {tags}", not tags & {"script", "img", "iframe", "object", "embed", "link",
                                            "form", "input", "base", "audio", "video", "image"}
    attributes = {key.lower() for one in found for key in one.attrib}
    yield f"{name}: no handlers {attributes}", not any(
        key.startswith("on") or key in ("style", "src", "srcset") for key in attributes)
    style = re.search("<style>(.*)</style>", text, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = next(one.attrib["content"] for one in found
                  if one.attrib.get("http-equiv") == "Content-Security-Policy")
    yield f"{name}: {policy}", f"style-src 'sha256-{digest}'" in policy and (
        "default-src 'none'" in policy and "unsafe" not in policy)
    yield f"{name}: nothing from elsewhere", "url(" not in style and "@import" not in style
    for link in (one for one in found if one.tag == SPACE + "a"):
        target = urllib.parse.unquote(link.attrib["href"])
        yield f"{name}: {target}", ":" not in target and (path.parent / target).resolve().is_file()
    heads = [one for one in found if one.tag == SPACE + "th"]
    yield f"{name}: heads have a scope", all("scope" in one.attrib for one in heads)
    tables = [one for one in found if one.tag == SPACE + "table"]
    yield f"{name}: tables have captions", all(one.find(SPACE + "caption") is not None
                                               for one in tables)
    identifiers = [one.attrib["id"] for one in found if "id" in one.attrib]
    yield f"{name}: ids once", len(identifiers) == len(set(identifiers))


def check_all_pages(folder):
    pages = sorted(folder.rglob("*.html"))
    yield f"{len(pages)} pages", len(pages) > 6
    for path in pages:
        yield from check_page(folder, path)


def words_of(path):
    return " ".join(" ".join(one.itertext()) for one in elements(path)[:1])


def check(place):
    out = place.folder / "site"
    yield "no store", place.run("dashboard", "--out", "site").returncode == 1
    yield "no folder", place.run("dashboard").returncode == 1
    place.run("reports", "ingest", "r.xml")
    (place.folder / "map.csv").write_text(
        "base_reverse_dns,name,type\nforward.example,Forward & <b>Sons</b>,ISP\n")
    done = place.run("dashboard", "--out", "site", "--reverse-dns-map", "map.csv")
    yield f"made: {done.stderr}", done.returncode == 0 and "index.html" in done.stdout
    yield from check_all_pages(out)
    summary = json.loads(place.run("reports", "summary", "--domain", "example.com", "--format",
                                   "json", "--reverse-dns-map", "map.csv").stdout)
    owners = {one["source"]: one.get("owner") for one in summary["sources"]}
    yield f"owners {owners}", owners["ptr:forward.example"] == {
        "name": "Forward & <b>Sons</b>", "type": "ISP"} and owners["office"] is None
    shown = words_of(out / "domains/example.com.html")
    for word in ("monitor", str(summary["messages"]), "100.00 %", "ptr:forward.example",
                 "Forward & <b>Sons</b>", "never add its addresses to SPF", "2026-11-19"):
        yield f"shown: {word}", word in shown
    yield "in the index", "example.com" in words_of(out / "index.html")
    before = {path.name: path.read_bytes() for path in out.rglob("*.html")}
    place.run("dashboard", "--out", "site", "--reverse-dns-map", "map.csv")
    yield "same bytes again", before == {path.name: path.read_bytes()
                                         for path in out.rglob("*.html")}
    wrong = place.folder / "bad.csv"
    wrong.write_text("base_reverse_dns,name,type\na.example,A,ISP\nb..example,B,ISP\n")
    done = place.run("reports", "sources", "--reverse-dns-map", "bad.csv")
    yield f"a bad map {done.stderr}", done.returncode == 1 and "bad.csv:3" in done.stderr

    # By an evidence file alone, as a runner without a store has it; one page is not ours.
    place.run("reports", "ingest", "--trusted", "r.xml")
    place.run("dashboard", "--out", "verified")
    summary = json.loads(place.run("reports", "summary", "--domain", "example.com", "--format",
                                   "json").stdout)
    index = words_of(place.folder / "verified/index.html")
    # Verified, by a reporter that nobody knows.
    yield f"verified mail passes on the page as in the summary: {index}", (
        f"{summary['pass_rate']:.2%}".replace("%", " %") in index)
    place.run("reports", "evidence", "--out", "evidence.json")
    (out / "domains/gone.example.html").write_bytes(before["example.com.html"])
    (out / "domains/notes.html").write_text("mine")
    done = place.run("dashboard", "--out", "site", "--evidence", "evidence.json", "--format",
                     "json")
    yield f"by evidence {done.stderr}", json.loads(done.stdout)["domains"] == 1
    yield "the old page is gone", not (out / "domains/gone.example.html").exists()
    yield "another's stays", (out / "domains/notes.html").read_text() == "mine"
    (out / "domains/notes.html").unlink()
    shown = words_of(out / "domains/example.com.html")
    yield f"figures by evidence {shown}", "169" in shown and "100.00 %" in shown

    for number in range(len(HOSTILE)):
        (place.folder / f"h{number}.xml").write_text(hostile_report(number))
    done = place.run("reports", "ingest", *(f"h{i}.xml" for i in range(len(HOSTILE))))
    done = place.run("dashboard", "--out", "hostile")
    yield f"hostile {done.stderr}", done.returncode == 0
    yield from check_all_pages(place.folder / "hostile")
    texts = "".join(path.read_text() for path in (place.folder / "hostile").rglob("*.html"))
    for one in HOSTILE:
        harmless = one in ("../../../etc/passwd", "javascript:alert(1)")
        yield f"escaped: {one}", harmless or one not in texts
    yield "yet shown", "&lt;script&gt;alert(1)" in texts


def main():
    checks = harness.Checks()
    with tempfile.TemporaryDirectory() as folder:
        checks.each(check(Workplace(folder)))
    return checks.report()


if __name__ == "__main__":
    sys.exit(main())
