"""Every movement of money, each described once. What is added here is crashed, raced and repeated at every call.

A description is a `Movement`: its name, its act through the use case as it ships, how the world is made ready for it, and
who may come between. `tests/simulation/test_every_movement_is_described.py` finds a use case that is in none of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from chalicelib.core.dates import ONE_DAY
from chalicelib.crm.model import EventKind
from chalicelib.funds.model import Method
from chalicelib.tenants.model import Mode

from .acts import (
    DAILY_MINOR,
    all_of,
    approve,
    close,
    connection,
    draft,
    event,
    every_month,
    hold,
    limits,
    manual_entry,
    park_by_defect,
    pause,
    post_recurring,
    recharge,
    refund,
    reject,
    release,
    reopen,
    restore,
    reversal,
    settle,
    tariff,
    two_people,
)
from .advance_acts import both_days_settled, charge_now, empty, in_advance, mode
from .commission_movements import COMMISSIONS
from .counter_movements import COUNTER
from .late_acts import correction, late_fact, tariff_from_the_past
from .movement import Movement
from .partner_acts import (
    corrected,
    credit_delta,
    delta,
    delta_without_services,
    invoice_delta,
    invoice_what_is_due,
    pay,
    settle_delta,
    terms,
)
from .retail_acts import (
    bills,
    credits_undelivered_days,
    invoice,
    not_delivered,
    one_time_charge,
    run_by_hand,
    run_of_today,
    undelivered_days_are_decided,
)
from .stage import FIRST, TODAY

ENTRY = manual_entry(500)
CREDIT_OF_TEN = recharge(1_000, method=Method.CREDIT)
AMPLE = all_of(recharge(50_000), recharge(50_000, "gamma"))
"""Funds that cover everything: no cut."""
HELD = settle()
"""Beta's first day: two of its services are suspended."""
ALL_SETTLED = all_of(settle(), settle("alpha"), settle(day=FIRST + ONE_DAY))
LAST_MONTH, IN_LAST_MONTH = "2026-10", date(2026, 10, 15)
LAST_OF_YEAR, IN_LAST_OF_YEAR = "2025-12", date(2025, 12, 15)
LATE_ENTRY = manual_entry(900, on=IN_LAST_MONTH)
CHANGED = frozenset(("changed-meanwhile",))

FUNDS = (
    Movement(
        "recharge-by-operator",
        recharge(10_000, "alpha"),
        beside={"settlement": settle(), "refund": refund(300, "alpha"), "limits": limits(700, "alpha")},
    ),
    Movement(
        "recharge-repays-credit",
        recharge(3_000),
        prepare=CREDIT_OF_TEN,
        beside={"credit": recharge(500, method=Method.CREDIT), "recharge": recharge(400)},
    ),
    Movement("recharge-only-repays", recharge(600), prepare=CREDIT_OF_TEN, beside={"recharge": recharge(700)}),
    Movement(
        "transfer",
        recharge(1_917),
        beside={
            "drain": refund(93_500, "alpha"),
            "recharge": recharge(5_000, "alpha"),
            "settlement": settle(),
            "entry": ENTRY,
            "limits": limits(2_000),
        },
    ),
    Movement(
        "refund",
        refund(2_500),
        beside={"refund": refund(4_000), "credit": CREDIT_OF_TEN, "settlement": settle(), "entry": ENTRY},
    ),
    Movement("refund-by-operator", refund(60_000, "alpha"), beside={"transfer": recharge(40_000)}),
    Movement(
        "refund-of-credit",
        refund(1_000, method=Method.CREDIT),
        prepare=CREDIT_OF_TEN,
        beside={"repayment": recharge(600)},
    ),
    Movement("bonus", recharge(800, method=Method.BONUS), beside={"refund": refund(6_500)}),
    Movement("limits", limits(2_000), beside={"settlement": settle(), "refund": refund(1_000)}),
)

BOOKS = (
    Movement("manual-entry", ENTRY, beside={"entry": manual_entry(700), "recharge": recharge(100)}),
    Movement("reversal", reversal(), prepare=ENTRY, beside={"entry": manual_entry(700), "recharge": recharge(100)}),
)

BY_HAND = (
    Movement("draft", draft, prepare=two_people, beside={"entry": manual_entry(7)}),
    Movement(
        "draft-approved",
        approve,
        prepare=all_of(two_people, draft),
        beside={"reject": reject, "entry": manual_entry(7), "recharge": recharge(100)},
    ),
    Movement("draft-rejected", reject, prepare=all_of(two_people, draft), beside={"approve": approve}),
    Movement(
        "recurring",
        post_recurring,
        prepare=every_month,
        beside={"pause": pause, "entry": manual_entry(7), "recharge": recharge(100)},
    ),
)

