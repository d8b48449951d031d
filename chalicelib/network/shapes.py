"""What the routes of routers take and answer."""

from typing import Annotated, Any, Literal

from pydantic import Field

from chalicelib.api.fields import Answer, Body, InstantOut, Instead, Name, parsed, shown
from chalicelib.aws.config import config
from chalicelib.core.dates import from_micros
from chalicelib.network.address import MOST_CHARACTERS, parse_router_address
from chalicelib.network.model import DEFAULT_PORTS, Lending, Place, Router
from chalicelib.network.place_shapes import (
    HostAddress,
    InterfaceName,
    LinePassword,
    PlaceAnswer,
    PoolName,
    Profiles,
    ServerName,
    place_asked,
    place_shown,
)
from chalicelib.network.register import NewRouter, RouterChange
from chalicelib.network.state import RouterState

MOST_IN_A_SIGN_IN_NAME = 64

RouterId = Annotated[str, Field(examples=["t4h8w2p5n6qr.r7k2m9p4x"])]
RouterAddress = Annotated[
    str,
    parsed(lambda text: parse_router_address(text, allows_local=config().allows_local_routers)),
    shown("10.10.0.2", pattern=f"^[A-Za-z0-9.:-]{{1,{MOST_CHARACTERS}}}$"),
]
Port = Annotated[int, Field(ge=1, le=65_535, strict=True, examples=[8729])]
Transport = Annotated[Literal["api", "api-tls"], Field(examples=["api-tls"])]
Fingerprint = Annotated[
    str,
    parsed(lambda text: _fingerprint(text)),
    shown("9f2c61b0" * 8, pattern="^[0-9A-Fa-f]{2}(:?[0-9A-Fa-f]{2}){31}$"),
]
"""The SHA-256 of a certificate, in hex; kept in small letters without colons."""
SignInName = Annotated[str, parsed(lambda text: _sign_in_name(text)), shown("tributary", pattern="^[!-~]{1,64}$")]


class NewRouterBody(Body):
    """A MikroTik router to work with. `port` is that of the transport unless told.

    With `api-tls` it has to show the certificate of `fingerprint`; without one nothing is sent to it, and a test of the
    connection tells the fingerprint that it shows.
    """

    name: Name
    address: RouterAddress
    port: Port | None = None
    transport: Transport = "api-tls"
    fingerprint: Fingerprint | None = None
    username: SignInName
    password: LinePassword
    profiles: Profiles = []
    pool: PoolName | None = None
    local_address: HostAddress | None = None
    hotspot_server: ServerName | None = None
    arp_interface: InterfaceName | None = None
    enabled: bool = True


class RouterChangeBody(Body):
    """What to change of a router. The password is asked for again where it could go elsewhere: with another address or
    port, without TLS, or with another fingerprint than the one that is kept."""

    name: Name = Instead
    address: RouterAddress = Instead
    port: Port = Instead
    transport: Transport = Instead
    fingerprint: Fingerprint | None = None
    username: SignInName = Instead
    password: LinePassword = Instead
    profiles: Profiles = Instead
    pool: PoolName | None = None
    local_address: HostAddress | None = None
    hotspot_server: ServerName | None = None
    arp_interface: InterfaceName | None = None
    enabled: bool = Instead


class RouterAnswer(PlaceAnswer):
    """A router. Of one that is lent (`lent_by` names by whom) it is not told where it is and how one signs in.

    `reachable` is null while it has not been spoken to; `failure` says why it does not answer, since `failing_since`.
    `services` are this tenant's on it.
    """

    id: RouterId
    name: Annotated[str, Field(examples=["Mirpur-10 core"])]
    lent_by: Annotated[str, Field(examples=["Alpha Net"])] | None
    address: Annotated[str, Field(examples=["10.10.0.2"])] | None
    port: Annotated[int, Field(examples=[8729])] | None
    transport: Transport | None
    fingerprint: Annotated[str, Field(examples=["9f2c61b0" * 8])] | None
    username: Annotated[str, Field(examples=["tributary"])] | None
    password_set: bool
    enabled: bool
    services: Annotated[int, Field(examples=[120])]
    created_at: InstantOut
    reachable: bool | None
    last_seen_at: InstantOut | None
    failing_since: InstantOut | None
    failure_reason: Annotated[str, Field(examples=["timed_out"])] | None
    failure: Annotated[str, Field(examples=["The router did not answer in time."])] | None
    identity: Annotated[str, Field(examples=["core-1"])] | None
    model: Annotated[str, Field(examples=["RB4011iGS+"])] | None
    version: Annotated[str, Field(examples=["7.16.2"])] | None
    architecture: Annotated[str, Field(examples=["arm"])] | None


