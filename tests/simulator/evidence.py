"""What reports show of one domain: whose mail each row is, and how far each reporter counts."""

import collections
import dataclasses

import receivers

HISTORY = 30        # Days that an unknown reporter must have reported for.
MESSAGES = 100      # A rate over fewer is chance.
MOST_GROWTH = 2     # Of passing mail, against as many days before the window.
PAST = 14           # The least days of that past.


@dataclasses.dataclass
class Seen:
    """A reported row, and what follows from it."""

    day: int
    reporter: str          # The domain that signed.
    ip: str
    signer: str            # The sender of an aligned passing selector, where it is stated.
    count: int
    passes: bool
    dkim: bool             # Passes by DKIM.
    ours: bool             # MAIL FROM or a d= is of the domain's organization.
    excused: bool          # The reporter says that forwarding is the reason.
    known: bool = False
    source: str = ""
    kind: str = ""         # "pass", "forwarded", "marked" or "unmarked".

    @property
    def group(self):
        """Reporters under one organizational domain count once."""
        return ".".join(self.reporter.split(".")[-2:])

    @property
    def own(self):
        """Whether it is mail of the domain's own, as far as reports can show."""
        return self.kind in ("pass", "marked")

    @property
    def fails(self):
        return self.kind in ("marked", "unmarked")


def within(name, domain):
    return name == domain or name.endswith("." + domain)


class File:
    """All that was reported of one domain."""

    def __init__(self, domain):
        self.domain = domain
        self.keys, self.rows, self.first = set(), [], {}
        self.shown = collections.defaultdict(list)  # day -> what known reporters saw published
        self.passed, self.survived, self.excused = set(), set(), set()  # Addresses.

    def learn(self, report):
        """Whether the report was new."""
        by = report.receiver
        key = (by.reporter, report.day)
        if key in self.keys:
            return False
        self.keys.add(key)
        self.first[by.reporter] = min(self.first.get(by.reporter, report.day), report.day)
        for row, _, count, override in report.rows:
            signer = self.signer(row) if by.selectors else ""
            seen = Seen(report.day, by.reporter, row.ip, signer, count, row.passes,
                        row.dkim_aligned, self.is_ours(row), override == "mailing_list", by.known)
            self.rows.append(seen)
            # What decides over addresses comes from known reporters alone.
            if by.known:
                self.note(seen)
        if by.known:
            self.shown[report.day].append(self.stated(report))
        return True

    def forget(self, day):
        self.rows = [row for row in self.rows if row.day >= day]

    def note(self, seen):
        if seen.passes:
            self.passed.add(seen.ip)
        elif seen.excused:
            self.excused.add(seen.ip)
        if seen.dkim and self.host_of(seen.ip) is None:
            self.survived.add(seen.ip)

    def signer(self, row):
        """The sender that an aligned passing selector belongs to."""
        passing = {selector for _, selector, result in row.dkim if result == "pass"}
        return next((one.id for one in self.domain.senders
                     if row.dkim_aligned and one.selector in passing), "")

    def is_ours(self, row):
        return within(row.mail_from, self.domain.name) or any(
            within(name, self.domain.name) for name, _, _ in row.dkim)

    def stated(self, report):
        by, record = report.receiver, report.record
        pct = None if by.form == "9990" or by.pct == "none" else (
            100 if by.pct == "wrong" else record.pct)
        return record.p, pct, record.t if by.form == "9990" else None

    def host_of(self, ip):
        """The sender whose SPF terms have the address."""
        return next((one for one in self.domain.senders if one.has(ip)), None)

    def counting(self, today, refused):
        """The rows of reporters that count, each with its source and kind."""
        known = {one.reporter for one in receivers.KNOWN} - refused
        if not known & self.first.keys():
            return []
        counts = known | {name for name, first in self.first.items()
                          if name not in refused and first + HISTORY <= today}
        hosts = {}
        for row in self.rows:
            if row.ip not in hosts:
                hosts[row.ip] = self.host_of(row.ip)
        rows = [row for row in self.rows if row.reporter in counts]
        for row in rows:
            host = hosts[row.ip]
            row.source = row.signer or (host.id if host else row.ip)
            row.kind = self.kind(row, host)
        return rows

    def kind(self, row, host):
        if row.passes:
            return "pass"
        if (row.known and row.excused) or (host is None and (
                row.ip in self.survived or row.ip in self.excused)):
            return "forwarded"
        # A declared sender's own addresses are a mark, the hosts of a shared service are none.
        own_address = host is not None and host.declared and not host.network
        marked = own_address or row.ours or row.ip in self.passed
        return "marked" if marked else "unmarked"


