"""The domains of the world, who sends as them, and what befalls them."""

import dataclasses

import receivers
from senders import Sender

ENFORCING = ("quarantine", "reject")


@dataclasses.dataclass
class Event:
    """What somebody does, `days` after a domain starts, enters a step, or has stepped back."""

    kind: str                  # "start", "step" or "back".
    days: int
    what: str                  # A method of `people.People`.
    sender: str = ""
    step: tuple = ()
    done: bool = False


@dataclasses.dataclass
class Outsider:
    """Somebody who reports on a domain from a domain of his own."""

    by: receivers.Receiver
    claim: str                 # "perfect" or "disaster".
    first: int = 0             # The first day that he reports on.
    turns: int | None = None   # From this day on, he claims the disaster.
    always: bool = False       # Whether his reports arrive even when others' do not.


@dataclasses.dataclass
class Domain:
    """A domain as the world has it."""

    name: str
    ramp: str
    index: int
    start: int                 # The day on which its owner sets it to monitor.
    story: str
    volume: float = 400
    reporters: tuple = ("Bigmail", "Oldpost")
    weights: tuple = (5, 3)
    senders: list = dataclasses.field(default_factory=list)
    events: list = dataclasses.field(default_factory=list)
    lists: float = 0.0         # The share of mail that goes through a mailing list.
    forwards: float = 0.0      # ... and through somebody's own forwarding.
    wave: tuple | None = None  # First day of a spoofing wave, and the day after its last.
    wave_addresses: int = 300
    wave_mark: bool = False    # Whether it bears the domain's mark, forged.
    wave_at: str = ""          # The one receiver that gets it, or all.
    misuse: tuple | None = None     # The days of an outsider's mail through a shared service.
    misuse_mark: bool = False  # Whether he forges the domain's mark.
    leaves: tuple | None = None     # A known reporter, and the day from which it is silent.
    outsiders: tuple = ()
    forgery: str = ""          # "perfect" or "disaster": what forged reports claim.
    held: bool = False         # Whether what outsiders do may hold it.
    style: str = "flow"        # How the YAML writes its `dmarc:`: flow, block or inherited.
    sp: str = ""
    reaches: bool = True       # Whether p=reject is to be reached at all.
    steps_back: bool = False   # Whether a step back is to be seen.

    @property
    def list_ip(self):
        return f"198.18.{self.index}.200"

    @property
    def forwarder(self):
        return f"198.18.{self.index}.210"

    def without_adversaries(self):
        """The same domain in a world where all mean well, and no reporter stops."""
        self.wave = self.misuse = self.leaves = None
        self.outsiders = ()
        return self

    def sender(self, id):
        return next(one for one in self.senders if one.id == id)

    def add(self, name, number, **changes):
        """A sender of its own: `number` is the last octet of its address."""
        sender = Sender(f"{name}-{self.index}", f"198.18.{self.index}.{number}", **changes)
        self.senders.append(sender)
        return sender.id


def base(story, ramp, index, start):
    """A domain with a mail server of its own, and a vendor that signs but bounces for itself."""
    stem = story.replace(" ", "-")
    domain = Domain(f"{stem}-{index}.example", ramp, index, start, story,
                    style=("flow", "block", "quoted")[index % 3])
    domain.add("mta", 1, share=0.7, selector="s2026")
    if index % 2:
        domain.add("vendor", 20, share=0.3, selector="v1", own_bounces=False)
    return domain


def early_vendor(domain, scale):
    """A vendor is declared and sends weeks before its DKIM is set up."""
    name = domain.add("early", 30, share=0.12, selector="e1", own_bounces=False, declared=False,
                      published=False, first=domain.start + 4 * scale)
    domain.events += [Event("start", 4 * scale, "declare", name),
                      Event("start", 22 * scale, "publish", name)]


