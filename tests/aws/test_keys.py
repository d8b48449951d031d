"""Keys: every one begins with its tenant, sorts as what it stands for, and is built in one place."""

import inspect
import typing
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.aws import keys
from chalicelib.aws.keys import Key

NO_BUILDERS = ("digest", "due_bound", "services_of", "open_jobs_of")
"""A name for a text, and the bounds of ranges."""
BUILDERS: dict[str, Callable[..., Any]] = {
    name: builder
    for name, builder in inspect.getmembers(keys, inspect.isfunction)
    if builder.__module__ == keys.__name__ and not name.startswith("_") and name not in NO_BUILDERS
}
EXAMPLES: dict[Any, Any] = {
    str: "some-text",
    int: 7,
    int | None: 7,
    date: date(2026, 11, 22),
    tuple[str, ...]: ("op", "t1"),
}


def build(builder_name: str, first: str, /, **changes: Any) -> Any:
    builder = BUILDERS[builder_name]
    hints = typing.get_type_hints(builder)
    name, *others = inspect.signature(builder).parameters
    if name == "router_id":
        first = f"{first}.rabcdefgh"
    return builder(first, **{other: changes.get(other, EXAMPLES[hints[other]]) for other in others})


def partition_of(made: Any) -> str:
    return made.pk if isinstance(made, Key) else made


@pytest.mark.parametrize("name", BUILDERS)
def test_every_key_begins_with_its_tenant(name: str) -> None:
    first, *_ = inspect.signature(BUILDERS[name]).parameters
    assert first in ("tenant_id", "operator_id", "parent_id", "child_id", "biller_id", "router_id")
    assert partition_of(build(name, "tk7m2p9qx4abc")).startswith("tk7m2p9qx4abc#")


@pytest.mark.parametrize("name", BUILDERS)
def test_two_tenants_never_share_a_partition(name: str) -> None:
    assert partition_of(build(name, "t1")) != partition_of(build(name, "t2"))


def test_there_are_as_many_builders_as_this_test_has_seen() -> None:
    assert len(BUILDERS) >= 40


@pytest.mark.parametrize("name", [name for name in BUILDERS if isinstance(build(name, "t1"), Key)])
def test_every_argument_of_a_key_is_told_apart_in_it(name: str) -> None:
    others: dict[Any, Any] = {
        str: "other",
        int: 12_345_678,
        int | None: None,
        date: date(2027, 1, 2),
        tuple[str, ...]: ("op", "t2"),
    }
    hints = typing.get_type_hints(BUILDERS[name])
    _, *arguments = inspect.signature(BUILDERS[name]).parameters
    plain = build(name, "t1")
    for argument in arguments:
        assert build(name, "t1", **{argument: others[hints[argument]]}) != plain, argument


def test_no_two_kinds_of_key_meet_in_one_place() -> None:
    made = [key for name in BUILDERS if isinstance(key := build(name, "t1"), Key)]
    assert len(set(made)) == len(made)


def test_an_email_address_and_a_clients_key_never_stand_in_a_key() -> None:
    for key in (
        keys.email("op", "owner@beta.test"),
        keys.sign_in_attempts("op", "owner@beta.test"),
        keys.claim("t1", "u1", "POST /x", "owner@beta.test"),
    ):
        assert "owner" not in "".join(key)
        assert "beta" not in "".join(key)


micros = st.integers(0, 10**16 - 1)
days = st.dates(date(2000, 1, 1), date(2199, 12, 31))
numbers = st.integers(0, 10**10 - 1)


@given(st.tuples(micros, numbers), st.tuples(micros, numbers))
def test_entries_sort_by_the_instant_they_were_recorded_then_by_sequence(
    one: tuple[int, int], other: tuple[int, int]
) -> None:
    first, second = (keys.entry("t1", "fund", at, "general", sequence) for at, sequence in (one, other))
    assert (first.sk < second.sk) == (one < other)
    assert first.pk == second.pk


@given(st.tuples(days, micros), st.tuples(days, micros))
def test_tariffs_sort_by_their_day_then_by_when_they_were_recorded(
    one: tuple[date, int], other: tuple[date, int]
) -> None:
    assert (keys.tariff("t1", *one).sk < keys.tariff("t1", *other).sk) == (one < other)


@given(st.tuples(days, micros, st.integers(0, 999_999)), st.tuples(days, micros, st.integers(0, 999_999)))
def test_events_sort_by_day_then_instant_then_order(one: tuple[date, int, int], other: tuple[date, int, int]) -> None:
    assert (keys.event("t1", *one).sk < keys.event("t1", *other).sk) == (one < other)
    assert (keys.history_event("t1", 9, *one).sk < keys.history_event("t1", 9, *other).sk) == (one < other)


@given(numbers, numbers)
def test_subscribers_sort_by_their_number_across_partitions(one: int, other: int) -> None:
    first, second = keys.subscriber("t1", one), keys.subscriber("t1", other)
    if first.pk == second.pk:
        assert (first.sk < second.sk) == (one < other)
    assert (first.pk == second.pk) == (one // 10_000 == other // 10_000)


@given(days, st.integers(0, 9_999), st.integers(0, 9_999))
def test_the_parts_of_a_sheet_sort_by_their_number_and_days_do_not_mix(day: date, one: int, other: int) -> None:
    first, second = keys.sheet_part("t1", day, one), keys.sheet_part("t1", day, other)
    assert (first.sk < second.sk) == (one < other)
    assert keys.sheet("t1", day) != keys.sheet("t1", day + timedelta(days=1))


@given(days, days)
def test_settled_days_sort_by_date(one: date, other: date) -> None:
    assert (keys.settled_day("t1", one).sk < keys.settled_day("t1", other).sk) == (one < other)


def test_a_sub_tree_is_one_prefix_and_no_other_tenant_falls_into_it() -> None:
    of_t1 = keys.tree_node("op", ("op", "t1")).sk
    assert keys.tree_node("op", ("op", "t1", "t9")).sk.startswith(of_t1)
    assert not keys.tree_node("op", ("op", "t10")).sk.startswith(of_t1)


@given(st.text(st.characters(exclude_categories=["Cs", "Co", "Cn"]), min_size=1, max_size=6))
def test_last_sorts_behind_every_character(text: str) -> None:
    assert ("a" + text).encode() < ("a" + keys.LAST).encode()


def test_claims_are_spread_over_sixteen_partitions_by_what_they_are() -> None:
    made = {keys.claim("t1", "u1", "POST /x", f"key-{number}").pk for number in range(400)}
    assert made == {f"t1#claims#{digit:x}" for digit in range(16)}


@pytest.mark.parametrize(
    "other",
    [
        ("t2", "u1", "POST /x", "k"),
        ("t1", "u2", "POST /x", "k"),
        ("t1", "u1", "POST /y", "k"),
        ("t1", "u1", "POST /x", "j"),
    ],
)
def test_a_claim_belongs_to_tenant_user_and_route(other: tuple[str, str, str, str]) -> None:
    assert keys.claim("t1", "u1", "POST /x", "k") != keys.claim(*other)
