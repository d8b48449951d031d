"""Commission statements as papers: what is printed of them, from the record alone."""

from collections.abc import Sequence

from chalicelib.documents.paper import (
    MAX_LINES,
    Annex,
    Buyer,
    ColumnKind,
    Label,
    Line,
    Paper,
    PaperColumn,
    PaperKind,
    Span,
    Total,
)
from chalicelib.partners.commission import CommissionLine, last_day
from chalicelib.partners.commission_find import find_statement, read_lines
from chalicelib.partners.commission_model import CommissionStatement
from chalicelib.retail.model import DocumentKind
from chalicelib.tenants.hierarchy import find_child
from chalicelib.tenants.model import Tenant

COLUMNS = (
    PaperColumn(Label.DESCRIPTION),
    PaperColumn(Label.SUBSCRIBERS, ColumnKind.COUNT),
    PaperColumn(Label.BASE, ColumnKind.MONEY),
    PaperColumn(Label.RATE, ColumnKind.RATE),
    PaperColumn(Label.COMMISSION, ColumnKind.MONEY),
)
ANNEX_COLUMNS = (
    PaperColumn(Label.SUBSCRIBER),
    PaperColumn(Label.DESCRIPTION),
    PaperColumn(Label.BASE, ColumnKind.MONEY),
    PaperColumn(Label.RATE, ColumnKind.RATE),
    PaperColumn(Label.COMMISSION, ColumnKind.MONEY),
)
MAX_ANNEX = MAX_LINES - 500
"""Lines of an annex that is printed; of a longer one the paper has none, and the list of the lines is the annex."""

_OF_KIND = {
    DocumentKind.RECEIPT.value: Label.PAYMENT,
    DocumentKind.PAYMENT_REVERSAL.value: Label.PAYMENT_REVERSAL,
    DocumentKind.REFUND.value: Label.REFUND,
    DocumentKind.CREDIT_NOTE.value: Label.CREDIT_NOTE,
    DocumentKind.LATE_FEE.value: Label.LATE_FEE,
    DocumentKind.INVOICE.value: Label.INVOICE,
}
"""What moved the base."""


def load_statement_paper(parent: Tenant, of: str, currency: str) -> Paper:
    """The paper of a statement that the parent owes a direct child; `NotFound`."""
    child = find_child(parent, of.partition(".")[0])
    statement = find_statement(child.tenant_id, of)
    lines: Sequence[CommissionLine] = ()
    if statement.sums.lines <= MAX_ANNEX:
        lines, _ = read_lines(statement, limit=MAX_ANNEX)
    return statement_paper(statement, parent, child, lines, currency)


def statement_paper(
    statement: CommissionStatement, parent: Tenant, child: Tenant, lines: Sequence[CommissionLine], currency: str
) -> Paper:
    """The paper of a statement: what moved the base, what each rate came to, and each subscriber behind it."""
    moved = [Line((_OF_KIND[kind], None, minor, None, None)) for kind, minor in statement.sums.kinds.items()]
    earned = [
        Line((Label.COMMISSION, count, base, rate, commission))
        for rate, (count, base, commission) in statement.sums.rates.items()
    ]
    return Paper(
        kind=PaperKind.COMMISSION_STATEMENT,
        number=statement.number,
        currency=currency,
        seller_name=parent.name,
        buyer=Buyer(child.name, child.code),
        issued_on=statement.issued_on,
        columns=COLUMNS,
        lines=(*moved, *earned),
        totals=_totals(statement),
        period=Span(statement.month, last_day(statement.month)),
        annex=_annex(lines, statement) if lines else None,
        timezone=child.timezone,
    )


def _totals(statement: CommissionStatement) -> tuple[Total, ...]:
    """What the lines come to, what lowers it of the months before, and what is owed of it."""
    total = Total(Label.TOTAL_COMMISSION, statement.accrued_minor, strong=True)
    if not statement.carried_in_minor and not statement.carried_out_minor:
        return (total,)
    return (
        Total(Label.SUBTOTAL, statement.sums.commission_minor),
        Total(Label.BALANCE_BEFORE, statement.carried_in_minor),
        total,
        Total(Label.BALANCE_AFTER, statement.carried_out_minor),
    )


def _annex(lines: Sequence[CommissionLine], statement: CommissionStatement) -> Annex:
    """A row for each line; one of an earlier month names its days."""
    rows = (
        Line(
            (line.customer_id, line.name, line.base_minor, line.rate_bps, line.commission_minor),
            Span(line.month, last_day(line.month)) if line.month < statement.month else None,
        )
        for line in lines
    )
    return Annex(Label.ANNEX, ANNEX_COLUMNS, tuple(rows))
