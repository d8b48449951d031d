"""The PPPoE secrets of a router that are not ours, judged: which can become subscribers, and why others cannot. Pure.

They are judged where the router is read, so that of a hundred thousand secrets only what is of use travels on.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from chalicelib.crm.contact import NAME_LENGTH, parse_mac, parse_name, parse_username
from chalicelib.crm.words import fold
from chalicelib.network.address import parse_service_address
from chalicelib.network.entries import Observed, read_mark
from chalicelib.network.failure import readable
from chalicelib.network.model import Place

PROPERTIES = ("name", "service", "profile", "caller-id", "remote-address", "disabled", "comment", "dynamic")
MOST_TAKEN = 5_000
"""Secrets that are taken over at a time: their answer has to fit into what a function may answer."""
MOST_TOLD = 1_000
MOST_PROFILES = 200
MOST_COMMENT = 300

_SERVICES = ("", "any", "pppoe")
ValueT = TypeVar("ValueT")


@dataclass(frozen=True)
class Ground:
    """Which secrets of a router are its owner's to take over: all but those of others that it is lent to, whose names begin
    with their `prefixes`. `plans` has the code of the owner's plan for a profile of the router."""

    place: Place
    prefixes: tuple[str, ...]
    plans: Mapping[str, str]

    def has(self, name: str) -> bool:
        """Whether a secret of that name is the owner's."""
        return not name.startswith(self.prefixes)

    def gives_addresses(self, plan: str) -> bool:
        """Whether the profile that services of the plan are in has addresses for them.

        One that others keep is their affair; one of ours has what the place says.
        """
        return plan in self.place.profiles or (self.place.pool is not None and self.place.local_address is not None)


@dataclass(frozen=True)
class Candidate:
    """A secret that can become a subscriber: the service's username, the subscriber's name, plan, MAC and address."""

    username: str
    name: str
    plan: str
    mac: str | None
    address: str | None


@dataclass(frozen=True)
class LeftOut:
    """A secret that cannot be taken over, by its name, and why."""

    name: str
    reason: str


@dataclass
class FoundSecrets:
    """What was found of an owner's: how many `secrets`, `marked` as ours among them, and how many there are in each
    profile. `more` could be taken over besides the `candidates`; of `left_out_count` the first are told."""

    secrets: int = 0
    marked: int = 0
    profiles: dict[str, int] = field(default_factory=dict)
    candidates: list[Candidate] = field(default_factory=list)
    more: int = 0
    left_out: list[LeftOut] = field(default_factory=list)
    left_out_count: int = 0

    def leave_out(self, name: str, reason: str) -> None:
        """Count a secret that cannot be taken over."""
        self.left_out_count += 1
        if len(self.left_out) < MOST_TOLD:
            self.left_out.append(LeftOut(readable(name), reason))


def judge_secrets(rows: Iterable[Observed], ground: Ground) -> FoundSecrets:
    """What of a router's secrets can be taken over, in the router's order; a username, MAC or address only once."""
    found = FoundSecrets()
    taken: dict[tuple[str, str], str] = {}
    for row in rows:
        name = row.get("name", "")
        if row.get("dynamic") == "true" or not ground.has(name):
            continue
        found.secrets += 1
        if read_mark(row.get("comment")) is not None:
            found.marked += 1
            continue
        _count_profile(found, _profile_of(row))
        try:
            candidate = _candidate(row, ground)
            for kind, word in _words(candidate):
                if (kind, word) in taken:
                    raise ValueError(f"its {kind} is that of {taken[(kind, word)]} too")
        except ValueError as error:
            found.leave_out(name, str(error))
            continue
        taken |= dict.fromkeys(_words(candidate), candidate.username)
        if len(found.candidates) < MOST_TAKEN:
            found.candidates.append(candidate)
        else:
            found.more += 1
    return found


def found_data(found: FoundSecrets) -> dict[str, Any]:
    """What was found as plain data, for `to_found`."""
    return {
        "secrets": found.secrets,
        "marked": found.marked,
        "profiles": found.profiles,
        "candidates": [[one.username, one.name, one.plan, one.mac, one.address] for one in found.candidates],
        "more": found.more,
        "left_out": [[one.name, one.reason] for one in found.left_out],
        "left_out_count": found.left_out_count,
    }


def to_found(data: Mapping[str, Any]) -> FoundSecrets:
    """What `found_data` was given."""
    return FoundSecrets(
        **{
            **data,
            "candidates": [Candidate(*one) for one in data["candidates"]],
            "left_out": [LeftOut(*one) for one in data["left_out"]],
        }
    )


def _candidate(row: Observed, ground: Ground) -> Candidate:
    """The subscriber that a secret can become; `ValueError` says why it cannot."""
    service = row.get("service", "")
    if service not in _SERVICES:
        raise ValueError(f"it is for {readable(service, 20)}, not for PPPoE")
    if row.get("disabled") in ("true", "yes"):
        raise ValueError("it is disabled on the router")
    username = row.get("name", "")
    # What the stored form would change is another name to the router.
    if _said("its name", parse_username, username) != username:
        raise ValueError("its name has spaces around it")
    profile = _profile_of(row)
    plan = ground.plans.get(profile)
    if plan is None:
        raise ValueError(f"no plan is named for its profile {readable(profile, 60)}")
    address = _address_of(row)
    if address is None and not ground.gives_addresses(plan):
        raise ValueError(
            f"it would get no address: name a profile of the router for the plan {plan}, or a pool and a local address"
        )
    caller = row.get("caller-id", "")
    mac = _said("its caller-id", parse_mac, caller) if caller else None
    return Candidate(username, _name_of(row, username), plan, mac, address)


def _said(what: str, parse: Callable[[str], ValueT], text: str) -> ValueT:
    try:
        return parse(text)
    except ValueError as error:
        raise ValueError(f"{what} {error}") from None


def _name_of(row: Observed, username: str) -> str:
    """The comment, which is ours to write from then on: one that does not fit into a name would be lost."""
    comment = readable(row.get("comment", ""), MOST_COMMENT)
    if len(comment) > NAME_LENGTH:
        raise ValueError(f"its comment is longer than a name, {NAME_LENGTH} characters, and would be lost")
    return _said("its comment", parse_name, comment) if comment else username


def _address_of(row: Observed) -> str | None:
    """The address that is the secret's own; the name of a pool is none."""
    try:
        return parse_service_address(row.get("remote-address", ""))
    except ValueError:
        return None


def _profile_of(row: Observed) -> str:
    return row.get("profile") or "default"


def _words(candidate: Candidate) -> list[tuple[str, str]]:
    """What no two services may share, by what it is called."""
    words = [("username", fold(candidate.username)), ("MAC", candidate.mac), ("address", candidate.address)]
    return [(kind, word) for kind, word in words if word is not None]


def _count_profile(found: FoundSecrets, profile: str) -> None:
    shown = readable(profile)
    if shown in found.profiles or len(found.profiles) < MOST_PROFILES:
        found.profiles[shown] = found.profiles.get(shown, 0) + 1
