"""The engine's files: what was answered survives its death, and a link does what it was signed for and nothing else."""

import hashlib
import json
import os
import time
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
from botocore.config import Config
from botocore.exceptions import ClientError

from local.engine import process
from local.engine.files import REPORTS_STAY_SECONDS, Files
from local.engine.signature import SKEW_SECONDS, NotAsSigned, check_signature

BUCKET = "tributary-files"
KEY = "attachments/op/a1"
CONTENT = b"a receipt\nof two lines"
CHECKSUM = b64encode(hashlib.sha256(CONTENT).digest()).decode()


class Running:
    """One engine on a folder of its own, with its bucket, which a test may kill and start again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.start()
        self.s3.create_bucket(Bucket=BUCKET)

    def start(self) -> None:
        self.engine = process.start(self.folder, self.folder.parent / "engine.log")
        self.s3: Any = boto3.client(
            "s3",
            endpoint_url=self.engine.url,
            region_name="us-east-1",
            aws_access_key_id="local",
            aws_secret_access_key="local",
            config=Config(
                signature_version="s3v4",
                retries={"total_max_attempts": 1},
                request_checksum_calculation="when_required",
            ),
        )

    def kill(self) -> None:
        os.kill(self.engine.pid, 9)
        self.engine.stop()

    def upload_link(self, key: str = KEY, seconds: int = 60) -> str:
        asked = {"Bucket": BUCKET, "Key": key, "ContentLength": len(CONTENT), "ChecksumSHA256": CHECKSUM}
        link: str = self.s3.generate_presigned_url("put_object", Params=asked, ExpiresIn=seconds)
        return link


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    made = Running(tmp_path_factory.mktemp("files") / "engine")
    yield made
    made.engine.stop()


def put(link: str, content: bytes = CONTENT, checksum: str = CHECKSUM) -> requests.Response:
    return requests.put(link, data=content, headers={"x-amz-checksum-sha256": checksum}, timeout=5)


def test_a_file_that_was_answered_for_is_there_after_a_kill_and_looks_the_same(tmp_path: Path) -> None:
    running = Running(tmp_path / "engine")
    try:
        for number in range(20):
            running.s3.put_object(Bucket=BUCKET, Key=f"{KEY}{number}", Body=CONTENT, ContentType="text/plain")
        assert put(running.upload_link()).status_code == 200
        running.kill()
        running.start()
        for number in range(20):
            got = running.s3.get_object(Bucket=BUCKET, Key=f"{KEY}{number}")
            assert (got["Body"].read(), got["ContentType"]) == (CONTENT, "text/plain")
        head = running.s3.head_object(Bucket=BUCKET, Key=KEY, ChecksumMode="ENABLED")
        assert (head["ContentLength"], head["ChecksumSHA256"]) == (len(CONTENT), CHECKSUM)
        running.s3.create_bucket(Bucket=BUCKET)
        assert running.s3.get_object(Bucket=BUCKET, Key=KEY)["Body"].read() == CONTENT
    finally:
        running.engine.stop()


@pytest.mark.parametrize(
    "content,checksum,status,code",
    [
        (CONTENT[:-1] + b"?", CHECKSUM, 400, "BadDigest"),
        (CONTENT + b"?", CHECKSUM, 403, "SignatureDoesNotMatch"),
        (CONTENT, CHECKSUM.swapcase(), 403, "SignatureDoesNotMatch"),
    ],
)
def test_another_file_than_the_signed_one_is_refused_and_nothing_is_kept(
    running: Running, content: bytes, checksum: str, status: int, code: str
) -> None:
    answer = put(running.upload_link("attachments/op/other"), content, checksum)
    assert answer.status_code == status
    assert f"<Code>{code}</Code>" in answer.text
    with pytest.raises(ClientError, match="404"):
        running.s3.head_object(Bucket=BUCKET, Key="attachments/op/other")


def test_a_link_to_send_is_none_to_fetch_and_is_for_one_file(running: Running) -> None:
    link = running.upload_link()
    assert put(link).status_code == 200
    assert requests.get(link, timeout=5).status_code == 403
    assert put(link.replace("/a1?", "/a2?")).status_code == 403
    assert requests.get(link.partition("?")[0], timeout=5).status_code == 403


def test_a_link_to_fetch_answers_with_the_name_and_type_that_were_signed(running: Running) -> None:
    running.s3.put_object(Bucket=BUCKET, Key=KEY, Body=CONTENT, ContentType="text/html")
    asked = {"ResponseContentDisposition": 'attachment; filename="a b.txt"', "ResponseContentType": "text/plain"}
    link = running.s3.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": KEY, **asked})
    answer = requests.get(link, timeout=5)
    assert answer.content == CONTENT
    assert answer.headers["content-type"] == "text/plain"
    assert answer.headers["content-disposition"] == 'attachment; filename="a b.txt"'
    assert requests.get(link.replace("text%2Fplain", "text%2Fhtml"), timeout=5).status_code == 403


def test_a_link_runs_out(running: Running) -> None:
    link = running.upload_link(seconds=1)
    time.sleep(2.1)
    answer = put(link)
    assert (answer.status_code, "Request has expired" in answer.text) == (403, True)


def test_a_page_of_any_origin_may_ask_whether_it_may_use_its_link(running: Running) -> None:
    answer = requests.options(running.upload_link(), headers={"Origin": "http://127.0.0.1:8000"}, timeout=5)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-headers"] == "content-type, x-amz-checksum-sha256"


@pytest.mark.parametrize(
    "path", ["/_ministack/reset", "/_ministack/state", "/../../etc/passwd", "/tributary-files/..%2F..%2Fx"]
)
def test_what_is_not_signed_is_not_answered(running: Running, path: str) -> None:
    for method in ("GET", "PUT", "POST", "DELETE"):
        assert requests.request(method, running.engine.url + path, timeout=5).status_code in (403, 404)


def test_what_was_cut_off_and_reports_older_than_a_week_are_gone_at_the_next_start(tmp_path: Path) -> None:
    bucket = tmp_path / "files"
    bucket.mkdir()
    old = time.time() - REPORTS_STAY_SECONDS - 60
    for name, key, at in (
        ("torn.new", "attachments/op/a1", time.time()),
        ("report", "reports/op/r1", old),
        ("fresh", "reports/op/r2", time.time()),
        ("kept", "attachments/op/a1", old),
    ):
        (bucket / name).write_bytes(json.dumps({"key": key}).encode() + b"\nbytes")
        os.utime(bucket / name, (at, at))
    Files(tmp_path)
    assert {path.name for path in bucket.iterdir()} == {"fresh", "kept"}


def test_a_request_signed_too_long_ago_is_refused() -> None:
    headers = {
        "authorization": f"AWS4-HMAC-SHA256 Credential=local/20261122/us-east-1/s3/aws4_request, "
        f"SignedHeaders=host, Signature={'0' * 64}",
        "x-amz-date": "20261122T060000Z",
        "x-amz-content-sha256": hashlib.sha256(b"").hexdigest(),
    }
    signed_at = 1795327200
    with pytest.raises(NotAsSigned, match="expired"):
        check_signature("GET", "/b/k", "", headers, b"", signed_at + SKEW_SECONDS + 1)
    with pytest.raises(NotAsSigned, match="not the one that was signed"):
        check_signature("GET", "/b/k", "", headers, b"", signed_at + SKEW_SECONDS)
    with pytest.raises(NotAsSigned, match="body is not the one"):
        check_signature("GET", "/b/k", "", headers, b"x", signed_at)
