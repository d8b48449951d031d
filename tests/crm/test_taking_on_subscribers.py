"""Numbers and customer ids under concurrency, what a creation costs, and how many requests finding takes."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.aws import keys
from chalicelib.aws.guards import Guard, no_guard
from chalicelib.aws.rows import forget_connections
from chalicelib.aws.tables import Check, forget, read_all
from chalicelib.core.errors import Conflict, NotFound
from chalicelib.crm.connect import add_service, create_subscriber
from chalicelib.crm.edit import SubscriberChange, edit_subscriber
from chalicelib.crm.events import read_events, read_history
from chalicelib.crm.find import Wanted, find_subscriber, list_subscribers, search_subscribers
from chalicelib.crm.plans import find_plan, list_plans, read_plans
from chalicelib.crm.store import FoundRow, SubscriberRow
from chalicelib.tenants.model import CustomerIdFormat
from tests.conftest import create_tables
from tests.crm.a_tenant import NOW, TODAY, a_tenant, asked, taken_on, with_plans
from tests.simulation.dynamodb import MemoryDynamoDB

EVERYBODY = Wanted(TODAY)


def everybody(tenant_id: str) -> list[int]:
    found, after = list_subscribers(tenant_id, EVERYBODY, limit=200, after=None)
    assert after is None
    return [one.number for one in found]


def test_eight_at_once_leave_no_number_out_and_give_none_twice(engine: MemoryDynamoDB) -> None:
    beta, gamma = a_tenant(), a_tenant("gamma")

    def take_on(number: int) -> None:
        tenant = gamma if number % 4 == 0 else beta
        taken_on(tenant, asked(f"Person {number}", f"user{number}"))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(take_on, range(80)))
    assert everybody("beta") == list(range(1, 61))
    assert everybody("gamma") == list(range(1, 21))
    found, _ = list_subscribers("beta", EVERYBODY, limit=200, after=None)
    assert [one.customer_id for one in found] == [f"BN-{number:06d}" for number in range(1, 61)]
    assert sorted(one.services[0].number for one in found) == list(range(1, 61))


def test_a_refused_creation_takes_no_number(database: None) -> None:
    beta = a_tenant()
    taken_on(beta, asked(username="karim", mac="9C:53:00:07:00:01"))
    with pytest.raises(Conflict, match="username"):
        taken_on(beta, asked(username="karim"))
    with pytest.raises(Conflict, match="MAC"):
        taken_on(beta, asked(username="rahim", mac="9C:53:00:07:00:01"))
    never = Check(SubscriberRow.at(keys.subscriber("beta", 999)), SubscriberRow.pk.exists())
    guard = Guard((never,), lambda failure: Conflict("no", "No.") if failure.failed(never) else None)
    with pytest.raises(Conflict, match="No"):
        create_subscriber(beta, asked(username="rahim"), guard, NOW, forget)
    assert taken_on(beta, asked(username="rahim")).number == 2
    assert taken_on(a_tenant("gamma"), asked(username="karim", mac="9C:53:00:07:00:01")).number == 1


def test_a_new_subscriber_is_there_with_all_that_finds_it_and_its_events(engine: MemoryDynamoDB) -> None:
    taken_on(a_tenant("gamma"), asked())
    with engine.measured() as cost:
        subscriber = taken_on(a_tenant(), asked("Karim Uddin", "karim", mac="9C:53:00:07:00:01", phone="01711234567"))
    # The counters, the subscriber, its event twice, three words, username, MAC and customer id, each at two units.
    assert (cost.write_units, cost.requests) == (20, 2)
    assert find_subscriber("beta", 1) == subscriber
    assert len(read_all(FoundRow, keys.found("beta"))) == 6
    [event] = read_events("beta", None, TODAY)
    assert (event.kind.value, event.plan, event.service_number, event.subscriber_number) == ("connect", "HOME-10", 1, 1)
    assert read_history("beta", 1) == [event]


def test_two_formats_that_meet_in_one_id_still_leave_no_number_out(database: None) -> None:
    wide = a_tenant(form=CustomerIdFormat(prefix="A1", digits=1))
    narrow = a_tenant(form=CustomerIdFormat(prefix="A", digits=1))
    taken_on(wide, asked(username="u1"))
    for number in range(2, 11):
        taken_on(narrow, asked(username=f"u{number}"))
    assert taken_on(narrow, asked(username="u11")).customer_id == "A11-11"
    assert everybody("beta") == list(range(1, 12))


def test_services_of_one_customer_share_its_history(database: None) -> None:
    beta = a_tenant()
    taken_on(a_tenant("gamma"), asked())
    taken_on(beta, asked())
    grown = add_service(beta, 1, replace(asked().line, username="shop"), no_guard(), NOW, forget)
    assert [(one.number, one.username) for one in grown.services] == [(1, "karim"), (2, "shop")]
    first, second = read_history("beta", 1)
    assert second.recorded_micros == first.recorded_micros + 1
    for number in range(3, 17):
        add_service(beta, 1, replace(asked().line, username=f"shop{number}"), no_guard(), NOW, forget)
    with pytest.raises(Conflict, match="at most 16"):
        add_service(beta, 1, replace(asked().line, username="one-more"), no_guard(), NOW, forget)
    with pytest.raises(NotFound):
        add_service(beta, 2, replace(asked().line, username="one-more"), no_guard(), NOW, forget)


def test_editing_moves_the_words_with_the_name(database: None) -> None:
    beta = a_tenant()
    taken_on(beta, asked("Karim Uddin"))
    taken_on(a_tenant("gamma"), asked("Karim Uddin"))
    before = len(read_all(FoundRow, keys.found("beta")))
    edited = edit_subscriber("beta", 1, SubscriberChange({"name": "Rahim Uddin", "zone": "Savar"}), NOW)
    assert (edited.name, edited.zone, edited.revision) == ("Rahim Uddin", "Savar", 2)
    assert find_subscriber("beta", 1) == edited
    assert len(read_all(FoundRow, keys.found("beta"))) == before
    assert edit_subscriber("beta", 1, SubscriberChange({"name": "Rahim Uddin"}), NOW).revision == 2
    [(found, _)] = [search_subscribers("gamma", "karim", EVERYBODY, limit=10, after=None)]
    assert [one.tenant_id for one in found] == ["gamma"]


def pages(turn: Callable[[str | None], tuple[list, str | None]]) -> list[list[int]]:
    """The numbers on every page until the end."""
    all_pages, after = [], None
    while True:
        found, after = turn(after)
        all_pages.append([one.number for one in found])
        if after is None:
            return all_pages


def test_a_list_takes_two_requests_at_most_and_crosses_its_partitions(
    engine: MemoryDynamoDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "SUBSCRIBERS_PER_PARTITION", 4)
    for number in range(1, 11):
        taken_on(a_tenant(), asked(f"Karim {number}", f"user{number}", zone=f"zone {number % 2}"))

    def counted(wanted: Wanted, limit: int) -> list[list[int]]:
        def turn(after: str | None) -> tuple[list, str | None]:
            with engine.measured() as cost:
                page = list_subscribers("beta", wanted, limit=limit, after=after)
            assert cost.requests <= 2
            return page

        return pages(turn)

    assert [number for page in counted(EVERYBODY, 3) for number in page] == list(range(1, 11))
    assert counted(EVERYBODY, 5)[0] == [1, 2, 3, 4, 5]
    odd = Wanted(TODAY, zone="zone 1")
    assert [number for page in counted(odd, 2) for number in page] == [1, 3, 5, 7, 9]
    assert pages(lambda after: list_subscribers("gamma", EVERYBODY, limit=5, after=after)) == [[]]


def test_a_search_takes_two_requests_and_names_nobody_twice(engine: MemoryDynamoDB) -> None:
    for number in range(1, 121):
        taken_on(a_tenant(), asked(f"Karim Karima Kabir{number}", f"user{number}"))
    taken_on(a_tenant("gamma"), asked("Karim"))

    def turn(after: str | None) -> tuple[list, str | None]:
        with engine.measured() as cost:
            page = search_subscribers("beta", "ka", EVERYBODY, limit=50, after=after)
        assert cost.requests <= 2
        return page

    found = [number for page in pages(turn) for number in page]
    assert sorted(found) == list(range(1, 121))
    only, _ = search_subscribers("beta", "karim kabir12", EVERYBODY, limit=50, after=None)
    assert [one.number for one in only] == [12, 120]


def test_plans_are_found_in_their_own_tenant_alone(database: None) -> None:
    with_plans(a_tenant())
    with_plans(a_tenant("gamma"))
    assert [plan.code for plan in list_plans("beta")] == ["BIZ-50", "HOME-10", "HOME-20", "HOME-40"]
    assert read_plans("beta")["HOME-10"].plan_id == "beta.HOME-10"
    assert find_plan("beta", "beta.HOME-10") == find_plan("beta", "HOME-10")
    for other in ("gamma.HOME-10", "HOME-11", "", ".", "beta."):
        with pytest.raises(NotFound):
            find_plan("beta", other)


names = st.lists(st.sampled_from(["karim", "kabir", "ka", "রহিম", "রহমান", "uddin", "José"]), min_size=1, max_size=4)
queries = st.lists(
    st.sampled_from(["k", "ka", "kab", "র", "রহি", "JOS", "u", "x", "bn-", "user1"]), min_size=1, max_size=3
)


@settings(max_examples=25)
@given(st.lists(names, min_size=1, max_size=12), queries, st.integers(1, 5))
def test_a_search_finds_whom_a_look_through_everybody_finds(
    people: list[list[str]], terms: list[str], limit: int
) -> None:
    simulator = MemoryDynamoDB()
    with simulator.installed():
        forget_connections()
        create_tables()
        for number, words in enumerate(people, 1):
            taken_on(a_tenant(), asked(" ".join(words), f"user{number}"))
        query = " ".join(terms)
        found = pages(lambda after: search_subscribers("beta", query, EVERYBODY, limit=limit, after=after))
    forget_connections()
    assert all(len(page) <= limit for page in found)
    expected = [
        number
        for number, words in enumerate(people, 1)
        if all(
            any(word.casefold().startswith(term.casefold()) for word in [*words, f"user{number}", f"bn-{number:06d}"])
            for term in terms
        )
    ]
    assert sorted(number for page in found for number in page) == expected