def breaking_vendor(domain, scale):
    """A vendor stops signing some days after a step, and repairs it weeks later."""
    share = 0.25 if domain.index % 2 else 0.04  # Above what rollback_below bears, and below.
    name = domain.add("fragile", 31, share=share, selector="f1", own_bounces=False)
    step = {"policy-only": ("quarantine", 100), "abrupt": ("quarantine", 100)}.get(
        domain.ramp, ("reject", 50) if domain.index % 2 else ("quarantine", 50))
    domain.events += [Event("step", 1, "break_signing", name, step),
                      Event("back", 4 * scale, "mend_signing", name)]
    domain.steps_back = True


def breaking_below(domain, scale):
    """The same, by a vendor that writes as a sub-domain without a record of its own."""
    breaking_vendor(domain, scale)
    domain.senders[-1].below = "news"


def shadow(domain, scale):
    """A department's vendor that nobody has declared."""
    name = domain.add("shadow", 32, share=0.15, selector="d1", own_bounces=False, declared=False,
                      published=False)
    domain.events += [Event("start", 15 * scale, "declare", name),
                      Event("start", 15 * scale, "publish", name)]


def wave(domain, scale):
    """Ten times the domain's mail from hundreds of addresses, just when a step is due."""
    first = domain.start + 6 * scale
    domain.wave = (first, first + 3 * scale)
    domain.senders[0].every = 1


def marked_wave(domain, scale):
    """A botnet that forges the domain's mark, while the domain quarantines."""
    first = domain.start + 13 * scale
    domain.wave, domain.wave_mark, domain.held = (first, first + 4 * scale), True, True


def shared_service(domain):
    """A vendor whose hosts other customers use as well."""
    number = domain.index
    domain.add("shared", 65, share=0.3, selector="h1", own_bounces=False,
               network=f"198.18.{number}.64/28")


def misuse(domain, scale):
    """An outsider has an account there too, and writes as the domain all the time."""
    shared_service(domain)
    domain.misuse = (domain.start, 10**6)


def marked_misuse(domain, scale):
    """The same, with the domain's mark forged for some days."""
    shared_service(domain)
    domain.misuse_mark, domain.held = True, True
    domain.misuse = (domain.start + 13 * scale, domain.start + 17 * scale)


def outsider_opens(domain, scale):
    """An outsider claims for months that all passes, DKIM too, where a sender never signs."""
    name = domain.add("unsigned", 35, share=0.2, selector="u1", signs=False, published=False)
    domain.events += [Event("start", 46 * scale, "publish", name),
                      Event("start", 46 * scale, "mend_signing", name)]
    domain.outsiders = (Outsider(receivers.outsider(1), "perfect"),)


def outsider_hides(domain, scale):
    """A vendor breaks, while an outsider claims that a million of its messages pass."""
    breaking_vendor(domain, scale)
    domain.outsiders = (Outsider(receivers.outsider(2), "perfect"),)
    domain.held = True


def outsider_holds(domain, scale):
    """An outsider claims that all fails, until somebody refuses him."""
    by = receivers.outsider(3)
    domain.outsiders, domain.held = (Outsider(by, "disaster"),), True
    domain.events.append(Event("start", 26 * scale, "refuse", by.reporter))


def outsiders_turn(domain, scale):
    """Two outsiders claim that a million messages pass, and one day that they all fail."""
    turns = domain.start + 14 * scale
    domain.outsiders = tuple(Outsider(receivers.outsider(number), "perfect", 0, turns)
                             for number in (4, 5))
    domain.held, domain.reaches = True, None  # It depends on the ramp whether it is there by then.


def outsider_alone(domain, scale):
    """Only an outsider still reports, when every mail of known reporters is lost."""
    domain.outsiders = (Outsider(receivers.outsider(6), "perfect", always=True),)


def known_one_stops(domain, scale):
    """A known reporter with much of the mail stops, until somebody refuses it."""
    domain.reporters, domain.weights = ("Bigmail", "Oldpost", "Leaver"), (4, 2, 3)
    domain.leaves, domain.held = ("Leaver", domain.start + 9 * scale), True
    domain.events.append(Event("start", 30 * scale, "refuse", "leaver.example"))


