"""The chart: what every book begins with, and what its tenant adds to it."""

from datetime import date

import pytest

from chalicelib.core.errors import Conflict, Invalid
from chalicelib.ledger.accounts import add_account, read_chart
from chalicelib.ledger.chart import Account, AccountType, default_chart
from tests.funds.legs import LEGS
from tests.simulation import MemoryDynamoDB
from tests.world import World

CONTROL = {"1100", "1150", "1160", "2050", "2100", "2300"}
RESELLER_ONLY = {"1170", "1200", "1250", "1260", "2000", "2010", "4200", "5000", "5300"}


def test_a_reseller_has_the_operators_accounts_and_those_toward_its_parent() -> None:
    operator, reseller = default_chart(is_operator=True), default_chart(is_operator=False)
    assert reseller.keys() - operator.keys() == RESELLER_ONLY
    assert operator.keys() <= reseller.keys()
    assert list(reseller) == sorted(reseller)


def test_only_the_system_posts_to_accounts_that_a_figure_outside_the_book_has_to_agree_with() -> None:
    reseller = default_chart(is_operator=False)
    assert {code for code, account in reseller.items() if account.control} == CONTROL | {
        *("1170", "1200", "1250", "2000", "2010"),
    }


@pytest.mark.parametrize(
    ("first_digit", "type_"),
    [
        ("1", AccountType.ASSET),
        ("2", AccountType.LIABILITY),
        ("3", AccountType.EQUITY),
        ("4", AccountType.INCOME),
        ("5", AccountType.EXPENSE),
    ],
)
def test_the_first_digit_of_a_default_account_tells_its_type(first_digit: str, type_: AccountType) -> None:
    found = [one for one in default_chart(is_operator=False).values() if one.code.startswith(first_digit)]
    assert {account.type for account in found} == {type_}


def test_every_account_that_a_movement_posts_to_is_in_the_book_it_posts_to() -> None:
    for parents, childs in LEGS.values():
        assert parents in default_chart(is_operator=True)
        assert childs in default_chart(is_operator=False)


@pytest.fixture(params=["database", "engine"])
def world(request: pytest.FixtureRequest) -> World:
    request.getfixturevalue(request.param)
    return World.of_tenants(date(2026, 11, 1))


def test_an_account_is_added_to_its_own_tenants_book_alone(world: World) -> None:
    rent = add_account(world.alpha, "5910", "Office rent", AccountType.EXPENSE, "5900")
    assert rent == Account("5910", "Office rent", AccountType.EXPENSE, "5900")
    assert read_chart(world.alpha)["5910"] == rent
    assert list(read_chart(world.alpha)) == sorted(read_chart(world.alpha))
    for other in (world.operator, world.beta, world.gamma):
        assert "5910" not in read_chart(other)


@pytest.mark.parametrize("code", ["5910", "1000"])
def test_a_code_is_given_once(world: World, code: str) -> None:
    add_account(world.alpha, "5910", "Office rent", AccountType.EXPENSE, None)
    with pytest.raises(Conflict) as taken:
        add_account(world.alpha, code, "Again", AccountType.EXPENSE, None)
    assert taken.value.code == "code-taken"
    add_account(world.gamma, "5910", "Gamma's own", AccountType.EXPENSE, None)
    assert read_chart(world.alpha)["5910"].name == "Office rent"


def test_two_who_add_the_same_code_at_once_are_told_apart(engine: MemoryDynamoDB) -> None:
    world = World.of_tenants(date(2026, 11, 1))

    def fault(phase: str, number: int, operation: str, params: object) -> None:
        if phase == "before" and operation == "TransactWriteItems":
            engine.faults = None
            add_account(world.alpha, "5910", "First", AccountType.EXPENSE, None)

    engine.faults = fault
    with pytest.raises(Conflict) as taken:
        add_account(world.alpha, "5910", "Second", AccountType.EXPENSE, None)
    assert taken.value.code == "code-taken"
    assert read_chart(world.alpha)["5910"].name == "First"


@pytest.mark.parametrize(("parent", "said"), [("5911", "is not an account"), ("1000", "is of type asset")])
def test_a_group_is_there_and_of_the_same_type(world: World, parent: str, said: str) -> None:
    with pytest.raises(Invalid, match=said) as refused:
        add_account(world.alpha, "5910", "Office rent", AccountType.EXPENSE, parent)
    assert [error.field for error in refused.value.errors] == ["parent"]
