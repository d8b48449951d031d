"""A chart that changes: renamed, regrouped, closed and opened, with somebody posting or changing it at the same time."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from chalicelib.aws.tables import read_many, write
from chalicelib.core.errors import Invalid, NotFound, Refusal
from chalicelib.ledger.accounts import add_account, change_account, read_chart
from chalicelib.ledger.chart import SYSTEM_ACCOUNTS, AccountStatus, AccountType
from chalicelib.ledger.hand.vouchers import Voucher
from chalicelib.ledger.journal import RECEIPTS, YEAR_END, credit, debit
from chalicelib.ledger.post import Posting, head_reads
from tests.conftest import SetClock
from tests.invariants import check_invariants
from tests.ledger.by_hand import between, calls_of, net, post, refusal, voucher
from tests.ledger.entries import a_draft
from tests.simulation import MemoryDynamoDB
from tests.world import NOW, World

CLOSED, OPEN = {"status": AccountStatus.CLOSED}, {"status": AccountStatus.OPEN}


@pytest.fixture
def world(engine: MemoryDynamoDB, the_clock: SetClock) -> World:
    built = World.of_tenants(date(2026, 11, 1))
    for tenant in (built.alpha, built.gamma):
        add_account(tenant, "5910", "Rent", AccountType.EXPENSE, "5900")
        add_account(tenant, "4910", "Fees", AccountType.INCOME, None)
    return built


def fee(world: World, minor: int = 5_00, journal: str = "general") -> None:
    post(world.alpha, voucher((debit("1000", minor), credit("4910", minor)), journal))


def change(world: World, code: str, **changes: Any) -> str:
    return refusal(lambda: change_account(world.alpha, code, changes))


def test_accounts_are_renamed_and_regrouped_default_ones_too(world: World) -> None:
    before = read_chart(world.alpha)
    change_account(world.alpha, "5910", {"name": "Office", "parent": None})
    change_account(world.alpha, "1000", {"name": "Tills"})
    change_account(world.alpha, "1010", {"parent": "1000"})
    change_account(world.alpha, "1200", {"name": "Our fund"})
    after = read_chart(world.alpha)
    assert (after["5910"].name, after["5910"].parent) == ("Office", None)
    assert (after["1000"].name, after["1010"].name, after["1010"].parent) == ("Tills", "Bank", "1000")
    assert after["1200"].name == "Our fund"
    assert after["1200"].control
    assert {code: account.type for code, account in after.items()} == {c: a.type for c, a in before.items()}
    assert read_chart(world.gamma)["1000"].name == "Cash"
    change_account(world.alpha, "1010", {"parent": None})
    assert read_chart(world.alpha)["1010"].parent is None


@pytest.mark.parametrize(
    ("code", "parent", "said"),
    [
        ("5910", "9999", "is not an account"),
        ("5910", "1000", "is of type asset"),
        ("5910", "5910", "itself, or grouped below"),
        ("5900", "5910", "itself, or grouped below"),
        ("5910", "5920", "is closed"),
    ],
)
def test_a_group_is_open_of_one_type_and_never_below_itself(world: World, code: str, parent: str, said: str) -> None:
    add_account(world.alpha, "5920", "Old", AccountType.EXPENSE, None)
    change_account(world.alpha, "5920", CLOSED)
    with pytest.raises(Invalid, match=said) as refused:
        change_account(world.alpha, code, {"parent": parent})
    assert [error.field for error in refused.value.errors] == ["parent"]


def test_what_is_not_there_and_what_is_another_tenants_is_not_found(world: World) -> None:
    add_account(world.gamma, "5920", "Gamma's", AccountType.EXPENSE, None)
    for code in ("5920", "", "x" * 3000, "\udcff"):
        with pytest.raises(NotFound):
            change_account(world.alpha, code, {"name": "Mine"})


def test_a_code_that_the_system_keeps_for_resellers_is_given_to_nothing_else(world: World) -> None:
    for code in ("1200", "2000", "5000"):
        assert code in SYSTEM_ACCOUNTS
        with pytest.raises(Refusal) as refused:
            add_account(world.operator, code, "Mine", AccountType.ASSET, None)
        assert refused.value.code == "code-taken"


def test_an_account_is_closed_at_zero_and_takes_no_line_until_it_is_opened(world: World) -> None:
    fee(world)
    assert change(world, "4910", **CLOSED) == "account-has-balance"
    post(world.alpha, voucher((debit("4910", 5_00), credit("1000", 5_00))))
    change_account(world.alpha, "4910", CLOSED)
    assert not read_chart(world.alpha)["4910"].is_open
    with pytest.raises(Invalid, match="cannot be posted") as refused:
        fee(world)
    assert [(error.field, error.message) for error in refused.value.errors] == [("lines.1.account", "is closed")]
    assert read_chart(world.gamma)["4910"].is_open
    change_account(world.alpha, "4910", OPEN)
    fee(world)
    assert net("alpha", "4910") == -5_00
    assert check_invariants() == 3


def test_a_balance_of_zero_over_several_journals_is_zero(world: World) -> None:
    fee(world, journal=RECEIPTS)
    assert change(world, "4910", **CLOSED) == "account-has-balance"
    post(world.alpha, voucher((debit("4910", 5_00), credit("1000", 5_00)), "payments"))
    change_account(world.alpha, "4910", CLOSED)
    assert not read_chart(world.alpha)["4910"].is_open
    assert read_chart(world.gamma)["4910"].is_open
    assert net("alpha", "4910") == 0
    assert check_invariants() == 2


def test_what_the_system_posts_to_stays_open_and_what_groups_an_open_account_too(world: World) -> None:
    for code in ("1000", "1200", "3100", "3900", "4000"):
        assert change(world, code, **CLOSED) == "system-account"
    assert change(world, "5900", **CLOSED) == "account-has-children"
    change_account(world.alpha, "5910", CLOSED)
    change_account(world.alpha, "5900", CLOSED)
    assert change(world, "5910", **OPEN) == "parent-closed"
    change_account(world.alpha, "5910", {"parent": None, **OPEN})
    assert change(world, "3000", **CLOSED) == ""


def test_an_account_and_an_entry_that_meet_never_leave_a_closed_account_with_a_balance(
    world: World, engine: MemoryDynamoDB
) -> None:
    closing = calls_of(engine, lambda: change_account(world.alpha, "4910", CLOSED))
    change_account(world.alpha, "4910", OPEN)
    posting = calls_of(engine, lambda: fee(world))

    def close() -> None:
        change_account(world.alpha, "4910", CLOSED)

    post(world.alpha, voucher((debit("4910", 5_00), credit("1000", 5_00))))
    ends: dict[str, set[tuple[str, str]]] = {"entry first": set(), "closing first": set()}
    for journal in ("general", RECEIPTS, "payments"):
        lines = (
            (debit("4910", 1), credit("1000", 1)) if journal == "payments" else (debit("1000", 1), credit("4910", 1))
        )
        asked, back = voucher(lines, journal), voucher(tuple(line.mirrored for line in lines))

        def enter(asked: Voucher = asked) -> None:
            post(world.alpha, asked)

        def put_back(back: Voucher = back) -> None:
            if read_chart(world.alpha)["4910"].is_open:
                post(world.alpha, back)
            else:
                change_account(world.alpha, "4910", OPEN)

        for at in range(posting):
            ends["entry first"].add(meet(world, engine, at, enter, close))
            put_back()
        for at in range(closing):
            ends["closing first"].add(meet(world, engine, at, close, enter))
            put_back()
    assert ends == {"entry first": {("invalid", "")}, "closing first": {("account-has-balance", "")}}
    check_invariants()


def meet(
    world: World, engine: MemoryDynamoDB, at: int, first: Callable[[], None], second: Callable[[], None]
) -> tuple[str, str]:
    """Let the second act at that call of the first: how both end, of which exactly one was carried out."""
    others: list[str] = []
    between(engine, at, lambda: others.append(refusal(second)))
    own = refusal(first)
    engine.faults = None
    assert [own, *others].count("") == 1, (at, own, others)
    assert read_chart(world.alpha)["4910"].is_open == (net("alpha", "4910") != 0)
    return own, others[0]


def test_the_end_of_a_year_that_meets_a_closing_is_seen(world: World, engine: MemoryDynamoDB) -> None:
    """The journal of year ends is not there before the first one."""

    def year_end() -> None:
        journal = ("alpha", YEAR_END)
        posting = Posting([journal], read_many(head_reads([journal])), NOW)
        posting.add_closing(*journal, a_draft((debit("3900", 1), credit("4910", 1)), kind="year-end"))
        write(*posting.operations())

    closing = calls_of(engine, lambda: change_account(world.alpha, "4910", CLOSED))
    change_account(world.alpha, "4910", OPEN)
    between(engine, closing - 1, year_end)
    assert change(world, "4910", **CLOSED) == "account-has-balance"


def test_changes_of_a_chart_never_pass_each_other(world: World, engine: MemoryDynamoDB) -> None:
    for code in ("A", "B"):
        add_account(world.alpha, code, code, AccountType.EXPENSE, None)
    calls = calls_of(engine, lambda: change_account(world.alpha, "A", {"name": "a"}))
    between(engine, calls - 1, lambda: change_account(world.alpha, "B", {"parent": "A"}))
    assert change(world, "A", parent="B") == "invalid"
    change_account(world.alpha, "B", {"parent": None})
    between(engine, calls - 1, lambda: change_account(world.alpha, "A", CLOSED))
    assert change(world, "B", parent="A") == "invalid"
    change_account(world.alpha, "A", OPEN)
    calls = calls_of(engine, lambda: change_account(world.alpha, "A", CLOSED))
    change_account(world.alpha, "A", OPEN)
    between(engine, calls - 1, lambda: add_account(world.alpha, "C", "C", AccountType.EXPENSE, "A"))
    assert change(world, "A", **CLOSED) == "account-has-children"
    chart = read_chart(world.alpha)
    assert (chart["A"].parent, chart["A"].is_open, chart["B"].parent, chart["C"].parent) == (None, True, None, "A")
