"""Signing in, over HTTP: tokens, refreshing, throttling, people and login-as. Two resellers are always there."""

import base64
import json

import pytest

from tests.conftest import SetClock
from tests.journeys.client import Client, Reply
from tests.tenants.isp import OPERATOR, PASSWORD, email_of, nobody, onboard, owner_of, reseller_body, the_operator


@pytest.fixture
def operator(database: None, the_clock: SetClock) -> Client:
    return the_operator()


@pytest.fixture(autouse=True)
def ids(operator: Client) -> dict[str, str]:
    """The ids of two resellers under the operator."""
    return {code.lower(): onboard(operator, code)["id"] for code in ("ALPHA", "BETA")}


def log_in(email: str, password: str = PASSWORD) -> Reply:
    return nobody().post("/v1/auth/login", {"email": email, "password": password})


def refresh(token: str) -> Reply:
    return nobody().post("/v1/auth/refresh", {"refresh_token": token})


def problem_of(reply: Reply) -> tuple[int, str]:
    assert reply.headers["content-type"] == "application/problem+json"
    return reply.status, reply["code"]


def test_an_owner_signs_in_and_sees_who_and_where_it_is(operator: Client, ids: dict[str, str]) -> None:
    reply = log_in(email_of("BETA")).ok(200)
    assert (reply["expires_in"], reply["token_type"]) == (900, "Bearer")
    me = nobody().with_token(reply["access_token"]).get("/v1/me").ok(200).data
    assert me["user"]["email"] == "owner@beta.test"
    assert me["tenant"] == {
        "id": ids["beta"],
        "name": "Beta Net",
        "code": "BETA",
        "timezone": "Asia/Dhaka",
        "depth": 1,
    }
    assert me["role"] == "owner"
    assert "users:write" in me["permissions"]
    assert me["modules"] == sorted(
        ["resellers", "subscribers", "ledger", "network", "payments", "messaging", "support", "payroll"]
    )
    assert me["acting"] is None


def test_the_e_mail_address_is_compared_without_regard_to_case(operator: Client) -> None:
    log_in("Owner@BETA.test").ok(200)


def test_an_unknown_e_mail_a_wrong_password_and_a_disabled_user_get_one_answer(operator: Client) -> None:
    people = operator.post(
        "/v1/users", {"name": "A", "email": "a@isp.test", "role": "support", "password": PASSWORD}
    ).ok(201)
    operator.patch(f"/v1/users/{people['id']}", {"status": "disabled"}).ok(200)
    answers = [log_in("nobody@isp.test"), log_in(OPERATOR, "wrong horse 12"), log_in("a@isp.test")]
    assert {answer.text for answer in answers} == {answers[0].text}
    assert {problem_of(answer) for answer in answers} == {(401, "wrong-credentials")}


def test_a_call_without_a_token_or_with_something_else_is_not_signed_in(operator: Client) -> None:
    assert problem_of(nobody().get("/v1/me")) == (401, "not-signed-in")
    assert problem_of(nobody().call("GET", "/v1/me", headers={"authorization": "Basic abc"})) == (401, "not-signed-in")
    assert problem_of(nobody().with_token("abc").get("/v1/me")) == (401, "token-invalid")
    assert problem_of(nobody().with_token("x" * 9000).get("/v1/me")) == (401, "token-invalid")


def test_a_token_with_alg_none_is_refused(operator: Client) -> None:
    def part(data: dict) -> str:
        return base64.urlsafe_b64encode(json.dumps(data).encode()).decode().rstrip("=")

    payload = operator.token.split(".")[1]
    for header in ({"alg": "none", "kid": "k1"}, {"alg": "none"}, {"alg": "HS512", "kid": "k1"}):
        forged = f"{part(header)}.{payload}."
        assert problem_of(nobody().with_token(forged).get("/v1/me")) == (401, "token-invalid")


def test_an_access_token_lasts_fifteen_minutes(operator: Client, the_clock: SetClock) -> None:
    the_clock.set("2026-11-22T06:14:59")
    operator.get("/v1/me").ok(200)
    the_clock.set("2026-11-22T06:15:00")
    assert problem_of(operator.get("/v1/me")) == (401, "token-expired")


def test_a_refresh_token_brings_the_next_pair_for_thirty_days(operator: Client, the_clock: SetClock) -> None:
    first = log_in(OPERATOR).ok(200)
    the_clock.set("2026-12-22T05:59:59")
    second = refresh(first["refresh_token"]).ok(200)
    assert second["refresh_token"] != first["refresh_token"]
    nobody().with_token(second["access_token"]).get("/v1/me").ok(200)
    the_clock.set("2027-01-21T06:00:00")
    assert problem_of(refresh(second["refresh_token"])) == (401, "refresh-expired")


