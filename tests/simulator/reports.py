"""Aggregate reports, in the form of either generation: made, forged, posted, late, and twice."""

import dataclasses
import datetime
import gzip
import io
import random
import tarfile
from xml.sax.saxutils import escape

NAMESPACE = "urn:ietf:params:xml:ns:dmarc-2.0"
START = datetime.date(2026, 1, 1)


def date_of(day):
    return START + datetime.timedelta(days=day)


def day(text):
    """The number of a day that the YAML names."""
    return (datetime.date.fromisoformat(text) - START).days


def midnight(number):
    when = datetime.datetime.combine(date_of(number), datetime.time(), datetime.timezone.utc)
    return int(when.timestamp())


@dataclasses.dataclass
class Report:
    """What one receiver says of one domain and day: `rows` are (Row, disposition, n, override)."""

    receiver: object
    domain: str
    day: int
    record: object
    rows: list

    def xml(self):
        head = self.head().encode()
        return head + "".join(self.record_xml(*row) for row in self.rows).encode() + b"</feedback>"

    def head(self):
        new = self.receiver.form == "9990"
        begin = midnight(self.day)
        opening = f'<feedback xmlns="{NAMESPACE}">' if new else "<feedback><version>1.0</version>"
        return (f"<?xml version='1.0'?>{opening}<report_metadata>"
                f"<org_name>{self.receiver.name}</org_name><email>{self.receiver.mailbox}</email>"
                f"<report_id>{self.domain}.{self.day}</report_id><date_range><begin>{begin}</begin>"
                f"<end>{begin + 86399}</end></date_range></report_metadata>"
                f"<policy_published><domain>{self.domain}</domain>{self.policy(new)}"
                "</policy_published>")

    def policy(self, new):
        record = self.record
        text = f"<p>{record.p}</p>" + (f"<sp>{record.sp}</sp>" if record.sp else "")
        if new:
            return f"{text}<testing>{'y' if record.t else 'n'}</testing>"
        if self.receiver.pct == "none":
            return text
        return f"{text}<pct>{100 if self.receiver.pct == 'wrong' else record.pct}</pct>"

    def record_xml(self, row, disposition, count, override):
        reason = f"<reason><type>{override}</type></reason>" if override else ""
        dkim = "".join(
            f"<dkim><domain>{domain}</domain>"
            + (f"<selector>{selector}</selector>" if self.receiver.selectors else "")
            + f"<result>{result}</result></dkim>" for domain, selector, result in row.dkim)
        return (f"<record><row><source_ip>{row.ip}</source_ip><count>{count}</count>"
                f"<policy_evaluated><disposition>{disposition}</disposition>"
                f"<dkim>{'pass' if row.dkim_aligned else 'fail'}</dkim>"
                f"<spf>{'pass' if row.spf_aligned else 'fail'}</spf>{reason}</policy_evaluated>"
                f"</row><identifiers><header_from>{escape(row.header_from)}</header_from>"
                f"<envelope_from>{row.mail_from}</envelope_from></identifiers><auth_results>{dkim}"
                f"<spf><domain>{row.mail_from}</domain><scope>mfrom</scope>"
                f"<result>{row.spf}</result></spf></auth_results></record>")


class Post:
    """Brings reports, each after its delay, and some of them again."""

    def __init__(self, seed):
        self.seed, self.due = seed, {}

    def send(self, report, outage=()):
        rng = random.Random(f"{self.seed}:{report.receiver.name}:{report.domain}:{report.day}")
        arrival = report.day + 1 + rng.choice((0, 0, 0, 0, 1, 1, 2, 3, 4))
        while arrival in outage:
            arrival += 1
        self.due.setdefault(arrival, []).append(report)
        if rng.random() < 0.03:
            self.due.setdefault(arrival + rng.randrange(0, 9), []).append(report)

    def arriving(self, days):
        """What arrives on these days, in order."""
        return [report for day in days for report in self.due.pop(day, [])]


def packed(members, path):
    """One archive of all that came; every third report is compressed, as most are in the wild."""
    with tarfile.open(path, "w") as archive:
        for number, octets in enumerate(members):
            name = f"{number}.eml" if octets.startswith(b"DKIM-Signature") else f"{number}.xml"
            if number % 3 == 0 and name.endswith(".xml"):
                octets, name = gzip.compress(octets, 1, mtime=0), name + ".gz"
            entry = tarfile.TarInfo(name)
            entry.size = len(octets)
            archive.addfile(entry, io.BytesIO(octets))
