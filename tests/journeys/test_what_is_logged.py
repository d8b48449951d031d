"""One line a request, metrics of what moved, and never a secret or a personal number in either."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from chalicelib.aws import log
from tests.tenants.isp import OPERATOR, PASSWORD, nobody, onboard, owner_of, the_operator

PHONE = "01712345678"
MAC = "9C:53:00:07:00:01"


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Everything that the product logs during a test, at the level it has in production."""
    written = io.StringIO()
    handler = log.logger.registered_handler
    monkeypatch.setattr(handler, "stream", written)
    before = log.logger.log_level
    log.logger.setLevel(logging.INFO)
    yield written
    log.logger.setLevel(before)


def requests_in(lines: io.StringIO) -> list[dict[str, object]]:
    found = [json.loads(line) for line in lines.getvalue().splitlines()]
    return [line for line in found if line["message"] == "request"]


@pytest.mark.usefixtures("database", "the_clock")
def test_a_request_leaves_one_line_with_tenant_user_route_status_and_duration(lines: io.StringIO) -> None:
    operator = the_operator()
    lines.seek(0)
    lines.truncate()
    operator.get("/v1/me").ok(200)
    (line,) = requests_in(lines)
    assert (line["route"], line["status"], line["tenant"]) == ("GET /v1/me", 200, "op")
    assert str(line["user"]).startswith("u")
    assert isinstance(line["duration_ms"], float)
    assert "correlation_id" in line


@pytest.mark.usefixtures("database", "the_clock")
def test_under_login_as_the_line_names_who_is_behind_it(lines: io.StringIO) -> None:
    operator = the_operator()
    reseller = onboard(operator, "BETA")["id"]
    token = operator.post(f"/v1/resellers/{reseller}/login-as", {"reason": "a look"}).ok(200)["access_token"]
    lines.seek(0)
    lines.truncate()
    operator.with_token(token).get("/v1/me").ok(200)
    (line,) = requests_in(lines)
    assert (line["tenant"], line["acting_tenant"]) == (reseller, "op")
    assert line["acting_user"] != line["user"]


@pytest.mark.usefixtures("database", "the_clock")
def test_no_password_token_mail_address_phone_or_mac_is_ever_logged(lines: io.StringIO) -> None:
    operator = the_operator()
    onboard(operator, "BETA")
    beta = owner_of("BETA")
    body = {"name": "Karim Hossain", "phone": PHONE, "plan": "NOPE", "username": "karim-secret", "mac": MAC}
    beta.post("/v1/subscribers", body).ok(422)
    nobody().post("/v1/auth/login", {"email": OPERATOR, "password": "wrong-password-1"}).ok(401)
    nobody().with_token("e30.e30.e30").get("/v1/me").ok(401)
    said = lines.getvalue()
    assert len(requests_in(lines)) >= 6
    for secret in (PASSWORD, "wrong-password-1", OPERATOR, "@beta.test", PHONE, MAC, "karim", "Karim", str(beta.token)):
        assert secret not in said


@pytest.mark.usefixtures("database", "the_clock")
def test_moving_money_is_measured(lines: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    measured: list[tuple[str, float]] = []
    monkeypatch.setattr(
        "chalicelib.funds.routes.measure", lambda name, value, unit="Count": measured.append((name, value))
    )
    operator = the_operator()
    reseller = onboard(operator, "BETA")["id"]
    operator.post(f"/v1/resellers/{reseller}/recharges", {"amount": "12.50", "method": "cash"}, key="k").ok(201)
    operator.post(f"/v1/resellers/{reseller}/refunds", {"amount": "2.50", "method": "cash", "reason": "back"}).ok(201)
    assert measured == [("MoneyRechargedMinor", 1250), ("MoneyRefundedMinor", 250)]
