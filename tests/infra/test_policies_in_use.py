"""Each function run for real in memory: whatever it asks of a table, its policy allows."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest

from chalicelib.aws import keys, rows, tables
from chalicelib.aws.tables import Delete, Update, forget, read_page, write
from chalicelib.billing.jobs import plan_settlements
from chalicelib.billing.pins import guard_day, hold_days, pinned_through, release_days
from chalicelib.billing.worker import settle_day
from chalicelib.core.json import compact_json
from chalicelib.crm.events import read_history
from chalicelib.crm.import_days import Days
from chalicelib.crm.import_events import import_events
from chalicelib.crm.import_roster import import_subscribers
from chalicelib.crm.worker import run_import
from chalicelib.documents.asking import as_message, documents_of
from chalicelib.documents.brand import Brand
from chalicelib.documents.brands import save_brand
from chalicelib.documents.document import Order
from chalicelib.documents.paper import Language, PaperKind
from chalicelib.documents.templates import save_template
from chalicelib.documents.worker import print_document
from chalicelib.funds.limits import change_limits
from chalicelib.ledger.doubts import read_doubts
from chalicelib.ledger.journal import GENERAL
from chalicelib.ledger.store import HeadRow
from chalicelib.network import take_over
from chalicelib.network.failure import Reason
from chalicelib.network.find import accesses_on
from chalicelib.network.found_secrets import Ground, found_data, judge_secrets
from chalicelib.network.model import Place, Undelivered
from chalicelib.network.silence import note_answered, note_silent
from chalicelib.network.state import read_state
from chalicelib.network.undelivered import Cause, UndeliveredDay, confirm, list_undelivered
from chalicelib.proof.jobs import tend_books
from chalicelib.proof.worker import tend_book
from chalicelib.retail.document_store import DocumentRow, to_document
from chalicelib.retail.terms import set_terms as set_billing_terms
from tests.bench.invoices import billing_world, invoice
from tests.conftest import SetClock, create_tables
from tests.crm.a_tenant import any_connection, any_price
from tests.infra.test_policies import ALLOWED
from tests.network.site import put_on, register
from tests.network.site import set_terms as set_network_terms
from tests.retail.counter import Counter
from tests.simulation import MemoryDynamoDB
from tests.store_of_files import Store
from tests.world import NOW, World

YESTERDAY = date(2026, 11, 21)
TODAY = date(2026, 11, 22)
TABLES = {"tenants": "TenantsTable", "books": "BooksTable", "crm": "CrmTable"}
WITHIN_TRANSACTION = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}

RULE = dict.fromkeys(("version", "account", "region", "detail", "detail-type", "source", "time", "id", "resources"), "")
"""What EventBridge hands to a scheduled function, as far as Chalice looks at it."""

Asked = set[tuple[str, str]]
"""Tables and the actions asked of them."""


def rights_needed(operation: str, parameters: Mapping[str, Any]) -> Asked:
    """What IAM checks for a request: a transaction needs the right to each of its items."""
    if operation == "TransactWriteItems":
        items = [next(iter(item.items())) for item in parameters["TransactItems"]]
        return {(TABLES[one["TableName"]], WITHIN_TRANSACTION[kind]) for kind, one in items}
    if operation == "TransactGetItems":
        return {(TABLES[one["Get"]["TableName"]], "GetItem") for one in parameters["TransactItems"]}
    names = parameters.get("RequestItems") or [parameters["TableName"]]
    return {(TABLES[name], operation) for name in names}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[Asked]:
    """What was asked of tables in memory; a test clears it before it runs the function."""
    found: Asked = set()
    really = tables._call

    def call(operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        found.update(rights_needed(operation, parameters))
        return really(operation, parameters)

    with MemoryDynamoDB().installed():
        rows.forget_connections()
        create_tables()
        monkeypatch.setattr(tables, "_call", call)
        yield found
    rows.forget_connections()


def beyond(function: str, asked: Asked) -> Asked:
    return {(table, action) for table, action in asked if f"dynamodb:{action}" not in ALLOWED[function].get(table, ())}


def deliver(function: Any, *bodies: dict[str, Any]) -> None:
    """Call the worker as Lambda does, one message at a time."""
    for body in bodies:
        record = {"body": compact_json(body), "receiptHandle": "r", "attributes": {"SentTimestamp": "1"}}
        function({"Records": [record]}, None)


def days_of_beta() -> Days:
    """What billing does with Beta's days, as the routes hand it to an import."""
    return Days(*(partial(one, "beta") for one in (pinned_through, guard_day, hold_days, release_days)))


def import_long_roster(world: World, count: int) -> str:
    header = "name,phone,plan,username,mac,zone,start_on"
    lines = [f"User {n},0171{n:07d},HOME,user{n},9c53{n:08x},Savar,{TODAY}" for n in range(count)]
    result = import_subscribers(
        world.beta,
        "\n".join([header, *lines]).encode(),
        dry_run=False,
        connections=any_connection,
        days=days_of_beta(),
        now=NOW,
        remember=forget,
    )
    assert result.job is not None
    return result.job.job_id


