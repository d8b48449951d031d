"""The audit log: every change leaves one line, with who is really behind it, and nobody takes it away again."""

import json
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest

import app  # noqa: F401  (declares every route)
from chalicelib.api.blueprint import ENDPOINTS
from chalicelib.api.recording import secret_fields
from chalicelib.auth import audit, audit_log
from chalicelib.auth.audit import Asked, Doer, Trail
from chalicelib.auth.kept_body import is_secret_name, kept_json, kept_text
from chalicelib.auth.shapes import LoginBody, OwnPasswordBody
from chalicelib.auth.store import AuditRow
from chalicelib.aws import clock, keys
from chalicelib.aws.tables import read_all
from tests.conftest import SetClock
from tests.invariants import check_invariants
from tests.journeys.client import Client, Reply
from tests.journeys.isolation_cases import CASES, NEW_PASSWORD, Case
from tests.journeys.isolation_installation import Installation, installed
from tests.simulation import MemoryDynamoDB
from tests.tenants.isp import OPERATOR, PASSWORD, email_of, nobody, onboard, owner_of, the_operator

TEN = {"amount": "10.00", "method": "cash"}
ENDPOINT = {endpoint.name: endpoint for endpoint in ENDPOINTS}
CHANGING = sorted(name for name, endpoint in ENDPOINT.items() if endpoint.changes)
READING = sorted(name for name, endpoint in ENDPOINT.items() if not endpoint.changes)
WRONG = "wrong horse 12"


class PowerCut(BaseException):
    """The function is gone."""


@pytest.fixture
def operator(engine: MemoryDynamoDB, the_clock: SetClock) -> Client:
    return the_operator()


@pytest.fixture(scope="module")
def built() -> Iterator[Installation]:
    with installed() as installation:
        yield installation


@pytest.fixture
def isp(built: Installation) -> Iterator[Installation]:
    yield built
    built.put_back()


def recharges(reseller_id: str) -> str:
    return f"/v1/resellers/{reseller_id}/recharges"


def lines(client: Client, **search: str) -> list[dict[str, Any]]:
    asked = "&".join(f"{name}={value}" for name, value in {"limit": "200", **search}.items())
    found: list[dict[str, Any]] = client.get(f"/v1/audit-log?{asked}").ok(200)["items"]
    return found


def newest(client: Client, **search: str) -> dict[str, Any]:
    return lines(client, **search)[0]


def all_items(engine: MemoryDynamoDB) -> dict[tuple[str, str, str], str]:
    """Every item there is, as text."""
    return {
        (name, str(pk), str(sk)): str(record.item)
        for name, table in engine.tables.items()
        for pk, partition in table.partitions.items()
        for sk, record in partition.records.items()
    }


def logged(engine: MemoryDynamoDB) -> dict[tuple[str, str, str], str]:
    """Every line of every tenant's audit log."""
    return {key: text for key, text in all_items(engine).items() if key[1].endswith("#audit")}


def ask(isp: Installation, route: str, case: Case) -> Reply:
    method, path = route.split(" ")
    party = isp.parties[case.by]
    client = nobody() if ENDPOINT[route].is_public else party.owner
    headers = {"content-type": "text/csv"} if ENDPOINT[route].body == "csv" else None
    return client.call(method, case.target(path, party.ids), case.sent(party.ids), None, headers)


def cases_of(route: str) -> list[Case]:
    case = CASES[route]
    return [case, case.also] if case.also else [case]


@pytest.mark.parametrize("route", CHANGING)
def test_every_route_that_changes_something_leaves_exactly_one_line_in_the_log_of_its_tenant(
    isp: Installation, route: str
) -> None:
    for case in cases_of(route):
        before = logged(isp.engine)
        reply = ask(isp, route, case)
        after = logged(isp.engine)
        assert before.items() <= after.items(), "no earlier line is changed or gone"
        ((table, partition, _),) = after.keys() - before.keys()
        party = isp.parties[case.by]
        assert (table, partition) == ("books", f"{party.tenant_id}#audit")
        row = next(row for row in read_all(AuditRow, partition) if ("books", partition, row.sk) not in before)
        assert (f"{row.method} {row.route}", row.status) == (route, reply.status)
        assert row.outcome == ("done" if reply.status < 300 else "refused")
        assert (row.user_name != "", row.acting_user_id) == (True, None)
        isp.put_back()


