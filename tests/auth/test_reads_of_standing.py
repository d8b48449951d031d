"""The standing of a caller: judged from rows, whoever read them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.auth.model import Role, User, UserStatus
from chalicelib.auth.roles import PERMISSIONS, READS
from chalicelib.auth.sessions import session_row
from chalicelib.auth.standing import caller_reads, judge_caller
from chalicelib.auth.store import SessionRow, UserRow, user_row
from chalicelib.auth.tokens import ActingClaims, Claims
from chalicelib.aws import keys
from chalicelib.core.errors import NotSignedIn

NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
OWNER = User("t1", ("op", "t1"), "u1", "Owner", "o@t1.test", Role.OWNER, UserStatus.ACTIVE, 3, NOW)
ACTOR = User("op", ("op",), "u9", "Actor", "a@op.test", Role.MANAGER, UserStatus.ACTIVE, 7, NOW)
CLAIMS = Claims("t1", "u1", Role.OWNER, ("op", "t1"), "s1", 3, "a1", NOW, NOW + timedelta(minutes=15))
ACTING = replace(CLAIMS, acting=ActingClaims("op", "u9", ("op",), 7, "s9", "help", NOW + timedelta(minutes=15), "read"))


def rows_of(owner: User = OWNER, actor: User = ACTOR) -> list[UserRow | SessionRow | None]:
    until = NOW + timedelta(days=1)
    return [
        user_row(owner, "hash"),
        session_row(OWNER, "s1", NOW, until),
        user_row(actor, "hash"),
        session_row(ACTOR, "s9", NOW, until),
    ]


def test_a_caller_is_read_by_user_and_session_and_under_login_as_by_the_actors_too() -> None:
    own = [(UserRow, keys.user("t1", "u1")), (SessionRow, keys.session("t1", "s1"))]
    assert caller_reads(CLAIMS) == own
    assert caller_reads(ACTING) == [*own, (UserRow, keys.user("op", "u9")), (SessionRow, keys.session("op", "s9"))]


def test_the_role_is_that_of_the_row_and_not_that_of_the_token() -> None:
    caller = judge_caller(CLAIMS, rows_of(owner=replace(OWNER, role=Role.COLLECTOR))[:2], NOW)
    assert caller.role is Role.COLLECTOR
    assert caller.permissions == PERMISSIONS[Role.COLLECTOR]


def test_under_login_as_the_scope_limits_what_may_be_done() -> None:
    caller = judge_caller(ACTING, rows_of(), NOW)
    assert caller.permissions == READS | {"me:read"}
    assert caller.acting is not None
    assert (caller.acting.user_id, caller.acting.name, caller.acting.reason) == ("u9", "Actor", "help")


def gone(number: int) -> Callable[[list], None]:
    def change(rows: list) -> None:
        rows[number] = None

    return change


def set_on(number: int, name: str, value: object) -> Callable[[list], None]:
    def change(rows: list) -> None:
        setattr(rows[number], name, value)

    return change


@pytest.mark.parametrize("first", [0, 2], ids=["user", "actor"])
@pytest.mark.parametrize(
    "spoil",
    [
        lambda first: gone(first),
        lambda first: gone(first + 1),
        lambda first: set_on(first, "status", "disabled"),
        lambda first: set_on(first, "credential_version", 8),
        lambda first: set_on(first, "credential_version", 2),
        lambda first: set_on(first, "user_id", "u5"),
        lambda first: set_on(first + 1, "user_id", "u5"),
        lambda first: set_on(first + 1, "ended", "signed-out"),
        lambda first: set_on(first + 1, "credential_version", 1),
        lambda first: set_on(first + 1, "expires_at", int(NOW.timestamp())),
    ],
)
def test_a_sign_in_that_has_ended_is_refused(spoil: Callable, first: int) -> None:
    rows = rows_of()
    judge_caller(ACTING, rows, NOW)
    spoil(first)(rows)
    with pytest.raises(NotSignedIn) as refused:
        judge_caller(ACTING, rows, NOW)
    assert refused.value.code == "token-revoked"


def test_who_may_no_longer_log_in_as_others_is_put_out() -> None:
    with pytest.raises(NotSignedIn):
        judge_caller(ACTING, rows_of(actor=replace(ACTOR, role=Role.SUPPORT)), NOW)
