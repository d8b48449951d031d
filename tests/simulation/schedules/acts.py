"""What people and workers do, each through the use case as it ships: the acts that movements are described with.

A function makes an act for a stage; the same act again is the same request again.
"""

from __future__ import annotations

from datetime import date

from chalicelib.auth.model import Author
from chalicelib.aws import keys
from chalicelib.aws.tables import ConditionFailed, Put, Remember, write
from chalicelib.billing.closing import close_month, month_named, reopen_month
from chalicelib.billing.connections import guard_new_connections
from chalicelib.billing.late import filing_of
from chalicelib.billing.model import RefundPolicy, Timing
from chalicelib.billing.pins import hold_days, release_days
from chalicelib.billing.restore import restore_services
from chalicelib.billing.settle import settle_day
from chalicelib.billing.store import SheetRow
from chalicelib.billing.tariffs import TariffTerms, set_tariff
from chalicelib.core.proration import DayCount
from chalicelib.crm.change import AskedChange, record_event
from chalicelib.crm.connect import create_subscriber
from chalicelib.crm.model import EventKind
from chalicelib.crm.plans import find_plan
from chalicelib.crm.subscriber import Line, NewSubscriber
from chalicelib.funds.limits import change_limits, read_fund
from chalicelib.funds.model import Method
from chalicelib.funds.transfer import Order, recharge_fund, refund_fund
from chalicelib.ledger.entries import list_entries
from chalicelib.ledger.hand.drafts import approve_draft, keep_draft, reject_draft
from chalicelib.ledger.hand.kept_draft import list_drafts
from chalicelib.ledger.hand.manual import record_entry, reverse_entry
from chalicelib.ledger.hand.recurrence import Every
from chalicelib.ledger.hand.recurring import (
    PAUSED,
    Recurring,
    add_recurring,
    change_recurring,
    find_recurring,
    post_due,
)
from chalicelib.ledger.hand.vouchers import MANUAL, Voucher
from chalicelib.ledger.journal import GENERAL, credit, debit
from chalicelib.ledger.settings import change_settings
from chalicelib.tenants.amend import Amendment, Around, amend_reseller
from chalicelib.tenants.model import Tenant

from .movement import Act
from .stage import AUTHOR, FIRST, TODAY, Stage

DAILY_MINOR = 1_917
"""What a day of HOME costs Beta, of a month of 575.00."""


def recharge(minor: int, child: str = "beta", method: Method = Method.CASH, name: str = "") -> Act:
    """The child's parent recharges it; under another name it is another request."""

    def act(stage: Stage) -> None:
        stage.claimed(
            f"recharge {child} {minor} {method} {name}", lambda remember: move(stage, child, minor, method, remember)
        )

    return act


def refund(minor: int, child: str = "beta", method: Method = Method.CASH, name: str = "") -> Act:
    """The child's parent gives back some of its fund."""

    def act(stage: Stage) -> None:
        stage.claimed(
            f"refund {child} {minor} {method} {name}", lambda remember: move(stage, child, -minor, method, remember)
        )

    return act


def move(stage: Stage, child_id: str, minor: int, method: Method, remember: Remember) -> None:
    parent, child = sides(stage, child_id)
    order = Order(abs(minor), method, "", "", AUTHOR)
    (recharge_fund if minor > 0 else refund_fund)(parent, child, order, stage.now, remember)


def chain_of(stage: Stage, tenant_id: str) -> tuple[Tenant, ...]:
    """A reseller's chain, from the operator down to itself."""
    world = stage.world
    return {"alpha": world.alpha_chain, "beta": world.beta_chain, "gamma": world.gamma_chain}[tenant_id]


def sides(stage: Stage, child_id: str) -> tuple[Tenant, Tenant]:
    """A reseller's parent, and it itself."""
    parent, child = chain_of(stage, child_id)[-2:]
    return parent, child


def limits(credit_limit_minor: int, child_id: str = "beta") -> Act:
    """The parent changes its child's limits, as the route does."""

    def look_around(before: Tenant) -> Around:
        fund = read_fund(before.tenant_id)
        if fund.credit_limit_minor == credit_limit_minor:
            return Around()
        return Around(also=(change_limits(before.tenant_id, 0, credit_limit_minor),))

    return lambda stage: amend_reseller(chain_of(stage, child_id)[:-1], child_id, Amendment(), look_around)


def manual_entry(minor: int, tenant_id: str = "beta", on: date = TODAY, name: str = "") -> Act:
    """Somebody posts a sale by hand."""

    def act(stage: Stage) -> None:
        lines = (debit("1000", minor), credit("4000", minor))
        book = chain_of(stage, tenant_id)[-1]
        stage.claimed(
            f"entry {minor} {name}",
            lambda remember: record_entry(book, on, "sale", lines, AUTHOR.user_id, "", stage.now, remember),
        )

    return act


def reversal(tenant_id: str = "beta", number: int = 0, name: str = "") -> Act:
    """Somebody reverses an entry that was made by hand, counted from the first."""

    def act(stage: Stage) -> None:
        book = chain_of(stage, tenant_id)[-1]
        entries, _ = list_entries(tenant_id, "other", limit=200, after=None)
        made = [entry.entry_id for entry in reversed(entries) if entry.draft.kind == "manual"]
        stage.claimed(
            f"reversal {name}",
            lambda remember: reverse_entry(book, made[number], "typo", AUTHOR.user_id, "", stage.now, remember),
        )

    return act


def settle(tenant_id: str = "beta", day: date = FIRST) -> Act:
    """A worker settles a day."""
    return lambda stage: settle_day(chain_of(stage, tenant_id), day, stage.now)


