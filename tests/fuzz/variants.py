"""How the requests of an operation are made: out of what schemathesis draws, of valid requests, and of real ids."""

import copy
import itertools
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import HypothesisException
from schemathesis import Case, GenerationMode
from schemathesis.core import NOT_SET

from tests.fuzz.seeded import Party, moved_to
from tests.fuzz.spoiling import RAW, mixed_lines, spoil, spoiled_lines
from tests.journeys.isolation_cases import CASES
from tests.journeys.isolation_cases import Case as Valid

KEY = "Idempotency-Key"
_ALIASES = {"reseller_id": "child", "line_id": "audit-line", "run_id": "invoice-run"}
ON_TERMS = {"aggregate-child", "percentage-child"}
"""Resellers that the run needs: what is changed of them at an address with these is terms alone, and does no harm."""
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class Request:
    """A case to send, and how it was made."""

    case: Case
    how: str


def draw_cases(operation: Any, mode: GenerationMode, count: int, number: int) -> list[Case]:
    """Cases that schemathesis makes of the operation's schemas; the same for the same number, none where none can be."""
    drawn: list[Case] = []
    quiet = settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )

    @seed(number)
    @quiet
    @given(operation.as_strategy(generation_mode=mode))
    def draw(case: Case) -> None:
        drawn.append(case)

    try:
        draw()
    except HypothesisException:
        return drawn
    return drawn


class Maker:
    """Makes the requests of one operation by one party."""

    def __init__(self, operation: Any, party: Party, today: Any, chance: random.Random) -> None:
        self.operation, self.party, self.today, self.chance = operation, party, today, chance
        self.valid: Valid | None = CASES.get(operation.label)
        self.kinds = {name: _kind_in(text) for name, text in (self.valid.path if self.valid else {}).items()}
        self.may_touch_needed = operation.method.upper() in ("GET", "POST")

    def valid_case(self, also: bool = False, at: int = 0) -> Case | None:
        """The valid request of the isolation walk with ids of this party; None while it lacks one of the kinds.

        `at` says which of the ids of a kind its path names: what was there first may have been used up.
        """
        valid = self.valid.also if also and self.valid else self.valid
        if valid is None:
            return None
        path, query, body = (moved_to(self.today, part) for part in (valid.path, valid.query, valid.body))
        ids = {kind: known[0] for kind, known in self.party.ids.items() if known}
        address = {kind: known[at % len(known)] for kind in ids if (known := self._known(kind))}
        try:
            sent = self._fresh("", body, replace(valid, body=body).sent(ids))
            return self._case(_filled(path, address), _filled(query, ids), NOT_SET if sent is None else sent)
        except KeyError:
            return None

    def _fresh(self, name: str, template: Any, filled: Any) -> Any:
        """The body with values of its own where they have to be unique, so that it is valid a second time."""
        if isinstance(template, dict):
            return {key: self._fresh(key, part, filled[key]) for key, part in template.items()}
        if isinstance(template, list):
            return [self._fresh(name, part, one) for part, one in zip(template, filled, strict=True)]
        if template is None or isinstance(filled, bytes):
            return _renamed_lines(filled, self._number()) if filled else filled
        if template != filled or name not in _UNIQUE:
            return filled
        return _UNIQUE[name](self._number())

    def _number(self) -> int:
        self.party.made += 1
        return self.party.made * 10 + len(self.party.code)

    def _case(self, path: dict[str, Any], query: dict[str, Any], body: Any) -> Case:
        media = next((one.media_type for one in self.operation.body), None) if body is not NOT_SET else None
        return self.operation.Case(path_parameters=path, query=query, body=body, media_type=media)

    def with_real_ids(self, case: Case) -> Case:
        self.at_a_real_address(case)
        case.query = {name: self._real(name, value) for name, value in case.query.items()}
        if isinstance(case.body, dict | list):
            case.body = self._real("", case.body)
        return case

    def _real(self, name: str, value: Any) -> Any:
        """The value with ids and days put in that are not only well-formed but known here."""
        if isinstance(value, dict):
            return {key: self._real(key, part) for key, part in value.items()}
        if isinstance(value, list):
            return [self._real(name, part) for part in value]
        if not isinstance(value, str) or self.chance.random() < 0.15:
            return value
        if _DAY.fullmatch(value):
            return str(self.today + self.chance.choice(_NEAR))
        return self._pick(FIELD_KINDS.get(name, "")) or value

    def at_a_real_address(self, case: Case) -> Case:
        """The case with ids in its path that there are, so that what is wrong elsewhere in it is what it is refused for."""
        for name in case.path_parameters:
            case.path_parameters[name] = self._pick(self._kind_of(name)) or case.path_parameters[name]
        return case

    def grafted(self, donor: Any, query: dict[str, Any]) -> Case | None:
        """The valid request with one to all of its fields as schemathesis drew them."""
        case = self.valid_case()
        if case is None:
            return None
        if isinstance(case.body, dict) and isinstance(donor, dict):
            for name in self.chance.sample(sorted(donor), self.chance.randint(0, min(3, len(donor)))):
                case.body[name] = _whole(donor[name])
        elif case.body is not NOT_SET and isinstance(case.body, bytes):
            case.body = mixed_lines(case.body, self.chance)
        for name in sorted(query):
            if self.chance.random() < 0.4:
                case.query[name] = query[name]
        if KEY in {one.name for one in self.operation.headers} and self.chance.random() < 0.5:
            case.headers[KEY] = f"key {self._number()}"
        return case

    def spoiled(self) -> Case | None:
        """The valid request with one value that is nasty, or left out, or a body that is no JSON."""
        case = self.valid_case()
        if case is None:
            return None
        parts = [part for part in (case.path_parameters, case.query) if part]
        if isinstance(case.body, dict):
            if self.chance.random() < 0.15:
                case.body = self.chance.choice(RAW)
                return case
            parts += [case.body] * 4
        elif isinstance(case.body, bytes):
            case.body = spoiled_lines(case.body, self.chance)
            return case
        if parts:
            part = self.chance.choice(parts)
            spoil(part, self.chance, in_address=part is not case.body)
        case.path_parameters = {name: quote(text, safe="") for name, text in case.path_parameters.items()}
        return case

    def _kind_of(self, name: str) -> str:
        return self.kinds.get(name) or _ALIASES.get(name, name.removesuffix("_id"))

    def _pick(self, kind: str) -> str | None:
        known = self._known(kind)
        return self.chance.choice(known) if known else None

    def _known(self, kind: str) -> list[str]:
        """The ids of a kind; those the run needs itself are left out where they could be changed for good."""
        known = self.party.ids.get(kind, [])
        return (
            known
            if self.may_touch_needed or kind in ON_TERMS
            else [one for one in known if one not in self.party.needed]
        )


