"""What happens in the demo month, as requests in order: the same ones each time they are asked for."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

from local.demo_isp import (
    BY_CODE,
    DAYS,
    ENTRIES,
    FROM_OPERATOR,
    MANAGER,
    PASSWORD,
    PLANS,
    RECHARGES,
    REFUND,
    RENT_ACCOUNT,
    RESELLERS,
    STAFF,
    DemoRecharge,
    DemoReseller,
)
from local.demo_people import as_csv, chance_of, roster_of, subscriber_of

NEW_RATE_ON: Final = 16
"""The day from which Sylhet buys cheaper, as it was told on TOLD_ON."""

TOLD_ON: Final = 11
ONE_IN_HAS_A_STORY: Final = 14
ONE_IN_IS_NEW: Final = 40
STORIES: Final = ("away", "away", "faster", "faster", "slower", "leaves")


@dataclass(frozen=True)
class Act:
    """A request that a user makes on a day. `{CODE}` in the path and body is the id of that reseller.

    `makes` is the code of the reseller that it onboards; `recharges` of the one whose fund it raises.
    """

    day: int
    by: str
    method: str
    path: str
    body: Any
    makes: str | None = None
    recharges: str | None = None


def acts_by_day(first: date) -> dict[int, list[Act]]:
    """Everything that happens in the month that begins on `first`, by the day it happens on."""
    by_day: dict[int, list[Act]] = {day: [] for day in range(1, DAYS + 1)}
    for act in (*_opening(first), *_money(), *_moving_in(first), *_paperwork(first), *_life(first)):
        by_day[act.day].append(act)
    return by_day


def _opening(first: date) -> Iterator[Act]:
    """The operator's plans; each reseller with its tariff, its plans and its staff."""
    for plan, price in zip(PLANS, [plan.retail_price for plan in PLANS], strict=True):
        yield _post(1, MANAGER, "/v1/plans", _plan(plan.code, plan.operator_name, plan.kbps, price, None))
    for reseller in RESELLERS:
        parent = _boss_above(reseller)
        yield replace(_post(1, parent, "/v1/resellers", _onboarding(reseller, first)), makes=reseller.code)
        yield _tariff(1, reseller, first, reseller.prices)
        for plan in PLANS:
            base = f"{_id_of(reseller.parent)}.{plan.code}"
            body = _plan(plan.code, plan.reseller_name, plan.kbps, plan.retail_price, base)
            yield _post(1, reseller.owner_email, "/v1/plans", body)
    for user in STAFF:
        if user.tenant is not None:
            body = {"name": user.name, "email": user.email, "role": user.role, "password": PASSWORD}
            yield _post(1, BY_CODE[user.tenant].owner_email, "/v1/users", body)


def _onboarding(reseller: DemoReseller, first: date) -> dict[str, Any]:
    return {
        "name": reseller.name,
        "code": reseller.code,
        "owner": {"name": reseller.owner, "email": reseller.owner_email, "password": PASSWORD},
        "settlement": {"mode": "prepaid"},
        "settles_from": first.isoformat(),
        "minimum_balance": reseller.minimum_balance,
        "credit_limit": reseller.credit_limit,
        "customer_id": {"prefix": f"{reseller.code[:3]}-", "infix": "{yyyymm}-", "digits": 4},
    }


def _plan(code: str, name: str, kbps: int, price: str, base: str | None) -> dict[str, Any]:
    speeds = {"download_kbps": kbps, "upload_kbps": kbps}
    return {"code": code, "name": name, **speeds, "monthly_price": price, "based_on": base}


def _tariff(day: int, reseller: DemoReseller, effective_on: date, prices: tuple[str, ...]) -> Act:
    body = {
        "effective_on": effective_on.isoformat(),
        "day_count": reseller.day_count,
        "tax_bps": reseller.tax_bps,
        "prices": [{"plan": plan.code, "monthly_price": price} for plan, price in zip(PLANS, prices, strict=True)],
    }
    return Act(day, _boss_above(reseller), "PUT", f"/v1/resellers/{{{reseller.code}}}/tariff", body)


def _money() -> Iterator[Act]:
    for recharge in RECHARGES:
        yield replace(_transfer(recharge, "recharges", "note"), recharges=recharge.reseller)
    yield _transfer(REFUND, "refunds", "reason")


