"""CSV imports over HTTP: dry run, errors by line, small files at once, long ones as jobs, the same file again."""

from typing import Any

import pytest

from chalicelib.aws.tables import read_all
from chalicelib.core.json import compact_json
from chalicelib.crm import import_file, worker
from chalicelib.crm import job as jobs
from tests.conftest import SetClock
from tests.journeys.client import Client, Reply
from tests.journeys.test_subscribers import TARIFF, code_of, with_plan
from tests.simulation.dynamodb import MemoryDynamoDB
from tests.tenants.isp import PLAN, onboard, owner_of, two_funded_resellers

HEADER = "name,phone,plan,username,mac,zone,start_on"
ROSTER = f"""{HEADER}
"Uddin, Karim",01711000001,HOME,user1,9c:53:00:07:00:01,Savar,2026-11-20
ফাতেমা আক্তার,01711000002,FAST,user2,9c53.0007.0002,Tongi,2026-11-21
O'Brien Das,,HOME,user3,,,2026-12-01
"""
ROSTERS = "/v1/subscribers/import"
EVENTS = "/v1/service-events/import"


@pytest.fixture
def operator(engine: MemoryDynamoDB, the_clock: SetClock) -> Client:
    return two_funded_resellers("50000.00")


@pytest.fixture
def beta(operator: Client) -> Client:
    return with_plan(owner_of("BETA"))


@pytest.fixture
def gamma(operator: Client) -> Client:
    return with_plan(owner_of("GAMMA"))


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The messages that the jobs queue was given."""
    messages: list[dict[str, Any]] = []
    monkeypatch.setattr(jobs, "send_job", messages.append)
    return messages


def deliver(message: dict[str, Any]) -> None:
    record = {"body": compact_json(message), "receiptHandle": "r", "messageId": "m", "attributes": {}}
    worker.run_import({"Records": [record]}, None)


def roster(count: int, first: int = 1) -> str:
    lines = [f"User {n},0171{n:07d},HOME,user{n},9c53{n:08x},Savar,2026-11-20" for n in range(first, first + count)]
    return "\n".join([HEADER, *lines]) + "\n"


def names_of(client: Client) -> list[tuple[str, str]]:
    page = client.get("/v1/subscribers?limit=200").ok(200)
    return [(one["customer_id"], one["name"]) for one in page["items"]]


def faults_of(reply: Reply) -> list[tuple[int, str]]:
    return [(error["line"], error["field"]) for error in reply["errors"]]


def test_a_dry_run_counts_and_writes_nothing(beta: Client) -> None:
    answer = beta.post_csv(f"{ROSTERS}?dry_run=true", ROSTER).ok(200).data
    assert answer == {
        "dry_run": True,
        "lines": 3,
        "created": 3,
        "unchanged": 0,
        "errors": [],
        "error_count": 0,
        "job": None,
    }
    assert names_of(beta) == []


def test_a_small_file_is_written_at_once_and_numbered_in_line_order(beta: Client, gamma: Client) -> None:
    answer = beta.post_csv(ROSTERS, ROSTER).ok(200).data
    assert (answer["lines"], answer["created"], answer["unchanged"], answer["job"]) == (3, 3, 0, None)
    assert names_of(beta) == [("000001", "Uddin, Karim"), ("000002", "ফাতেমা আক্তার"), ("000003", "O'Brien Das")]
    [second] = beta.get("/v1/subscribers?q=%E0%A6%AB%E0%A6%BE").ok(200)["items"]
    assert second["services"][0]["mac"] == "9C:53:00:07:00:02"
    assert names_of(gamma) == []


def test_the_same_file_again_changes_nothing(beta: Client, gamma: Client) -> None:
    beta.post_csv(ROSTERS, ROSTER).ok(200)
    for path in (ROSTERS, f"{ROSTERS}?dry_run=true"):
        again = beta.post_csv(path, ROSTER).ok(200)
        assert (again["created"], again["unchanged"]) == (0, 3)
    assert len(names_of(beta)) == 3
    assert gamma.post_csv(ROSTERS, ROSTER).ok(200)["created"] == 3


def test_the_same_key_gives_the_same_answer(beta: Client) -> None:
    first = beta.post_csv(ROSTERS, ROSTER, key="k").ok(200)
    again = beta.post_csv(ROSTERS, ROSTER, key="k").ok(200)
    assert again.text == first.text
    assert again.headers["idempotency-replayed"] == "true"
    assert code_of(beta.post_csv(ROSTERS, roster(2), key="k")) == (409, "idempotency-mismatch")


@pytest.mark.parametrize(
    "dress",
    [
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: text.rstrip("\n").encode(),
        lambda text: text.replace("name,phone", '"Name", PHONE', 1).encode(),
        lambda text: (text + "\n\n").encode(),
    ],
    ids=["bom", "crlf", "no last line end", "quoted header", "blank lines"],
)
def test_a_file_is_read_however_it_is_dressed(beta: Client, dress: Any) -> None:
    assert beta.post_csv(ROSTERS, dress(ROSTER)).ok(200)["created"] == 3


def test_every_bad_line_is_told_and_nothing_is_written(beta: Client) -> None:
    beta.post_csv(ROSTERS, ROSTER).ok(200)
    bad = f"""{HEADER}
