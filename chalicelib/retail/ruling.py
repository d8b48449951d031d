"""What comes to the desk, and what is ruled there: who comes, how things stand, what the document is to be."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from chalicelib.auth.model import Author
from chalicelib.aws.tables import Remember, forget
from chalicelib.core.dates import day_at
from chalicelib.ledger.journal import Line
from chalicelib.ledger.post import Posting
from chalicelib.retail.account_model import Account, Returns
from chalicelib.retail.document_model import Counter, Credited, Document, DocumentLine
from chalicelib.retail.model import DocumentKind, Terms
from chalicelib.retail.moves import Moved
from chalicelib.tenants.model import Tenant


@dataclass(frozen=True)
class Visit:
    """Who comes to the desk about what: the biller, a subscriber of one of its tenants, and who acts for it."""

    biller: Tenant
    tenant_id: str
    number: int
    author: Author
    now: datetime
    remember: Remember = forget

    @property
    def today(self) -> date:
        """Today where the biller is: the day that documents are issued on."""
        return day_at(self.now, self.biller.timezone)


@dataclass(frozen=True)
class Matter:
    """How things stand before the document is written. `credited` is what became of the documents asked for."""

    visit: Visit
    kind: DocumentKind
    terms: Terms
    account: Account
    counter: Counter
    credited: dict[str, Credited]
    returns: Returns
    posting: Posting

    @property
    def today(self) -> date:
        return self.visit.today

    @property
    def local_id(self) -> str:
        """What the document will be known by."""
        return f"{self.kind.letter}{self.counter.serial + 1}"


@dataclass(frozen=True)
class Ruling:
    """What the document says and does: its lines and totals, the account after it, and the lines of its entry.

    `on` is the day that the entry is dated and the payment received on (the day of issue, if None). `credited` are records
    that change in the same write, as they were read and as they are then. `booked` are the lines of the entry.
    """

    moved: Moved
    total_minor: int
    booked: tuple[Line, ...]
    tax_minor: int = 0
    on: date | None = None
    about: str = ""
    lines: tuple[DocumentLine, ...] = ()
    tax_bps: int = 0
    due_on: date | None = None
    method: str = ""
    reference: str = ""
    note: str = ""
    credited: tuple[tuple[Credited, Credited], ...] = ()


BY_ITSELF = Author("", "")
"""Whom the books name for what nobody asked for: a run, a late fee."""

Rule = Callable[[Matter], Ruling | None]
"""What the document is to be, as things stand; a refusal is raised, None is nothing to do."""


@dataclass(frozen=True)
class Issued:
    """What was written: the document and the account after it."""

    document: Document
    account: Account