def _transfer(moved: DemoRecharge, what: str, said_as: str) -> Act:
    reseller = BY_CODE[moved.reseller]
    body = {"amount": moved.amount, "method": moved.method, said_as: moved.note}
    return _post(moved.day, _cashier_above(reseller), f"/v1/resellers/{{{reseller.code}}}/{what}", body)


def _moving_in(first: date) -> Iterator[Act]:
    """Every reseller brings its subscribers along in a file."""
    for reseller in RESELLERS:
        yield _post(1, reseller.owner_email, "/v1/subscribers/import", as_csv(roster_of(reseller, first)))


def _paperwork(first: date) -> Iterator[Act]:
    """A cheaper tariff from the middle of the month on, and what the accountants enter by hand."""
    cheaper = tuple(f"{float(price) * 0.95:.2f}" for price in FROM_OPERATOR)
    yield _tariff(TOLD_ON, BY_CODE["SYLHET"], first + timedelta(days=NEW_RATE_ON - 1), cheaper)
    account = {"code": RENT_ACCOUNT, "name": "Office rent", "type": "expense", "parent": "5900"}
    yield _post(1, "accountant@demo.test", "/v1/ledger/accounts", account)
    for entry in ENTRIES:
        day = first + timedelta(days=entry.day - 1)
        lines = [{"account": entry.debit, "debit": entry.amount}, {"account": entry.credit, "credit": entry.amount}]
        body = {"effective_on": day.isoformat(), "memo": entry.memo, "lines": lines}
        yield _post(entry.day, _accountant_of(entry.tenant), "/v1/ledger/entries", body)


def _life(first: date) -> Iterator[Act]:
    """Subscribers go away and come back, change their plan, leave; and new ones come.

    Not in Kazipara: where nobody is sure to be running, not much else happens.
    """
    for reseller in RESELLERS:
        if reseller.code == "KAZIPARA":
            continue
        chance = chance_of(reseller, "month")
        for number in sorted(chance.sample(range(1, reseller.subscribers), reseller.subscribers // ONE_IN_HAS_A_STORY)):
            yield from _story(reseller, number, chance, first)
        for number in range(1, reseller.subscribers // ONE_IN_IS_NEW + 1):
            yield _newcomer(reseller, reseller.subscribers + number, chance, first)


def _story(reseller: DemoReseller, number: int, chance: random.Random, first: date) -> Iterator[Act]:
    plan = roster_of(reseller, first)[number - 1].plan
    story = chance.choice(STORIES)
    day = chance.randrange(2, DAYS - 9)
    if story == "away":
        yield _event(reseller, number, first, day, "disable")
        yield _event(reseller, number, first, day + chance.randrange(2, 10), "enable")
    elif story == "leaves":
        yield _event(reseller, number, first, day, "disconnect")
    else:
        codes = [one.code for one in PLANS]
        place = codes.index(plan) + (1 if story == "faster" else -1)
        yield _event(reseller, number, first, day, "change_plan", codes[place if 0 <= place < len(codes) else 1])


def _event(reseller: DemoReseller, number: int, first: date, day: int, kind: str, plan: str | None = None) -> Act:
    body = {"type": kind, "effective_on": (first + timedelta(days=day - 1)).isoformat()}
    if plan is not None:
        body["plan"] = plan
    return _post(day, _support_of(reseller), f"/v1/subscribers/{{{reseller.code}}}.s{number}/events", body)


def _newcomer(reseller: DemoReseller, number: int, chance: random.Random, first: date) -> Act:
    day = chance.randrange(3, DAYS)
    one = subscriber_of(reseller, number, chance, first + timedelta(days=day - 1))
    body = {**vars(one), "start_on": one.start_on.isoformat()}
    return _post(day, _support_of(reseller), "/v1/subscribers", body)


def _post(day: int, by: str, path: str, body: Any) -> Act:
    return Act(day, by, "POST", path, body)


def _id_of(code: str | None) -> str:
    return "op" if code is None else f"{{{code}}}"


def _boss_above(reseller: DemoReseller) -> str:
    return MANAGER if reseller.parent is None else BY_CODE[reseller.parent].owner_email


def _cashier_above(reseller: DemoReseller) -> str:
    return _accountant_of(reseller.parent)


def _accountant_of(code: str | None) -> str:
    return next((u.email for u in STAFF if u.tenant == code and u.role == "accountant"), f"owner@{code}.test".lower())


def _support_of(reseller: DemoReseller) -> str:
    return next((u.email for u in STAFF if u.tenant == reseller.code and u.role == "support"), reseller.owner_email)