@pytest.mark.parametrize("route", READING)
def test_a_route_that_reads_leaves_no_line(isp: Installation, route: str) -> None:
    for case in cases_of(route):
        before = logged(isp.engine)
        ask(isp, route, case).ok(case.status or ENDPOINT[route].status)
        assert logged(isp.engine) == before


@pytest.mark.parametrize("route", CHANGING)
def test_no_password_and_no_token_is_ever_stored(isp: Installation, route: str) -> None:
    """Every item that a request writes is gone through, whatever kind of row it is."""
    tokens = {str(party.owner.token) for party in isp.parties.values()} | {isp.parties["ALPHA"].ids["refresh-token"]}
    for case in cases_of(route):
        before = all_items(isp.engine)
        reply = ask(isp, route, case)
        answered = reply.data if reply.text.startswith("{") else {}
        given = {str(value) for name, value in answered.items() if name.endswith("_token")}
        written = {key: text for key, text in all_items(isp.engine).items() if before.get(key) != text}
        leaks = [
            key
            for key, text in written.items()
            for secret in {PASSWORD, NEW_PASSWORD, *tokens, *given}
            if secret in text
        ]
        assert leaks == []
        body = ENDPOINT[route].body
        takes = isinstance(body, type) and any(is_secret_name(name) for name in _names(case.body))
        assert takes == ("(removed)" in "".join(text for (_, pk, _), text in written.items() if pk.endswith("#audit")))
        isp.put_back()


def _names(body: Any) -> Iterator[str]:
    if isinstance(body, dict):
        yield from body
        for part in body.values():
            yield from _names(part)


def test_a_secret_is_known_by_its_name_and_by_its_declaration() -> None:
    assert secret_fields(LoginBody) == {"password"}
    assert secret_fields(OwnPasswordBody) == {"current_password", "new_password"}
    named = ["password", "new_password", "refresh_token", "api_key", "Secret", "client-secret", "otp"]
    assert [name for name in named if not is_secret_name(name)] == []
    plain = ["name", "monthly_price", "shipping", "tokenless", "keyboard", "reason", "opinion"]
    assert [name for name in plain if is_secret_name(name)] == []
    data = {"owner": {"password": "a", "name": "b"}, "lines": [{"token": ["c"]}], "colour": "blue"}
    assert json.loads(kept_json(data, frozenset({"colour"}))) == {
        "owner": {"password": "(removed)", "name": "b"},
        "lines": [{"token": "(removed)"}],
        "colour": "(removed)",
    }


def test_every_field_for_a_secret_of_every_body_is_known_as_one() -> None:
    for endpoint in ENDPOINTS:
        if isinstance(endpoint.body, type):
            schema = json.dumps(endpoint.body.model_json_schema())
            assert all(is_secret_name(name) for name in secret_fields(endpoint.body)), endpoint.name
            assert ("password" in schema) == any("password" in name for name in secret_fields(endpoint.body)), schema


@pytest.mark.parametrize(
    ("text", "kept"),
    [("short", "short"), ("x" * 21, "x" * 17 + "…"), ("ক" * 10, "ক" * 5 + "…"), ("a\ud800b", "a?b"), ("", "")],
)
def test_a_long_text_is_cut_between_two_characters_and_half_a_character_is_a_question_mark(
    text: str, kept: str
) -> None:
    assert kept_text(text, 20) == kept
    assert len(kept.encode()) <= 20


def test_a_line_says_who_what_and_how_it_ended(operator: Client) -> None:
    alpha = onboard(operator, "ALPHA")["id"]
    made = operator.post(recharges(alpha), {**TEN, "note": "টাকা paid"}).ok(201)
    line = newest(operator, q="recharges")
    me = operator.get("/v1/me")
    assert line["user"] == {"id": me["user"]["id"], "name": me["user"]["name"], "email": OPERATOR, "role": "owner"}
    assert (line["acting"], line["at"]) == (None, "2026-11-22T06:00:00.000000Z")
    assert (line["method"], line["route"], line["path"]) == (
        "POST",
        "/v1/resellers/{reseller_id}/recharges",
        recharges(alpha),
    )
    assert json.loads(line["body"]) == {**TEN, "note": "টাকা paid"}
    assert (line["amount"], line["subject"]) == ("10.00", made["id"])
    assert (line["outcome"], line["status"], line["code"]) == ("done", 201, None)
    assert operator.get(f"/v1/audit-log/{line['id']}").ok(200).data == line


