"""The book over HTTP as a file for another accounting program."""

from typing import Annotated

from chalice.app import Response
from pydantic import Field

from chalicelib.api.blueprint import Blueprint
from chalicelib.api.call import Call
from chalicelib.api.fields import Body, Day
from chalicelib.ledger.export import export_book
from chalicelib.ledger.export_formats import Format

bp = Blueprint(__name__, tag="Books")

_SUFFIXES = {"beancount": "beancount", "hledger": "journal", "csv": "csv"}
_EXAMPLES = {
    "text/plain": '2026-11-22 * "a sale"\n  Assets:A1000-Cash  5.00 BDT\n  Income:A4000-Internet-revenue  -5.00 BDT\n',
    "text/csv": "effective_on,memo,account,debit,credit\n2026-11-22,a sale,1000,5.00,0.00\n",
}


class ExportQuery(Body):
    """In which format, and which days of the book by accounting date (all unless told)."""

    format: Format = Field(examples=["beancount"])
    from_: Annotated[Day | None, Field(alias="from")] = None
    to: Day | None = None


@bp.api(
    "GET",
    "/v1/ledger/export",
    may="ledger:read",
    module="ledger",
    query=ExportQuery,
    text=_EXAMPLES,
    also={422: "too-large"},
)
def export_ledger(call: Call) -> Response:
    """The book as text that the named program accepts.

    From a day on, it starts with the balances at the end of the day before, as an entry of kind `opening-balances`. An
    export of more than 5 MB is refused. A larger book is fetched in ranges of days: each is a book on its own, and those
    that follow on each other hold every entry once; to join them, leave out that entry of all but the first.
    """
    query: ExportQuery = call.query
    text = export_book(call.tenant, query.format, query.from_, query.to)
    range_ = [day.isoformat() for day in (query.from_, query.to) if day is not None]
    name = "-".join([call.tenant.code, "ledger", *range_])
    headers: dict[str, str | list[str]] = {
        "Content-Type": f"text/{'csv' if query.format == 'csv' else 'plain'}; charset=utf-8",
        "Content-Disposition": f'attachment; filename="{name}.{_SUFFIXES[query.format]}"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(body=text, status_code=200, headers=headers)