,01711000001,HOME,user9,9c5300070009,Savar,2026-11-20
Good One,01711000002,HOME,user10,9c5300070010,Savar,2026-11-20
Bad Plan,0171,NONE,user10,zz,Savar,2026-02-30
Short,0171
Taken,01711000003,HOME,USER1,9C5300070002,Savar,2026-11-20
Twice,01711000003,HOME,user12,9c-53-00-07-00-10,Savar,20261120
"""
    told = [
        (2, "name"),
        (4, "mac"),
        (4, "phone"),
        (4, "plan"),
        (4, "start_on"),
        (4, "username"),
        (5, "line"),
        (6, "mac"),
        (6, "username"),
        (7, "mac"),
        (7, "start_on"),
    ]
    dry = beta.post_csv(f"{ROSTERS}?dry_run=true", bad).ok(200)
    assert sorted(faults_of(dry)) == told
    assert (dry["lines"], dry["created"], dry["error_count"]) == (6, 0, 11)
    messages = {(error["line"], error["field"]): error["message"] for error in dry["errors"]}
    assert messages[(4, "username")] == "is on line 3 already"
    assert messages[(6, "username")] == "belongs to another service"
    real = beta.post_csv(ROSTERS, bad)
    assert code_of(real) == (422, "import-has-errors")
    assert (real["lines"], real["error_count"]) == (6, 11)
    assert {"field": "line 4: username", "message": "is on line 3 already"} in real["errors"]
    assert len(names_of(beta)) == 3


@pytest.mark.parametrize(
    "body, status, code",
    [
        (b"", 422, "bad-header"),
        (HEADER.encode(), 422, "no-lines"),
        (HEADER.replace("mac", "mak").encode() + b"\na", 422, "bad-header"),
        (HEADER.encode() + b",zone\na", 422, "bad-header"),
        (HEADER.replace(",zone", "").encode() + b"\na", 422, "bad-header"),
        (b",".join([b"x"] * 50_000) + b"\na", 422, "bad-header"),
        (HEADER.encode() + b'\n"a,b', 422, "bad-csv"),
        (HEADER.encode() + b'\n"a"b,c', 422, "bad-csv"),
        (HEADER.encode() + b"\n" + b"x" * 140_000, 422, "bad-csv"),
        (HEADER.encode() + b"\n\xff\xfe", 400, "unreadable"),
        (HEADER.encode() + b"\na\0", 400, "unreadable"),
        (roster(10_001).encode(), 422, "too-many-lines"),
        (b"x" * 10_000_001, 413, "body-too-large"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_a_file_that_is_none_is_refused(beta: Client, body: bytes, status: int, code: str) -> None:
    for path in (ROSTERS, f"{ROSTERS}?dry_run=true"):
        assert code_of(beta.post_csv(path, body)) == (status, code)


@pytest.mark.parametrize(
    "body, field, message",
    [
        ("", "header", f"is missing; the first line names the columns: {HEADER}"),
        ("\n\n", "header", f"is missing; the first line names the columns: {HEADER}"),
        (HEADER, "body", "has no lines beside its header"),
        (roster(10_001), "body", "has more than 10000 lines beside its header"),
        (HEADER + '\n"a,b', "line 2", "a quote is opened and never closed"),
    ],
    ids=["empty", "blank lines", "only a header", "too many lines", "bad quotes"],
)
def test_a_file_that_is_none_says_what_is_wrong_with_it(beta: Client, body: str, field: str, message: str) -> None:
    for path in (ROSTERS, f"{ROSTERS}?dry_run=true"):
        assert beta.post_csv(path, body).ok(422)["errors"] == [{"field": field, "message": message}]


def test_a_bad_header_names_its_columns(beta: Client) -> None:
    reply = beta.post_csv(ROSTERS, "name,phone,plan,plan,username,macaddr,zone\na")
    assert {(error["field"], error["message"]) for error in reply.ok(422)["errors"]} == {
        ("line 1: plan", "is there twice"),
        ("line 1: macaddr", "is not a column of this file"),
        ("line 1: mac", "is missing"),
        ("line 1: start_on", "is missing"),
    }


def test_an_import_needs_the_sum_of_its_first_charges(operator: Client, beta: Client) -> None:
    poor = onboard(operator, "POOR", settles_from="2026-11-01")["id"]
    operator.put(f"/v1/resellers/{poor}/tariff", TARIFF).ok(200)
    owner = owner_of("POOR")
    owner.post("/v1/plans", {**PLAN, "code": "HOME", "based_on": "HOME-10"}).ok(201)
    operator.post(f"/v1/resellers/{poor}/recharges", {"amount": "59.99", "method": "cash"}).ok(201)
    for path in (ROSTERS, f"{ROSTERS}?dry_run=true"):
        assert code_of(owner.post_csv(path, roster(3))) == (409, "fund-too-low")
    assert names_of(owner) == []
    assert owner.post_csv(f"{ROSTERS}?dry_run=true", roster(2)).ok(200)["created"] == 2
    assert names_of(owner) == []
    assert owner.post_csv(ROSTERS, roster(2)).ok(200)["created"] == 2


def test_a_line_whose_username_was_taken_meanwhile_is_told_beside_what_was_written(
    beta: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_on = import_file._take_on

    def take_on_late(*arguments: Any) -> Any:
        beta.post("/v1/subscribers", {"name": "Other", "plan": "HOME", "username": "USER2"}).ok(201)
        return take_on(*arguments)

    monkeypatch.setattr(import_file, "_take_on", take_on_late)
    told = [{"line": 3, "field": "username", "message": "was given to another service meanwhile"}]
    first = beta.post_csv(ROSTERS, ROSTER, key="k").ok(200)
    assert (first["lines"], first["created"], first["unchanged"], first["error_count"]) == (3, 2, 0, 1)
    assert first["errors"] == told
    assert beta.post_csv(ROSTERS, ROSTER, key="k").ok(200).text == first.text
    again = beta.post_csv(ROSTERS, ROSTER).ok(200)
    assert (again["created"], again["unchanged"], again["errors"]) == (0, 2, told)
    [job] = beta.get("/v1/jobs").ok(200)["items"]
    assert (job["status"], job["result"], job["errors"]) == ("done", {"written": 2, "refused": 1}, told)
    beta.post("/v1/subscribers", {"name": "Next", "plan": "HOME", "username": "next"}).ok(201)
    assert [customer_id for customer_id, _ in names_of(beta)] == ["000001", "000002", "000003", "000004"]


def test_names_that_look_empty_or_turn_the_text_are_refused_and_joiners_stay(beta: Client) -> None:
    bad = ["\u200b", "\u200c\u200d", "Karim\u202e", "\u2066Karim\u2069"]
    lines = [f"{name},,HOME,user{n},,,2026-11-20" for n, name in enumerate(bad)]
    reply = beta.post_csv(ROSTERS, "\n".join([HEADER, *lines]))
    assert [error["field"] for error in reply.ok(422)["errors"]] == [f"line {n}: name" for n in range(2, 6)]
    for name in bad:
        single = beta.post("/v1/subscribers", {"name": name, "plan": "HOME", "username": "x"})
        assert [error["field"] for error in single.ok(422)["errors"]] == ["name"]
    kept = "র\u200d্যাব ক্\u200cষ"
    assert beta.post_csv(ROSTERS, f"{HEADER}\n{kept},,HOME,one,,,2026-11-20").ok(200)["created"] == 1
    beta.post("/v1/subscribers", {"name": kept, "plan": "HOME", "username": "two"}).ok(201)
    assert names_of(beta) == [("000001", kept), ("000002", kept)]


def test_a_long_file_becomes_a_job_to_follow(beta: Client, gamma: Client, sent: list[dict[str, Any]]) -> None:
    reply = beta.post_csv(ROSTERS, roster(401), key="k").ok(202)
    job = reply["job"]
    assert (job["status"], job["lines"], job["done"], job["result"]) == ("queued", 401, 0, None)
    assert beta.post_csv(ROSTERS, roster(401), key="k").ok(202).headers["idempotency-replayed"] == "true"
    assert [message["job_id"] for message in sent] == [job["id"]]
    assert gamma.get(f"/v1/jobs/{job['id']}").status == 404
    assert gamma.get("/v1/jobs").ok(200)["items"] == []
    deliver(sent[0])
    ended = beta.get(f"/v1/jobs/{job['id']}").ok(200).data
    assert (ended["status"], ended["done"], ended["errors"]) == ("done", 401, [])
    assert ended["result"] == {"written": 401, "refused": 0}
    deliver(sent[0])
    assert [one["id"] for one in beta.get("/v1/jobs").ok(200)["items"]] == [job["id"]]
    assert beta.post_csv(ROSTERS, roster(401)).ok(200)["unchanged"] == 401
    assert (
        beta.post("/v1/subscribers", {"name": "Next", "plan": "HOME", "username": "x"}).ok(201)["customer_id"]
        == "000402"
    )


def test_a_job_whose_message_was_lost_is_sent_again(
    beta: Client, sent: list[dict[str, Any]], the_clock: SetClock
) -> None:
    beta.post_csv(ROSTERS, roster(401)).ok(202)
    assert jobs.requeue_open_jobs("op", 900) == 0
    the_clock.set("2026-11-22T06:15:00")
    assert jobs.requeue_open_jobs("op", 900) == 1
    assert jobs.requeue_open_jobs("op", 900) == 0
    assert sent[1] == sent[0]
    deliver(sent[1])
    assert read_all(jobs.OpenJobRow, "op#open-jobs") == []


def test_events_of_a_file_are_judged_in_its_order(beta: Client, gamma: Client) -> None:
    gamma.post_csv(ROSTERS, ROSTER).ok(200)
    beta.post_csv(ROSTERS, ROSTER).ok(200)
    text = """username,type,effective_on,plan
