"""Subscribers, terms and prices to bill in tests of the pure rules: HOME costs 600.00, FAST 900.00, FLAT 310.00 by 30ths."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from chalicelib.crm.model import EventKind
from chalicelib.crm.service import Change, Resumption, Service, Suspension, new_service, with_change
from chalicelib.crm.subscriber import Subscriber
from chalicelib.retail.account_model import Account, PriceUsed
from chalicelib.retail.charges import Facts, facts_of
from chalicelib.retail.document_model import DocumentLine
from chalicelib.retail.invoicing import Due, PriceList, due_invoice
from chalicelib.retail.model import Cycle, Terms, Timing

HOME, FAST, FLAT = PriceUsed("HOME", 60_000, False), PriceUsed("FAST", 90_000, False), PriceUsed("FLAT", 31_000, True)
PRICES = PriceList({one.plan: one for one in (HOME, FAST, FLAT)}, {"HOME": "Home", "FAST": "Fast", "FLAT": "Flat"})
PREPAID = Terms("beta", date(2026, 1, 1), revision=1)
POSTPAID = replace(PREPAID, timing=Timing.POSTPAID)


def on(month: int, day: int, year: int = 2026) -> date:
    return date(year, month, day)


def service(start_on: date, plan: str = "HOME", number: int = 1) -> Service:
    return new_service(number, start_on, f"user{number}", None, plan, 1, 0)


def changed(before: Service, kind: EventKind, day: date, plan: str | None = None) -> Service:
    """The service after one more event, recorded behind the others."""
    micros = 2 + len(before.changes)
    return with_change(before, Change(kind, day, micros, 0, plan))


def suspended(before: Service, first: date, until: date | None = None) -> Service:
    """The service, suspended from that day on until the day before it came back."""
    back = None if until is None else Resumption(until, 2)
    return replace(before, suspension=Suspension(first, 1, "beta"), resumption=back)


def subscriber(*services: Service, revision: int = 1) -> Subscriber:
    return Subscriber("beta", 7, "B-7", "Rahim", None, None, services, 1, 1, revision)


def due(account: Account, who: Subscriber, terms: Terms, day: date, *, now: bool = False) -> Due | None:
    """What is due, told from the services alone."""

    def facts(one: Service, first: date) -> Facts:
        return facts_of(one)

    return due_invoice(account, who, terms, PRICES, day, facts, now=now)


def invoiced(account: Account, who: Subscriber, terms: Terms, day: date, *, now: bool = False) -> Due:
    found = due(account, who, terms, day, now=now)
    assert found is not None, f"nothing is due on {day}"
    return found


def shown(lines: Sequence[DocumentLine]) -> list[tuple[Any, ...]]:
    """Lines as (kind, plan, first day, last day, amount)."""
    return [
        (
            one.kind.value,
            one.plan,
            f"{one.first:%m-%d}" if one.first else "",
            f"{one.last:%m-%d}" if one.last else "",
            one.amount_minor,
        )
        for one in lines
    ]


def anniversary(terms: Terms) -> Terms:
    return replace(terms, cycle=Cycle.ANNIVERSARY)


def from_day(terms: Terms, day: int) -> Terms:
    return replace(terms, cycle=Cycle.CUSTOM_DAY, billing_day=day)


NEW = Account("beta", "beta", 7)
