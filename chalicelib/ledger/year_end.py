"""The end of a year: its result moves to retained earnings, and back when the year is opened again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from chalicelib.auth.model import Author
from chalicelib.aws import keys
from chalicelib.aws.tables import Operation, Put, read_all, read_many
from chalicelib.ledger.chart import RETAINED_EARNINGS, Account, AccountType
from chalicelib.ledger.entries import find_entry
from chalicelib.ledger.journal import MAX_LINES, YEAR_END, Draft, Line
from chalicelib.ledger.post import Posting, head_reads
from chalicelib.ledger.statements import trial_balance
from chalicelib.ledger.store import YearEndRow
from chalicelib.tenants.model import Tenant

_RESULT = (AccountType.INCOME, AccountType.EXPENSE)


@dataclass(frozen=True)
class YearEnd:
    """That the result of the year ending on that day was moved, by these entries; `undone` by those."""

    last_day: date
    entries: tuple[str, ...]
    undone: tuple[str, ...]


def read_year_ends(tenant_id: str) -> list[YearEnd]:
    """Every year whose result was moved, in order."""
    rows = read_all(YearEndRow, keys.year_ends(tenant_id))
    return [YearEnd(date.fromisoformat(row.sk), tuple(row.entries), tuple(row.undone or ())) for row in rows]


def closing_lines(net_minor: Mapping[str, int], chart: Mapping[str, Account]) -> list[tuple[Line, ...]]:
    """The entries that bring every income and expense account to zero; what is left over is the result of the year.

    `net_minor` is each account's net debit. A book with very many accounts takes several entries.
    """
    results = [(code, net) for code, net in sorted(net_minor.items()) if net and chart[code].type in _RESULT]
    entries = []
    for part in _parts(results):
        lines = [Line(code, max(-net, 0), max(net, 0)) for code, net in part]
        loss = sum(net for _, net in part)
        if loss:
            lines.append(Line(RETAINED_EARNINGS, max(loss, 0), max(-loss, 0)))
        entries.append(tuple(lines))
    return entries


def _parts(results: list[tuple[str, int]]) -> list[list[tuple[str, int]]]:
    size = MAX_LINES - 1
    return [results[start : start + size] for start in range(0, len(results), size)]


def move_result(
    tenant: Tenant, last_day: date, author: Author, now: datetime
) -> tuple[list[Operation], tuple[str, ...]]:
    """Post the result of the year that ends on that day, all its months being fenced: operations and ids of the entries."""
    balance = trial_balance(tenant, on=last_day)
    net = {line.account.code: line.debit_minor - line.credit_minor for line in balance.lines}
    chart = {line.account.code: line.account for line in balance.lines}
    drafts = [
        _draft(f"Result of the year ending {last_day}", last_day, lines, author) for lines in closing_lines(net, chart)
    ]
    operations, entries = _post(tenant.tenant_id, drafts, now)
    row = YearEndRow.at(keys.year_end(tenant.tenant_id, last_day), entries=list(entries))
    fresh = YearEndRow.pk.does_not_exist() | YearEndRow.undone.exists()
    return [*operations, Put(row, fresh)], entries


def undo_results(
    tenant: Tenant, after: date | None, reason: str, author: Author, now: datetime
) -> tuple[list[Operation], tuple[str, ...]]:
    """Take back the results of every year that ends behind that day: operations and ids of the reversals."""
    ends = [
        end for end in read_year_ends(tenant.tenant_id) if not end.undone and (after is None or end.last_day > after)
    ]
    drafts = []
    for end in ends:
        for entry_id in end.entries:
            lines = tuple(line.mirrored for line in find_entry(tenant.tenant_id, entry_id).draft.lines)
            drafts.append(_draft(reason, end.last_day, lines, author, corrects=entry_id))
    operations, entries = _post(tenant.tenant_id, drafts, now)
    left = list(entries)
    for end in ends:
        undone, left = left[: len(end.entries)], left[len(end.entries) :]
        row = YearEndRow.at(
            keys.year_end(tenant.tenant_id, end.last_day), entries=list(end.entries), undone=undone or [""]
        )
        operations.append(Put(row, YearEndRow.undone.does_not_exist()))
    return operations, entries


def _draft(memo: str, last_day: date, lines: tuple[Line, ...], author: Author, corrects: str = "") -> Draft:
    return Draft(
        YEAR_END,
        last_day,
        last_day,
        memo,
        lines,
        corrects=corrects,
        recorded_by=author.user_id,
        acting_by=author.acting_id,
    )


def _post(tenant_id: str, drafts: Sequence[Draft], now: datetime) -> tuple[list[Operation], tuple[str, ...]]:
    if not drafts:
        return [], ()
    journal = (tenant_id, YEAR_END)
    posting = Posting([journal], read_many(head_reads([journal])), now)
    entries = tuple(posting.add_closing(*journal, draft).entry_id for draft in drafts)
    return posting.operations(), entries
