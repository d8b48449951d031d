"""What the routes of periods take and answer."""

from typing import Literal

from pydantic import Field

from chalicelib.api.fields import Answer, Body, DayOut, InstantOut, Reason
from chalicelib.api.paging import PageQuery

PeriodStatus = Literal["running", "open", "closing", "reopening", "closed"]
MONTH = Field(examples=["2026-10"])


class PeriodQuery(PageQuery):
    """A page of months, newest first."""


class ReopeningBody(Body):
    """Why a month is opened again."""

    reason: Reason


class PeriodEventAnswer(Answer):
    """A closing or reopening: by whom, when and why, the book's hash then, and the entries it posted."""

    action: Literal["close", "reopen"] = Field(examples=["close"])
    month: str = MONTH
    closed_through: DayOut | None
    at: InstantOut
    by: str = Field(examples=["u4mw2k8rt6vyx"])
    acting_by: str | None = Field(examples=[None])
    reason: str | None = Field(examples=[None])
    book_hash: str = Field(examples=["9f2c61b0" * 8])
    entries: list[str] = Field(examples=[[]])


class PeriodAnswer(Answer):
    """A month of the book. One that was cut off while `closing` or `reopening` is finished by asking again."""

    month: str = MONTH
    first_day: DayOut
    last_day: DayOut
    status: PeriodStatus = Field(examples=["open"])


class WaitingAnswer(Answer):
    """Who has still to settle the month's last day."""

    tenant: str = Field(examples=["tk7m2p9qx4abc"])
    code: str = Field(examples=["BETA"])
    name: str = Field(examples=["Beta Net"])
    settled_through: DayOut | None


class PeriodDetailAnswer(PeriodAnswer):
    """A month with what its closing waits for, and everything that was closed and opened of it."""

    waits_for: list[WaitingAnswer]
    drafts_waiting: int = Field(examples=[0])
    doubted: list[str] = Field(examples=[[]])
    history: list[PeriodEventAnswer]
