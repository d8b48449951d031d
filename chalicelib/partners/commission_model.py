"""What is kept of commissions between a parent and a `percentage` child: how far they are, what was stated and paid."""

from dataclasses import dataclass, field
from datetime import date

from chalicelib.partners.commission import Base, Sums, Taxed, month_text

STATEMENT = "commission_statement"
"""The kind of document whose numbers a parent counts."""


@dataclass(frozen=True)
class Drawing:
    """A statement that is being made: of which month, over what the biller's journal held up to `cut`, and how far it is.

    `tenant_id` is the tenant being counted, `after` the place in its subscribers to go on behind; when `is_drawn`,
    nobody is left. `parts` counts what lines are written, `sums` what they come to.
    """

    month: date
    biller_id: str
    cut: int
    tenant_id: str = ""
    after: str | None = None
    parts: int = 0
    sums: Sums = field(default_factory=Sums)
    is_drawn: bool = False


@dataclass(frozen=True)
class CommissionState:
    """Where the commissions of a child stand. `revision` is 0 before anything was written.

    `through` is the last month that was counted, over what the journal of `biller_id` held up to `cut`. `owed_minor` is
    what was accrued and not paid out, `carried_minor` (zero or less) what lowers the next statement. `serials` count.
    """

    child_id: str
    terms_revision: int = 0
    through: date | None = None
    biller_id: str = ""
    cut: int = 0
    owed_minor: int = 0
    carried_minor: int = 0
    payouts: int = 0
    drawing: Drawing | None = None
    revision: int = 0

    @property
    def fixed_through(self) -> date | None:
        """The last month whose terms can no longer be set: it was counted, or is being."""
        return self.drawing.month if self.drawing is not None else self.through


@dataclass(frozen=True)
class CommissionStatement:
    """A month's commission, once and for good. `commission_minor` is the sum of its lines.

    With `carried_in_minor` (zero or less) it makes `accrued_minor`, what both books hold of it, and what goes on to the
    next month, `carried_out_minor`. The lines lie beside it in `parts`. The entries are empty where nothing accrued.
    """

    parent_id: str
    child_id: str
    biller_id: str
    month: date
    number: str
    issued_on: date
    recorded_micros: int
    base: Base
    amount: Taxed
    sums: Sums
    carried_in_minor: int
    accrued_minor: int
    carried_out_minor: int
    owed_after_minor: int
    parts: int
    cut: int
    entry_id: str = ""
    child_entry_id: str = ""

    @property
    def statement_id(self) -> str:
        """What clients know it by."""
        return f"{self.child_id}.{month_text(self.month)}"


@dataclass(frozen=True)
class CommissionPayout:
    """Money that a parent paid its child of what it owes; `owed_after_minor` is what it owes behind it."""

    parent_id: str
    child_id: str
    serial: int
    paid_on: date
    recorded_micros: int
    amount_minor: int
    owed_after_minor: int
    method: str
    reference: str
    note: str
    entry_id: str
    child_entry_id: str
    recorded_by: str
    acting_by: str = ""

    @property
    def payout_id(self) -> str:
        return f"{self.child_id}.p{self.serial}"
