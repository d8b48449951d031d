"""Routers of the parties of an installation to fuzz. Two of Alpha's answer; where all others are nothing does, and that is
told at once."""

from typing import Any

from local.routeros.router import Router as Simulated
from local.routeros.server import RouterServer
from tests.fuzz.seeded import Installation, Party
from tests.fuzz.server import PASSWORD

SPARE = 6
"""Routers with nothing on them: some are lent, some are let go."""
NOWHERE = {"address": "127.0.0.1", "port": 1, "username": "tributary", "password": PASSWORD}


def route_installation(installation: Installation) -> None:
    """Routers for everybody; each has a line on one, and one that is lent to a reseller which has none there."""
    for party in installation.parties.values():
        party.keep("usable-router", _register(party, "Core", answers=party.code == "ALPHA"))
        party.keep("router", *(_register(party, f"Spare {number}") for number in range(SPARE)))
        access = {"router": party.ids["usable-router"][0], "method": "pppoe", "password": PASSWORD}
        party.owner.send("PUT", f"/v1/subscribers/{party.ids['subscriber'][0]}/access", access)
        if party.ids["child"]:
            party.keep("lending-router", _register(party, "Lent", answers=party.code == "ALPHA"))
            lending = {"reseller": party.ids["child"][0], "prefix": "a-"}
            at = f"/v1/routers/{party.ids['lending-router'][0]}"
            party.owner.send("POST", f"{at}/lendings", lending)
            party.keep("reconciliation", party.owner.send("POST", f"{at}/reconciliations", {})["id"])


def _register(party: Party, name: str, *, answers: bool = False) -> str:
    found = {**NOWHERE, **(_simulated(name) if answers else {})}
    router: Any = party.owner.send("POST", "/v1/routers", {"name": name, **found})
    return str(router["id"])


def _simulated(name: str) -> dict[str, Any]:
    """Where a simulated router answers for as long as this process runs."""
    router = Simulated(name, password=PASSWORD)
    return {"port": RouterServer(router).start().port, "transport": "api", "username": "admin"}
