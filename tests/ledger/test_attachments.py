"""Attachments through HTTP: declared, sent straight to the store of files, and then kept; each tenant its own."""

import base64
import hashlib
from datetime import timedelta
from typing import Any

import boto3
import pytest
import requests
from botocore.config import Config

from chalicelib.aws import files
from chalicelib.core.errors import Invalid
from chalicelib.ledger.hand.attachment import clean_file_name
from chalicelib.ledger.hand.attachments import attachment_marks
from tests.conftest import SetClock
from tests.journeys.client import Client, Reply
from tests.simulation import MemoryDynamoDB
from tests.store_of_files import Store
from tests.tenants.isp import fields_of, onboard, owner_of, the_operator

RECEIPT = b"%PDF-1.7 a receipt of 800.00"
SHA256 = hashlib.sha256(RECEIPT).hexdigest()
ABOUT = {"file_name": "receipt.pdf", "media_type": "application/pdf", "size_bytes": len(RECEIPT), "sha256": SHA256}
ROUTE = "/v1/ledger/attachments"


@pytest.fixture
def alpha(engine: MemoryDynamoDB, bucket: Store, the_clock: SetClock) -> Client:
    """The owner of Alpha, beside whom Gamma is."""
    operator = the_operator()
    for code in ("ALPHA", "GAMMA"):
        onboard(operator, code)
    return owner_of("ALPHA")


def declare(client: Client, **changes: Any) -> Reply:
    return client.post(ROUTE, {**ABOUT, **changes})


def send(declared: Reply, content: bytes = RECEIPT) -> int:
    """Send a file as the link says; the status of the answer."""
    upload = declared["upload"]
    return requests.request(
        upload["method"], upload["url"], data=content, headers=upload["headers"], timeout=5
    ).status_code


def attach(client: Client, content: bytes = RECEIPT, **changes: Any) -> str:
    """The id of an attachment that is kept."""
    size, digest = len(content), hashlib.sha256(content).hexdigest()
    declared = declare(client, size_bytes=size, sha256=digest, **changes).ok(201)
    assert send(declared, content) == 200
    return str(declared["id"])


def tenant_of(client: Client) -> str:
    return str(client.get("/v1/me").ok(200)["tenant"]["id"])


def test_a_document_is_declared_sent_and_fetched_under_its_name(alpha: Client) -> None:
    declared = declare(alpha, file_name="রসিদ ১০৪৭.pdf").ok(201)
    assert (declared["status"], declared["download"]) == ("awaiting", None)
    assert declared["upload"]["expires_at"] == "2026-11-22T06:15:00.000000Z"
    awaited = alpha.get(f"{ROUTE}/{declared['id']}").ok(200)
    assert (awaited["status"], awaited["download"], awaited["upload"]) == ("awaiting", None, None)
    assert send(declared) == 200
    kept = alpha.get(f"{ROUTE}/{declared['id']}").ok(200)
    assert kept["status"] == "kept"
    shown = {name: kept[name] for name in ("file_name", "media_type", "size_bytes", "sha256", "created_at")}
    assert shown == {**ABOUT, "file_name": "রসিদ ১০৪৭.pdf", "created_at": "2026-11-22T06:00:00.000000Z"}
    assert kept["download"]["expires_at"] == "2026-11-22T06:05:00.000000Z"
    fetched = requests.get(kept["download"]["url"], timeout=5)
    assert fetched.content == RECEIPT
    assert fetched.headers["Content-Disposition"].startswith("attachment; ")
    assert "filename*=UTF-8''%E0%A6%B0" in fetched.headers["Content-Disposition"]


def test_type_length_and_checksum_are_part_of_what_is_signed(alpha: Client) -> None:
    upload = declare(alpha).ok(201)["upload"]
    assert "X-Amz-SignedHeaders=content-length%3Bcontent-type%3Bhost%3Bx-amz-checksum-sha256&" in upload["url"]
    checksum = base64.b64encode(bytes.fromhex(SHA256)).decode()
    assert upload["headers"] == {
        "Content-Type": "application/pdf",
        "Content-Length": str(len(RECEIPT)),
        "x-amz-checksum-sha256": checksum,
    }