PERIODS = (
    Movement(
        "period-close",
        close(LAST_MONTH),
        prepare=LATE_ENTRY,
        beside={
            "entry": manual_entry(800, on=IN_LAST_MONTH),
            "recharge": recharge(100),
            "transfer": recharge(100, "alpha"),
            "settlement": settle(),
            "month-before": close("2026-09"),
        },
        asked_again_after=CHANGED,
    ),
    Movement(
        "period-reopen",
        reopen(LAST_MONTH),
        prepare=all_of(LATE_ENTRY, close(LAST_MONTH)),
        beside={"entry": manual_entry(800, on=IN_LAST_MONTH), "recharge": recharge(100)},
        asked_again_after=CHANGED,
    ),
    Movement(
        "year-end",
        close(LAST_OF_YEAR),
        prepare=manual_entry(900, on=IN_LAST_OF_YEAR),
        beside={"entry": manual_entry(800, on=IN_LAST_OF_YEAR), "recharge": recharge(100)},
        asked_again_after=CHANGED,
    ),
    Movement(
        "year-reopened",
        reopen(LAST_OF_YEAR),
        prepare=all_of(manual_entry(900, on=IN_LAST_OF_YEAR), close(LAST_OF_YEAR)),
        beside={"entry": manual_entry(800, on=IN_LAST_OF_YEAR)},
        asked_again_after=CHANGED,
    ),
)

SETTLEMENT = (
    Movement(
        "settlement",
        settle(),
        beside={
            "recharge": recharge(DAILY_MINOR),
            "refund": refund(DAILY_MINOR),
            "limits": limits(DAILY_MINOR),
            "event": event(EventKind.DISABLE, FIRST, number=2),
            "connection": connection("late", start_on=FIRST),
            "tariff": tariff(60_000),
            "entry": ENTRY,
            "hold": hold,
            "restore": restore(),
        },
    ),
    Movement(
        "settlement-without-cut",
        settle(),
        prepare=AMPLE,
        beside={"refund": refund(DAILY_MINOR), "event": event(EventKind.DISCONNECT, FIRST, number=1)},
    ),
    Movement(
        "settlement-under-a-limit",
        settle(),
        prepare=limits(DAILY_MINOR),
        beside={"limits": limits(0), "upstream": limits(5_000, "alpha")},
    ),
    Movement(
        "settlement-of-a-second-day",
        settle(day=FIRST + ONE_DAY),
        prepare=all_of(settle(), recharge(20_000), restore()),
        beside={"recharge": recharge(DAILY_MINOR), "restore": restore(), "event": event(EventKind.DISABLE, TODAY)},
    ),
    Movement("settlement-of-the-parent", settle("alpha"), prepare=settle(), beside={"transfer": recharge(1_000)}),
    Movement("settlement-that-parks", settle(), prepare=park_by_defect, beside={"recharge": recharge(1_000)}),
    Movement("settlement-of-a-day-without-services", settle("gamma"), beside={"recharge": recharge(9, "gamma")}),
    Movement(
        "restore",
        restore(),
        prepare=all_of(settle(), recharge(2 * 5 * DAILY_MINOR)),
        beside={
            "settlement": settle(day=FIRST + ONE_DAY),
            "refund": refund(2_000),
            "recharge": recharge(1_000),
            "event": event(EventKind.DISCONNECT, TODAY),
            "tariff": tariff(60_000, TODAY),
        },
    ),
)

TERMS = (
    Movement(
        "connection",
        connection("new"),
        prepare=AMPLE,
        beside={
            "refund": refund(55_000),
            "settlement": settle(),
            "connection": connection("other"),
            "limits": limits(5),
        },
    ),
    Movement("event", event(EventKind.DISABLE, FIRST), beside={"settlement": settle(), "recharge": recharge(100)}),
    Movement("tariff", tariff(60_000), beside={"settlement": settle(), "tariff": tariff(61_000, TODAY)}),
    Movement("import-holds", hold, beside={"settlement": settle(), "recharge": recharge(100)}),
    Movement("import-releases", release, prepare=hold, beside={"settlement": settle()}),
)

ADVANCE = (
    Movement(
        "settlement-in-advance",
        settle(),
        prepare=all_of(AMPLE, in_advance),
        beside={
            "refund": refund(45_000),
            "recharge": recharge(500),
            "event": event(EventKind.DISCONNECT, FIRST, number=2),
            "upstream": refund(30_000, "alpha"),
        },
    ),
    Movement(
        "charge-ahead",
        charge_now(),
        prepare=all_of(
            AMPLE,
            recharge(80_000, "alpha"),
            recharge(80_000, name="more"),
            in_advance,
            both_days_settled,
            connection("new", start_on=TODAY),
        ),
        beside={
            "again": charge_now(),
            "refund": refund(2_000),
            "event": all_of(event(EventKind.DISCONNECT, None), charge_now()),
            "connection": all_of(connection("other", start_on=TODAY), charge_now()),
            "entry": ENTRY,
        },
    ),
    Movement(
        "another-mode",
        mode(Mode.AGGREGATE),
        prepare=all_of(settle("gamma"), settle("gamma", FIRST + ONE_DAY), empty),
        beside={"recharge": recharge(100, "gamma"), "connection": connection("new", "gamma", TODAY), "entry": ENTRY},
        asked_again_after=CHANGED,
    ),
)