def test_under_login_as_the_reseller_sees_the_person_and_the_tenant_behind_what_was_done_in_its_name(
    operator: Client, the_clock: SetClock
) -> None:
    alpha, gamma = onboard(operator, "ALPHA")["id"], onboard(operator, "GAMMA")["id"]
    path = f"/v1/resellers/{alpha}/login-as"
    token = operator.post(path, {"reason": "asked for help", "scope": "write"}).ok(200)["access_token"]
    helper, owner, boss = nobody().with_token(token), owner_of("ALPHA"), operator.get("/v1/me")
    the_clock.at += timedelta(seconds=1)
    helper.post("/v1/ledger/accounts", {"code": "5911", "name": "Rent", "type": "expense"}).ok(201)
    (line,) = lines(owner, acting="true")
    assert line["user"]["email"] == email_of("ALPHA")
    assert line["acting"] == {
        "user": {"id": boss["user"]["id"], "name": boss["user"]["name"]},
        "tenant": {"id": "op", "name": boss["tenant"]["name"]},
        "reason": "asked for help",
        "scope": "write",
    }
    assert (line["route"], line["subject"]) == ("/v1/ledger/accounts", "")
    assert helper.get("/v1/audit-log").ok(200)["items"][0] == line, "and so does who is inside"
    assert lines(owner, user=boss["user"]["id"]) == [line]
    assert lines(owner, acting="false") == [one for one in lines(owner) if one != line]
    assert [one["path"] for one in lines(operator) if one["acting"]] == []
    assert newest(operator, q="login-as")["path"] == path
    assert "token" not in newest(operator, q="login-as")["body"]
    assert [one["route"] for one in lines(owner_of("GAMMA"))] == ["/v1/auth/login"]
    assert nobody().signed_in(email_of("GAMMA"), PASSWORD).get(f"/v1/audit-log/{line['id']}").status == 404
    assert gamma not in str(line)


def test_a_login_as_to_read_that_tries_to_change_something_leaves_a_refused_line(operator: Client) -> None:
    alpha = onboard(operator, "ALPHA")["id"]
    granted = operator.post(f"/v1/resellers/{alpha}/login-as", {"reason": "a look", "scope": "read"}).ok(200)
    helper = nobody().with_token(granted["access_token"])
    helper.post("/v1/ledger/accounts", {"code": "5911", "name": "Rent", "type": "expense"}).ok(403)
    (line,) = lines(helper)
    assert (line["outcome"], line["status"], line["code"]) == ("refused", 403, "not-allowed-when-acting")
    assert (line["acting"]["scope"], line["body"]) == ("read", "")


def test_a_role_that_may_not_leaves_a_refused_line_and_a_request_that_cannot_be_read_leaves_none(
    operator: Client, engine: MemoryDynamoDB
) -> None:
    alpha = onboard(operator, "ALPHA")["id"]
    person = {"name": "C", "email": "c@isp.test", "role": "collector", "password": PASSWORD}
    operator.post("/v1/users", person).ok(201)
    collector = nobody().signed_in("c@isp.test", PASSWORD)
    before = logged(engine)
    for client, body, status in ((nobody(), TEN, 401), (operator, {"amount": 1}, 422), (operator, None, 400)):
        client.post(recharges(alpha), body).ok(status)
    operator.post(recharges(alpha), TEN, key="k1").ok(201)
    operator.post(recharges(alpha), {**TEN, "amount": "9.00"}, key="k1").ok(409)
    collector.post(recharges(alpha), TEN).ok(403)
    assert len(logged(engine)) == len(before) + 2
    (refused,) = lines(operator, outcome="refused")
    assert (refused["user"]["email"], refused["user"]["role"]) == ("c@isp.test", "collector")
    assert (refused["status"], refused["code"], refused["body"]) == (403, "role-not-allowed", "")
    collector.get("/v1/audit-log").ok(403)


