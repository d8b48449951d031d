"""The movements of money at a biller's counter, each described once."""

from __future__ import annotations

from chalicelib.crm.model import EventKind

from .acts import all_of, event, manual_entry
from .counter_acts import (
    WHOLE_MINOR,
    bounces,
    come_back,
    credits,
    cut,
    gets_back,
    late_fee,
    look_after,
    look_for_overdue,
    owes,
    pays,
    void,
    writes_off,
)
from .movement import Movement
from .stage import TODAY

ENTRY = manual_entry(500)
PAID = all_of(owes, pays(WHOLE_MINOR))
PAID_AHEAD = all_of(owes, pays(500_00))
CUT = all_of(owes, cut)

COUNTER = (
    Movement(
        "retail-payment",
        pays(100_00),
        prepare=owes,
        beside={"payment": pays(300_00), "credit": credits(50_00), "void": void, "other": pays(10_00, 2)},
    ),
    Movement(
        "retail-payment-that-brings-back",
        pays(WHOLE_MINOR),
        prepare=CUT,
        beside={"payment": pays(10_00), "other": pays(10_00, 2), "entry": ENTRY},
    ),
    Movement(
        "retail-refund",
        gets_back(100_00),
        prepare=PAID_AHEAD,
        beside={"refund": gets_back(50_00), "bounce": bounces(), "payment": pays(5_00)},
    ),
    Movement(
        "retail-payment-reversed",
        bounces(),
        prepare=PAID,
        beside={"credit": credits(100_00), "payment": pays(20_00), "void": void},
    ),
    Movement(
        "retail-credit-note",
        credits(200_00),
        prepare=owes,
        beside={"credit": credits(250_00), "payment": pays(300_00), "write-off": writes_off(100_00)},
    ),
    Movement("retail-void", void, prepare=owes, beside={"payment": pays(50_00), "credit": credits(1_00)}),
    Movement(
        "retail-write-off",
        writes_off(),
        prepare=owes,
        beside={"payment": pays(85_00), "credit": credits(100_00), "fee": late_fee},
    ),
    Movement("retail-late-fee", late_fee, prepare=owes, beside={"payment": pays(WHOLE_MINOR), "credit": credits(5_00)}),
    Movement(
        "retail-cut",
        cut,
        prepare=owes,
        beside={"payment": pays(WHOLE_MINOR), "disable": event(EventKind.DISABLE, TODAY, number=1), "fee": late_fee},
    ),
    Movement(
        "retail-return",
        come_back,
        prepare=all_of(CUT, pays(WHOLE_MINOR)),
        beside={"enable": event(EventKind.ENABLE, TODAY, number=1), "payment": pays(1_00)},
    ),
    Movement("retail-account-looked-after", look_after, prepare=owes, beside={"entry": ENTRY}),
    Movement("retail-overdue", look_for_overdue, prepare=owes, beside={"entry": ENTRY}),
)