user1,disable,2026-11-21,
USER2,change_plan,2026-11-22,HOME
user1,enable,2026-11-22,
user1,disconnect,2026-11-22,
"""
    dry = beta.post_csv(f"{EVENTS}?dry_run=true", text).ok(200)
    assert (dry["lines"], dry["recorded"], dry["error_count"]) == (4, 4, 0)
    answer = beta.post_csv(EVENTS, text).ok(200)
    assert (answer["lines"], answer["recorded"], answer["unchanged"]) == (4, 4, 0)
    assert beta.post_csv(EVENTS, text).ok(200)["unchanged"] == 4
    shown = beta.get("/v1/subscribers").ok(200)["items"]
    assert [(one["status"], one["services"][0]["plan"]) for one in shown] == [
        ("disconnected", "HOME"),
        ("active", "HOME"),
        ("scheduled", "HOME"),
    ]
    assert [one["status"] for one in gamma.get("/v1/subscribers").ok(200)["items"]][0] == "active"


def test_events_that_cannot_be_are_told_by_line(beta: Client) -> None:
    beta.post_csv(ROSTERS, ROSTER).ok(200)
    text = """username,type,effective_on,plan
user1,enable,2026-11-21,
nobody,disable,2026-11-21,
user2,change_plan,2026-11-22,
user2,disable,2026-11-22,HOME
user2,change_plan,2026-11-22,FAST
user3,disable,2026-11-22,
user1,disconnect,2026-11-22,
user1,enable,2026-11-23,
user1,vanish,2026-11-33,
"""
    reply = beta.post_csv(f"{EVENTS}?dry_run=true", text).ok(200)
    assert faults_of(reply) == [
        (2, "type"),
        (3, "username"),
        (4, "plan"),
        (5, "plan"),
        (6, "type"),
        (7, "type"),
        (9, "type"),
        (10, "type"),
        (10, "effective_on"),
    ]
    assert code_of(beta.post_csv(EVENTS, text)) == (422, "import-has-errors")
    assert beta.get("/v1/subscribers?status=active").ok(200)["items"][0]["customer_id"] == "000001"