RETAIL = (
    Movement(
        "invoice",
        invoice(),
        prepare=bills,
        beside={"run": run_of_today, "charge": one_time_charge(1), "invoice": invoice(2)},
        asked_again_after=frozenset(("nothing-to-invoice",)),
    ),
    Movement(
        "invoice-run",
        run_of_today,
        prepare=bills,
        beside={
            "by-hand": run_by_hand(),
            "charge": one_time_charge(),
            "invoice": invoice(3),
            "settlement": settle(),
            "event": event(EventKind.DISCONNECT, TODAY, number=2),
        },
    ),
    Movement("invoice-run-by-hand", run_by_hand(), prepare=all_of(bills, invoice(2)), beside={"entry": ENTRY}),
    Movement(
        "undelivered-day-that-is-invoiced",
        undelivered_days_are_decided,
        prepare=all_of(settle(), bills, credits_undelivered_days, invoice(2), not_delivered(2)),
        beside={
            "run": run_of_today,
            "invoice": invoice(1),
            "charge": one_time_charge(2),
            "told-again": not_delivered(2),
        },
        asked_again_after=frozenset(("nothing-to-invoice",)),
    ),
    Movement(
        "undelivered-day-that-is-not-invoiced-yet",
        undelivered_days_are_decided,
        prepare=all_of(settle(), bills, credits_undelivered_days, not_delivered(1)),
        beside={
            "run": run_of_today,
            "invoice": invoice(1),
            "charge": one_time_charge(1),
            "told-again": not_delivered(1),
        },
        asked_again_after=frozenset(("nothing-to-invoice",)),
    ),
)

PARTNERS = (
    Movement(
        "aggregate-invoice",
        invoice_delta(),
        prepare=all_of(delta, settle_delta()),
        beside={
            "payment": pay(700),
            "terms": terms(30),
            "settlement": settle_delta(FIRST + ONE_DAY),
            "due": invoice_what_is_due,
            "recharge": recharge(100, "alpha"),
        },
    ),
    Movement(
        "aggregate-invoices-due",
        invoice_what_is_due,
        prepare=all_of(delta, settle_delta(), settle_delta(FIRST + ONE_DAY)),
        beside={"recharge": recharge(100, "alpha")},
    ),
    Movement(
        "aggregate-days-without-use",
        invoice_what_is_due,
        prepare=all_of(delta_without_services, settle_delta()),
        beside={"terms": terms(30)},
    ),
    Movement(
        "aggregate-credit-note",
        credit_delta,
        prepare=all_of(delta, settle_delta(), settle_delta(FIRST + ONE_DAY), invoice_delta(), corrected),
        beside={"payment": pay(2_000), "invoice": invoice_delta(FIRST + ONE_DAY), "due": invoice_what_is_due},
    ),
    Movement(
        "aggregate-payment",
        pay(700),
        prepare=all_of(delta, settle_delta(), settle_delta(FIRST + ONE_DAY), invoice_delta()),
        beside={"payment": pay(2_000, "other"), "invoice": invoice_delta(FIRST + ONE_DAY), "terms": terms(30)},
    ),
)

SECOND_DAY = settle(day=FIRST + ONE_DAY)
STARTED_LATER = late_fact(EventKind.START, FIRST + ONE_DAY, number=2)
"""The first day was settled with this service in it, and is given back."""

LATE = (
    Movement(
        "late-fact",
        STARTED_LATER,
        prepare=settle(),
        beside={
            "second-day": SECOND_DAY,
            "late": late_fact(EventKind.START, FIRST + ONE_DAY, number=1),
            "event": event(EventKind.DISABLE, TODAY, number=2),
        },
    ),
    Movement(
        "correction",
        correction,
        prepare=all_of(settle(), STARTED_LATER),
        beside={
            "second-day": SECOND_DAY,
            "recharge": recharge(1_000),
            "refund": refund(50),
            "upstream": recharge(2_000, "alpha"),
            "entry": ENTRY,
        },
    ),
    Movement(
        "late-tariff-that-is-lent",
        tariff_from_the_past(60_000),
        prepare=settle(),
        beside={
            "second-day": SECOND_DAY,
            "late": STARTED_LATER,
            "recharge": recharge(1_000),
            "entry": ENTRY,
        },
    ),
)

MOVEMENTS: Sequence[Movement] = (
    *FUNDS,
    *BOOKS,
    *BY_HAND,
    *PERIODS,
    *SETTLEMENT,
    *TERMS,
    *ADVANCE,
    *RETAIL,
    *PARTNERS,
    *COUNTER,
    *LATE,
    *COMMISSIONS,
)


def movement_named(name: str) -> Movement:
    """The movement of that name; KeyError when there is none."""
    return {movement.name: movement for movement in MOVEMENTS}[name]
