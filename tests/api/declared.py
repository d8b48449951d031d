"""A tiny application with routes of its own, to see what comes in and goes out without any database."""

from collections.abc import Callable
from typing import Annotated, Any

import pytest
from chalice.app import Chalice
from chalice.config import Config
from chalice.local import LocalGateway
from pydantic import Field

from chalicelib.api import blueprint
from chalicelib.api.blueprint import PUBLIC, Blueprint
from chalicelib.api.call import Call
from chalicelib.api.fields import Amount, Answer, Body, Day, Instant, Money, MoneyOut, Name, Price
from chalicelib.api.paging import PageQuery
from tests.journeys.client import Client


class InnerBody(Body):
    """A part of a body."""

    debit: Amount | None = None
    code: Name | None = None


class EchoBody(Body):
    """One field of each kind."""

    amount: Amount
    price: Price | None = None
    change: Money | None = None
    name: Name = "nobody"
    on: Day | None = None
    count: int | None = None
    flag: bool | None = None
    lines: Annotated[list[InnerBody], Field(max_length=200)] = []


class EchoQuery(PageQuery):
    """A page of an echo."""

    on: Day | None = None
    known_at: Instant | None = None
    loud: bool = False


class EchoAnswer(Answer):
    """What came in."""

    amount: MoneyOut
    name: str


def declare(monkeypatch: pytest.MonkeyPatch, view: Callable[..., Any], **more: Any) -> Client:
    """A client of an application with that one route, `POST /echo` unless told; the product's routes are untouched."""
    monkeypatch.setattr(blueprint, "ENDPOINTS", [])
    bp = Blueprint(__name__, tag="Echo")
    method, path = more.pop("method", "POST"), more.pop("path", "/echo")
    view.__module__ = __name__
    bp.api(method, path, **{"may": PUBLIC, **more})(view)
    app = Chalice(app_name="echo")
    app.register_blueprint(bp)
    return Client(LocalGateway(app, Config()))


def echo(call: Call) -> EchoAnswer:
    return EchoAnswer(amount=call.body.amount, name=call.body.name)
