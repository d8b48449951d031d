"""Commissions of a reseller that earns a percentage, as movements."""

from __future__ import annotations

from collections.abc import Sequence

from .acts import all_of
from .commission_acts import accrue_commission, earns, kappa, paid_by_subscriber, payout, refund_to_subscriber
from .movement import Movement

COMMISSIONS: Sequence[Movement] = (
    Movement(
        "commission-statement",
        accrue_commission,
        prepare=all_of(kappa, paid_by_subscriber(10_000), refund_to_subscriber(1_000)),
        beside={
            "payment": paid_by_subscriber(5_000, "other"),
            "terms": earns(1_000, "2026-12"),
        },
    ),
    Movement(
        "commission-terms",
        earns(1_000, "2026-12"),
        prepare=all_of(kappa, paid_by_subscriber(10_000)),
        beside={"statement": accrue_commission},
    ),
    Movement(
        "commission-payout",
        payout(1_000),
        prepare=all_of(kappa, paid_by_subscriber(10_000), accrue_commission, paid_by_subscriber(4_000, "late")),
        beside={"payout": payout(2_500, "other"), "refund": refund_to_subscriber(3_000)},
    ),
)