class ConnectionTestAnswer(Answer):
    """What a test of the connection found. `detail` says in words what is wrong and what to check.

    `fingerprint` is that of the certificate the router showed: compare it on the router before it is confirmed.
    """

    ok: bool
    reason: Annotated[str, Field(examples=["wrong_password"])] | None
    detail: Annotated[str, Field(examples=["The router answers, and its user may do all that is needed."])]
    identity: Annotated[str, Field(examples=["core-1"])] | None
    model: Annotated[str, Field(examples=["RB4011iGS+"])] | None
    version: Annotated[str, Field(examples=["7.16.2"])] | None
    may_write: bool
    fingerprint: Annotated[str, Field(examples=["9f2c61b0" * 8])] | None


def _fingerprint(text: str) -> str:
    plain = text.replace(":", "").lower()
    if len(plain) != 64 or set(plain) - set("0123456789abcdef"):
        raise ValueError("must be the SHA-256 of a certificate: 64 hexadecimal digits, perhaps with colons")
    return plain


def _sign_in_name(text: str) -> str:
    if not 1 <= len(text) <= MOST_IN_A_SIGN_IN_NAME or not all("!" <= one <= "~" for one in text):
        raise ValueError(f"must be 1 to {MOST_IN_A_SIGN_IN_NAME} letters, digits and signs of ASCII, without spaces")
    return text


def router_asked(body: NewRouterBody, profiles: dict[str, str]) -> NewRouter:
    tls = body.transport == "api-tls"
    return NewRouter(
        name=body.name,
        address=body.address,
        port=body.port or DEFAULT_PORTS[tls],
        tls=tls,
        fingerprint=body.fingerprint,
        username=body.username,
        password=body.password,
        place=place_asked(body, profiles),
        enabled=body.enabled,
    )


def change_asked(body: RouterChangeBody, profiles: dict[str, str] | None) -> RouterChange:
    """What is named; another transport without a port is that at its usual one."""
    named = body.model_fields_set
    fields: dict[str, Any] = {
        name: getattr(body, name)
        for name in ("name", "address", "port", "fingerprint", "username", "enabled")
        if name in named
    }
    if "transport" in named:
        fields["tls"] = body.transport == "api-tls"
        fields.setdefault("port", DEFAULT_PORTS[fields["tls"]])
    place: dict[str, Any] = {
        name: getattr(body, name)
        for name in ("pool", "local_address", "hotspot_server", "arp_interface")
        if name in named
    }
    if profiles is not None:
        place["profiles"] = profiles
    return RouterChange(fields, place, body.password)


def show_router(router: Router, place: Place, state: RouterState, lending: Lending | None, lender: str) -> RouterAnswer:
    """A router as its owner sees it, or, with a `lending` by `lender`, as who may use it does."""
    is_own = lending is None
    known = state.is_failing or state.last_seen_micros is not None
    return RouterAnswer(
        id=router.router_id,
        name=router.name,
        lent_by=None if is_own else lender,
        address=router.address if is_own else None,
        port=router.port if is_own else None,
        transport=("api-tls" if router.tls else "api") if is_own else None,
        fingerprint=router.fingerprint if is_own else None,
        username=router.username if is_own else None,
        password_set=True,
        enabled=router.enabled,
        services=router.uses if lending is None else lending.uses,
        created_at=from_micros(router.created_at_micros),
        reachable=not state.is_failing if known else None,
        last_seen_at=_instant(state.last_seen_micros),
        failing_since=_instant(state.failing_since_micros),
        failure_reason=state.failure_reason,
        failure=state.failure if is_own else None,
        identity=state.identity,
        model=state.model,
        version=state.version,
        architecture=state.architecture,
        **place_shown(place),
    )


def _instant(micros: int | None) -> Any:
    return None if micros is None else from_micros(micros)


def show_test(found: dict[str, Any]) -> ConnectionTestAnswer:
    """What the function that reaches routers answered to `test`."""
    failure = found.get("failure") or {}
    return ConnectionTestAnswer(
        ok=found.get("ok", False),
        reason=failure.get("reason", found.get("reason")),
        detail=failure.get("detail", found.get("detail", "")),
        identity=found.get("identity"),
        model=found.get("model"),
        version=found.get("version"),
        may_write=found.get("may_write", False),
        fingerprint=found.get("certificate_fingerprint"),
    )
