"""Books over HTTP: entries by hand, pages, statements, and that nobody reads another tenant's book."""

from typing import Any

import pytest

from tests.conftest import SetClock
from tests.invariants import check_invariants
from tests.journeys.client import Client
from tests.simulation import MemoryDynamoDB
from tests.tenants.isp import onboard, owner_of, the_operator

SALE = [{"account": "1000", "debit": "5.00"}, {"account": "4000", "credit": "5.00"}]
ENTRY = {"effective_on": "2026-11-22", "memo": "a sale", "lines": SALE}


@pytest.fixture
def operator(engine: MemoryDynamoDB, the_clock: SetClock) -> Client:
    return the_operator()


@pytest.fixture
def alpha(operator: Client) -> Client:
    for code in ("ALPHA", "GAMMA"):
        onboard(operator, code)
    return owner_of("ALPHA")


def test_an_entry_by_hand_is_posted_read_reversed_and_balanced(operator: Client, alpha: Client) -> None:
    made = alpha.post("/v1/ledger/entries", ENTRY).ok(201)
    assert alpha.get(f"/v1/ledger/entries/{made['id']}").ok(200).data == made.data
    assert (made["journal"], made["sequence"], made["kind"], made["service_on"]) == (
        "general",
        1,
        "manual",
        "2026-11-22",
    )
    assert made["lines"][0] == {
        "account": "1000",
        "debit": "5.00",
        "credit": "0.00",
        "counterparty": None,
        "cost_centre": None,
    }
    assert (made["late_for"], made["attachments"], made["approved_by"]) == (None, [], None)
    balance = alpha.get("/v1/ledger/trial-balance").ok(200)
    assert (balance["total_debit"], balance["total_credit"]) == ("5.00", "5.00")
    assert balance["accounts"][1] == {"code": "4000", "name": "Internet revenue", "debit": "0.00", "credit": "5.00"}
    mirror = alpha.post(f"/v1/ledger/entries/{made['id']}/reversal", {"reason": "a slip"}).ok(201)
    assert mirror["corrects"] == made["id"]
    again = alpha.post(f"/v1/ledger/entries/{made['id']}/reversal", {"reason": "a slip"}).ok(409)
    assert again["code"] == "already-reversed"
    assert alpha.get("/v1/ledger/trial-balance").ok(200)["accounts"] == []
    found = alpha.get("/v1/ledger/verification").ok(200)
    assert (found["entries"], found["status"], found["first_broken"]) == (2, "sound", None)
    check_invariants()


BAD: list[tuple[dict[str, Any], str]] = [
    ({"effective_on": "2026-11-23"}, "effective_on"),
    ({"effective_on": "2026-02-30"}, "effective_on"),
    ({"effective_on": 20261122}, "effective_on"),
    ({"memo": None}, "memo"),
    ({"lines": []}, "lines"),
    ({"lines": SALE[:1]}, "lines"),
    ({"lines": SALE * 51}, "lines"),
    ({"lines": [SALE[0], {"account": "4000", "credit": "4.99"}]}, "lines"),
    ({"lines": [SALE[0], {"account": "4000", "credit": 5.0}]}, "lines.1.credit"),
    ({"lines": [SALE[0], {"account": "4000", "credit": "-5.00"}]}, "lines.1.credit"),
    ({"lines": [SALE[0], {"account": "4000"}]}, "lines.1"),
    ({"lines": [SALE[0], {"account": "4000", "debit": "1.00", "credit": "6.00"}]}, "lines.1"),
    ({"lines": [SALE[0], {"account": "9999", "credit": "5.00"}]}, "lines.1.account"),
    ({"lines": [SALE[0], {"account": "2100", "credit": "5.00"}]}, "lines.1.account"),
    ({"lines": [SALE[0], {"account": "4000", "credit": "5.00", "colour": 1}]}, "lines.1.colour"),
    ({"colour": "red"}, "colour"),
]


