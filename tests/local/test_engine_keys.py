"""The engine's key: what it sealed opens after its death, with the same context alone, and it never leaves."""

import base64
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
from botocore.config import Config
from botocore.exceptions import ClientError

from local.engine import process
from local.engine.keys import ROUTER_KEY

CONTEXT = {"tenant": "beta", "about": "router beta.r2abc4de9"}


class Running:
    """One engine on a folder of its own, which a test may kill and start again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.start()

    def start(self) -> None:
        self.engine = process.start(self.folder, self.folder.parent / "engine.log")
        self.kms: Any = boto3.client(
            "kms",
            endpoint_url=self.engine.url,
            region_name="us-east-1",
            aws_access_key_id="local",
            aws_secret_access_key="local",
            config=Config(retries={"total_max_attempts": 1}),
        )

    def kill(self) -> None:
        os.kill(self.engine.pid, 9)
        self.engine.stop()

    def seal(self, text: bytes, **context: str) -> bytes:
        sealed = self.kms.encrypt(KeyId=ROUTER_KEY, Plaintext=text, EncryptionContext=context or CONTEXT)
        return bytes(sealed["CiphertextBlob"])

    def open(self, sealed: bytes, **context: str) -> bytes:
        return bytes(self.kms.decrypt(CiphertextBlob=sealed, EncryptionContext=context or CONTEXT)["Plaintext"])


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    made = Running(tmp_path_factory.mktemp("keys") / "engine")
    yield made
    made.engine.stop()


def refused(call: Any) -> str:
    with pytest.raises(ClientError) as told:
        call()
    return str(told.value.response["Error"]["Code"])


def test_what_was_sealed_opens_after_the_engine_was_killed_and_by_no_other_engine(tmp_path: Path) -> None:
    one, other = Running(tmp_path / "engine"), Running(tmp_path / "other")
    try:
        sealed = one.seal(b"s3cret")
        one.kill()
        one.start()
        assert one.open(sealed) == b"s3cret"
        assert one.open(one.seal(b"later")) == b"later"
        assert refused(lambda: other.open(sealed)) == "InvalidCiphertextException"
    finally:
        one.engine.stop()
        other.engine.stop()


def test_the_key_lies_in_the_engines_folder_for_its_owner_alone_and_what_it_sealed_does_not_show(
    running: Running,
) -> None:
    path = running.folder / "router-key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(base64.b64decode(path.read_text())) == 32
    sealed = running.seal(b"s3cret")
    assert sealed != running.seal(b"s3cret")
    assert b"s3cret" not in sealed


def test_another_context_another_byte_or_another_form_does_not_open(running: Running) -> None:
    sealed = running.seal(b"s3cret")
    assert running.open(sealed, **dict(reversed(CONTEXT.items()))) == b"s3cret"
    damaged = sealed[:-1] + bytes([sealed[-1] ^ 1])
    for call in (
        lambda: running.open(sealed, tenant="gamma", about=CONTEXT["about"]),
        lambda: running.open(sealed, tenant="beta"),
        lambda: running.open(damaged),
        lambda: running.open(b"\x02" + sealed[1:]),
        lambda: running.open(sealed[:20]),
    ):
        assert refused(call) == "InvalidCiphertextException"


def test_what_kms_would_refuse_is_refused(running: Running) -> None:
    assert running.open(running.seal(b"x" * 4_096)) == b"x" * 4_096
    assert refused(lambda: running.seal(b"x" * 4_097)) == "ValidationException"
    assert refused(lambda: running.kms.encrypt(KeyId="another", Plaintext=b"x")) == "NotFoundException"
    assert refused(lambda: running.kms.create_key()) == "UnknownOperationException"


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"KeyId": "tributary-router-key", "Plaintext": 5}', b"x" * 30_000]
)
def test_a_request_that_is_none_is_refused_and_the_engine_goes_on(running: Running, body: bytes) -> None:
    headers = {"x-amz-target": "TrentService.Encrypt"}
    assert requests.post(running.engine.url, data=body, headers=headers, timeout=5).status_code == 400
    assert running.open(running.seal(b"still here")) == b"still here"