def test_using_a_spent_refresh_token_revokes_its_whole_family_and_no_other(operator: Client) -> None:
    other = log_in(OPERATOR).ok(200)
    first = log_in(OPERATOR).ok(200)
    second = refresh(first["refresh_token"]).ok(200)
    assert problem_of(refresh(first["refresh_token"])) == (401, "refresh-reused")
    assert problem_of(refresh(second["refresh_token"])) == (401, "refresh-revoked")
    assert problem_of(nobody().with_token(second["access_token"]).get("/v1/me")) == (401, "token-revoked")
    nobody().with_token(other["access_token"]).get("/v1/me").ok(200)
    refresh(other["refresh_token"]).ok(200)


def test_a_made_up_refresh_token_is_refused_and_ends_nothing(operator: Client, ids: dict[str, str]) -> None:
    tokens = log_in(OPERATOR).ok(200)
    tenant, family, family_secret, secret = tokens["refresh_token"].split(".")
    for made_up in (
        "abc",
        "\u0000",
        f"{tenant}.{family}.{'a' * 32}.{'b' * 32}",
        f"{ids['beta']}.{family}.{family_secret}.{secret}",
    ):
        assert problem_of(refresh(made_up)) == (401, "refresh-invalid")
    refresh(tokens["refresh_token"]).ok(200)


def test_signing_out_ends_the_session_and_may_be_repeated(operator: Client) -> None:
    tokens = log_in(OPERATOR).ok(200)
    for _ in range(2):
        nobody().post("/v1/auth/logout", {"refresh_token": tokens["refresh_token"]}).ok(204)
    assert problem_of(nobody().with_token(tokens["access_token"]).get("/v1/me")) == (401, "token-revoked")
    assert problem_of(refresh(tokens["refresh_token"])) == (401, "refresh-revoked")
    nobody().post("/v1/auth/logout", {"refresh_token": "not one of ours"}).ok(204)
    operator.get("/v1/me").ok(200)


def test_the_sixth_attempt_within_fifteen_minutes_is_told_to_wait(operator: Client, the_clock: SetClock) -> None:
    for minute in range(5):
        the_clock.set(f"2026-11-22T06:0{minute}:00")
        assert problem_of(log_in(OPERATOR, "wrong horse 12")) == (401, "wrong-credentials")
    refused = log_in(OPERATOR)
    assert problem_of(refused) == (429, "too-many-attempts")
    assert refused.headers["retry-after"] == str(11 * 60)
    log_in(email_of("BETA")).ok(200)
    the_clock.set("2026-11-22T06:15:00")
    log_in(OPERATOR).ok(200)


def test_an_unknown_e_mail_is_throttled_like_a_known_one(operator: Client) -> None:
    for _ in range(5):
        assert log_in("nobody@isp.test").status == 401
    assert problem_of(log_in("NOBODY@isp.test")) == (429, "too-many-attempts")


def test_a_right_password_forgets_the_failures_before_it(operator: Client) -> None:
    for _ in range(2):
        for _ in range(4):
            assert log_in(OPERATOR, "wrong horse 12").status == 401
        log_in(OPERATOR).ok(200)


def test_changing_ones_password_ends_every_token_of_that_user_alone(operator: Client) -> None:
    beta = owner_of("BETA")
    tokens = log_in(email_of("BETA")).ok(200)
    beta.post("/v1/me/password", {"current_password": PASSWORD, "new_password": "another horse 2"}).ok(204)
    assert problem_of(beta.get("/v1/me")) == (401, "token-revoked")
    assert problem_of(refresh(tokens["refresh_token"])) == (401, "refresh-revoked")
    assert problem_of(log_in(email_of("BETA"))) == (401, "wrong-credentials")
    log_in(email_of("BETA"), "another horse 2").ok(200)
    operator.get("/v1/me").ok(200)


def test_a_new_password_that_will_not_do_changes_nothing(operator: Client) -> None:
    def change(current: str, new: str) -> Reply:
        return operator.post("/v1/me/password", {"current_password": current, "new_password": new})

    assert change(PASSWORD, "short").ok(422)["errors"][0]["field"] == "new_password"
    assert change(PASSWORD, OPERATOR.upper()).ok(422)["errors"][0]["field"] == "new_password"
    assert change(PASSWORD, "x" * 201).status == 422
    assert change(PASSWORD, "\ud800" * 12).ok(422)["errors"][0]["field"] == "new_password"
    assert change("wrong horse 12", "another horse 2").ok(422)["code"] == "wrong-password"
    operator.get("/v1/me").ok(200)
    log_in(OPERATOR).ok(200)