def test_a_refusal_of_the_use_case_is_a_line_with_its_code(operator: Client) -> None:
    alpha = onboard(operator, "ALPHA")["id"]
    operator.post(f"/v1/resellers/{alpha}/refunds", {**TEN, "reason": "leaving"}).ok(409)
    operator.post("/v1/resellers/nobody/recharges", TEN).ok(404)
    found = {line["code"]: line for line in lines(operator, outcome="refused")}
    assert found.keys() == {"fund-too-low", "not-found"}
    assert (found["fund-too-low"]["status"], found["fund-too-low"]["subject"]) == (409, alpha)
    assert (found["fund-too-low"]["amount"], found["not-found"]["status"]) == ("10.00", 404)


def test_an_error_of_ours_is_a_failed_line(operator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    alpha = onboard(operator, "ALPHA")["id"]

    def broken(*_: Any) -> None:
        raise ValueError("broken")

    monkeypatch.setattr("chalicelib.funds.routes.recharge_fund", broken)
    operator.post(recharges(alpha), TEN).ok(500)
    line = newest(operator, q="recharges")
    assert (line["outcome"], line["status"], line["code"]) == ("failed", 500, "internal")


def test_a_file_is_kept_as_its_size_and_its_hash_and_a_query_with_the_path(operator: Client) -> None:
    file = b"name,phone,plan,username,mac,zone,start_on\nRahim,,NOPE,rahim,,,2026-11-22\n"
    operator.post_csv("/v1/subscribers/import?dry_run=true", file).ok(200)
    line = newest(operator, q="import")
    assert line["body"] == f"{len(file)} bytes, sha256 {sha256(file).hexdigest()}"
    assert line["path"] == "/v1/subscribers/import?dry_run=true"


def test_a_long_body_is_cut_at_two_kilobytes(operator: Client) -> None:
    prices = [{"plan": f"PLAN-{number:04d}", "monthly_price": "1.00"} for number in range(100)]
    alpha = onboard(operator, "ALPHA")["id"]
    operator.put(f"/v1/resellers/{alpha}/tariff", {"effective_on": "2026-11-22", "prices": prices}).ok(422)
    body = newest(operator, q="tariff")["body"]
    assert len(body.encode()) == 2048
    assert body.startswith('{"effective_on":"2026-11-22","prices":[{"plan":"PLAN-0000"')
    assert body.endswith("…")


def test_the_same_request_again_leaves_no_line_and_one_that_lost_the_race_is_marked(
    operator: Client, engine: MemoryDynamoDB
) -> None:
    alpha = onboard(operator, "ALPHA")["id"]
    for _ in range(3):
        operator.post(recharges(alpha), TEN, key="k1").ok(201)
    assert [line["outcome"] for line in lines(operator, q="recharges")] == ["done"]

    def first(phase: str, number: int, operation: str, params: Any) -> None:
        if phase == "before" and operation == "TransactWriteItems":
            engine.faults = None
            operator.post(recharges(alpha), TEN, key="k2").ok(201)

    engine.faults = first
    operator.post(recharges(alpha), TEN, key="k2").ok(201)
    assert sorted(line["outcome"] for line in lines(operator, q="recharges")) == ["done", "done", "replayed"]
    assert operator.get(f"/v1/resellers/{alpha}/fund").ok(200)["balance"] == "20.00"


@pytest.mark.parametrize("phase", ["before", "after"])
def test_a_crash_at_any_call_of_a_recharge_leaves_no_money_moved_without_a_line(
    operator: Client, engine: MemoryDynamoDB, phase: str
) -> None:
    alpha = onboard(operator, "ALPHA")["id"]
    outcomes: list[tuple[bool, list[str]]] = []
    for crash_at in range(1, 20):
        had, before = operator.get(f"/v1/resellers/{alpha}/fund").ok(200)["balance"], set(logged(engine))
        seen = 0

        def cut(at: str, number: int, operation: str, params: Any, crash_at: int = crash_at) -> None:
            nonlocal seen
            seen += at == phase
            if at == phase and seen == crash_at:
                raise PowerCut

        engine.faults = cut
        crashed = False
        try:
            operator.post(recharges(alpha), TEN).ok(201)
        except PowerCut:
            crashed = True
        engine.faults = None
        if not crashed:
            break
        moved = operator.get(f"/v1/resellers/{alpha}/fund").ok(200)["balance"] != had
        rows = read_all(AuditRow, "op#audit")
        outcomes.append((moved, [row.outcome for row in rows if ("books", row.pk, row.sk) not in before]))
    assert [found for moved, found in outcomes if moved and len(found) != 1] == []
    assert (True, ["unknown"]) in outcomes
    assert {name for _, found in outcomes for name in found} <= {"unknown", "done"}
    assert (False, []) in outcomes, "before the line there is nothing"
    check_invariants()


def test_a_request_whose_line_cannot_be_begun_is_refused_and_does_nothing(
    operator: Client, engine: MemoryDynamoDB
) -> None:
    alpha = onboard(operator, "ALPHA")["id"]
    before = all_items(engine)

    def away(phase: str, number: int, operation: str, params: Any) -> None:
        from botocore.exceptions import ReadTimeoutError

        if phase == "before" and operation == "PutItem":
            raise ReadTimeoutError(endpoint_url="")

    engine.faults = away
    reply = operator.post(recharges(alpha), TEN)
    engine.faults = None
    assert (reply.status, reply["code"]) == (503, "database-away")
    assert all_items(engine) == before


def test_a_line_that_cannot_be_ended_stays_unknown_and_the_answer_stands(
    operator: Client, engine: MemoryDynamoDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    alpha = onboard(operator, "ALPHA")["id"]
    reported: list[str] = []
    monkeypatch.setattr(audit, "log", lambda message, **_: reported.append(message))

    def away(phase: str, number: int, operation: str, params: Any) -> None:
        if phase == "before" and operation == "UpdateItem":
            raise RuntimeError("away")

    engine.faults = away
    operator.post(recharges(alpha), TEN).ok(201)
    engine.faults = None
    line = newest(operator, q="recharges")
    assert (line["outcome"], line["status"], line["code"]) == ("unknown", None, None)
    assert len(reported) == 1
    assert operator.get(f"/v1/resellers/{alpha}/fund").ok(200)["balance"] == "10.00"


BOSS = Doer("t1", "u1", "Boss", "boss@t1.test", "owner")


def asked(path: str = "/v1/things") -> Asked:
    return Asked(at=clock.now(), method="POST", route="/v1/things", path=path)


def only_row() -> AuditRow:
    (row,) = read_all(AuditRow, "t1#audit")
    return row


def test_a_line_that_has_ended_is_never_written_again(
    engine: MemoryDynamoDB, the_clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    reported: list[str] = []
    monkeypatch.setattr(audit, "log", lambda message, **_: reported.append(message))
    monkeypatch.setattr(clock, "new_id", lambda prefix, length=12: prefix + "x" * length)
    trail = Trail(asked())
    trail.begin(BOSS)
    trail.end(201, subject="thing-1")
    trail.end(409, "fund-too-low", "thing-2")
    assert (only_row().outcome, only_row().status, only_row().subject) == ("done", 201, "thing-1")
    assert len(reported) == 1
    trail.end(201, subject="thing-1")
    assert len(reported) == 1, "the same end again is an answer that was lost"
    Trail(asked("/v1/others")).begin(BOSS)
    assert (only_row().outcome, only_row().path) == ("done", "/v1/things")
    trail.begin(Doer("t2", "u2", "Other", "o@t2.test", "owner"))
    assert read_all(AuditRow, "t2#audit") == []


def test_a_line_cannot_be_ended_that_was_never_there(engine: MemoryDynamoDB, the_clock: SetClock) -> None:
    trail = Trail(asked())
    trail.end(200)
    assert all_items(engine) == {}
    trail.begin(BOSS)
    engine.tables["books"].partitions.clear()
    trail.end(200)
    assert all_items(engine) == {}


def sign_in(email: str, password: str) -> Reply:
    return nobody().post("/v1/auth/login", {"email": email, "password": password})


def test_signing_in_and_being_refused_is_written_in_the_log_of_the_persons_tenant(
    operator: Client, the_clock: SetClock
) -> None:
    onboard(operator, "ALPHA")
    the_clock.at += timedelta(seconds=1)
    sign_in(email_of("ALPHA"), WRONG).ok(401)
    the_clock.at += timedelta(seconds=1)
    tokens = sign_in(email_of("ALPHA"), PASSWORD).ok(200)
    the_clock.at += timedelta(seconds=1)
    spent = {"refresh_token": tokens["refresh_token"]}
    following = nobody().post("/v1/auth/refresh", spent).ok(200)
    the_clock.at += timedelta(seconds=1)
    nobody().post("/v1/auth/refresh", spent).ok(401)
    for path in ("refresh", "logout"):
        nobody().post(f"/v1/auth/{path}", {"refresh_token": following["refresh_token"]})
    nobody().post("/v1/auth/logout", {"refresh_token": "t.s.nobody.nothing"}).ok(204)
    the_clock.at += timedelta(seconds=1)
    owner = owner_of("ALPHA")
    found = [(line["route"].rpartition("/")[2], line["outcome"], line["code"]) for line in lines(owner)]
    assert found == [
        ("login", "done", None),
        ("refresh", "refused", "refresh-reused"),
        ("refresh", "done", None),
        ("login", "done", None),
        ("login", "refused", "wrong-credentials"),
    ]
    bodies = {line["body"] for line in lines(owner, q="login")}
    assert bodies == {json.dumps({"email": email_of("ALPHA"), "password": "(removed)"}, separators=(",", ":"))}
    assert len(lines(operator, route="/v1/auth/login")) == 1, "the operator's own"


def test_guessing_on_leaves_no_more_than_five_lines(operator: Client, engine: MemoryDynamoDB) -> None:
    statuses = [sign_in(OPERATOR, WRONG).status for _ in range(12)]
    assert statuses == [401] * 5 + [429] * 7
    assert len(lines(operator, outcome="refused")) == 5


def test_an_e_mail_address_that_nobody_has_costs_the_same_and_leaves_no_line(
    operator: Client, engine: MemoryDynamoDB
) -> None:
    before, costs = set(logged(engine)), []
    for email in (OPERATOR, "nobody@isp.test", "nobody-else@isp.test"):
        with engine.measured() as cost:
            sign_in(email, WRONG).ok(401)
        costs.append((cost.by_operation, cost.write_units, cost.read_units))
    assert costs[0] == costs[1] == costs[2]
    assert len(set(logged(engine)) - before) == 1
    of_nobody = [key for key in all_items(engine) if "nobody" in key[1]]
    assert of_nobody == [("books", *keys.audit_of_nobody("op"))], "one row, written over"


@pytest.fixture
def busy(operator: Client, the_clock: SetClock) -> tuple[Client, str]:
    """An operator whose log has, after 22 November in Dhaka has passed, one line an hour: 30 accounts, every fifth bad."""
    alpha = str(onboard(operator, "ALPHA")["id"])
    for number in range(30):
        the_clock.set("2026-11-22T06:00:00")
        the_clock.at += timedelta(hours=1 + number)
        operator = nobody().signed_in(OPERATOR, PASSWORD)
        the_clock.at += timedelta(seconds=1)
        kind = "expense" if number % 5 else "income"
        code = "1000" if number % 5 == 0 else f"59{number:02d}"
        operator.post("/v1/ledger/accounts", {"code": code, "name": f"Number {number}", "type": kind})
    return operator, alpha


def test_a_search_finds_exactly_what_was_asked_for(busy: tuple[Client, str]) -> None:
    operator, alpha = busy
    accounts = lines(operator, route="/v1/ledger/accounts")
    assert len(accounts) == 30
    assert [line["at"] for line in accounts] == sorted((line["at"] for line in accounts), reverse=True)
    assert len(lines(operator, route="/v1/ledger/accounts", outcome="refused")) == 6
    assert len(lines(operator, outcome="done", q="NUMBER%201")) == 9, "1, 11 to 14 and 16 to 19"
    assert [line["route"] for line in lines(operator, q=alpha)] == ["/v1/resellers"]
    assert lines(operator, method="PATCH") == []
    assert lines(operator, user="nobody") == []
    assert len(lines(operator, user=accounts[0]["user"]["id"])) == len(lines(operator)) == 62
    assert lines(operator, acting="true") == []


def test_days_are_those_of_the_tenants_zone_and_both_are_included(busy: tuple[Client, str]) -> None:
    """At 18:00 UTC it is the next day in Dhaka: accounts 0 to 10 are of the 22nd, 11 to 29 of the 23rd."""
    operator, _ = busy
    route = "/v1/ledger/accounts"
    counted = {
        day: len(lines(operator, route=route, **{"from": day, "to": day}))
        for day in ("2026-11-21", "2026-11-22", "2026-11-23", "2026-11-24")
    }
    assert counted == {"2026-11-21": 0, "2026-11-22": 11, "2026-11-23": 19, "2026-11-24": 0}
    assert len(lines(operator, route=route, to="2026-11-22")) == 11
    assert len(lines(operator, route=route, **{"from": "2026-11-23"})) == 19
    reply = operator.get("/v1/audit-log?from=2026-11-23&to=2026-11-22").ok(422)
    assert [error["field"] for error in reply["errors"]] == ["to"]


def pages(operator: Client, search: str) -> list[list[str]]:
    """The ids of every page, from the first to the last."""
    found, cursor = [], ""
    while True:
        reply = operator.get(f"/v1/audit-log?{search}{cursor}").ok(200)
        found.append([line["id"] for line in reply["items"]])
        if reply["next_cursor"] is None:
            return found
        cursor = f"&cursor={reply['next_cursor']}"


@pytest.mark.parametrize("search", ["", "q=number", "route=/v1/ledger/accounts", "outcome=refused", "q=number%201"])
@pytest.mark.parametrize("limit", [1, 4, 7, 200])
def test_pages_together_are_the_whole_search_without_a_gap_and_without_a_double(
    busy: tuple[Client, str], search: str, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator, _ = busy
    whole = [line["id"] for line in operator.get(f"/v1/audit-log?limit=200&{search}").ok(200)["items"]]
    for lines_a_request in (1_000, 5):
        monkeypatch.setattr(audit_log, "LINES_A_REQUEST", lines_a_request)
        found = pages(operator, f"limit={limit}&{search}")
        assert [one for page in found for one in page] == whole
        assert max(len(page) for page in found) <= limit
        if lines_a_request > 5 or not search:
            full, rest = divmod(len(whole), limit)
            assert [len(page) for page in found if page] == [limit] * full + [rest] * (rest > 0), "pages are filled"


def test_a_search_asks_at_most_four_times_a_page(
    busy: tuple[Client, str], engine: MemoryDynamoDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator, _ = busy
    monkeypatch.setattr(audit_log, "LINES_A_REQUEST", 5)
    with engine.measured() as cost:
        reply = operator.get("/v1/audit-log?q=nothing-of-that-kind").ok(200)
    assert (cost.by_operation["Query"], reply["items"], reply["next_cursor"] is None) == (4, [], False)
    monkeypatch.undo()
    with engine.measured() as cost:
        reply = operator.get("/v1/audit-log?q=nothing-of-that-kind").ok(200)
    assert (cost.by_operation["Query"], reply["items"], reply["next_cursor"]) == (1, [], None)


@pytest.mark.parametrize(
    "line_id", ["nobody", "1795327200000000", "1795327200000000-", "9999999999999999-abcdefghjkmn", "%23", "a-b"]
)
def test_an_id_that_is_none_is_not_there(operator: Client, line_id: str) -> None:
    assert operator.get(f"/v1/audit-log/{line_id}").ok(404)["code"] == "not-found"


@pytest.mark.parametrize("bad", ["acting=maybe", "outcome=fine", "method=GET", "from=yesterday", "limit=0", "q="])
def test_a_search_that_cannot_be_understood_is_refused_by_name(operator: Client, bad: str) -> None:
    reply = operator.get(f"/v1/audit-log?{bad}").ok(422)
    assert [error["field"] for error in reply["errors"]] == [bad.partition("=")[0]]


def test_owner_manager_and_accountant_read_the_log_and_the_others_do_not(operator: Client) -> None:
    may = {}
    for role in ("manager", "accountant", "support", "collector", "technician"):
        person = {"name": role, "email": f"{role}@isp.test", "role": role, "password": PASSWORD}
        operator.post("/v1/users", person).ok(201)
        may[role] = nobody().signed_in(f"{role}@isp.test", PASSWORD).get("/v1/audit-log").status
    assert may == {"manager": 200, "accountant": 200, "support": 403, "collector": 403, "technician": 403}