@pytest.mark.parametrize(
    "content,headers,status",
    [
        (RECEIPT[:-1] + b"9", {}, 400),
        (RECEIPT[:-1], {"Content-Length": str(len(RECEIPT) - 1)}, 403),
        (RECEIPT, {"Content-Type": "text/html"}, 403),
        (RECEIPT[:-1] + b"9", {"x-amz-checksum-sha256": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}, 403),
    ],
)
def test_the_store_itself_refuses_another_file_than_the_declared_one(
    alpha: Client, bucket: Store, content: bytes, headers: dict[str, str], status: int
) -> None:
    declared = declare(alpha).ok(201)
    upload = declared["upload"]
    sent = requests.put(upload["url"], data=content, headers=upload["headers"] | headers, timeout=5)
    assert sent.status_code == status
    assert bucket.keys() == []


@pytest.mark.parametrize(
    "content,media_type",
    [(RECEIPT[:-1], "application/pdf"), (RECEIPT[:-1] + b"9", "application/pdf"), (RECEIPT, "text/html")],
)
def test_a_file_that_is_not_the_one_declared_is_not_kept_however_it_got_there(
    alpha: Client, bucket: Store, content: bytes, media_type: str
) -> None:
    declared = declare(alpha).ok(201)
    bucket.put(files.attachment_file(tenant_of(alpha), declared["id"]), content, media_type)
    assert alpha.get(f"{ROUTE}/{declared['id']}").ok(200)["status"] == "awaiting"
    with pytest.raises(Invalid):
        attachment_marks(tenant_of(alpha), [declared["id"]])


def test_another_tenant_neither_finds_a_document_nor_names_it(alpha: Client) -> None:
    gamma, attachment = owner_of("GAMMA"), attach(alpha)
    reply = gamma.get(f"{ROUTE}/{attachment}")
    assert (reply.status, reply["code"]) == (404, "not-found")
    with pytest.raises(Invalid) as refused:
        attachment_marks(tenant_of(gamma), [attachment])
    assert [error.field for error in refused.value.errors] == ["attachments.0"]
    alpha.get(f"{ROUTE}/{attachment}").ok(200)


@pytest.mark.parametrize(
    "changes,field",
    [
        ({"media_type": "text/html"}, "media_type"),
        ({"media_type": "image/svg+xml"}, "media_type"),
        ({"size_bytes": 10_000_001}, "size_bytes"),
        ({"size_bytes": 0}, "size_bytes"),
        ({"sha256": SHA256.upper()}, "sha256"),
        ({"sha256": SHA256[:-1]}, "sha256"),
        ({"file_name": ""}, "file_name"),
        ({"file_name": "../"}, "file_name"),
        ({"file_name": "a\u0000b.pdf"}, "file_name"),
        ({"file_name": "a" * 200}, "file_name"),
    ],
)
def test_what_may_not_be_attached_is_refused_by_its_field(alpha: Client, changes: dict[str, Any], field: str) -> None:
    assert fields_of(declare(alpha, **changes)) == [field]


def test_ten_megabytes_may_be_attached(alpha: Client) -> None:
    declare(alpha, size_bytes=10_000_000).ok(201)


@pytest.mark.parametrize("attachment_id", ["a" * 17, "a" + "2" * 16, "x" * 1500, "%00", "a..2"])
def test_an_id_that_was_never_given_out_is_not_found(alpha: Client, attachment_id: str) -> None:
    assert alpha.get(f"{ROUTE}/{attachment_id}").status == 404