def restore(tenant_id: str = "beta") -> Act:
    """A worker brings suspended services back."""
    return lambda stage: restore_services(chain_of(stage, tenant_id), stage.now)


def event(kind: EventKind, on: date | None, number: int = 5, tenant_id: str = "beta", name: str = "") -> Act:
    """A service is enabled, disabled or disconnected from a day on; None is today."""

    def act(stage: Stage) -> None:
        tenant, day = chain_of(stage, tenant_id)[-1], on or stage.today
        asked = AskedChange(kind, day, None, None)

        def record(remember: Remember) -> None:
            record_event(tenant, number, asked, filing_of(chain_of(stage, tenant_id)), stage.today, stage.now, remember)

        stage.claimed(f"event {kind} {number} {name}", record)

    return act


def connection(name: str, tenant_id: str = "beta", start_on: date | None = None, plan_code: str = "HOME") -> Act:
    """A subscriber is connected, while every fund above allows it; None is today."""

    def act(stage: Stage) -> None:
        chain, day = chain_of(stage, tenant_id), start_on or stage.today

        def connect(remember: Remember) -> None:
            guard = guard_new_connections(chain, [(find_plan(tenant_id, plan_code), day)], stage.now)
            asked = NewSubscriber(name, None, None, Line(plan_code, name, None, day))
            create_subscriber(chain[-1], asked, guard, stage.now, remember)

        stage.claimed(f"connect {name}", connect)

    return act


def tariff(home_minor: int, on: date = FIRST, child_id: str = "beta") -> Act:
    """The parent asks another price of its child from a day on."""
    prices = (("HOME", home_minor), ("FAST", 89_950))
    terms = TariffTerms(on, Timing.DAILY, DayCount.CALENDAR_MONTH, RefundPolicy.UNUSED_DAYS, 0, prices)
    return lambda stage: set_tariff(*sides(stage, child_id), terms, stage.now)


def hold(stage: Stage) -> None:
    """An import begins: it holds Beta's days."""

    def take_on(remember: Remember) -> None:
        guard = hold_days("beta", "import-1", FIRST)
        try:
            write(*guard.operations, *remember(None))
        except ConditionFailed as failure:
            guard.refuse(failure)
            raise

    stage.claimed("import", take_on)


def release(stage: Stage) -> None:
    """An import is over."""
    release_days("beta", "import-1")


def close(month: str, tenant_id: str = "beta", name: str = "") -> Act:
    """An accountant closes a month, and with the last one the year."""

    def act(stage: Stage) -> None:
        book = chain_of(stage, tenant_id)[-1]
        stage.claimed(
            f"close {month} {name}", lambda remember: close_month(book, month_named(month), AUTHOR, stage.now, remember)
        )

    return act


def reopen(month: str, tenant_id: str = "beta", name: str = "") -> Act:
    """The owner opens a month again."""

    def act(stage: Stage) -> None:
        book = chain_of(stage, tenant_id)[-1]
        stage.claimed(
            f"reopen {month} {name}",
            lambda remember: reopen_month(book, month_named(month), "late bill", AUTHOR, stage.now, remember),
        )

    return act


HIGH_MINOR = 900
"""What takes two people, where the tenant says so."""
RENT = (debit("5900", HIGH_MINOR), credit("1000", HIGH_MINOR))
SECOND = Author("usecond")


def two_people(stage: Stage) -> None:
    """From now on a second person approves of what is above half of that."""
    change_settings("beta", {"approval_above_minor": HIGH_MINOR // 2})


def draft(stage: Stage) -> None:
    """Somebody drafts what takes a second person."""
    voucher = Voucher(MANUAL, GENERAL, TODAY, "rent", RENT)
    stage.claimed("draft", lambda remember: keep_draft(stage.world.beta, voucher, AUTHOR, stage.now, remember))


def draft_id(stage: Stage) -> str:
    """The one draft there is."""
    return list_drafts("beta", status=None, limit=2, after=None)[0][0].draft_id


def approve(stage: Stage) -> None:
    """The second person approves of it."""
    book, one = stage.world.beta, draft_id(stage)
    stage.claimed("approve", lambda remember: approve_draft(book, one, SECOND, stage.now, remember=remember))


def reject(stage: Stage) -> None:
    """The second person refuses it."""
    book, one = stage.world.beta, draft_id(stage)
    stage.claimed("reject", lambda remember: reject_draft(book, one, "too much", SECOND, stage.now, remember))


def every_month(stage: Stage) -> None:
    """An entry recurs from the first settled day on: one day of it is due."""
    asked = Recurring("beta", "r1", "rent", GENERAL, "rent", RENT, "", Every.MONTH, FIRST, None, AUTHOR)
    add_recurring(stage.world.beta, asked, stage.now)


def pause(stage: Stage) -> None:
    """Somebody stops it."""
    if find_recurring("beta", "r1").status != PAUSED:
        change_recurring(stage.world.beta, "r1", {"status": PAUSED}, stage.now)


def post_recurring(stage: Stage) -> None:
    """A worker posts what is due."""
    post_due(stage.world.beta, stage.now)


def park_by_defect(stage: Stage) -> None:
    """Somebody changed what the day is made of behind everybody's back: another sheet is there."""
    write(Put(SheetRow.at(keys.sheet_part("beta", FIRST, 0), sheet_hash="0" * 64, data=b"other")))


def all_of(*acts: Act) -> Act:
    """One after the other."""

    def act(stage: Stage) -> None:
        for one in acts:
            one(stage)

    return act