def test_bad_bodies_get_a_clear_problem(operator: Client) -> None:
    assert nobody().post("/v1/auth/login", {"email": OPERATOR}).ok(422)["errors"] == [
        {"field": "password", "message": "is required"}
    ]
    assert nobody().post("/v1/auth/login", {"email": "no address", "password": "x"}).status == 422
    assert nobody().post("/v1/auth/login", {"email": OPERATOR, "password": 1234567890}).status == 422
    assert nobody().post("/v1/auth/login", {"email": OPERATOR, "password": PASSWORD, "otp": "1"}).status == 422
    assert nobody().post("/v1/auth/login", b"{").status == 400
    assert nobody().post("/v1/auth/login", [1]).status == 422
    assert nobody().post("/v1/auth/refresh", {"refresh_token": None}).status == 422
    assert nobody().post("/v1/auth/login", b" " * 10_000_001).status == 413


# People


def test_users_are_admitted_listed_changed_and_seen_by_their_own_tenant_only(operator: Client) -> None:
    beta = owner_of("BETA")
    body = {"name": "Rahima", "email": "rahima@beta.test", "role": "accountant", "password": PASSWORD}
    rahima = beta.post("/v1/users", body, key="one").ok(201)
    again = beta.post("/v1/users", body, key="one").ok(201)
    assert (again.text, again.headers["idempotency-replayed"]) == (rahima.text, "true")
    assert beta.get(f"/v1/users/{rahima['id']}").ok(200).data == rahima.data
    assert {user["email"] for user in beta.get("/v1/users").ok(200)["items"]} == {"owner@beta.test", "rahima@beta.test"}
    assert [user["email"] for user in owner_of("ALPHA").get("/v1/users").ok(200)["items"]] == ["owner@alpha.test"]
    for stranger in (operator, owner_of("ALPHA")):
        assert stranger.get(f"/v1/users/{rahima['id']}").status == 404
        assert stranger.patch(f"/v1/users/{rahima['id']}", {"name": "X"}).status == 404
        assert stranger.post(f"/v1/users/{rahima['id']}/password", {"password": PASSWORD}).status == 404
    changed = beta.patch(f"/v1/users/{rahima['id']}", {"name": "Rahima Khatun"}).ok(200)
    assert changed.data == {**rahima.data, "name": "Rahima Khatun"}
    assert "password" not in changed.text


def test_a_list_of_users_goes_on_where_its_page_ended(operator: Client) -> None:
    for number in range(3):
        person = {"name": "P", "email": f"p{number}@isp.test", "role": "support", "password": PASSWORD}
        operator.post("/v1/users", person).ok(201)
    first = operator.get("/v1/users?limit=3").ok(200)
    second = operator.get(f"/v1/users?limit=3&cursor={first['next_cursor']}").ok(200)
    ids = [user["id"] for user in first["items"] + second["items"]]
    assert len(ids) == len(set(ids)) == 4
    assert second["next_cursor"] is None
    assert operator.get("/v1/users?limit=201").status == 422
    assert operator.get("/v1/users?cursor=%21").status == 422


def test_an_e_mail_address_is_unique_in_the_installation_without_regard_to_case(operator: Client) -> None:
    person = {"name": "X", "email": "OWNER@beta.TEST", "role": "support", "password": PASSWORD}
    assert problem_of(operator.post("/v1/users", person)) == (409, "email-taken")
    assert problem_of(owner_of("ALPHA").post("/v1/users", person)) == (409, "email-taken")


def test_a_new_role_holds_from_the_next_call_without_a_new_token(operator: Client) -> None:
    person = {"name": "M", "email": "m@isp.test", "role": "manager", "password": PASSWORD}
    user = operator.post("/v1/users", person).ok(201)
    manager = nobody().signed_in("m@isp.test", PASSWORD)
    manager.get("/v1/resellers").ok(200)
    assert problem_of(manager.post("/v1/users", {**person, "email": "n@isp.test"})) == (403, "role-not-allowed")
    operator.patch(f"/v1/users/{user['id']}", {"role": "technician"}).ok(200)
    assert problem_of(manager.get("/v1/resellers")) == (403, "role-not-allowed")
    assert manager.get("/v1/me").ok(200)["role"] == "technician"


