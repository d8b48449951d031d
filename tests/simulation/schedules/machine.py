"""Hypothesis walks: every step in any order, with faults at any call and others in between, against the model.

What fails is cut down by Hypothesis to the fewest steps; `last_failed` has them as text for `make simulate STEPS=...`.
"""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from .faults import Disturbance
from .journey import FAULTS, OTHER, WAIT, Traveller, Turn
from .model import CHAINS, ONE_DAY
from .stage import FIRST, Stage

tenants = st.sampled_from(list(CHAINS))
methods = st.sampled_from(["cash", "bank", "credit", "bonus"])
amounts = st.sampled_from([1, 900, 1_917, 5_000, 30_000]) | st.integers(1, 120_000)
disturbances = st.lists(
    st.builds(Disturbance, st.integers(1, 28), st.sampled_from((*FAULTS, OTHER))), max_size=3, unique_by=lambda d: d.at
).map(lambda found: tuple(sorted(found)))
moves = st.builds(
    lambda kind, tenant, minor, method: f"{kind} {tenant} {minor} {method}",
    st.sampled_from(["recharge", "refund"]),
    tenants,
    amounts,
    methods,
)
entries = st.builds(lambda tenant, minor: f"entry {tenant} {minor}", tenants, amounts)
limits = st.builds(lambda tenant, minor: f"limit {tenant} {minor}", tenants, st.sampled_from([0, 700, 4_000]))
connections = st.builds(lambda tenant, plan: f"connect {tenant} {plan}", tenants, st.sampled_from(["HOME", "FAST"]))
ups_and_downs = st.builds(
    lambda kind, tenant: f"{kind} {tenant}", st.sampled_from(["restore", "restore", "close", "reopen"]), tenants
)
others = moves | entries | limits | connections | ups_and_downs


class Walk(RuleBasedStateMachine):
    """One walk; `stage` is set by whoever runs it."""

    stage: Stage
    last_failed: str = ""

    @initialize()
    def begin(self) -> None:
        self.traveller = Traveller(self.stage)

    def _go(self, step: str, disturbed: tuple[Disturbance, ...] = (), other: str = "") -> None:
        named = any(one.what == OTHER for one in disturbed)
        try:
            self.traveller.go(Turn(step, disturbed, other if named else ""))
        except BaseException:
            type(self).last_failed = "; ".join(self.traveller.turns)
            raise

    @rule(step=moves | entries | limits | connections, disturbed=disturbances, other=others)
    def money_moves(self, step: str, disturbed: tuple[Disturbance, ...], other: str) -> None:
        self._go(step, disturbed, other)

    @rule(tenant=tenants, disturbed=disturbances, other=others, later=st.sampled_from([0, 0, 0, 1, -1]))
    def a_day_is_settled(self, tenant: str, disturbed: tuple[Disturbance, ...], other: str, later: int) -> None:
        day = max(FIRST, self.traveller.model.next_day[tenant] + later * ONE_DAY)
        self._go(f"settle {tenant} {day}", disturbed, other)

    @rule(step=ups_and_downs, disturbed=disturbances, other=others)
    def services_come_back_or_a_month_is_closed(
        self, step: str, disturbed: tuple[Disturbance, ...], other: str
    ) -> None:
        self._go(step, disturbed, other)

    @rule(tenant=tenants, disturbed=disturbances, other=others, data=st.data())
    def a_service_leaves(self, tenant: str, disturbed: tuple[Disturbance, ...], other: str, data: Any) -> None:
        number = data.draw(st.integers(1, len(self.traveller.model.services[tenant])))
        self._go(f"disconnect {tenant} {number}", disturbed, other)

    @precondition(lambda self: any(self.traveller.made_by_hand(tenant) for tenant in CHAINS))
    @rule(disturbed=disturbances, other=others, data=st.data())
    def an_entry_is_reversed(self, disturbed: tuple[Disturbance, ...], other: str, data: Any) -> None:
        tenant = data.draw(st.sampled_from([name for name in CHAINS if self.traveller.made_by_hand(name)]))
        made = self.traveller.made_by_hand(tenant)
        number = data.draw(st.integers(0, len(made) - 1))
        self._go(f"reverse {tenant} {number} {made[number]}", disturbed, other)

    @rule()
    def a_day_goes_by(self) -> None:
        self._go(WAIT)