def stop_in_a_wave(domain, scale):
    """The same, and a botnet makes its share of all mail small."""
    domain.reporters, domain.weights = ("Bigmail", "Oldpost", "Quitter"), (4, 2, 3)
    domain.leaves, domain.held = ("Quitter", domain.start + 9 * scale), True
    domain.wave, domain.wave_at = (domain.start, domain.start + 8 * scale), "Bigmail"
    domain.events.append(Event("start", 30 * scale, "refuse", "quitter.example"))


def silent(domain, scale):
    """Nobody writes as it."""
    domain.senders[0].first = 10**6
    domain.senders = domain.senders[:1]
    domain.reaches = False


def low_volume(domain, scale):
    """A few messages a day: the long window of the low-volume gate is its only way."""
    domain.senders = domain.senders[:1]
    domain.volume, domain.weights = 3, (2, 1)


def perfect_forgery(domain, scale):
    """A declared vendor fails for long, while forged reports claim that all passes."""
    early_vendor(domain, scale)
    domain.forgery = "perfect"
    domain.events[-1].days += 8 * scale


def disaster_forgery(domain, scale):
    """All passes, while forged reports claim that all fails."""
    domain.forgery, domain.lists, domain.forwards = "disaster", 0.06, 0.02
    domain.reporters, domain.weights = ("Bigmail", "Oldpost", "Noselect"), (5, 3, 3)
    domain.add("keyed", 37, share=0.2, selector="k1", own_bounces=False, admitted=False)


def mailing_list(domain, scale):
    """Its people write to lists, which break SPF and DKIM; not every receiver says so."""
    domain.lists, domain.forwards = 0.08, 0.03
    domain.reporters, domain.weights = ("Bigmail", "Oldpost", "Noselect"), (4, 3, 3)


def rare(domain, scale):
    """A sender of rare mail, and one that has not sent yet: only the latter is waited for."""
    domain.add("rare", 33, share=0.05, selector="r1", own_bounces=False, rare=True, every=400,
               first=domain.start + 300)
    domain.add("later", 34, share=0.3, selector="l1", own_bounces=False,
               first=domain.start + 40 * scale)


def spf_only(domain, scale):
    """A declared sender passes by SPF alone until it signs: no reason to stop before p=reject."""
    name = domain.add("unsigned", 35, share=0.2, selector="u1", signs=False, published=False)
    domain.events += [Event("start", 42 * scale, "publish", name),
                      Event("start", 42 * scale, "mend_signing", name)]


def few_reporters(domain, scale):
    """Two arms of one reporter count once, until another one comes."""
    domain.reporters, domain.weights = ("Bigmail", "Bigmail Europe"), (5, 3)
    domain.events.append(Event("start", 14 * scale, "another_reporter"))


def odd_reporters(domain, scale):
    """Reporters that omit selectors, get pct wrong, or apply yesterday's record."""
    domain.reporters, domain.weights = ("Noselect", "Wrongpct", "Cachebox"), (3, 3, 3)
    domain.add("keyed", 37, share=0.2, selector="k1", own_bounces=False, admitted=False)


def plain_receivers(domain, scale):
    """Receivers that read p and nothing else, and one whose reports come as signed mails."""
    domain.reporters, domain.weights = ("Plainbox", "Signmail"), (5, 3)


def sub_domains(domain, scale):
    """Half of its mail is written below it, and its own policy is required there."""
    domain.add("news", 36, share=0.5, selector="n1", own_bounces=False, below="news")
    domain.sp = "quarantine" if domain.index % 2 else ""


def plain(domain, scale):
    """Nothing befalls it."""