def test_disabling_a_user_ends_its_tokens_for_good(operator: Client) -> None:
    person = {"name": "M", "email": "m@isp.test", "role": "manager", "password": PASSWORD}
    user = operator.post("/v1/users", person).ok(201)
    tokens = log_in("m@isp.test").ok(200)
    operator.patch(f"/v1/users/{user['id']}", {"status": "disabled"}).ok(200)
    assert problem_of(nobody().with_token(tokens["access_token"]).get("/v1/me")) == (401, "token-revoked")
    assert problem_of(refresh(tokens["refresh_token"])) == (401, "refresh-revoked")
    operator.patch(f"/v1/users/{user['id']}", {"status": "active"}).ok(200)
    assert problem_of(nobody().with_token(tokens["access_token"]).get("/v1/me")) == (401, "token-revoked")
    log_in("m@isp.test").ok(200)


def test_the_last_active_owner_can_be_neither_disabled_nor_demoted(operator: Client) -> None:
    me = operator.get("/v1/me").ok(200)["user"]["id"]
    for change in ({"status": "disabled"}, {"role": "manager"}):
        assert problem_of(operator.patch(f"/v1/users/{me}", change)) == (409, "last-owner")
    person = {"name": "O", "email": "o@isp.test", "role": "owner", "password": PASSWORD}
    other = operator.post("/v1/users", person).ok(201)["id"]
    operator.patch(f"/v1/users/{other}", {"status": "disabled"}).ok(200)
    assert problem_of(operator.patch(f"/v1/users/{me}", {"role": "manager"})) == (409, "last-owner")
    operator.patch(f"/v1/users/{other}", {"status": "active"}).ok(200)
    operator.patch(f"/v1/users/{me}", {"role": "manager"}).ok(200)


def test_an_owner_sets_the_password_of_others_but_not_its_own_that_way(operator: Client) -> None:
    person = {"name": "M", "email": "m@isp.test", "role": "manager", "password": PASSWORD}
    user = operator.post("/v1/users", person).ok(201)["id"]
    manager = nobody().signed_in("m@isp.test", PASSWORD)
    operator.post(f"/v1/users/{user}/password", {"password": "another horse 2"}).ok(204)
    assert problem_of(manager.get("/v1/me")) == (401, "token-revoked")
    log_in("m@isp.test", "another horse 2").ok(200)
    me = operator.get("/v1/me").ok(200)["user"]["id"]
    own = operator.post(f"/v1/users/{me}/password", {"password": "another horse 2"})
    assert problem_of(own) == (409, "own-password")


def test_bad_fields_of_a_user_are_named_and_odd_ids_are_nobody(operator: Client) -> None:
    person = {"name": " ", "email": "m@isp.test", "role": "king", "password": PASSWORD, "status": "active"}
    errors = operator.post("/v1/users", person).ok(422)["errors"]
    assert {error["field"] for error in errors} == {"name", "role", "status"}
    assert operator.patch("/v1/users/u1", {"name": None}).status == 422
    assert operator.patch("/v1/users/u1", {"email": "x@isp.test"}).status == 422
    for odd in ("u1", "x" * 3000, "%23", "a%20b", "op%23users"):
        assert operator.get(f"/v1/users/{odd}").status == 404


# Login-as


def log_in_as(client: Client, reseller_id: str, **changes: str) -> Reply:
    return client.post(f"/v1/resellers/{reseller_id}/login-as", {"reason": "asked for help", **changes})


def test_a_parent_logs_in_as_its_reseller_to_look_and_the_reseller_sees_it(
    operator: Client, ids: dict[str, str]
) -> None:
    beta_id = ids["beta"]
    granted = log_in_as(operator, beta_id).ok(200)
    assert granted.data.keys() == {"access_token", "expires_in", "token_type"}
    assert granted["expires_in"] == 900
    acting = nobody().with_token(granted["access_token"])
    me = acting.get("/v1/me").ok(200)
    assert me["tenant"]["id"] == beta_id
    assert me["user"]["email"] == "owner@beta.test"
    assert me["acting"]["tenant"] == {"id": "op", "name": "Operator"}
    assert me["acting"]["user"]["name"] == "Operator"
    assert (me["acting"]["reason"], me["acting"]["scope"]) == ("asked for help", "read")
    assert me["acting"]["until"] == "2026-11-22T06:15:00.000000Z"
    (line,) = owner_of("BETA").get("/v1/access-log").ok(200)["items"]
    assert line["user"] == me["acting"]["user"]
    assert line["tenant"] == me["acting"]["tenant"]
    assert (line["at"], line["until"]) == ("2026-11-22T06:00:00.000000Z", "2026-11-22T06:15:00.000000Z")
    assert (line["reason"], line["scope"]) == ("asked for help", "read")
    assert owner_of("ALPHA").get("/v1/access-log").ok(200)["items"] == []
    assert operator.get("/v1/access-log").ok(200)["items"] == []