# --- Figures joined by reporters ---------------------------------------------------------------


def own_by_group(rows):
    """{reporter: [passing, own messages]}"""
    found = collections.defaultdict(lambda: [0, 0])
    for row in rows:
        if row.own:
            found[row.group][0] += row.count * row.passes
            found[row.group][1] += row.count
    return found


def weights(claims, past, known):
    """{reporter: weight}: its mail of a past day. Reporters without a past weigh what they claim,
    each and all together no more than those with one. Known ones are weighed first and by known
    ones; the others share what is left."""
    days = collections.defaultdict(set)
    for row in past:
        if row.own:
            days[row.group].add(row.day)
    a_day = {group: own / len(days[group])
             for group, (_, own) in own_by_group(past).items()}
    settled = {group: a_day[group] for group in claims if group in a_day}

    def scale(groups):
        return (sum(settled[group] for group in groups), sum(claims[group] for group in groups))

    def new_ones(groups, whole, claimed, room):
        if not whole or not claimed:
            return {group: claims[group] for group in groups}
        each = {group: min(whole, whole * claims[group] / claimed) for group in groups}
        much = max(sum(each.values()), room)
        return {group: one * room / much if much else 0 for group, one in each.items()}

    new = claims.keys() - settled.keys()
    of_all = scale(settled)
    of_known = scale(settled.keys() & known)
    by = of_known if all(of_known) else of_all
    first = new_ones(new & known, *by, by[0])
    rest = new_ones(new - known, *of_all, max(0, of_all[0] - sum(first.values())))
    return settled | first | rest


def legit_rate(rows, past):
    """The share of own mail that passes: of all reporters that count, and of known ones alone."""
    figures = own_by_group(rows)
    known = {row.group for row in rows if row.known}
    shares = weights({group: own for group, (_, own) in figures.items()}, past, known)
    rates = []
    for groups in (set(figures), set(figures) & known):
        whole = sum(shares[group] for group in groups)
        if not whole:
            return None
        rates.append(sum(shares[group] * figures[group][0] / figures[group][1]
                         for group in groups) / whole)
    return min(rates)


def doubt(rows, past, least):
    """Why a sufficient legit_rate is not believed, or nothing: most known reporters see less, or
    mail grew so much that a flood of passing mail may make the rate."""
    figures = own_by_group(row for row in rows if row.known)
    enough = {group: passing / own for group, (passing, own) in figures.items()
              if own >= MESSAGES}
    below = [group for group, rate in enough.items() if rate + 1e-9 < least]
    if 2 * len(below) > len(enough):
        return f"most known reporters see less: {below}"
    known = {row.group for row in rows if row.known}
    shares = weights({group: own for group, (_, own) in own_by_group(rows).items()}, past, known)
    before, grown, rate, whole = own_by_group(past), False, 0, 0
    for group, (passing, own) in figures.items():
        days = {row.day for row in past if row.own and row.group == group}
        most = passing
        if len(days) >= PAST and before[group][0]:
            now = len({row.day for row in rows if row.own and row.group == group})
            most = min(passing, MOST_GROWTH * before[group][0] / len(days) * now)
            grown = grown or most < passing
        if own:
            rate += shares[group] * most / (most + own - passing)
            whole += shares[group]
    if grown and whole and rate / whole + 1e-9 < least:
        return f"{rate / whole} without growth"
    return ""


def cautious_share(rows, source):
    """The share of a source's failing mail: over all, over known reporters, and the one that most
    of these reach; the largest."""
    def parts(of):
        fails = [row for row in of if row.source == source and row.fails]
        count = sum(row.count for row in fails)
        own = sum(row.count for row in of if row.own)
        return count, own + count - sum(row.count for row in fails if row.own)
    known = [row for row in rows if row.known]
    each = [parts([row for row in known if row.group == group])
            for group in {row.group for row in known}]
    shares = sorted((part / of for part, of in each if of >= MESSAGES), reverse=True)
    figures = [shares[len(shares) // 2]] if shares else [0]
    return max(figures + [part / of for part, of in (parts(rows), parts(known)) if of])
