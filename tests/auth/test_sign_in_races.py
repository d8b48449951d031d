"""Two calls at once: refreshing, guessing passwords, and owners who disable each other."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from chalicelib.auth import admit, login_as, people, sessions, sign_in, throttle
from chalicelib.auth.admit import NewUser, admit_user
from chalicelib.auth.model import Caller, Role, User, UserStatus
from chalicelib.auth.people import UserChange, change_user
from chalicelib.auth.sessions import open_session, read_refresh_token
from chalicelib.auth.store import AttemptsRow, SessionRow, UserRow
from chalicelib.aws import clock, keys
from chalicelib.aws.tables import Operation, Update, read, read_all, write
from chalicelib.core.errors import Conflict, NotSignedIn, TooMany
from chalicelib.installation import install
from tests.conftest import SetClock

EMAIL, PASSWORD = "operator@isp.test", "correct horse 1"


@pytest.fixture(autouse=True)
def installed(database: None, the_clock: SetClock) -> None:
    install(EMAIL, PASSWORD)


def open_to_all(chain: tuple[str, ...]) -> None:
    """Every tenant may be entered."""


def signed_in() -> sign_in.Tokens:
    return sign_in.sign_in(EMAIL, PASSWORD, "192.0.2.1", clock.now(), open_to_all)


def before_writing(monkeypatch: pytest.MonkeyPatch, module: object, other: Callable[[], object]) -> None:
    """Let another call happen between what the module reads and what it writes, once."""
    pending = [other]

    def overtaken(*operations: Operation) -> None:
        while pending:
            pending.pop()()
        write(*operations)

    monkeypatch.setattr(module, "write", overtaken)


def the_owner() -> User:
    (user,) = people.list_users("op", limit=10, after=None)[0]
    return user


def test_of_two_refreshes_at_once_one_loses_and_the_family_is_revoked(monkeypatch: pytest.MonkeyPatch) -> None:
    token = signed_in().refresh_token
    won: list[sign_in.Tokens] = []
    before_writing(monkeypatch, sessions, lambda: won.append(sign_in.refresh(token, clock.now(), open_to_all)))
    with pytest.raises(NotSignedIn) as lost:
        sign_in.refresh(token, clock.now(), open_to_all)
    assert lost.value.code == "refresh-reused"
    with pytest.raises(NotSignedIn) as ended:
        sign_in.refresh(won[0].refresh_token, clock.now(), open_to_all)
    assert ended.value.code == "refresh-revoked"


def test_a_rotation_whose_answer_was_lost_is_known_again(monkeypatch: pytest.MonkeyPatch) -> None:
    token = signed_in().refresh_token

    def twice(*operations: Operation) -> None:
        write(*operations)
        write(*operations)

    monkeypatch.setattr(sessions, "write", twice)
    following = sign_in.refresh(token, clock.now(), open_to_all)
    monkeypatch.undo()
    sign_in.refresh(following.refresh_token, clock.now(), open_to_all)


def test_only_hashes_of_refresh_tokens_are_stored() -> None:
    token = read_refresh_token(signed_in().refresh_token)
    assert token is not None
    stored = str([row.serialize() for row in read_all(SessionRow, token.key.pk)])
    assert token.family_secret not in stored
    assert token.secret not in stored


def test_a_closed_chain_spends_no_refresh_token() -> None:
    def closed(chain: tuple[str, ...]) -> None:
        raise NotSignedIn("tenant-disabled", f"{chain}")

    token = signed_in().refresh_token
    with pytest.raises(NotSignedIn):
        sign_in.refresh(token, clock.now(), closed)
    sign_in.refresh(token, clock.now(), open_to_all)


def test_guesses_sent_at_once_are_no_more_than_five(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[str] = []
    monkeypatch.setattr(sign_in, "password_matches", lambda kept, password: bool(looked_at.append(password)))

    def guess() -> None:
        with pytest.raises((NotSignedIn, TooMany)):
            sign_in.sign_in(EMAIL, "wrong horse 12", "192.0.2.1", clock.now(), open_to_all)

    for _ in range(4):
        guess()
    before_writing(monkeypatch, throttle, guess)
    guess()
    assert len(looked_at) == 5


def test_one_address_may_fail_a_hundred_times_and_not_more(the_clock: SetClock) -> None:
    address = throttle.of_address("2001:db8:1:2::5")
    assert throttle.of_address("2001:db8:1:2:ffff::1") == address
    for _ in range(100):
        throttle.attempt_failed(address, clock.now())
    with pytest.raises(TooMany) as refused:
        sign_in.sign_in(EMAIL, PASSWORD, "2001:db8:1:2::9", clock.now(), open_to_all)
    assert refused.value.retry_after_seconds == 900
    sign_in.sign_in(EMAIL, PASSWORD, "2001:db8:1:3::9", clock.now(), open_to_all)
    sign_in.sign_in(EMAIL, PASSWORD, "not an address", clock.now(), open_to_all)


def test_attempts_are_dropped_by_the_database_when_they_no_longer_count() -> None:
    with pytest.raises(NotSignedIn):
        sign_in.sign_in(EMAIL, "wrong horse 12", "192.0.2.1", clock.now(), open_to_all)
    rows = read_all(AttemptsRow, "op#sign-in")
    assert [row.expires_at for row in rows] == [int(clock.now().timestamp()) + 900] * 2


def test_an_unknown_e_mail_costs_as_many_requests_as_a_known_one(monkeypatch: pytest.MonkeyPatch) -> None:
    from chalicelib.aws import tables

    asked: list[str] = []
    real = tables._call

    def counting(operation: str, parameters: dict) -> dict:
        asked.append(operation)
        return real(operation, parameters)

    monkeypatch.setattr(tables, "_call", counting)
    seen = []
    for email in (EMAIL, "nobody@isp.test"):
        asked.clear()
        with pytest.raises(NotSignedIn):
            sign_in.sign_in(email, "wrong horse 12", f"192.0.2.{len(seen)}", clock.now(), open_to_all)
        seen.append(list(asked))
    assert seen[0] == seen[1]


def test_two_owners_cannot_disable_each_other_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    first = the_owner()
    second = admit_user(("op",), NewUser("O", "o@isp.test", PASSWORD, Role.OWNER), clock.now())
    disabled = UserChange(status=UserStatus.DISABLED)
    before_writing(monkeypatch, people, lambda: change_user("op", second.user_id, disabled))
    with pytest.raises(Conflict) as refused:
        change_user("op", first.user_id, disabled)
    assert refused.value.code == "last-owner"
    assert people.find_user("op", first.user_id).status is UserStatus.ACTIVE
    assert people.find_user("op", second.user_id).status is UserStatus.DISABLED


def test_an_owner_admitted_while_owners_change_is_an_owner(monkeypatch: pytest.MonkeyPatch) -> None:
    first = the_owner()
    new = NewUser("O", "o@isp.test", PASSWORD, Role.OWNER)
    other = NewUser("P", "p@isp.test", PASSWORD, Role.OWNER)
    before_writing(monkeypatch, admit, lambda: admit_user(("op",), other, clock.now()))
    second = admit_user(("op",), new, clock.now())
    change_user("op", first.user_id, UserChange(role=Role.MANAGER))
    with_p = [user for user in people.list_users("op", limit=10, after=None)[0] if user.email == "p@isp.test"]
    change_user("op", with_p[0].user_id, UserChange(role=Role.MANAGER))
    with pytest.raises(Conflict):
        change_user("op", second.user_id, UserChange(role=Role.MANAGER))


def test_a_password_kept_under_old_parameters_is_renewed_at_sign_in(monkeypatch: pytest.MonkeyPatch) -> None:
    import argon2

    user = the_owner()
    old = argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
    key = keys.user("op", user.user_id)
    write(Update(UserRow.at(key), [UserRow.password_hash.set(old)]))
    signed_in()
    row = read(UserRow, key)
    assert row is not None
    assert row.password_hash.startswith("$argon2id$v=19$m=64,t=2,p=1$")
    assert row.credential_version == user.credential_version
    signed_in()


def test_a_login_as_token_is_never_longer_than_the_session_behind_it() -> None:
    owner = the_owner()
    now: datetime = clock.now()
    session = open_session(owner, now)
    write(Update(SessionRow.at(session.key), [SessionRow.expires_at.set(int(now.timestamp()) + 60)]))
    caller = Caller(
        "op", owner.user_id, owner.name, owner.email, owner.role, frozenset(), owner.chain, session.family_id
    )
    granted = login_as.login_as(caller, "Operator", "op", "asked for help", "read", now)
    assert granted.until == now + timedelta(seconds=60)