_UNIQUE: dict[str, Callable[[int], str]] = {
    "username": lambda number: f"line-of-{number}",
    "mac": lambda number: (
        f"9C:53:{number >> 24 & 255:02X}:{number >> 16 & 255:02X}:{number >> 8 & 255:02X}:{number & 255:02X}"
    ),
    "email": lambda number: f"person-{number}@made.test",
    "code": lambda number: f"N{number}",
}
"""Fields whose values a tenant has once, and how to make a new one."""


def _renamed_lines(raw: bytes, number: int) -> bytes:
    return raw.replace(b"rahim,", f"rahim-{number},".encode())


def requests_of(operation: Any, makers: list[Maker], count: int, number: int) -> Iterator[tuple[Maker, Request]]:
    """`count` requests of each kind, by one party after the other; one alone where there is nothing to vary."""
    turns = itertools.cycle(makers[number % len(makers) :] + makers[: number % len(makers)])
    has_more = bool(list(operation.query) or list(operation.body) or list(operation.headers))
    varies = has_more or bool(list(operation.path_parameters))
    for case in draw_cases(operation, GenerationMode.POSITIVE, count if varies else 1, number):
        yield next(turns), Request(_with_whole_numbers(case), "drawn")
    for case in draw_cases(operation, GenerationMode.POSITIVE, count, number + 1) if varies else ():
        donor, query = copy.deepcopy(case.body), dict(case.query)
        maker = next(turns)
        yield maker, Request(maker.with_real_ids(_with_whole_numbers(case)), "with-real-ids")
        if (grafted := maker.grafted(donor, query)) is not None:
            yield maker, Request(grafted, "grafted")
    for maker in itertools.islice(turns, count if varies else 0):
        if (spoiled := maker.spoiled()) is not None:
            yield maker, Request(spoiled, "spoiled")
    for case in draw_cases(operation, GenerationMode.NEGATIVE, count, number + 2) if has_more else ():
        maker = next(turns)
        yield maker, Request(maker.at_a_real_address(case), "negative")


def _kind_in(text: str) -> str:
    found = re.search(r"[<$]([a-z-]+)>?", text)
    return found[1] if found else ""


def _filled(texts: dict[str, str], ids: dict[str, str]) -> dict[str, str]:
    return {name: re.sub(r"[<$]([a-z-]+)>?", lambda found: ids[found[1]], text) for name, text in texts.items()}


def _field_kinds() -> dict[str, str]:
    """Which kind of id stands in a field of that name."""
    found: dict[str, str] = {}
    for valid in CASES.values():
        for kind, name in valid.kinds().items():
            if name:
                found.setdefault([part for part in name.split(".") if not part.isdigit()][-1], kind)
    return found


FIELD_KINDS = _field_kinds()


_NEAR = tuple(timedelta(days=days) for days in (-40, -3, -2, -1, 0, 1, 5))


def _whole(value: Any) -> Any:
    """JSON Schema takes 2.0 for a whole number; what the product takes are numbers written as whole ones."""
    if isinstance(value, dict):
        return {name: _whole(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_whole(part) for part in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _with_whole_numbers(case: Case) -> Case:
    if isinstance(case.body, dict | list):
        case.body = _whole(case.body)
    if case.query:
        case.query = _whole(case.query)
    return case
