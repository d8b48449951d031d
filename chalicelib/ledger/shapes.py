"""What the statements of the books take and answer."""

from typing import Literal

from pydantic import Field

from chalicelib.api.fields import Answer, Body, Day, Instant, MoneyOut


class BalanceAnswer(Answer):
    """One account of a trial balance."""

    code: str = Field(examples=["1010"])
    name: str = Field(examples=["Bank"])
    debit: MoneyOut
    credit: MoneyOut


class TrialBalanceAnswer(Answer):
    """Every account with a balance; the totals are equal."""

    accounts: list[BalanceAnswer]
    total_debit: MoneyOut
    total_credit: MoneyOut


class TrialBalanceQuery(Body):
    """At the end of which day, by which date, as known when."""

    on: Day | None = None
    by: Literal["effective_on", "service_on"] = "effective_on"
    known_at: Instant | None = None


class VerificationAnswer(Answer):
    """What the recomputation of the whole book found."""

    entries: int = Field(examples=[412])
    head_hash: str = Field(examples=["9f2c61b0" * 8])
    status: Literal["sound", "broken"] = Field(examples=["sound"])
    first_broken: str | None = Field(examples=[None])


class OtherTieOutAnswer(Answer):
    """What else lies between the two: as each book says what the child owes (below zero: what it is owed)."""

    of: Literal["billed", "unbilled", "deferred", "commission"] = Field(examples=["unbilled"])
    in_this_book: MoneyOut
    in_childs_book: MoneyOut
    difference: MoneyOut


class TieOutAnswer(Answer):
    """One direct child: both books' figures, which must be equal. `others` has what either book has beside the fund."""

    child: str = Field(examples=["tk7m2p9qx4abc"])
    name: str = Field(examples=["Beta Net"])
    held_for_child: MoneyOut
    child_fund_with_parent: MoneyOut
    difference: MoneyOut
    others: list[OtherTieOutAnswer]
