"""A proof as the rules see it: checks with a verdict, and of what is broken, which thing and both figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

CHAIN = "chain"
PERIODS = "open-periods"
TIE_OUTS = "tie-outs"
FUND = "fund"
CONSERVED = "conserved"
SETTLEMENT = "settlement"
ISOLATION = "isolation"

TITLES = {
    CHAIN: "chain, balance, sequences and kept totals (invariant 1)",
    PERIODS: "accounting dates in open periods (invariant 1)",
    TIE_OUTS: "parent's book against child's book (invariant 2)",
    FUND: "fund against book, movement by movement (invariant 3)",
    CONSERVED: "funds are what was put in less what was earned (invariant 4)",
    ISOLATION: "a book names its own tenants alone (stands for invariant 5)",
    SETTLEMENT: "settled days computed again from the raw events",
}
"""Every check, in the order in which a report names them."""

MAX_FINDINGS = 100
"""How many broken things of one check are named and doubted; the count tells how many more there are."""

MAX_WHAT = 1_000
"""How many characters are told of one thing."""


class Verdict(StrEnum):
    """What a check came to. `not-told`: it could not be looked at, which is neither sound nor broken."""

    SOUND = "sound"
    BROKEN = "broken"
    NOT_TOLD = "not-told"


@dataclass(frozen=True)
class Finding:
    """One broken thing: in whose book, which (an entry id, or a name such as `alpha:general:head`), and what is wrong.

    `on` is the accounting day it belongs to where it freezes something, None where there is no posting to doubt.
    `order` puts the findings of a check in the order of what happened: microseconds.
    """

    book: str
    thing: str
    what: str
    on: date | None = None
    order: int = 0

    @property
    def place(self) -> tuple[bool, int, str]:
        """In order of what happened; what did not happen at any instant comes last."""
        return self.order == 0, self.order, self.thing


@dataclass(frozen=True)
class Result:
    """What one check found: `says` is its figures in words, `broken` how many things, of which `findings` names some."""

    check: str
    verdict: Verdict
    says: str
    findings: tuple[Finding, ...] = ()
    broken: int = 0


def order_of(day: date) -> int:
    """Where the end of a day stands among instants, in microseconds since 1970."""
    return (day - date(1969, 12, 31)).days * 86_400_000_000


def judged(check: str, says: str, findings: Sequence[Finding]) -> Result:
    """Sound without a finding, else broken, the first thing first."""
    ordered = sorted(_by_thing(findings), key=lambda finding: finding.place)
    verdict = Verdict.BROKEN if ordered else Verdict.SOUND
    return Result(check, verdict, says, tuple(ordered[:MAX_FINDINGS]), len(ordered))


def _by_thing(findings: Sequence[Finding]) -> list[Finding]:
    """One finding for each thing, with all that is wrong with it."""
    found: dict[tuple[str, str], Finding] = {}
    for one in findings:
        earlier = found.get((one.book, one.thing))
        what = one.what if earlier is None else f"{earlier.what}; {one.what}"
        found[(one.book, one.thing)] = replace(earlier or one, what=what[:MAX_WHAT])
    return list(found.values())


def not_told(check: str, says: str) -> Result:
    return Result(check, Verdict.NOT_TOLD, says)


Mark = tuple[int, str]
"""Where a journal stood: its sequence and the hash of the entry there."""


@dataclass(frozen=True)
class BookProof:
    """The proof of one book for one day. `name` is its day, with an instant behind it when somebody asked for it.

    `settled_through` is the last settled day that it, or one before it, computed again. `dismissed` are the things that
    are broken and that the owner let pass.
    """

    tenant_id: str
    name: str
    day: date
    proven_micros: int
    entries: int
    head_hash: str
    results: tuple[Result, ...]
    settled_through: date | None = None
    dismissed: tuple[str, ...] = ()
    by: str = ""
    marks: Mapping[str, Mark] = field(default_factory=dict)

    @property
    def is_sound(self) -> bool:
        unnamed = any(result.broken > len(result.findings) for result in self.results)
        return not self.broken_things and not unnamed

    @property
    def status(self) -> str:
        return "sound" if self.is_sound else "broken"

    @property
    def broken_things(self) -> tuple[Finding, ...]:
        """Everything that is broken and not dismissed, the first first."""
        found = [finding for result in self.results for finding in result.findings]
        return tuple(finding for finding in found if finding.thing not in self.dismissed)

    @property
    def first_broken(self) -> str | None:
        """The first broken thing: of the chain where that is broken, else of the first check that is."""
        return next((finding.thing for finding in self.broken_things), None)
