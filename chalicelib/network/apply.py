"""Applying a difference to a router: one command for each, and hanging up whoever has to sign in anew."""

from collections.abc import Iterable, Mapping, Sequence

from chalicelib.core.errors import Refusal, Unavailable
from chalicelib.network.connection import Connection
from chalicelib.network.credentials import open_service_password
from chalicelib.network.difference import Difference
from chalicelib.network.entries import Menu, ServiceKey
from chalicelib.network.failure import RouterTrap, readable
from chalicelib.network.model import Access
from chalicelib.network.reading import SESSIONS, SignIn, is_by_entry
from chalicelib.network.steps import WITH_PASSWORD, Kind, Step

HANG_UP_TRIES = 5
NOT_ENDED = "The router would not end the session"
"""How the reason begins of a change whose entry is as wanted, and whoever signed in with the one before is still on."""

Failures = dict[ServiceKey, str]
"""Why the router did not take what is wanted of a service, in a sentence."""


def apply(
    connection: Connection, difference: Difference, accesses: Mapping[ServiceKey, Access]
) -> tuple[Failures, set[SignIn]]:
    """Do all steps, each with one command; what was refused, and whose sessions are not as wanted any more.

    A step that the router refuses leaves out the other steps of its service. `RouterFailure` when the router is lost:
    then it is not known which steps were done.
    """
    failures: Failures = {}
    stale: set[SignIn] = set()
    no_profiles: dict[str, str] = {}
    for step in difference.steps:
        if step.service is not None and step.service in failures:
            continue
        try:
            _do(connection, step, accesses)
        except RouterTrap as trap:
            if step.service is None:
                no_profiles[step.name] = _sentence(step, trap)
            elif not (step.kind is Kind.REMOVE and trap.is_missing):
                failures[step.service] = no_profiles.get(step.sets.get("profile", "")) or _sentence(step, trap)
                if not (step.sets and step.unsets):
                    continue  # It was one command, and the entry is as it was: whoever is on by it stays on.
        except Refusal as refusal:  # its password cannot be opened
            if step.service is None or isinstance(refusal, Unavailable):
                raise
            failures[step.service] = refusal.detail
            continue
        stale |= _stale(step)
    return failures, stale


def hang_up(connection: Connection, sign_ins: Iterable[SignIn]) -> tuple[int, dict[SignIn, str]]:
    """End the sessions of these, and of no others; how many there were, and those that the router would not end."""
    names: dict[Menu, list[str]] = {menu: [] for menu in SESSIONS}
    for menu, name in sorted(set(sign_ins)):
        names[menu].append(name)
    ended = 0
    refused: dict[SignIn, str] = {}
    for menu, where in SESSIONS.items():
        try:
            ended += _end_sessions(connection, *where, names[menu])
        except RouterTrap as trap:
            refused |= {(menu, name): f"{NOT_ENDED}: {trap.message}" for name in names[menu]}
    return ended, refused


def _end_sessions(connection: Connection, path: str, attribute: str, names: Sequence[str]) -> int:
    ended = 0
    for _ in range(HANG_UP_TRIES):
        try:
            rows = connection.either(path, attribute, names, props=(".id", attribute, "radius"))
            # A router that does not know what was asked for prints everything: only those are ended that have the name.
            ids = [row[".id"] for row in rows if row.get(attribute) in names and ".id" in row and is_by_entry(row)]
            ended = max(ended, len(ids))
            if ids:
                connection.remove(path, ids)
            return ended
        except RouterTrap as trap:
            if "no such command" in trap.message:
                return 0
            if not trap.is_missing:
                raise
            # One of them ended by itself meanwhile, and who knows which others the command has left: look again.
    return ended


def _do(connection: Connection, step: Step, accesses: Mapping[ServiceKey, Access]) -> None:
    path = step.menu.value
    sets = dict(step.sets)
    if step.with_password and step.service is not None:
        password = open_service_password(accesses[step.service])
        if password is not None:
            sets["password"] = password
    if step.kind is Kind.ADD:
        connection.add(path, sets)
    elif step.kind is Kind.REMOVE:
        connection.remove(path, [step.row[".id"]])
    else:
        if sets:
            connection.set(path, step.row[".id"], sets)
        for name in step.unsets:
            connection.unset(path, step.row[".id"], name)


def _stale(step: Step) -> set[SignIn]:
    """Who signed in with an entry that is another now. A new entry has no session yet, and one that only got another
    comment keeps its own."""
    if step.menu not in WITH_PASSWORD or step.kind is Kind.ADD:
        return set()
    if step.kind is Kind.SET and not step.unsets and not step.with_password and set(step.sets) <= {"comment"}:
        return set()
    return {(step.menu, name) for name in (step.name, step.row.get("name")) if name}


def _sentence(step: Step, trap: RouterTrap) -> str:
    return f"The router refused to {step.kind.value} {readable(step.name, 80)} in {step.menu.value}: {trap.message}"
