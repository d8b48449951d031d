"""Access tokens: what is read back, and everything that is refused."""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from chalicelib.auth import tokens
from chalicelib.auth.model import Role, User, UserStatus
from chalicelib.auth.tokens import ActingClaims, issue_access_token, read_access_token
from chalicelib.aws.secrets import token_keys
from chalicelib.core.errors import NotSignedIn

NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
KEY = base64.urlsafe_b64decode(token_keys()["keys"]["k1"] + "==")
OTHER_KEY = b"another-secret-of-thirty-two-bytes!!"
USER = User("t2", ("op", "t1", "t2"), "u1", "Owner", "o@t2.test", Role.OWNER, UserStatus.ACTIVE, 3, NOW)
ACTING = ActingClaims("t1", "u9", ("op", "t1"), 7, "s9", "asked for help", NOW + timedelta(minutes=10), "read")


def payload_of(text: str) -> dict[str, Any]:
    return jwt.decode(text, options={"verify_signature": False})


def signed(changes: dict[str, Any], *, key: bytes = KEY, alg: str = "HS256", kid: Any = "k1") -> str:
    payload = {**payload_of(issue_access_token(USER, "s1", NOW)), **changes}
    payload = {name: value for name, value in payload.items() if value is not ...}
    return jwt.encode(payload, key, algorithm=alg, headers={"kid": kid} if kid is not None else {})


def code_of(text: str, now: datetime = NOW) -> str:
    with pytest.raises(NotSignedIn) as refused:
        read_access_token(text, now)
    return refused.value.code


def test_a_token_says_who_where_and_until_when() -> None:
    claims = read_access_token(issue_access_token(USER, "s1", NOW), NOW)
    assert (claims.tenant_id, claims.user_id, claims.role) == ("t2", "u1", Role.OWNER)
    assert (claims.chain, claims.session_id, claims.credential_version) == (("op", "t1", "t2"), "s1", 3)
    assert (claims.issued_at, claims.expires_at) == (NOW, NOW + timedelta(minutes=15))
    assert claims.acting is None
    assert claims.real_user_id == "u1"


def test_a_token_carries_the_registered_claims_and_a_key_id() -> None:
    text = issue_access_token(USER, "s1", NOW)
    assert jwt.get_unverified_header(text) == {"alg": "HS256", "typ": "JWT", "kid": "k1"}
    assert {"iss", "aud", "sub", "tenant", "role", "exp", "nbf", "jti"} <= payload_of(text).keys()
    assert payload_of(text)["jti"] != payload_of(issue_access_token(USER, "s1", NOW))["jti"]


def test_a_login_as_token_names_the_person_behind_it_and_ends_with_it() -> None:
    text = issue_access_token(USER, "s1", NOW, acting=ACTING)
    assert payload_of(text)["act"]["sub"] == "u9"
    claims = read_access_token(text, NOW)
    assert claims.acting == ACTING
    assert claims.real_user_id == "u9"
    assert claims.expires_at == ACTING.until


def test_a_long_reason_in_any_script_still_fits() -> None:
    acting = replace(ACTING, reason="ব" * 500)
    assert read_access_token(issue_access_token(USER, "s1", NOW, acting=acting), NOW).acting == acting


def test_a_token_holds_until_its_last_second_and_not_at_it() -> None:
    text = issue_access_token(USER, "s1", NOW)
    read_access_token(text, NOW + timedelta(minutes=15) - timedelta(microseconds=1))
    assert code_of(text, NOW + timedelta(minutes=15)) == "token-expired"


