"""The walk over every operation of the document: requests are made, sent and their answers held against the checks."""

import copy
import random
import time
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import requests
import schemathesis
from schemathesis import Case
from schemathesis.core.failures import FailureGroup

from tests.fuzz.billed import bill_installation, learn_statement
from tests.fuzz.checks import Reader, checks_of, is_problem, repeated_otherwise
from tests.fuzz.findings import Findings
from tests.fuzz.routed import route_installation
from tests.fuzz.seeded import AT_MOST_IDS, Installation, Party, add_user, seed_installation
from tests.fuzz.server import Person, Server, session_from
from tests.fuzz.variants import KEY, Maker, Request, requests_of
from tests.journeys.isolation_cases import CASES

SPENDS_ITS_CALLER = {"POST /v1/me/password"}
"""Whoever did this has to sign in again: it is done by people who are made for it."""

COMES_LAST = ("POST /v1/auth/login", "POST /v1/me/password")
"""Too many of these and nobody can sign in any more from this address."""

TAKES_AWAY = {
    "POST /v1/invoices/{invoice_id}/void",
    "DELETE /v1/routers/{router_id}",
    "DELETE /v1/subscribers/{subscriber_id}/access",
}
"""After this there is nothing left to do with what it names."""

SLOW_SECONDS = 10.0
RUBBISH = ("Bearer rubbish", "Bearer a.b.c", "Basic b3duZXI6aG9yc2U=", "Bearer ", "rubbish")