def test_a_bad_entry_names_its_field_and_is_not_kept(alpha: Client) -> None:
    for change, name in BAD:
        reply = alpha.post("/v1/ledger/entries", {**ENTRY, **change}).ok(422)
        assert [error["field"] for error in reply["errors"]] == [name], change
    assert alpha.get("/v1/ledger/entries").ok(200).data == {"items": [], "next_cursor": None}


def test_lines_that_do_not_balance_have_a_code_of_their_own(alpha: Client) -> None:
    lines = [SALE[0], {"account": "4000", "credit": "4.99"}]
    assert alpha.post("/v1/ledger/entries", {**ENTRY, "lines": lines}).ok(422)["code"] == "unbalanced-entry"


def test_nobody_reads_or_reverses_an_entry_of_another_book(operator: Client, alpha: Client) -> None:
    made = alpha.post("/v1/ledger/entries", ENTRY).ok(201)
    for stranger in (operator, owner_of("GAMMA")):
        stranger.get(f"/v1/ledger/entries/{made['id']}").ok(404)
        stranger.post(f"/v1/ledger/entries/{made['id']}/reversal", {"reason": "mine?"}).ok(404)
        assert stranger.get("/v1/ledger/entries").ok(200)["items"] == []
        assert stranger.get("/v1/ledger/trial-balance").ok(200)["accounts"] == []
    alpha.get("/v1/ledger/entries/nonsense").ok(404)


def test_whatever_a_client_asks_of_a_statement_is_answered_or_named(alpha: Client) -> None:
    alpha.post("/v1/ledger/entries", ENTRY).ok(201)
    path = "/v1/ledger/trial-balance"
    for query, total in (("on=2026-11-21", "0.00"), ("on=2199-12-31&by=service_on", "5.00"), ("on=2000-01-01", "0.00")):
        assert alpha.get(f"{path}?{query}").ok(200)["total_debit"] == total
    for known_at, total in (("0001-01-01T00:00:00Z", "0.00"), ("9999-12-31T23:59:59Z", "5.00")):
        assert alpha.get(f"{path}?known_at={known_at}").ok(200)["total_debit"] == total
    for query in ("on=tomorrow", "by=memo", "known_at=0001-01-01T00:00:00%2B06:00", "known_at=2026-11-22", "at=1"):
        alpha.get(f"{path}?{query}").ok(422)


def test_a_page_may_begin_at_any_cursor_that_a_client_makes_up(alpha: Client) -> None:
    alpha.post("/v1/ledger/entries", ENTRY).ok(201)
    for cursor in ("AA", "IA", "7oCA", "77-_", "9I-_vw", "MA", "OTk5"):
        assert alpha.get(f"/v1/ledger/entries?cursor={cursor}").status in (200, 422), cursor
        assert alpha.get(f"/v1/fund/movements?cursor={cursor}").status in (200, 422), cursor
        assert alpha.get(f"/v1/tie-outs?cursor={cursor}").status in (200, 422), cursor


def test_tie_outs_name_every_direct_child_with_no_difference(operator: Client, alpha: Client) -> None:
    items = operator.get("/v1/tie-outs").ok(200)["items"]
    assert [(one["name"], one["held_for_child"], one["difference"]) for one in items] == [
        ("Alpha Net", "0.00", "0.00"),
        ("Gamma Net", "0.00", "0.00"),
    ]


def test_reads_keep_to_their_requests_beside_the_callers_standing(alpha: Client, engine: MemoryDynamoDB) -> None:
    made = alpha.post("/v1/ledger/entries", ENTRY).ok(201)
    limits = {
        "/v1/ledger/accounts": 2,
        "/v1/ledger/entries": 2,
        f"/v1/ledger/entries/{made['id']}": 2,
        "/v1/tie-outs": 2,
        "/v1/ledger/trial-balance": 5,
        "/v1/ledger/trial-balance?on=2026-11-01": 5,
    }
    for path, most in limits.items():
        with engine.measured() as cost:
            alpha.get(path).ok(200)
        assert cost.requests <= most + 1, (path, cost.by_operation)
        assert cost.write_units == 0