def test_login_as_changes_things_only_when_asked_and_credentials_never(operator: Client, ids: dict[str, str]) -> None:
    beta_id = ids["beta"]
    looking = nobody().with_token(log_in_as(operator, beta_id)["access_token"])
    changing = nobody().with_token(log_in_as(operator, beta_id, scope="write")["access_token"])
    below = onboard(owner_of("BETA"), "BELOW")["id"]
    changing.patch(f"/v1/resellers/{below}", {"name": "Changed while acting"}).ok(200)
    refused = (403, "not-allowed-when-acting")
    person = {"name": "X", "email": "x@beta.test", "role": "owner", "password": PASSWORD}
    me = changing.get("/v1/me")["user"]["id"]
    assert problem_of(looking.patch(f"/v1/resellers/{below}", {"name": "X"})) == refused
    for acting in (looking, changing):
        assert problem_of(acting.post("/v1/users", person)) == refused
        assert problem_of(acting.patch(f"/v1/users/{me}", {"name": "X"})) == refused
        assert problem_of(acting.post(f"/v1/users/{me}/password", {"password": "another horse 2"})) == refused
        passwords = {"current_password": PASSWORD, "new_password": "another horse 2"}
        assert problem_of(acting.post("/v1/me/password", passwords)) == refused
        assert problem_of(log_in_as(acting, below)) == refused
        assert problem_of(acting.post("/v1/resellers", reseller_body("DEEPER"))) == refused


def test_login_as_is_for_direct_resellers_only(operator: Client, ids: dict[str, str]) -> None:
    alpha = owner_of("ALPHA")
    below = onboard(alpha, "BELOW")["id"]
    assert log_in_as(alpha, below).status == 200
    for reseller_id in (below, "op", "nobody", "x%23y"):
        assert log_in_as(operator, reseller_id).status == 404
    assert log_in_as(alpha, ids["beta"]).status == 404
    assert log_in_as(alpha, ids["alpha"]).status == 404
    assert log_in_as(operator, ids["beta"], scope="all").status == 422
    assert log_in_as(operator, ids["beta"], reason=" ").status == 422


def test_login_as_ends_with_its_quarter_hour(operator: Client, ids: dict[str, str], the_clock: SetClock) -> None:
    tokens = log_in(OPERATOR).ok(200)
    acting = nobody().with_token(log_in_as(nobody().with_token(tokens["access_token"]), ids["beta"])["access_token"])
    the_clock.set("2026-11-22T06:15:00")
    assert problem_of(acting.get("/v1/me")) == (401, "token-expired")


@pytest.mark.parametrize("how", ["signs out", "changes its password", "is disabled", "is demoted"])
def test_login_as_ends_when_who_acts(operator: Client, ids: dict[str, str], how: str) -> None:
    person = {"name": "M", "email": "m@isp.test", "role": "manager", "password": PASSWORD}
    user = operator.post("/v1/users", person).ok(201)["id"]
    tokens = log_in("m@isp.test").ok(200)
    manager = nobody().with_token(tokens["access_token"])
    acting = nobody().with_token(log_in_as(manager, ids["beta"]).ok(200)["access_token"])
    acting.get("/v1/me").ok(200)
    if how == "signs out":
        nobody().post("/v1/auth/logout", {"refresh_token": tokens["refresh_token"]}).ok(204)
    elif how == "changes its password":
        passwords = {"current_password": PASSWORD, "new_password": "another horse 2"}
        manager.post("/v1/me/password", passwords).ok(204)
    else:
        change = {"status": "disabled"} if how == "is disabled" else {"role": "accountant"}
        operator.patch(f"/v1/users/{user}", change).ok(200)
    assert problem_of(acting.get("/v1/me")) == (401, "token-revoked")


def test_the_access_log_is_paged_newest_first(operator: Client, ids: dict[str, str], the_clock: SetClock) -> None:
    for minute in range(3):
        the_clock.set(f"2026-11-22T06:0{minute}:00")
        log_in_as(operator, ids["beta"], reason=f"reason {minute}").ok(200)
    beta = owner_of("BETA")
    first = beta.get("/v1/access-log?limit=2").ok(200)
    assert [line["reason"] for line in first["items"]] == ["reason 2", "reason 1"]
    second = beta.get(f"/v1/access-log?limit=2&cursor={first['next_cursor']}").ok(200)
    assert [line["reason"] for line in second["items"]] == ["reason 0"]
    assert second["next_cursor"] is None