@dataclass
class Walk:
    """A run over one installation. The same number makes the same requests of the same document."""

    installation: Installation
    document: dict[str, Any]
    number: int
    findings: Findings = field(default_factory=Findings)
    people: dict[str, Person] = field(default_factory=dict)
    readers: dict[str, Reader] = field(default_factory=dict)

    def __post_init__(self) -> None:
        schema = schemathesis.openapi.from_dict(_without_security(self.document))
        found = [result.ok() for result in schema.get_all_operations()]
        self.operations = sorted(found, key=_turn)
        self.session = session_from("127.0.1.1")
        self.spent = 0

    @property
    def labels(self) -> list[str]:
        return [operation.label for operation in self.operations]

    def do_valid_ones(self) -> None:
        """The valid request of every operation; those that lack an id, or are refused, come again after the others."""
        waiting = self.operations
        for turn in range(3):
            self._look_around()
            for operation in self._makers_of_new_ones(waiting) if turn else ():
                self._do_valid(operation)
            waiting = [one for one in waiting if not any(self._do_valid(one, at) for at in self._places(one, turn))]

    def _look_around(self) -> None:
        """Learn the ids of what the parties have from every list there is."""
        for operation in self.operations:
            if operation.method.upper() == "GET" and operation.path.startswith("/v1/") and "{" not in operation.path:
                for party in self.installation.parties.values():
                    learn(party, operation, party.owner.ask("GET", operation.path))

    def _makers_of_new_ones(self, waiting: list[Any]) -> list[Any]:
        """Operations that make what those are about that are waiting: what there is has been used up."""
        collections = {operation.path.partition("/{")[0] for operation in waiting if "{" in operation.path}
        return [one for one in self.operations if one.method.upper() == "POST" and one.path in collections]

    def _places(self, operation: Any, turn: int) -> Sequence[int]:
        """Which of the ids of a kind to try: the first, then one that no neighbour tries, then all, the newest first."""
        return ((0,), (self._neighbours(operation),), range(-1, -AT_MOST_IDS - 1, -1))[turn]

    def _neighbours(self, operation: Any) -> int:
        """How many operations before it are about one of the same things: each gets one that no other has used."""
        same = [one for one in self.operations if one.path.partition("}")[0] == operation.path.partition("}")[0]]
        return same.index(operation)

    def _do_valid(self, operation: Any, at: int = 0) -> bool:
        valid, done = CASES.get(operation.label), False
        for also, one in enumerate((valid, valid and valid.also)):
            if one is None:
                continue
            party = self.installation.parties[one.by]
            maker = Maker(operation, party, self.installation.today, random.Random(0))
            self._replenish(party, operation.label)
            case = maker.valid_case(bool(also), at)
            if case is None and not done:
                self.findings.refused[operation.label] = f"{party.code} has not every id of {one.kinds()}"
            if case is not None:
                response = self.send(operation, party, Request(case, "valid"), party.code)
                done = done or (response is not None and response.ok)
        return done

    def do_all(self, count: int, until: float | None = None, only: str = "") -> None:
        """`count` requests of each kind for each operation, until the moment (of the monotonic clock) comes."""
        self.session = session_from(f"127.0.1.{self.number % 250 + 1}")
        for operation in self.operations:
            if only in operation.label:
                self._do(operation, count, until)

    def _do(self, operation: Any, count: int, until: float | None) -> None:
        start = zlib.crc32(operation.label.encode()) + self.number * 1000
        chance = random.Random(start)
        parties = self.installation.parties.values()
        makers = [Maker(operation, party, self.installation.today, chance) for party in parties]
        is_first = True
        for maker, request in requests_of(operation, makers, count, start):
            if until is not None and time.monotonic() > until:
                return
            speaker = maker.party.code if is_first else self._speaker(maker.party.code, chance)
            for stranger in ("", "rubbish") if is_first else ():
                self.send(operation, maker.party, request, stranger)
            is_first = False
            self._replenish(maker.party, operation.label)
            response = self.send(operation, maker.party, request, speaker)
            if response is not None and response.ok and KEY in request.case.headers:
                self._repeat(operation, maker.party, request, speaker, response)

    def _repeat(self, operation: Any, party: Party, request: Request, speaker: str, first: requests.Response) -> None:
        """The same request under the same key has to be answered the same, and to say so."""
        again = self.send(operation, party, request, speaker)
        if again is not None and (told := repeated_otherwise(first, again)) is not None:
            told += f"\nat first: {first.status_code} {first.text[:600]}"
            self.findings.add(operation.label, "repeat", told, again, speaker)

    def _speaker(self, code: str, chance: random.Random) -> str:
        """Mostly the party itself, sometimes nobody or somebody with a token that is none."""
        return chance.choices((code, "", "rubbish"), (18, 1, 1))[0]

    def _replenish(self, party: Party, label: str) -> None:
        """What is used up by being used: sign-ins that end, and people who change their password."""
        if label in ("POST /v1/auth/refresh", "POST /v1/auth/logout"):
            party.ids["refresh-token"] = [party.owner.refresh_token()]

    def send(self, operation: Any, party: Party, request: Request, speaker: str) -> requests.Response | None:
        """Send it, count the answer, learn its ids, and keep what is wrong with it."""
        case, label = request.case, operation.label
        for name in [name for name in case.headers if name.lower() == "authorization"]:
            del case.headers[name]
        headers = {"Authorization": value} if (value := self._authorization(party, label, speaker)) is not None else {}
        began = time.monotonic()
        try:
            response = self.session.request(**self._prepared(case, headers), timeout=60)
        except requests.RequestException as error:
            self.findings.add_lost(label, error)
            return None
        if time.monotonic() - began > SLOW_SECONDS:
            self.findings.add(label, "slow", f"took more than {SLOW_SECONDS:.0f} s", response, speaker)
        self.findings.statuses[label][response.status_code] += 1
        for check, told in self._wrongs(operation, case, response, speaker):
            self.findings.add(label, check, told, response, speaker)
        if request.how == "valid" and not response.ok:
            self.findings.refused[label] = f"{response.status_code} {response.text[:300]}"
        if response.ok:
            learn(party, operation, response)
            if label in SPENDS_ITS_CALLER:
                self.people.pop(party.code, None)
        return response

    def _prepared(self, case: Case, headers: dict[str, str]) -> dict[str, Any]:
        sent: dict[str, Any] = case.as_transport_kwargs(base_url=self.installation.base_url, headers=headers)
        if isinstance(case.body, bytes):
            sent.pop("json", None)
            sent["data"] = case.body
        return sent

    def _authorization(self, party: Party, label: str, speaker: str) -> str | None:
        if not speaker:
            return None
        if speaker == "rubbish":
            return RUBBISH[len(self.findings.statuses) % len(RUBBISH)]
        return f"Bearer {self._person(party, label).token()}"

    def _person(self, party: Party, label: str) -> Person:
        """The owner, or a person of the party who may be spent on this operation."""
        if label not in SPENDS_ITS_CALLER:
            return party.owner
        if party.code not in self.people:
            self.spent += 1
            email = f"spent{self.spent}@{party.code.lower()}.test"
            add_user(party, email, "manager")
            self.people[party.code] = Person(party.code, email, self.installation.base_url)
        return self.people[party.code]

    def _wrongs(
        self, operation: Any, case: Case, response: requests.Response, speaker: str
    ) -> Iterator[tuple[str, str]]:
        """The checks that an answer does not pass, each with what it says."""
        try:
            case.validate_response(response, checks=checks_of(response))
        except FailureGroup as group:
            for failure in group.exceptions:
                yield type(failure).__name__, str(failure)
        for told in is_problem(response):
            yield "problem", told
        if not self._is_public(operation) and speaker in ("", "rubbish") and response.status_code not in (400, 401):
            yield "signed-in", f"{response.status_code} without a good token"
        for told in self._reader(operation).disagreements(response):
            yield "reader", told

    def _raw(self, operation: Any) -> dict[str, Any]:
        found: dict[str, Any] = self.document["paths"][operation.path][operation.method.lower()]
        return found

    def _is_public(self, operation: Any) -> bool:
        return self._raw(operation).get("security") == []

    def _reader(self, operation: Any) -> Reader:
        if operation.label not in self.readers:
            self.readers[operation.label] = Reader(self._raw(operation), self.document["components"])
        return self.readers[operation.label]


