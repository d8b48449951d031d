"""Idempotency keys: the same request again is answered the same and done once; another one under the key is refused."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from tests.conftest import SetClock
from tests.invariants import check_invariants, read_book
from tests.journeys.client import Client, Reply
from tests.simulation import MemoryDynamoDB
from tests.tenants.isp import onboard, owner_of, the_operator

TEN = {"amount": "10.00", "method": "cash"}


@pytest.fixture(params=["database", "engine"])
def operator(request: pytest.FixtureRequest, the_clock: SetClock) -> Client:
    request.getfixturevalue(request.param)
    return the_operator()


@pytest.fixture
def fast(engine: MemoryDynamoDB, the_clock: SetClock) -> Client:
    return the_operator()


def two_resellers(operator: Client) -> tuple[str, str]:
    return str(onboard(operator, "ALPHA")["id"]), str(onboard(operator, "GAMMA")["id"])


def recharges(reseller_id: str) -> str:
    return f"/v1/resellers/{reseller_id}/recharges"


def balance(operator: Client, reseller_id: str) -> str:
    return str(operator.get(f"/v1/resellers/{reseller_id}/fund").ok(200)["balance"])


def is_replay(reply: Reply) -> bool:
    return reply.headers.get("idempotency-replayed") == "true"


def test_the_same_request_again_is_answered_the_same_and_done_once(operator: Client, the_clock: SetClock) -> None:
    alpha, gamma = two_resellers(operator)
    first = operator.post(recharges(alpha), TEN, key="k1").ok(201)
    the_clock.at += timedelta(days=400)
    operator = the_operator()
    again = operator.post(recharges(alpha), TEN, key="k1").ok(201)
    assert (is_replay(first), is_replay(again)) == (False, True)
    assert again.text == first.text
    assert again.headers["content-type"] == "application/json"
    assert (balance(operator, alpha), balance(operator, gamma)) == ("10.00", "0.00")
    assert check_invariants() == 2


def test_another_body_or_another_path_under_the_same_key_is_refused(operator: Client) -> None:
    alpha, gamma = two_resellers(operator)
    operator.post(recharges(alpha), TEN, key="k1").ok(201)
    for path, body in ((recharges(alpha), {**TEN, "amount": "10.01"}), (recharges(gamma), TEN)):
        assert operator.post(path, body, key="k1").ok(409)["code"] == "idempotency-mismatch"
    assert (balance(operator, alpha), balance(operator, gamma)) == ("10.00", "0.00")


def test_a_key_belongs_to_its_route_and_its_tenant(operator: Client) -> None:
    alpha, _ = two_resellers(operator)
    operator.post(recharges(alpha), TEN, key="k1").ok(201)
    operator.post(f"/v1/resellers/{alpha}/refunds", {"amount": "1.00", "method": "cash", "reason": "why"}, key="k1").ok(
        201
    )
    account = {"code": "5910", "name": "Rent", "type": "expense"}
    for owner in (owner_of("ALPHA"), owner_of("GAMMA")):
        assert not is_replay(owner.post("/v1/ledger/accounts", account, key="k1").ok(201))
        assert is_replay(owner.post("/v1/ledger/accounts", account, key="k1").ok(201))
    assert balance(operator, alpha) == "9.00"


def test_without_a_key_every_request_is_one_of_its_own(operator: Client) -> None:
    alpha, _ = two_resellers(operator)
    for _ in range(2):
        operator.post(recharges(alpha), TEN).ok(201)
    assert balance(operator, alpha) == "20.00"


def test_a_refusal_is_not_kept_and_the_same_request_is_tried_again(operator: Client) -> None:
    alpha, _ = two_resellers(operator)
    refund = {"amount": "10.00", "method": "cash", "reason": "leaving"}
    path = f"/v1/resellers/{alpha}/refunds"
    assert operator.post(path, refund, key="k1").ok(409)["code"] == "fund-too-low"
    operator.post(recharges(alpha), TEN).ok(201)
    assert not is_replay(operator.post(path, refund, key="k1").ok(201))
    assert is_replay(operator.post(path, refund, key="k1").ok(201))
    assert balance(operator, alpha) == "0.00"


@pytest.mark.parametrize("key", ["", "x" * 201, "a\x00b", "ключ"])
def test_a_key_that_is_empty_too_long_or_not_printable_is_refused(fast: Client, key: str) -> None:
    alpha, _ = two_resellers(fast)
    reply = fast.post(recharges(alpha), TEN, key=key).ok(422)
    assert [error["field"] for error in reply["errors"]] == ["Idempotency-Key"]
    assert balance(fast, alpha) == "0.00"


def test_a_replay_is_for_who_may_still_ask(fast: Client) -> None:
    alpha, _ = two_resellers(fast)
    fast.post(recharges(alpha), TEN, key="k1").ok(201)
    fast.with_token(None).post(recharges(alpha), TEN, key="k1").ok(401)
    assert owner_of("GAMMA").post(recharges(alpha), TEN, key="k1").ok(404)


def meanwhile(engine: MemoryDynamoDB, operation: str, happens: Callable[[], Any], after_calls: int = 0) -> list[Any]:
    """Let something happen just before the next call of that operation (or the one after some), once."""
    left, done = after_calls, []

    def fault(phase: str, number: int, called: str, params: Any) -> None:
        nonlocal left
        if phase == "before" and called == operation:
            left -= 1
            if left < 0:
                engine.faults = None
                done.append(happens())

    engine.faults = fault
    return done


REFUND = {"amount": "10.00", "method": "cash", "reason": "leaving"}


def test_of_two_requests_under_one_key_at_once_both_get_the_answer_of_the_first(
    fast: Client, engine: MemoryDynamoDB
) -> None:
    alpha, _ = two_resellers(fast)
    done = meanwhile(engine, "TransactWriteItems", lambda: fast.post(recharges(alpha), TEN, key="k1"))
    second = fast.post(recharges(alpha), TEN, key="k1").ok(201)
    assert (done[0].status, is_replay(done[0]), is_replay(second)) == (201, False, True)
    assert second.text == done[0].text
    assert balance(fast, alpha) == "10.00"
    assert check_invariants() == 2


def test_a_repetition_that_finds_the_first_ones_effect_is_told_its_answer_and_not_a_refusal(
    fast: Client, engine: MemoryDynamoDB
) -> None:
    """The first refund empties the fund after the second has looked for its claim and before it reads the fund."""
    alpha, _ = two_resellers(fast)
    fast.post(recharges(alpha), TEN).ok(201)
    path = f"/v1/resellers/{alpha}/refunds"
    done = meanwhile(engine, "BatchGetItem", lambda: fast.post(path, REFUND, key="k1"), after_calls=1)
    second = fast.post(path, REFUND, key="k1").ok(201)
    assert (done[0].status, is_replay(second), second.text) == (201, True, done[0].text)
    assert balance(fast, alpha) == "0.00"
    assert check_invariants() == 4


def test_a_repetition_that_finds_its_own_account_is_told_the_first_answer(fast: Client, engine: MemoryDynamoDB) -> None:
    account = {"code": "5910", "name": "Rent", "type": "expense"}
    done = meanwhile(engine, "Query", lambda: fast.post("/v1/ledger/accounts", account, key="k1"))
    assert is_replay(fast.post("/v1/ledger/accounts", account, key="k1").ok(201))
    assert done[0].status == 201


def test_two_different_requests_under_one_key_at_once_are_one_and_a_mismatch(
    fast: Client, engine: MemoryDynamoDB
) -> None:
    alpha, _ = two_resellers(fast)
    other = {**TEN, "amount": "99.00"}
    meanwhile(engine, "TransactWriteItems", lambda: fast.post(recharges(alpha), other, key="k1"))
    assert fast.post(recharges(alpha), TEN, key="k1").ok(409)["code"] == "idempotency-mismatch"
    assert balance(fast, alpha) == "99.00"


def test_a_real_refusal_under_a_key_stays_a_refusal(fast: Client) -> None:
    alpha, _ = two_resellers(fast)
    assert fast.post(f"/v1/resellers/{alpha}/refunds", REFUND, key="k1").ok(409)["code"] == "fund-too-low"


@pytest.mark.parametrize("phase", ["before", "after"])
def test_an_answer_lost_at_any_call_and_the_request_repeated_is_one_movement(
    fast: Client, engine: MemoryDynamoDB, phase: str
) -> None:
    alpha, _ = two_resellers(fast)
    alpha_chain = ("op", alpha)
    expected, call = 0, 0
    while True:
        call += 1
        expected += 1
        seen = 0

        def lose(at: str, number: int, operation: str, params: Any, call: int = call) -> None:
            nonlocal seen
            seen += at == phase
            if at == phase and seen == call:
                raise ReadTimeoutError(endpoint_url="")

        engine.faults = lose
        reply = fast.post(recharges(alpha), TEN, key=f"k{call}")
        engine.faults = None
        if seen < call:
            assert reply.status == 201
            break
        # Behind the write only the look for suspended services is lost, and the planner looks again.
        assert reply.status == 201 or reply.ok(503)["code"] == "database-away"
        fast.post(recharges(alpha), TEN, key=f"k{call}").ok(201)
        assert is_replay(fast.post(recharges(alpha), TEN, key=f"k{call}").ok(201))
        assert len(read_book(alpha_chain).entries) == expected
    assert call > 4
    assert balance(fast, alpha) == f"{expected}0.00"
    check_invariants()


def test_a_recharge_at_depth_two_over_http_is_one_transaction_of_fourteen_units(
    fast: Client, engine: MemoryDynamoDB
) -> None:
    alpha, _ = two_resellers(fast)
    fast.post(recharges(alpha), {**TEN, "amount": "500.00"}).ok(201)
    owner = owner_of("ALPHA")
    beta = str(onboard(owner, "BETA")["id"])
    order = {**TEN, "reference": "MR-2026-1187", "note": "paid at the counter"}
    with engine.measured() as cost:
        owner.post(recharges(beta), order, key="3f0c6f1e-8f0a-4a52-9b0c-0f4f1c1d2e3f").ok(201)
    assert (cost.by_operation["TransactWriteItems"], cost.written_by["TransactWriteItems"]) == (1, 14)
    assert (cost.written_by["PutItem"], cost.written_by["UpdateItem"], cost.write_units) == (1, 1, 16), (
        "and a line in the audit log, begun and ended"
    )
    check_invariants()


def test_a_request_under_a_key_costs_no_request_more_to_read(fast: Client, engine: MemoryDynamoDB) -> None:
    alpha, _ = two_resellers(fast)
    costs = []
    for key in (None, "k1"):
        with engine.measured() as cost:
            fast.post(recharges(alpha), TEN, key=key).ok(201)
        costs.append(cost.requests)
    assert costs[0] == costs[1]