def import_long_events(world: World, count: int) -> str:
    lines = [f"user{n},disable,{TODAY}," for n in range(count)]
    result = import_events(
        world.beta,
        "\n".join(["username,type,effective_on,plan", *lines]).encode(),
        dry_run=False,
        check_price=any_price,
        days=days_of_beta(),
        today=TODAY,
        now=NOW,
        remember=forget,
    )
    assert result.job is not None
    return result.job.job_id


def take_over_many(world: World, count: int) -> str:
    router = register(world.beta, 8728)
    rows = [
        {"name": f"user{n}", "profile": "10M", "remote-address": f"10.1.{n // 200}.{n % 200}"} for n in range(count)
    ]
    ground = Ground(Place(pool="home", local_address="10.1.9.1"), (), {"10M": "HOME"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(take_over, "ask_router", lambda *_: found_data(judge_secrets(rows, ground)))
        taken = take_over.take_over(
            world.beta,
            router.router_id,
            take_over.AskedTakeOver({"10M": "HOME"}, TODAY),
            dry_run=False,
            connections=any_connection,
            days=days_of_beta(),
            now=NOW,
            remember=forget,
        )
    assert taken.result.job is not None
    return taken.result.job.job_id


def test_the_settlement_worker_stays_within_its_policy_when_it_settles_cuts_and_restores(
    asked: Asked, the_clock: SetClock
) -> None:
    world = World.build(YESTERDAY)
    world.fund(100_000, 6_000)
    for number in range(5):
        world.connect(world.beta_chain, f"s{number}", "HOME", YESTERDAY)
    asked.clear()
    chain = ["op", "alpha", "beta"]
    deliver(settle_day, {"do": "settle", "chain": chain, "day": str(YESTERDAY)})
    settled = set(asked)
    world.recharge(world.alpha, world.beta, 50_000)
    asked.clear()
    deliver(settle_day, {"do": "restore", "chain": chain})
    the_clock.at = NOW + timedelta(days=1)
    deliver(settle_day, {"do": "settle", "chain": chain, "day": str(TODAY)})
    assert ("CrmTable", "BatchWriteItem") in settled, "services were cut"
    assert ("CrmTable", "PutItem") in asked, "services came back"
    assert beyond("SettleDay", settled | asked) == set()


def test_the_settlement_worker_may_begin_the_journals_of_a_child_that_came_before_they_were_made_in_advance(
    asked: Asked, the_clock: SetClock
) -> None:
    world = World.build(YESTERDAY)
    for tenant_id in ("alpha", "beta"):
        write(change_limits(tenant_id, -100_000, 100_000))
    for tenant_id, name in (("op", "child-alpha"), ("alpha", GENERAL), ("alpha", "child-beta"), ("beta", GENERAL)):
        write(Delete(HeadRow.at(keys.journal(tenant_id, name))))
    world.connect(world.beta_chain, "karim", "HOME", YESTERDAY)
    asked.clear()
    deliver(settle_day, {"do": "settle", "chain": ["op", "alpha", "beta"], "day": str(YESTERDAY)})
    assert ("BooksTable", "ConditionCheckItem") in asked, "what is closed was checked where a journal begins"
    assert beyond("SettleDay", asked) == set()


def test_the_planner_stays_within_its_policy_when_it_plans_and_wakes_a_job(asked: Asked, the_clock: SetClock) -> None:
    world = World.build(YESTERDAY)
    import_long_roster(world, 401)
    asked.clear()
    the_clock.at = NOW + timedelta(hours=1)
    plan_settlements(RULE, None)
    assert ("CrmTable", "BatchWriteItem") in asked, "the job was asked for again"
    assert beyond("PlanSettlements", asked) == set()


def test_the_import_worker_stays_within_its_policy_when_it_takes_over_a_router(
    asked: Asked, the_clock: SetClock
) -> None:
    world = World.build(YESTERDAY)
    taken_over = take_over_many(world, 401)
    asked.clear()
    deliver(run_import, {"tenant_id": "beta", "job_id": taken_over})
    assert len(accesses_on("beta.rmain0001")) == 401
    assert beyond("RunImport", asked) == set()


def test_the_import_worker_stays_within_its_policy_for_subscribers_and_for_events(
    asked: Asked, the_clock: SetClock
) -> None:
    world = World.build(YESTERDAY)
    roster = import_long_roster(world, 401)
    asked.clear()
    deliver(run_import, {"tenant_id": "beta", "job_id": roster})
    written = set(asked)
    events = import_long_events(world, 401)
    asked.clear()
    deliver(run_import, {"tenant_id": "beta", "job_id": events})
    assert ("BooksTable", "ConditionCheckItem") in written & asked, "no day is changed that is pinned"
    assert beyond("RunImport", written | asked) == set()


def test_the_books_functions_stay_within_their_policies_when_all_is_sound_and_when_it_is_not(
    asked: Asked, the_clock: SetClock
) -> None:
    """The clock moves on to when proofs do not wait for days any more; one head is written over before."""
    world = World.build(YESTERDAY)
    world.fund(100_000, 60_000)
    world.connect(world.beta_chain, "s0", "HOME", YESTERDAY)
    deliver(settle_day, {"do": "settle", "chain": ["op", "alpha", "beta"], "day": str(YESTERDAY)})
    write(Update(HeadRow.at(keys.journal("alpha", GENERAL)), [HeadRow.hash.set("0" * 64)]))
    the_clock.at = NOW + timedelta(hours=1)
    asked.clear()
    for chain in (["op"], ["op", "alpha"], ["op", "alpha", "beta"], ["op", "gamma"]):
        deliver(tend_book, {"do": "tend", "chain": chain})
    worked = set(asked)
    asked.clear()
    tend_books(RULE, None)
    assert ("BooksTable", "PutItem") in asked, "the day was signed off"
    assert read_doubts("alpha")[0].doubt_id == "alpha:general:head"
    assert beyond("TendBook", worked) == set()
    assert beyond("TendBooks", asked) == set()


def test_the_books_worker_stays_within_its_policy_when_it_cuts_who_is_overdue_and_brings_back_who_has_paid(
    asked: Asked, the_clock: SetClock
) -> None:
    counter = Counter(late_fee_minor=1_00, suspend_overdue=True)
    counter.invoice(500_00, due_on=date(2026, 11, 8))
    asked.clear()
    deliver(tend_book, {"do": "tend", "chain": counter.beta.chain})
    counter.pay(501_00)
    deliver(tend_book, {"do": "tend", "chain": counter.beta.chain})
    assert [event.kind.value for event in read_history("beta", 1)] == ["connect", "disable", "enable"]
    assert {("CrmTable", "PutItem"), ("CrmTable", "UpdateItem")} <= asked
    assert beyond("TendBook", asked) == set()


def test_the_books_worker_stays_within_its_policy_with_days_that_were_not_delivered(
    asked: Asked, the_clock: SetClock
) -> None:
    """One is credited, and one is suspected of a router that is silent since, and then withdrawn."""
    world = World.build(date(2026, 11, 1))
    anis = world.connect((world.operator,), "anis", "HOME", date(2026, 11, 1))
    set_billing_terms(world.operator, lambda terms: replace(terms, starts_on=date(2026, 11, 1)))
    set_network_terms("op", undelivered=Undelivered.CREDIT)
    router = register(world.operator, 1)
    put_on(router, anis)
    confirm([UndeliveredDay("op", YESTERDAY, 1, anis.number, router.router_id, Cause.ROUTER, "It was down.")])
    note_silent(read_state(router.router_id), Reason.TIMED_OUT, NOW)
    the_clock.at += timedelta(days=2)
    asked.clear()
    for _ in range(2):
        deliver(tend_book, {"do": "tend", "chain": ["op"]})
        note_answered(read_state(router.router_id), 10**6, the_clock.at)
    days, _ = list_undelivered("op", None, None, 10, None)
    assert [(one.day.day, one.status.value) for one in days] == [(23, "withdrawn"), (21, "credited")]
    assert ("CrmTable", "DeleteItem") in asked
    assert beyond("TendBook", asked) == set()


def test_the_worker_of_documents_stays_within_its_policy_and_writes_documents_alone(
    asked: Asked, bucket: Store, the_clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A brand and a template of its own, a document printed, one printed anew, and one of nothing."""
    world = billing_world(1)
    invoice(world, 11)
    brand, template = Brand("Beta", logo=None), '#import "house.typ": *\n#show: sheet\n#totals-part()\n'
    save_brand("beta", brand, "uboss", NOW)
    save_template("beta", PaperKind.INVOICE, template, "uboss", NOW)
    (row,) = read_page(DocumentRow, keys.retail_documents("beta", "beta", 1), limit=1).rows
    of = to_document(row).document_id
    orders = [Order("beta", PaperKind.INVOICE, one, Language.BANGLA, 1, 0, "uboss") for one in (of, "beta.i99")]
    written = written_keys(monkeypatch)
    asked.clear()
    deliver(print_document, *(as_message(one) for one in (*orders, replace(orders[0], number=2))))
    statuses = [document.status.value for document in documents_of("beta", of) + documents_of("beta", "beta.i99")]
    assert statuses == ["ready", "ready", "failed"]
    assert written == {"beta#documents"}
    assert beyond("PrintDocument", asked) == set()


def written_keys(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The partitions that are written to from now on."""
    found: set[str] = set()
    really = tables._call

    def call(operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        if operation == "PutItem":
            found.add(parameters["Item"]["pk"]["S"])
        return really(operation, parameters)

    monkeypatch.setattr(tables, "_call", call)
    return found
