"""Receivables by age: who owes what, and since when. What was paid is taken to have paid the oldest debts first."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from chalicelib.ledger.chart import RECEIVABLE, RESELLER_RECEIVABLE
from chalicelib.ledger.reports.asked import Span, day_of
from chalicelib.ledger.reports.view import BookView

RECEIVABLES = (RECEIVABLE, RESELLER_RECEIVABLE)
BOUNDS = (30, 60, 90)
"""The last day of age of every bucket but the last."""


@dataclass(frozen=True)
class Aged:
    """What one counterparty owes on one account, by age in days: 0 to 30, 31 to 60, 61 to 90, and more.

    `ahead_minor` is what it paid beyond all debts; so `total_minor`, the balance of the account, may be negative.
    `compared_minor` is the balance on the day compared with, if any.
    """

    account: str
    counterparty: str
    by_age_minor: tuple[int, int, int, int]
    ahead_minor: int
    compared_minor: int | None = None

    @property
    def total_minor(self) -> int:
        return sum(self.by_age_minor) - self.ahead_minor


def receivables_ageing(view: BookView) -> list[Aged]:
    """Everybody with a balance on the day asked for (or compared with), by counterparty and account."""
    now = _debts(view, view.asked.span)
    then = _debts(view, view.asked.compared) if view.asked.compared else None
    found = []
    for counterparty, account in sorted(now.keys() | (then or {}).keys()):
        debits, paid = now.get((counterparty, account), ({}, 0))
        ages, ahead = age(debits, paid, view.asked.span.last)
        compared = None
        if then is not None:
            debits, paid = then.get((counterparty, account), ({}, 0))
            compared = sum(debits.values()) - paid
        one = Aged(account, counterparty, ages, ahead, compared)
        if any(ages) or ahead or compared:
            found.append(one)
    return found


def age(debits: dict[str, int], paid_minor: int, on: date) -> tuple[tuple[int, int, int, int], int]:
    """What is left of the debits of each ISO day by their age on that day, the oldest paid first; and what is paid ahead."""
    ages = [0, 0, 0, 0]
    for day, minor in sorted(debits.items()):
        settled = min(minor, paid_minor)
        paid_minor -= settled
        days = (on - date.fromisoformat(day)).days
        ages[sum(days > bound for bound in BOUNDS)] += minor - settled
    return (ages[0], ages[1], ages[2], ages[3]), paid_minor


def _debts(view: BookView, span: Span) -> dict[tuple[str, str], tuple[dict[str, int], int]]:
    """By counterparty and account: the debits of each day, and all credits together."""
    day = day_of(view.asked.by)
    debits: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    credits: dict[tuple[str, str], int] = defaultdict(int)
    for one in view.in_span(span):
        if one.account in RECEIVABLES:
            whose = (one.counterparty, one.account)
            debits[whose][day(one)] += one.debit_minor
            credits[whose] += one.credit_minor
    return {whose: (dict(by_day), credits[whose]) for whose, by_day in debits.items()}
