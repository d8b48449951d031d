"""The conditions are found in the code, a mutant is the code without one of them, and some are killed here and now."""

import ast

import pytest

from tests.mutants.found import conditions, conditions_of, mutate
from tests.mutants.killing import kill

CODE = """
def withdraw(row, fund, change, failure):
    condition = FundRow.revision == fund.revision
    if change < 0:
        condition &= FundRow.balance_minor >= -change
    if row.pk.partition("#")[0] != fund.tenant_id:
        raise NotFound("fund")
    if change == 0:
        raise Conflict("nothing", "Nothing is moved.")
    if change > 100:
        raise ValueError("too much")
    rows = read_all(FundRow, filter_on=FundRow.status == "open")
    return Put(row, FundRow.pk.does_not_exist() | condition)
"""


def test_conditions_of_writes_and_guards_are_found_and_filters_and_checks_of_input_are_not() -> None:
    assert [(one.kind, one.text) for one in conditions_of("code", CODE)] == [
        ("write", "FundRow.revision == fund.revision"),
        ("write", "FundRow.balance_minor >= -change"),
        ("guard", "row.pk.partition('#')[0] != fund.tenant_id"),
        ("guard", "change == 0"),
        ("write", "FundRow.pk.does_not_exist()"),
    ]


def test_a_mutant_is_the_code_without_that_condition_and_nothing_else() -> None:
    always = "FundRow.pk.exists() | FundRow.pk.does_not_exist()"
    plain = ast.unparse(ast.parse(CODE)).splitlines()
    for one in conditions_of("code", CODE):
        mutated = ast.unparse(mutate(CODE, one)).splitlines()
        changed = [(was, now) for was, now in zip(plain, mutated, strict=True) if was != now]
        (before, after), *more = changed
        assert not more
        expected = before.replace(one.text, always if one.kind == "write" else "False")
        assert after.replace(f"({always})", always) == expected


def test_the_conditions_that_everything_hangs_on_are_among_those_found() -> None:
    texts = {(one.module.removeprefix("chalicelib."), one.text) for one in conditions()}
    assert {
        ("funds.store", "FundRow.revision == fund.revision"),
        ("funds.store", "FundRow.balance_minor >= floor - change_minor"),
        ("ledger.store", "HeadRow.sequence == before.sequence"),
        ("ledger.store", "HeadRow.fence == before.fence"),
        ("billing.state", "StateRow.revision == before.revision"),
        ("api.call", "ClaimRow.pk.does_not_exist()"),
        ("ledger.entries", "place is None or place.tenant_id != tenant_id"),
    } <= texts


SHARE = (
    "FundRow.revision == fund.revision",
    "FundRow.balance_minor >= floor - change_minor",
)
"""The rest take minutes: `make mutants`."""


@pytest.mark.parametrize("text", SHARE)
def test_a_mutant_is_killed(text: str) -> None:
    (condition,) = [one for one in conditions() if one.text == text]
    verdict = kill(condition)
    assert verdict.killed_by is not None
    assert verdict.killed_by.startswith("tests/funds/")
