"""Random SPF cases with the zones that they need, as lines for the drivers beside this file."""

import random


class Generator:
    """Each case has a zone of its own: example.com's record and whatever it names."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.lines = []
        self.names = 0

    def pick(self, *choices):
        return self.random.choice(choices)

    def chance(self, one_in):
        return self.random.randrange(one_in) == 0

    def publish(self, name, kind, value):
        self.lines.append(f"zone\t{name}\t{kind}\t{value}")

    def fresh(self):
        self.names += 1
        return f"n{self.names}.example.net"

    def address(self):
        return f"192.0.2.{self.random.randrange(16)}"

    def address6(self):
        return f"2001:db8::{self.random.randrange(1, 16):x}"

    def host(self):
        """A name with addresses, without any, or one that fails."""
        name = self.fresh()
        if self.chance(25):
            self.publish(name, "A", "!servfail")
            self.publish(name, "AAAA", "!servfail")
            return name
        if not self.chance(6):
            self.publish(name, "A", self.address())
        if self.chance(2):
            self.publish(name, "AAAA", self.address6())
        return name

    def exchange(self):
        name = self.fresh()
        for _ in range(self.pick(0, 1, 1, 2, 3)):
            self.publish(name, "MX", f"{self.pick(10, 20)} {self.host()}")
        return name

    def included(self, depth):
        name = self.fresh()
        if self.chance(12):
            return name
        if self.chance(25):
            self.publish(name, "TXT", "!servfail")
            return name
        self.publish(name, "TXT", self.record(depth + 1))
        if self.chance(40):
            self.publish(name, "TXT", "v=spf1 -all")
        return name

    def cidr4(self):
        return "/0" if self.chance(40) else self.pick("", "", "/24", "/28", "/31", "/32")

    def cidr6(self):
        return "//0" if self.chance(40) else self.pick("", "", "//64", "//124", "//128")

    def macro(self):
        return self.pick("%{i}", "%{ir}", "%{d}", "%{d1r}", "%{l}", "%{o}", "%{v}", "%{h}",
                         "%{s}", "%{l1r-}", "%{d2}")

    def odd(self):
        """Text at the edges of the grammar."""
        return self.pick("ip4:192.0.2.1/33", "ip4:192.0.2.1/024", "ip4:192.0.2", "a/33",
                         "a//129",
                         "include", "include:", "exists", "ptr/24", "all:x", "a:192.0.2.1",
                         "a:localhost", "foo=bar", "foo", "foo:bar", "x=%{d}", "x=%{",
                         "a:%{d0}.net",
                         "ip6:2001:db8::/129", "ip6:192.0.2.1", "ip4:2001:db8::1", "+all", "-ALL",
                         "IP4:192.0.2.3", "a:example..net", "exists:%{c}.net",
                         "exists:%(d).net",
                         "redirect=", "exp=why.example.net", "default=x", "mx:example.net/24/24",
                         "a:under_score.example.net", "a:example.n-t", "a:example.net.", "~~all")

    def term(self, depth):
        roll = self.random.randrange(100)
        if roll < 25:
            return f"ip4:{self.address()}{self.pick('', '/28', '/30', '/31', '/32')}"
        if roll < 35:
            return f"ip6:{self.address6()}{self.pick('', '/124', '/127', '/64')}"
        if roll < 50:
            return f"a:{self.host()}{self.cidr4()}{self.cidr6()}"
        if roll < 60:
            return f"mx:{self.exchange()}{self.cidr4()}{self.cidr6()}"
        if roll < 80 and depth < 3:
            return f"include:{self.included(depth)}"
        if roll < 84:
            return f"exists:{self.macro()}.{self.fresh()}"
        if roll < 86:
            return f"exists:{self.host()}"
        if roll < 88:
            return self.pick("a", "mx")
        if roll < 89:
            return "ptr"
        if roll < 93:
            return self.odd()
        return f"ip4:{self.address()}"

    def record(self, depth=0):
        terms = [self.pick("", "", "", "", "-", "~", "?") + self.term(depth)
                 for _ in range(self.random.randrange(1, 6))]
        if self.chance(30):
            terms += [f"a:{self.host()}" for _ in range(self.random.randrange(6, 12))]
        if self.chance(8) and depth < 3:
            terms.append(f"redirect={self.included(depth)}")
        if not self.chance(4):
            terms.append(self.pick("-all", "~all", "?all", "all"))
        return self.pick("v=spf1 ", "v=spf1 ", "V=SPF1 ", "v=spf1  ") + " ".join(terms)

    def case(self, number):
        self.lines = ["reset"]
        self.names = 0
        record = self.record()
        self.publish("example.com", "TXT", record)
        if self.chance(3):
            self.publish("example.com", "A", self.address())
        if self.chance(4):
            self.publish("example.com", "MX", f"10 {self.host()}")
        if self.chance(50):
            self.publish("example.com", "TXT", "site-verification=1")
        address = self.address() if not self.chance(4) else self.address6()
        sender = self.pick("user@example.com", "strong-bad@example.com", "a.b-c@example.com")
        self.lines.append(f"case\t{number}\t{address}\t{sender}")
        return self.lines


def cases(seed, count):
    """`count` cases, each a list of lines."""
    generator = Generator(seed)
    return [generator.case(number) for number in range(count)]
