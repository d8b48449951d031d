"""What a router has to hear is written with the change itself, for services on a router and for no others."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.aws.guards import no_guard
from chalicelib.aws.tables import forget, write
from chalicelib.core.dates import to_micros
from chalicelib.crm import outbox as outbox_module
from chalicelib.crm.change import AskedChange, record_event
from chalicelib.crm.connect import add_service
from chalicelib.crm.edit import SubscriberChange, edit_subscriber
from chalicelib.crm.filing import filed_plainly
from chalicelib.crm.find import find_subscriber
from chalicelib.crm.model import EventKind
from chalicelib.crm.outbox import changed, delivered, due_changes, looked_after, put_off
from chalicelib.crm.subscriber import Subscriber
from chalicelib.crm.suspension import mark_suspended
from tests.crm.a_tenant import NOW, TODAY, a_tenant, asked, taken_on
from tests.simulation import MemoryDynamoDB

ROUTER = "beta.r00000001"


def on_router(name: str = "karim", router: str = ROUTER) -> Subscriber:
    """A subscriber of Beta on that router, whose outbox is empty again."""
    made = taken_on(a_tenant(), asked(username=name))
    after = replace(made, services=(replace(made.services[0], router=router),), revision=made.revision + 1)
    write(*changed(made, after, NOW))
    for change in due_changes(router, NOW, limit=10)[0]:
        write(delivered(change))
    return find_subscriber("beta", made.number)


def happens(subscriber: Subscriber, kind: EventKind) -> None:
    change = AskedChange(kind, TODAY, None, None)
    record_event(a_tenant(), subscriber.number, change, filed_plainly, TODAY, NOW, forget)


def test_an_event_of_a_service_on_a_router_is_told_in_its_own_write(engine: MemoryDynamoDB) -> None:
    karim = on_router()
    with engine.measured() as cost:
        happens(karim, EventKind.DISABLE)
    assert cost.requests == 2  # the subscriber is read, and all of it written
    [change], has_more = due_changes(ROUTER, NOW, limit=10)
    assert (change.tenant_id, change.subscriber, change.service) == ("beta", karim.number, karim.services[0].number)
    assert (change.names, change.due_micros, change.tries) == (("karim",), to_micros(NOW), 0)
    assert not has_more


def test_a_service_on_no_router_is_told_to_nobody_and_costs_nothing_more(engine: MemoryDynamoDB) -> None:
    rahim = taken_on(a_tenant(), asked(username="rahim"))
    with engine.measured() as without:
        happens(rahim, EventKind.DISABLE)
    karim = on_router()
    with engine.measured() as cost:
        happens(karim, EventKind.DISABLE)
    assert (without.write_units, cost.write_units) == (6, 8)
    assert len(due_changes(ROUTER, NOW, limit=10)[0]) == 1


def test_a_new_username_is_told_with_the_old_one(engine: MemoryDynamoDB) -> None:
    karim = on_router()
    number = karim.services[0].number
    edit_subscriber("beta", karim.number, SubscriberChange(services={number: {"username": "karim.home"}}), NOW)
    [change], _ = due_changes(ROUTER, NOW, limit=10)
    assert change.names == ("karim", "karim.home")


def test_a_new_name_or_another_line_of_the_customer_is_no_matter_of_the_router(engine: MemoryDynamoDB) -> None:
    karim = on_router()
    edit_subscriber("beta", karim.number, SubscriberChange({"name": "Karim Uddin"}), NOW)
    add_service(a_tenant(), karim.number, replace(asked().line, username="shop"), no_guard(), NOW, forget)
    assert due_changes(ROUTER, NOW, limit=10) == ([], False)


def test_a_suspension_is_told_once_however_often_it_is_marked(engine: MemoryDynamoDB) -> None:
    karim = on_router()
    for _ in range(2):
        mark_suspended("beta", [(karim.services[0].number, karim.number)], TODAY, "beta", to_micros(NOW))
    assert len(due_changes(ROUTER, NOW + timedelta(days=400), limit=10)[0]) == 1


def test_a_service_that_moves_is_told_to_both_routers(engine: MemoryDynamoDB) -> None:
    karim = on_router()
    other = "beta.r00000002"
    write(*changed(karim, replace(karim, services=(replace(karim.services[0], router=other),)), NOW))
    assert [len(due_changes(router, NOW, limit=10)[0]) for router in (ROUTER, other)] == [1, 1]


def test_what_is_planted_for_a_day_is_due_then_and_there_once(engine: MemoryDynamoDB) -> None:
    happens(on_router(), EventKind.DISABLE)
    [change], _ = due_changes(ROUTER, NOW, limit=10)
    at = NOW + timedelta(days=1)
    for _ in range(2):
        write(delivered(change), looked_after(change, to_micros(at)))
    assert due_changes(ROUTER, at - timedelta(microseconds=1), limit=10) == ([], False)
    assert [one.due_micros for one in due_changes(ROUTER, at, limit=10)[0]] == [to_micros(at)]


def test_what_is_put_off_keeps_its_reason_and_one_that_was_delivered_does_not_come_back(engine: MemoryDynamoDB) -> None:
    happens(on_router(), EventKind.DISABLE)
    [change], _ = due_changes(ROUTER, NOW, limit=10)
    put_off(change, "no profile", to_micros(NOW) + 5)
    [waiting], _ = due_changes(ROUTER, NOW, limit=10)
    assert (waiting.tries, waiting.reason, waiting.after_micros) == (1, "no profile", to_micros(NOW) + 5)
    write(delivered(change))
    put_off(change, "no profile", 0)
    assert due_changes(ROUTER, NOW, limit=10) == ([], False)


def test_the_routers_of_a_write_are_woken_once_each(engine: MemoryDynamoDB, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    monkeypatch.setattr(outbox_module, "send_to_routers", lambda messages: sent.extend(one[0] for one in messages))
    happens(on_router(), EventKind.DISABLE)
    assert sent == [ROUTER]