@pytest.mark.parametrize(
    "given,media_type,kept",
    [
        ("receipt.pdf", "application/pdf", "receipt.pdf"),
        ("../../etc/receipt.PDF", "application/pdf", "receipt.PDF"),
        ("C:\\bills\\may.pdf", "application/pdf", "may.pdf"),
        ("page.html", "application/pdf", "page.html.pdf"),
        ('a<b>:"c|d?e*.txt', "text/plain", "a_b___c_d_e_.txt"),
        ("photo.jpeg", "image/jpeg", "photo.jpeg"),
        ("photo", "image/jpeg", "photo.jpg"),
        (".csv", "text/csv", "csv.csv"),
        ("রসিদ.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "রসিদ.xlsx"),
    ],
)
def test_a_name_loses_its_folders_and_what_no_file_system_takes_and_ends_as_its_type_does(
    given: str, media_type: str, kept: str
) -> None:
    assert clean_file_name(given, media_type) == kept


def test_a_repeated_declaration_makes_one_document_and_gives_the_same_link(alpha: Client) -> None:
    first, second = (alpha.post(ROUTE, ABOUT, key="k1").ok(201) for _ in range(2))
    assert second.headers["idempotency-replayed"] == "true"
    assert first.text == second.text


def test_marks_are_id_and_hash_in_the_order_of_the_entry(alpha: Client) -> None:
    one, two = attach(alpha), attach(alpha, b"another")
    tenant_id = tenant_of(alpha)
    other = hashlib.sha256(b"another").hexdigest()
    assert attachment_marks(tenant_id, [two, one]) == (f"{two}:{other}", f"{one}:{SHA256}")
    assert attachment_marks(tenant_id, []) == ()


def test_an_entry_is_refused_for_every_document_that_it_may_not_name(alpha: Client) -> None:
    kept, awaited = attach(alpha), declare(alpha).ok(201)["id"]
    with pytest.raises(Invalid) as refused:
        attachment_marks(tenant_of(alpha), [kept, awaited, kept, "", "a" + "2" * 16])
    assert [(error.field, error.message) for error in refused.value.errors] == [
        ("attachments.1", "has not been uploaded yet"),
        ("attachments.2", "is named twice"),
        ("attachments.3", "is not an attachment of this book"),
        ("attachments.4", "is not an attachment of this book"),
    ]
    with pytest.raises(Invalid, match="at most 10"):
        attachment_marks(tenant_of(alpha), [kept] * 11)


def test_a_store_that_is_away_is_told_as_such_and_not_as_a_file_that_is_missing(
    alpha: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    attachment = attach(alpha)
    away = boto3.client("s3", endpoint_url="http://127.0.0.1:9", config=Config(retries={"total_max_attempts": 1}))
    monkeypatch.setattr(files, "_client", lambda: away)
    reply = alpha.get(f"{ROUTE}/{attachment}")
    assert (reply.status, reply["code"]) == (503, "files-away")


def test_a_link_runs_for_five_minutes_from_when_it_was_asked_for(alpha: Client, the_clock: SetClock) -> None:
    attachment = attach(alpha)
    the_clock.at += timedelta(minutes=4)
    assert alpha.get(f"{ROUTE}/{attachment}")["download"]["expires_at"] == "2026-11-22T06:09:00.000000Z"


def test_an_entry_is_hashed_with_the_documents_it_names_and_another_tenants_are_refused(alpha: Client) -> None:
    attachment = attach(alpha)
    lines = [{"account": "5900", "debit": "800.00"}, {"account": "1010", "credit": "800.00"}]
    entry = {"effective_on": "2026-11-22", "memo": "Rent", "lines": lines, "attachments": [attachment]}
    posted = alpha.post("/v1/ledger/entries", entry).ok(201)
    assert posted["attachments"] == [{"id": attachment, "sha256": SHA256}]
    assert fields_of(owner_of("GAMMA").post("/v1/ledger/entries", entry)) == ["attachments.0"]
    assert alpha.get("/v1/ledger/verification").ok(200)["status"] == "sound"
