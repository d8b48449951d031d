"""Applying a difference to a router: one command for each, and hanging up whoever has to sign in anew."""

from collections.abc import Iterable, Mapping

from chalicelib.core.errors import Refusal
from chalicelib.network.connection import Connection
from chalicelib.network.credentials import open_service_password
from chalicelib.network.difference import Difference, Kind, Step
from chalicelib.network.entries import Menu, ServiceKey
from chalicelib.network.failure import RouterTrap, readable
from chalicelib.network.model import Access
from chalicelib.network.reading import SESSIONS

Failures = dict[ServiceKey, str]
"""Why the router did not take what is wanted of a service, in a sentence."""


def apply(
    connection: Connection, difference: Difference, accesses: Mapping[ServiceKey, Access]
) -> tuple[Failures, set[str]]:
    """Do all steps, each with one command; what was refused, and the names whose sessions are not as wanted any more.

    A step that the router refuses leaves out the other steps of its service. `RouterFailure` when the router is lost:
    then it is not known which steps were done.
    """
    failures: Failures = {}
    stale: set[str] = set()
    for step in difference.steps:
        if step.service is not None and step.service in failures:
            continue
        try:
            _do(connection, step, accesses)
        except RouterTrap as trap:
            if step.service is not None and not (step.kind is Kind.REMOVE and trap.is_missing):
                failures[step.service] = _sentence(step, trap)
        except Refusal as refusal:  # its password cannot be opened
            if step.service is None:
                raise
            failures[step.service] = refusal.detail
        stale |= _stale_names(step)
    return failures, stale


def hang_up(connection: Connection, names: Iterable[str]) -> int:
    """End the sessions of these names, and of no others; how many there were."""
    wanted = sorted(set(names))
    ended = 0
    for path, attribute in SESSIONS.items() if wanted else ():
        try:
            rows = connection.either(path, attribute, wanted, props=(".id", attribute))
            # A router that does not know what was asked for prints everything: only those are ended that have the name.
            ids = [row[".id"] for row in rows if row.get(attribute) in wanted and ".id" in row]
            if ids:
                connection.remove(path, ids)
            ended += len(ids)
        except RouterTrap as trap:
            if not trap.is_missing and "no such command" not in trap.message:
                raise
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


def _stale_names(step: Step) -> set[str]:
    """The names that were signed in with under an entry that is another now. A new entry has no session yet, and one
    that only got another comment keeps its own."""
    if step.menu not in (Menu.SECRET, Menu.HOTSPOT_USER) or step.kind is Kind.ADD:
        return set()
    if step.kind is Kind.SET and not step.unsets and not step.with_password and set(step.sets) <= {"comment"}:
        return set()
    return {name for name in (step.name, step.row.get("name")) if name}


def _sentence(step: Step, trap: RouterTrap) -> str:
    return f"The router refused to {step.kind.value} {readable(step.name, 80)} in {step.menu.value}: {trap.message}"
