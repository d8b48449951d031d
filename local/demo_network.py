"""The demo's network: an operator's router, lent to Dhaka; Mirpur's own, lent to Kazipara; and lines on both."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from local.boxes.process import Listening
from local.boxes.table import (
    CORE,
    HAND_MADE_PROFILE,
    LINES,
    LOCAL_ADDRESS,
    MIRPUR,
    POOL,
    PROGRAM,
    PROGRAM_PASSWORD,
    Box,
    Lines,
    line_password,
    locks_mac,
    method_of,
    static_address,
    static_network,
    subscribers_on,
)
from local.demo_isp import BY_CODE, MANAGER

OWNERS: Final = ((CORE, MANAGER), (MIRPUR, BY_CODE["MIRPUR"].owner_email))
PROFILES: Final = {"DHAKA": [{"plan": "HOME-10", "profile": HAND_MADE_PROFILE}]}
"""Everybody else has profiles that the product keeps."""

Ask = Callable[[str, str, str, Any, str], Any]
"""(who, method, path, body, key) to the answer of the app."""


def connect_lines(ask: Ask, ids: Mapping[str, str], listening: Sequence[Listening]) -> int:
    """Register the routers, lend them, and put subscribers on them; how many lines that are. Done again it is the same.

    `ids` are those of the resellers by their codes.
    """
    at = {one.name: one for one in listening}
    routers = {box.name: str(_register(ask, box, at[box.name], owner)["id"]) for box, owner in OWNERS}
    owners = {box.name: owner for box, owner in OWNERS}
    for lines in LINES:
        if lines.prefix:
            body = {
                "reseller": ids[lines.reseller],
                "prefix": lines.prefix,
                "profiles": PROFILES.get(lines.reseller, []),
                "networks": [static_network(lines)],
            }
            path = f"/v1/routers/{routers[lines.box.name]}/lendings"
            ask(owners[lines.box.name], "POST", path, body | _ground(), f"demo-lending-{lines.reseller}")
    return sum(_put_on(ask, lines, routers[lines.box.name]) for lines in LINES)


def _register(ask: Ask, box: Box, listening: Listening, owner: str) -> Any:
    body = {
        "name": box.identity,
        "address": "127.0.0.1",
        "port": listening.port,
        "transport": "api-tls" if box.tls else "api",
        "fingerprint": listening.fingerprint,
        "username": PROGRAM,
        "password": PROGRAM_PASSWORD,
    }
    return ask(owner, "POST", "/v1/routers", body | _ground(), f"demo-router-{box.name}")


def _ground() -> dict[str, str]:
    return {"pool": POOL, "local_address": LOCAL_ADDRESS}


def _put_on(ask: Ask, lines: Lines, router_id: str) -> int:
    """Everybody who has not left."""
    who = BY_CODE[lines.reseller].owner_email
    by_name = {one["services"][0]["username"]: one for one in _everybody(ask, who)}
    put = 0
    for number, expected in enumerate(subscribers_on(lines), start=1):
        one = by_name[expected.username]
        if one["services"][0]["status"] != "disconnected":
            body = {"router": router_id, **_access(lines, number, expected.username)}
            ask(who, "PUT", f"/v1/subscribers/{one['id']}/access", body, "demo-access")
            put += 1
    return put


def _everybody(ask: Ask, who: str) -> Iterator[Any]:
    cursor = ""
    while True:
        page = ask(who, "GET", f"/v1/subscribers?limit=200{cursor}", "", "demo-lines")
        yield from page["items"]
        if page["next_cursor"] is None:
            return
        cursor = f"&cursor={page['next_cursor']}"


def _access(lines: Lines, number: int, username: str) -> dict[str, Any]:
    method = method_of(number)
    if method == "static":
        return {"method": method, "address": static_address(lines, number)}
    return {"method": method, "password": line_password(username), "locks_mac": locks_mac(number)}
