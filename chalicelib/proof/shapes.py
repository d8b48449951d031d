"""What the routes of proofs take and answer."""

from typing import Literal

from pydantic import Field

from chalicelib.api.fields import Answer, Body, Day, DayOut, InstantOut, Reason
from chalicelib.api.paging import PageQuery

HASH = Field(examples=["9f2c61b0" * 8])
BookStatus = Literal["sound", "broken", "running"]


class ProofQuery(PageQuery):
    """A page of proofs, newest first."""


class ProofBody(Body):
    """Up to which day, which has ended; yesterday unless told."""

    date: Day | None = None


class FindingAnswer(Answer):
    """One broken thing of this book, and what is wrong with it."""

    thing: str = Field(examples=["op.f1795329000000000-child-tk7m2p9qx4abc-7"])
    what: str = Field(examples=["carries the hash 9f2c..., its content and the entry before it make 61b0..."])
    dismissed: bool = Field(examples=[False])


class ResultAnswer(Answer):
    """What one check came to. `broken` counts everything; `findings` name the first of them, `elsewhere` is how many
    of these lie in a book further up, which is not shown here."""

    check: str = Field(examples=["chain"])
    title: str = Field(examples=["chain, balance, sequences and kept totals (invariant 1)"])
    verdict: Literal["sound", "broken", "not-told"] = Field(examples=["sound"])
    figures: str = Field(examples=["412 entries in 3 journals"])
    broken: int = Field(examples=[0])
    findings: list[FindingAnswer]
    elsewhere: int = Field(examples=[0])


class ProofAnswer(Answer):
    """A proof of this book. `name` is its day, with an instant behind it where somebody asked for it."""

    name: str = Field(examples=["2026-11-21"])
    date: DayOut
    status: BookStatus = Field(examples=["sound"])
    first_broken: str | None = Field(examples=[None])
    entries: int = Field(examples=[412])
    head_hash: str | None = HASH
    settled_through: DayOut | None
    proven_at: InstantOut | None
    by: str | None = Field(examples=[None])
    checks: list[ResultAnswer]


class DoubtAnswer(Answer):
    """Something of this book that a proof found broken. While it is `open` it is not reversed, and its month stays
    open."""

    id: str = Field(examples=["op.f1795329000000000-child-tk7m2p9qx4abc-7"])
    date: DayOut
    check: str = Field(examples=["chain"])
    what: str = Field(examples=["carries the hash 9f2c..., its content and the entry before it make 61b0..."])
    since: DayOut
    state: Literal["open", "lifted", "dismissed"] = Field(examples=["open"])
    dismissed_by: str | None = Field(examples=[None])
    reason: str | None = Field(examples=[None])
    dismissed_at: InstantOut | None


class DoubtsAnswer(Answer):
    """All doubts about this book; there is never a next page."""

    items: list[DoubtAnswer]
    next_cursor: None = None


class DismissalBody(Body):
    """Why something doubted is let pass."""

    reason: Reason


class InstallationProofAnswer(Answer):
    """The signed proof of the whole installation for one day. `signed_off` is the hash that the next report names."""

    date: DayOut
    status: Literal["sound", "broken", "incomplete"] = Field(examples=["sound"])
    books: int = Field(examples=[42])
    proven: int = Field(examples=[42])
    entries: int = Field(examples=[10412])
    first_broken: str | None = Field(examples=[None])
    broken: list[str] = Field(examples=[[]])
    unproven: list[str] = Field(examples=[[]])
    previous_date: DayOut | None
    previous_hash: str | None = HASH
    signed_off: str = HASH
