"""A journey: steps one after the other, each disturbed, each held against the model before the next.

A journey as text is its turns, one after another with `;`:

    recharge beta 500 cash | crash-before@2; settle beta 2026-11-20 | meanwhile-other@5 resent@7 | refund beta 9 cash; wait

A turn is its step, its disturbances, and what somebody else does at the one that says `meanwhile-other`.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from chalicelib.crm.model import EventKind
from chalicelib.funds.model import Method
from tests.simulation.storage import Record

from . import acts
from .audit import Auditor, Broken
from .faults import COLLISION, CRASH_AFTER, CRASH_BEFORE, LOST, MEANWHILE, RESENT, THROTTLED, Disturbance, Disturber
from .model import CHAINS, DONE, ONE_DAY, Model, Service
from .movement import Act
from .play import end_of, in_short
from .stage import ALPHA_MINOR, BETA_MINOR, FIRST, GAMMA_MINOR, TODAY, Stage

OTHER = MEANWHILE + "other"
MONTH = "2026-10"
"""The one that is closed and opened again; the next is not over."""
ASK_AGAIN = "changed-meanwhile"
WAIT = "wait"
FAULTS = (CRASH_BEFORE, CRASH_AFTER, LOST, RESENT, THROTTLED, COLLISION)
SPARE_TRIES = 3


@dataclass(frozen=True)
class Turn:
    """A step and what happens to it."""

    step: str
    disturbances: tuple[Disturbance, ...] = ()
    other: str = ""

    def __str__(self) -> str:
        parts = [self.step, " ".join(map(str, self.disturbances)), self.other]
        while not parts[-1]:
            parts.pop()
        return " | ".join(parts)

    @classmethod
    def parse(cls, text: str) -> Turn:
        step, disturbances, other = (*(part.strip() for part in text.split("|")), "", "")[:3]
        return cls(step, tuple(map(Disturbance.parse, disturbances.split())), other)


def model_of_the_stage() -> Model:
    """The model of the world as it is built."""
    model = Model(
        TODAY,
        dict.fromkeys(CHAINS, FIRST),
        {
            "beta": [Service(FIRST, "HOME") for _ in range(5)],
            "alpha": [Service(FIRST, "FAST")],
            "gamma": [Service(FIRST + ONE_DAY, "HOME")],
        },
    )
    for child, minor in (("alpha", ALPHA_MINOR), ("beta", BETA_MINOR), ("gamma", GAMMA_MINOR)):
        model.apply("recharge", child, str(minor), "cash")
    return model


ACTS: dict[str, Callable[..., Act]] = {
    "recharge": lambda name, child, minor, method: acts.recharge(int(minor), child, Method(method), name),
    "refund": lambda name, child, minor, method: acts.refund(int(minor), child, Method(method), name),
    "limit": lambda name, child, minor: acts.limits(int(minor), child),
    "entry": lambda name, tenant, minor: acts.manual_entry(int(minor), tenant, name=name),
    "reverse": lambda name, tenant, number, minor: acts.reversal(tenant, int(number), name),
    "connect": lambda name, tenant, plan: acts.connection(name, tenant, None, plan),
    "disconnect": lambda name, tenant, number: acts.event(EventKind.DISCONNECT, None, int(number), tenant, name=name),
    "settle": lambda name, tenant, day: acts.settle(tenant, date.fromisoformat(day)),
    "restore": lambda name, tenant: acts.restore(tenant),
    "close": lambda name, tenant: acts.close(MONTH, tenant, name),
    "reopen": lambda name, tenant: acts.reopen(MONTH, tenant, name),
}


class Traveller:
    """Makes a journey on a stage; `turns` is what it did so far, as text that replays it."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.auditor = Auditor(stage.engine)
        stage.reset()
        self.auditor.check()
        self.model = model_of_the_stage()
        self.turns: list[str] = []
        self.calls = 0

    def go(self, turn: Turn) -> None:
        """Make one turn. `Broken` when it ends otherwise than the model says, or leaves anything else."""
        self.turns.append(str(turn))
        if turn.step == WAIT:
            self.model.today += ONE_DAY
            self.stage.wait(86_400)
            return
        name = f"turn{len(self.turns)}"
        ends: dict[str, str] = {}
        outcome = self._until_it_ends(turn, _act(turn.step, name), _act(turn.other, name + "other"), ends)
        self.auditor.check()
        self._hold_against_the_model(turn, outcome, ends)
        if outcome != DONE:
            return
        before = self.stage.engine.remember()
        again = end_of(_act(turn.step, name), self.stage)
        if again != DONE or self.stage.engine.changed_since(before):
            raise Broken(f"repeated, it was {again} and changed {self.stage.engine.changed_since(before)}")

    def made_by_hand(self, tenant: str) -> list[int]:
        """The amounts of the entries made by hand in that book, the first one first."""
        journals = self.auditor.books[tenant].journals
        entries = [seen.entry for seen in journals.get("general", ()) if seen.entry.draft.kind == "manual"]
        return [entry.draft.lines[0].debit_minor for entry in entries]

    def _until_it_ends(self, turn: Turn, act: Act, other: Act, ends: dict[str, str]) -> str:
        def interrupt() -> None:
            ends["other"] = in_short(end_of(other, self.stage))

        engine = self.stage.engine
        disturber = Disturber(engine, turn.disturbances, {"other": interrupt})
        for _ in range(len(turn.disturbances) + SPARE_TRIES):
            engine.faults = disturber
            outcome = end_of(act, self.stage)
            engine.faults = None
            if outcome not in (None, ASK_AGAIN):
                self.calls = len(disturber.calls)
                return outcome
        raise Broken("it does not end")

    def _hold_against_the_model(self, turn: Turn, outcome: str, ends: dict[str, str]) -> None:
        """One order of the step and what came between explains how both ended and all that is there."""
        steps = (turn.step, turn.other)
        there = self._there()
        wrong = []
        for order in ((0, 1), (1, 0)) if ends else ((0,),):
            model = copy.deepcopy(self.model)
            told = {number: model.apply(*steps[number].split()) for number in order}
            said = _as_said(model)
            same_ends = told[0] == outcome and (not ends or in_short(told[1]) == ends["other"])
            if same_ends and said == there:
                self.model = model
                return
            differs = {key: (said.get(key), there.get(key)) for key in said.keys() | there.keys()}
            wrong.append(f"{told}: { ({key: pair for key, pair in differs.items() if pair[0] != pair[1]}) }")
        raise Broken(
            f"it ended {outcome} {ends}; the model, and what it says against what is there: {' or '.join(wrong)}"
        )

    def _there(self) -> dict[tuple[str, ...], int]:
        found = {}
        for tenant, book in self.auditor.books.items():
            found.update({(tenant, account): minor for account, minor in book.accounts.items() if minor})
            if tenant in CHAINS:
                row = self.stage.engine.tables["books"].get((f"{tenant}#fund", "fund"))
                found.update({(tenant, name): _number(row, name) for name in ("balance_minor", "debt_minor")})
        return found