STORIES = {story.__name__.replace("_", " "): story for story in (
    plain, early_vendor, breaking_vendor, breaking_below, shadow, wave, silent, low_volume,
    perfect_forgery, disaster_forgery, mailing_list, rare, spf_only, few_reporters, odd_reporters,
    plain_receivers, sub_domains, marked_wave, misuse, marked_misuse, outsider_opens,
    outsider_hides, outsider_holds, outsiders_turn, outsider_alone, known_one_stops,
    stop_in_a_wave)}

# When a domain starts whose story needs outsiders with a history, in the short world.
SET_STARTS = {"outsider opens": 22, "outsider hides": 20, "outsider holds": 24,
              "outsiders turn": 20, "outsider alone": 42, "known one stops": 4,
              "stop in a wave": 4}

# The short world: a day and a scale for compact ramps, every story once.
SHORT = [
    ("plain", "narrow"), ("plain", "narrow"), ("plain", "narrow"), ("early vendor", "brisk"),
    ("breaking vendor", "brisk"), ("breaking below", "brisk"), ("shadow", "brisk"),
    ("wave", "brisk"), ("silent", "brisk"), ("low volume", "brisk"), ("perfect forgery", "abrupt"),
    ("disaster forgery", "brisk"), ("mailing list", "brisk"), ("rare", "brisk"),
    ("spf only", "abrupt"), ("few reporters", "brisk"), ("odd reporters", "brisk"),
    ("plain receivers", "brisk"), ("sub domains", "brisk"), ("marked wave", "brisk"),
    ("misuse", "brisk"), ("marked misuse", "brisk"), ("outsider opens", "abrupt"),
    ("outsider hides", "brisk"), ("outsider holds", "brisk"), ("outsiders turn", "brisk"),
    ("outsider alone", "brisk"), ("known one stops", "brisk"), ("stop in a wave", "brisk"),
]

# The long world: forty domains on the ramps that people use.
LONG = [
    *(("plain", "braked"),) * 6, ("plain", "standard"), ("plain", "cautious"), ("plain", "fast"),
    ("plain", "policy-only"), ("plain", "monthly"), ("early vendor", "standard"),
    ("early vendor", "fast"), ("breaking vendor", "standard"), ("breaking vendor", "cautious"),
    ("breaking vendor", "policy-only"), ("breaking below", "fast"), ("shadow", "standard"),
    ("shadow", "policy-only"), ("wave", "standard"), ("wave", "fast"), ("wave", "cautious"),
    ("silent", "standard"), ("low volume", "standard"), ("low volume", "fast"),
    ("perfect forgery", "standard"), ("perfect forgery", "fast"), ("disaster forgery", "standard"),
    ("disaster forgery", "monthly"), ("mailing list", "standard"), ("mailing list", "fast"),
    ("rare", "standard"), ("rare", "fast"), ("spf only", "standard"), ("spf only", "policy-only"),
    ("few reporters", "standard"), ("odd reporters", "standard"), ("odd reporters", "fast"),
    ("plain receivers", "standard"), ("sub domains", "cautious"), ("marked wave", "fast"),
    ("misuse", "standard"), ("marked misuse", "fast"), ("outsider opens", "policy-only"),
    ("outsider hides", "fast"), ("outsider holds", "fast"), ("outsiders turn", "fast"),
    ("outsider alone", "fast"), ("known one stops", "standard"), ("stop in a wave", "fast"),
]


def domains_of(cast, scale, spread):
    """The domains of a cast, numbered alike whichever are left out. Those on a ramp with a tight
    brake start together, others apart."""
    found = []
    for index, (story, ramp) in enumerate(cast):
        together = ramp in ("braked", "narrow")
        start = 3 if together else 2 + index * spread // len(cast)
        start = SET_STARTS.get(story, start) * scale if story in SET_STARTS else start
        domain = base(story, ramp, index, start)
        if ramp == "cautious":
            domain.reporters, domain.weights = ("Bigmail", "Oldpost", "Plainbox"), (5, 3, 2)
        STORIES[story](domain, scale)
        found.append(domain)
    return found
