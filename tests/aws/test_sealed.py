"""What is sealed: opened with its own context only, asked for once, and never half refused."""

import base64

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from chalicelib.aws import config as configuration
from chalicelib.aws import sealed
from chalicelib.aws.sealed import NotSealedHere, seal, unseal
from chalicelib.core.errors import Unavailable
from tests.sealing import KeyInProcess

OF_BETA = {"tenant": "beta", "about": "router beta.r2abc4de9"}
OF_GAMMA = {"tenant": "gamma", "about": "router beta.r2abc4de9"}


@pytest.fixture(autouse=True)
def nothing_open() -> None:
    sealed._opened.cache_clear()


@pytest.mark.parametrize("text", ["s3cret", "পাসওয়ার্ড", " with spaces ", "x" * 4_096])
def test_what_was_sealed_opens_again_and_looks_different_each_time(text: str) -> None:
    once, again = seal(text, OF_BETA), seal(text, OF_BETA)
    assert once != again
    assert text not in once
    assert (unseal(once, OF_BETA), unseal(again, dict(reversed(OF_BETA.items())))) == (text, text)


def test_what_was_sealed_for_one_tenant_or_thing_opens_for_no_other() -> None:
    kept = seal("s3cret", OF_BETA)
    for context in (OF_GAMMA, {**OF_BETA, "about": "router beta.r2abc4de8"}, {}):
        with pytest.raises(NotSealedHere):
            unseal(kept, context)
    assert unseal(kept, OF_BETA) == "s3cret"


@pytest.mark.parametrize("kept", ["", "not base64 at all", "c2hvcnQ=", base64.b64encode(b"\x01" + b"x" * 60).decode()])
def test_what_is_not_ours_is_told_apart_from_a_key_that_is_away(kept: str) -> None:
    with pytest.raises(NotSealedHere) as told:
        unseal(kept, OF_BETA)
    assert (told.value.status, told.value.code) == (409, "sealed-elsewhere")


def test_what_was_opened_once_is_not_asked_for_again(sealing_key: KeyInProcess) -> None:
    kept = seal("s3cret", OF_BETA)
    sealing_key.asked.clear()
    assert [unseal(kept, OF_BETA) for _ in range(3)] == ["s3cret"] * 3
    assert sealing_key.asked == ["Decrypt"]
    with pytest.raises(NotSealedHere):
        unseal(kept, OF_GAMMA)
    assert sealing_key.asked == ["Decrypt", "Decrypt"]


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "ThrottlingException"}}, "Decrypt"),
        ClientError({"Error": {"Code": "AccessDeniedException"}}, "Decrypt"),
        EndpointConnectionError(endpoint_url="https://kms.test"),
    ],
)
def test_a_key_that_is_away_is_unavailable_and_is_asked_again(
    error: Exception, sealing_key: KeyInProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = seal("s3cret", OF_BETA)

    def fail(**asked: object) -> None:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(sealing_key, "encrypt", fail)
        patched.setattr(sealing_key, "decrypt", fail)
        for call in (lambda: seal("s3cret", OF_BETA), lambda: unseal(kept, OF_BETA)):
            with pytest.raises(Unavailable) as told:
                call()
            assert told.value.code == "keys-away"
    assert unseal(kept, OF_BETA) == "s3cret"


def test_without_a_key_nothing_is_sealed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROUTER_KEY", "")
    configuration.config.cache_clear()
    try:
        with pytest.raises(Unavailable):
            seal("s3cret", OF_BETA)
    finally:
        monkeypatch.undo()
        configuration.config.cache_clear()