def _number(row: Record | None, name: str) -> int:
    assert row is not None, "a reseller has a fund"
    return int(row.item[name]["N"])


def _as_said(model: Model) -> dict[tuple[str, ...], int]:
    said: dict[tuple[str, ...], int] = {place: minor for place, minor in model.accounts.items() if minor}
    for tenant in CHAINS:
        said[tenant, "balance_minor"] = model.funds[tenant]
        said[tenant, "debt_minor"] = model.debts[tenant]
    return said


def _act(step: str, name: str) -> Act:
    if not step:
        return lambda stage: None
    kind, *args = step.split()
    return ACTS[kind](name, *args)


def random_step(chance: random.Random, traveller: Traveller) -> str:
    """A step that means something where the traveller is; some are refused."""
    model = traveller.model
    tenant = chance.choice(list(CHAINS))
    kind = chance.choices(list(ACTS), (6, 4, 1, 2, 2, 2, 1, 8, 4, 1, 1))[0]
    if kind in ("recharge", "refund"):
        method = chance.choice(("cash", "cash", "bank", "credit", "bonus"))
        return f"{kind} {tenant} {chance.choice((1, 900, 1_917, 5_000, 30_000))} {method}"
    if kind == "limit":
        return f"limit {tenant} {chance.choice((0, 0, 700, 4_000))}"
    made = traveller.made_by_hand(tenant)
    if kind == "entry" or (kind == "reverse" and not made):
        return f"entry {tenant} {chance.choice((3, 450))}"
    if kind == "reverse":
        number = chance.randrange(len(made))
        return f"reverse {tenant} {number} {made[number]}"
    if kind == "connect":
        return f"connect {tenant} {chance.choice(('HOME', 'FAST'))}"
    if kind == "disconnect":
        return f"disconnect {tenant} {chance.randrange(len(model.services[tenant])) + 1}"
    if kind == "settle":
        return f"settle {tenant} {max(FIRST, model.next_day[tenant] + ONE_DAY * chance.choice((0, 0, 0, 0, 1, -1)))}"
    return f"{kind} {tenant}"


def random_turn(chance: random.Random, traveller: Traveller) -> Turn:
    """A step with nothing, one or several disturbances, and now and then somebody else in between."""
    if chance.random() < 0.12:
        return Turn(WAIT)
    step = random_step(chance, traveller)
    longest = {"settle": 30, "restore": 24, "connect": 12}.get(step.split()[0], 6)
    at = sorted(chance.sample(range(1, longest + 1), chance.choice((0, 1, 1, 1, 2, 3))))
    disturbances = [Disturbance(one, chance.choice(FAULTS)) for one in at]
    other = ""
    if disturbances and chance.random() < 0.35:
        other = random_step(chance, traveller)
        spot = chance.randrange(len(disturbances))
        disturbances[spot] = Disturbance(disturbances[spot].at, OTHER)
    return Turn(step, tuple(disturbances), other)


def random_journey(stage: Stage, seed: int, turns: int) -> Traveller:
    """A journey of so many turns, the same for the same seed."""
    chance = random.Random(seed)
    traveller = Traveller(stage)
    for _ in range(turns):
        traveller.go(random_turn(chance, traveller))
    return traveller