def test_a_clock_a_little_behind_is_forgiven_and_a_token_from_the_future_is_not() -> None:
    text = issue_access_token(USER, "s1", NOW)
    read_access_token(text, NOW - timedelta(seconds=30))
    assert code_of(text, NOW - timedelta(seconds=31)) == "token-invalid"
    assert code_of(signed({"nbf": int(NOW.timestamp()) + 60})) == "token-invalid"


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "another-api"},
        {"aud": ["tributary-api", "another-api"]},
        {"iss": "somebody"},
        {"iss": ["tributary"]},
        {"sub": 5},
        {"sub": ""},
        {"tenant": "t1"},
        {"chain": "op"},
        {"chain": []},
        {"chain": ["op", 5]},
        {"role": "king"},
        {"ver": True},
        {"ver": "3"},
        {"exp": "2099-01-01"},
        {"exp": 1e20},
        {"exp": 10**30},
        {"exp": None},
        {"jti": None},
        {"act": "u9"},
        {"act": {}},
        {"act": {"sub": "u9", "tenant": "op", "chain": ["op"], "ver": 1, "sid": "s", "reason": "r", "scope": "read"}},
        {
            "act": {
                "sub": "u9",
                "tenant": "t1",
                "chain": ["op", "t1"],
                "ver": 1,
                "sid": "s",
                "reason": "r",
                "scope": "all",
            }
        },
    ],
)
def test_claims_of_another_kind_are_refused_even_when_signed(changes: dict[str, Any]) -> None:
    text = issue_access_token(USER, "s1", NOW)
    payload = {**payload_of(text), **changes}
    header = base64.urlsafe_b64encode(json.dumps({"alg": "HS256", "kid": "k1"}).encode()).rstrip(b"=")
    body = base64.urlsafe_b64encode(json.dumps(payload).encode()).rstrip(b"=")
    signature = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(header + b"." + body, KEY)
    forged = b".".join((header, body, base64.urlsafe_b64encode(signature).rstrip(b"="))).decode()
    assert code_of(forged) == "token-invalid"


@pytest.mark.parametrize("name", ["iss", "aud", "sub", "tenant", "chain", "role", "sid", "ver", "exp", "nbf", "jti"])
def test_every_claim_is_required(name: str) -> None:
    assert code_of(signed({name: ...})) == "token-invalid"


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
def test_another_key_another_algorithm_or_an_unknown_key_id_is_refused() -> None:
    read_access_token(signed({}), NOW)
    assert code_of(signed({}, key=OTHER_KEY)) == "token-invalid"
    assert code_of(signed({}, alg="HS512")) == "token-invalid"
    for kid in ("k2", "", None, "current"):
        assert code_of(signed({}, kid=kid)) == "token-invalid"


def test_alg_none_is_refused_with_and_without_a_signature() -> None:
    body = issue_access_token(USER, "s1", NOW).split(".")[1]
    for alg in ("none", "None", "NONE", ""):
        header = base64.urlsafe_b64encode(json.dumps({"alg": alg, "kid": "k1"}).encode()).decode().rstrip("=")
        for signature in ("", "c2ln"):
            assert code_of(f"{header}.{body}.{signature}") == "token-invalid"


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "a.b.c",
        "\ud800.a.b",
        "é.a.b",
        "x" * 100_000,
        "e30.e30.e30",
        "W10.W10.W10",
        base64.urlsafe_b64encode(b"[" * 3000).decode() + ".e30.e30",
        base64.urlsafe_b64encode(b'{"alg":"HS256","kid":["k1"]}').decode() + ".e30.e30",
        base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"k1","b64":false,"crit":["b64"]}').decode() + "..e30",
    ],
)
def test_what_is_no_token_is_refused_plainly(text: str) -> None:
    assert code_of(text) == "token-invalid"


def test_keys_rotate_without_ending_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    old = issue_access_token(USER, "s1", NOW)
    k1 = token_keys()["keys"]["k1"]
    k2 = base64.urlsafe_b64encode(OTHER_KEY).decode().rstrip("=")
    monkeypatch.setattr(tokens, "token_keys", lambda: {"current": "k2", "keys": {"k1": k1, "k2": k2}})
    new = issue_access_token(USER, "s1", NOW)
    assert jwt.get_unverified_header(new)["kid"] == "k2"
    assert read_access_token(old, NOW).user_id == read_access_token(new, NOW).user_id == "u1"
    monkeypatch.setattr(tokens, "token_keys", lambda: {"current": "k2", "keys": {"k2": k2}})
    assert code_of(old) == "token-invalid"
    read_access_token(new, NOW)