def _turn(operation: Any) -> tuple[bool, bool, bool]:
    """When an operation is done: what makes things comes first."""
    return operation.label in COMES_LAST, operation.method.upper() != "POST", operation.label in TAKES_AWAY


def _without_security(document: dict[str, Any]) -> dict[str, Any]:
    """The document as one whose tokens are this walk's own affair: spoiling them would be all there is to spoil."""
    bare = copy.deepcopy(document)
    bare.pop("security", None)
    bare.get("components", {}).pop("securitySchemes", None)
    for path in bare["paths"].values():
        for operation in path.values():
            operation.pop("security", None)
    return bare


def learn(party: Party, operation: Any, response: requests.Response) -> None:
    """Keep the ids of what an answer shows, under the kind that the paths below it name."""
    if not response.ok or "json" not in response.headers.get("Content-Type", ""):
        return
    data = response.json()
    kind = _ALIASES.get(operation.path) or _singular(operation.path.rpartition("/")[2])
    shown = data.get("items", [data]) if isinstance(data, dict) else []
    for one in shown if isinstance(shown, list) else []:
        name = one.get("id", one.get("code")) if isinstance(one, dict) else None
        if isinstance(name, str):
            party.keep(kind, name)
    if isinstance(data, dict) and isinstance(data.get("next_cursor"), str):
        party.keep("cursor", data["next_cursor"])


_ALIASES = {
    "/v1/resellers": "child",
    "/v1/resellers/{reseller_id}/aggregate-invoices": "child-invoice",
    "/v1/resellers/{reseller_id}/commission-statements": "child-statement",
    "/v1/audit-log": "audit-line",
    "/v1/subscribers/import": "",
    "/v1/service-events/import": "",
    "/v1/fund/movements": "movement",
}
"""What the things of an answer are called where the last word of the path does not say it."""


def _singular(word: str) -> str:
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word.removesuffix("s")


def walk_over(server: Server, number: int) -> Walk:
    """A walk over the API of that server, an installation made in it; `number` says which requests it makes."""
    document = requests.get(f"{server.base_url}/openapi.json", timeout=60).json()
    installation = seed_installation(server.base_url)
    bill_installation(installation)
    route_installation(installation)
    server.start_again()
    learn_statement(installation)
    return Walk(installation, document, number)
