"""What the route of a subscriber's session answers."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import Field

from chalicelib.api.fields import Answer, InstantOut
from chalicelib.crm.shapes import ServiceId
from chalicelib.crm.subscriber import service_id
from chalicelib.network.access_shapes import AccessRouter
from chalicelib.network.give_access import GivenAccess

Bps = Annotated[int, Field(examples=[4_200_000])]


class SessionAnswer(Answer):
    """A line that is on; null for what its router does not tell. A static line has no beginning."""

    up_since: InstantOut | None
    up_seconds: Annotated[int, Field(examples=[3600])] | None
    address: Annotated[str, Field(examples=["10.20.0.7"])] | None
    mac: Annotated[str, Field(examples=["9C:53:00:07:00:7B"])] | None
    interface: Annotated[str, Field(examples=["<pppoe-bn700123>"])] | None
    id: Annotated[str, Field(examples=["0x81000012"])] | None


class TrafficAnswer(Answer):
    """Bits a second at one moment, as the subscriber sees them."""

    download_bps: Bps
    upload_bps: Bps
    sampled_at: InstantOut


class SignOffAnswer(Answer):
    """The end of the last session, by the router's own clock and in its words."""

    at_router_time: Annotated[str, Field(examples=["2026-11-22T10:11:12"])] | None
    reason: Annotated[str, Field(examples=["peer-request"])] | None


class LineNowAnswer(Answer):
    """A service as its router sees it at this moment. `note` says why nothing is told of it."""

    service: ServiceId
    router: AccessRouter
    method: Annotated[Literal["pppoe", "hotspot", "static"], Field(examples=["pppoe"])]
    sign_in_name: Annotated[str, Field(examples=["beta-bn700123"])]
    online: bool
    session: SessionAnswer | None
    traffic: TrafficAnswer | None
    last_sign_off: SignOffAnswer | None
    note: Annotated[str, Field(examples=["The router has no entry of this service under that name."])] | None


SUSPENDED_NOTE = "It is suspended: where it is online, it is so with what the expired get."


def show_line_now(given: GivenAccess, told: dict[str, Any], now: datetime, *, is_suspended: bool) -> LineNowAnswer:
    """`told` is the router's answer to `session`, which came at `now`."""
    session, traffic, sign_off = told["session"], told["traffic"], told["last_sign_off"]
    return LineNowAnswer(
        service=service_id(given.subscriber.tenant_id, given.service.number),
        router=AccessRouter(id=given.router.router_id, name=given.router.name),
        method=given.access.method.value,
        sign_in_name=given.sign_in_name,
        online=session is not None,
        session=None if session is None else _session(session, now),
        traffic=None if traffic is None else TrafficAnswer(**traffic, sampled_at=now),
        last_sign_off=None
        if sign_off is None
        else SignOffAnswer(at_router_time=sign_off["at_router_time"], reason=sign_off["reason"]),
        note=told["note"] or (SUSPENDED_NOTE if is_suspended else None),
    )


def _session(session: dict[str, Any], now: datetime) -> SessionAnswer:
    seconds = session["up_seconds"]
    return SessionAnswer(
        up_since=None if seconds is None else now - timedelta(seconds=seconds),
        up_seconds=seconds,
        address=session["address"],
        mac=session["mac"],
        interface=session["interface"],
        id=session["session_id"],
    )
