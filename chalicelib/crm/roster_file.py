"""The lines of a roster (subscribers to connect) and of a file of events, each checked by itself. Pure."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from chalicelib.core.dates import parse_day
from chalicelib.crm.contact import parse_mac, parse_name, parse_phone, parse_username, parse_zone
from chalicelib.crm.csv_file import CsvFile, CsvLine, Fault
from chalicelib.crm.model import EventKind
from chalicelib.crm.subscriber import Line, NewSubscriber
from chalicelib.crm.words import fold

ROSTER_COLUMNS = ("name", "phone", "plan", "username", "mac", "zone", "start_on")
EVENT_COLUMNS = ("username", "type", "effective_on", "plan")
MAX_LINES_A_SERVICE = 40
"""Events of one service in one file: as many as fit into one write."""

ASKABLE = (EventKind.ENABLE, EventKind.DISABLE, EventKind.CHANGE_PLAN, EventKind.DISCONNECT)
_TYPES = {kind.value: kind for kind in ASKABLE}
ValueT = TypeVar("ValueT")


@dataclass(frozen=True, slots=True)
class RosterLine:
    """A good line of a roster."""

    number: int
    asked: NewSubscriber


@dataclass(frozen=True, slots=True)
class EventLine:
    """A good line of an event file; `plan` is a plan code on a change of plan and None otherwise."""

    number: int
    username: str
    kind: EventKind
    effective_on: date
    plan: str | None


def read_roster(file: CsvFile, find_code: Callable[[str], str | None]) -> tuple[list[RosterLine], list[Fault]]:
    """The good lines and the faults of all others; usernames and MACs are there once in a file.

    `find_code` gives the code of the plan that a text names, None when there is none.
    """
    faults = list(file.faults)
    good: list[RosterLine] = []
    lines_of: dict[tuple[str, str], int] = {}
    for line in file.lines:
        before = len(faults)
        name = _required(line, "name", parse_name, faults)
        username = _required(line, "username", parse_username, faults)
        plan = _required(line, "plan", _known(find_code), faults)
        start_on = _required(line, "start_on", parse_day, faults)
        phone = _optional(line, "phone", parse_phone, faults)
        mac = _optional(line, "mac", parse_mac, faults)
        zone = _optional(line, "zone", parse_zone, faults)
        for field, word in (("username", username and fold(username)), ("mac", mac)):
            if word is not None and (earlier := lines_of.setdefault((field, word), line.number)) != line.number:
                faults.append(Fault(line.number, field, f"is on line {earlier} already"))
        if len(faults) == before:
            assert name is not None
            assert username is not None
            assert plan is not None
            assert start_on is not None
            good.append(RosterLine(line.number, NewSubscriber(name, phone, zone, Line(plan, username, mac, start_on))))
    return good, faults


def read_event_lines(file: CsvFile, find_code: Callable[[str], str | None]) -> tuple[list[EventLine], list[Fault]]:
    """The good lines, as far as a line tells by itself, and the faults of all others."""
    faults = list(file.faults)
    good: list[EventLine] = []
    counts: dict[str, int] = {}
    for line in file.lines:
        before = len(faults)
        username = _required(line, "username", parse_username, faults)
        kind = _required(line, "type", _event_kind, faults)
        effective_on = _required(line, "effective_on", parse_day, faults)
        plan = None
        if kind is EventKind.CHANGE_PLAN:
            plan = _required(line, "plan", _known(find_code), faults)
        elif line.values["plan"]:
            faults.append(Fault(line.number, "plan", "belongs to change_plan only"))
        if username is not None:
            counts[username] = counts.get(username, 0) + 1
            if counts[username] > MAX_LINES_A_SERVICE:
                message = f"has more than {MAX_LINES_A_SERVICE} lines in this file"
                faults.append(Fault(line.number, "username", message))
        if len(faults) == before:
            assert username is not None
            assert kind is not None
            assert effective_on is not None
            good.append(EventLine(line.number, username, kind, effective_on, plan))
    return good, faults


def roster_data(lines: Collection[RosterLine]) -> list[list[Any]]:
    """Roster lines as they are kept for the worker, each a list in the order of `to_roster_line`."""
    return [
        [line.number, a.name, a.phone, a.zone, a.line.plan, a.line.username, a.line.mac, a.line.start_on.isoformat()]
        for line in lines
        for a in [line.asked]
    ]


def to_roster_line(data: list[Any]) -> RosterLine:
    """The line that `roster_data` was given."""
    number, name, phone, zone, plan, username, mac, start_on = data
    return RosterLine(number, NewSubscriber(name, phone, zone, Line(plan, username, mac, date.fromisoformat(start_on))))


def _required(line: CsvLine, field: str, parse: Callable[[str], ValueT], faults: list[Fault]) -> ValueT | None:
    if not line.values[field]:
        faults.append(Fault(line.number, field, "is required"))
        return None
    return _optional(line, field, parse, faults)


def _optional(line: CsvLine, field: str, parse: Callable[[str], ValueT], faults: list[Fault]) -> ValueT | None:
    text = line.values[field]
    if not text:
        return None
    try:
        return parse(text)
    except ValueError as error:
        faults.append(Fault(line.number, field, str(error)))
        return None


def _known(find_code: Callable[[str], str | None]) -> Callable[[str], str]:
    def parse(text: str) -> str:
        code = find_code(text)
        if code is None:
            raise ValueError("is not one of your plans")
        return code

    return parse


def _event_kind(text: str) -> EventKind:
    kind = _TYPES.get(text.lower())
    if kind is None:
        raise ValueError("must be enable, disable, change_plan or disconnect")
    return kind
