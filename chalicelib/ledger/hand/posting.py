"""Posting by hand: the one way on which what people ask for becomes an entry, whoever asks and whenever.

Every try reads the count of the posting rules, then the rules, then the heads, and writes only while none of them has
moved: an entry never slips past an account, a cost centre, an amount or a period that changed meanwhile (decision 0022).
"""

from collections.abc import Callable
from datetime import datetime

from chalicelib.auth.model import Author
from chalicelib.aws import clock, keys
from chalicelib.aws.guards import Guard, no_guard
from chalicelib.aws.keys import Key
from chalicelib.aws.rows import Row
from chalicelib.aws.tables import ConditionFailed, Put, Remember, forget, read_many, write
from chalicelib.core.dates import day_at
from chalicelib.core.errors import Conflict, Refusal, Unavailable
from chalicelib.ledger.accounts import read_chart
from chalicelib.ledger.doubts import refuse_doubted, undoubted
from chalicelib.ledger.hand.attachments import attachment_marks
from chalicelib.ledger.hand.store import CENTRE_OPEN, CostCentreRow, read_revision, rules_unmoved
from chalicelib.ledger.hand.vouchers import RECURRING, REVERSAL, Rules, Voucher, check_day, check_lines, check_open
from chalicelib.ledger.journal import Entry
from chalicelib.ledger.post import Posting, head_reads
from chalicelib.ledger.store import LedgerSettingsRow, ReversalRow
from chalicelib.tenants.model import Tenant

TRIES = 16


def read_rules(tenant: Tenant, voucher: Voucher) -> Rules:
    """What that voucher is held against. The count is read first, so that it is never newer than what it counts."""
    revision = read_revision(tenant.tenant_id)
    chart = read_chart(tenant)
    named = sorted({line.cost_centre for line in voucher.lines} - {""})
    wanted: list[tuple[type[Row], Key]] = [(LedgerSettingsRow, keys.ledger_settings(tenant.tenant_id))]
    wanted += [(CostCentreRow, keys.cost_centre(tenant.tenant_id, code)) for code in named]
    settings, *centres = read_many(wanted)
    is_open = {code for code, row in zip(named, centres, strict=True) if row is not None and row.status == CENTRE_OPEN}
    return Rules(revision, chart, frozenset(is_open), settings.approval_above if settings else None)


def post_by_hand(
    tenant: Tenant,
    voucher: Voucher,
    author: Author,
    now: datetime,
    *,
    may: Callable[[Rules], None],
    run: str = "",
    along: Callable[[Entry], Guard] = lambda _: no_guard(),
    remember: Remember = forget,
) -> Entry:
    """Post a voucher to its journal. `may` raises where this person may not post it; `along` is written with the entry.

    422 for a day that has not come or is closed (`period-closed`), for lines that its journal or the chart refuses, for
    attachments that have not come, and `unbalanced-entry`; 409 `already-reversed`, `entry-doubted`, `account-closed`. A
    recurring entry whose day is closed is dated on the first open one.
    """
    journal = (tenant.tenant_id, voucher.journal)
    documents = attachment_marks(tenant.tenant_id, voucher.attachments)
    for attempt in range(TRIES):
        clock.back_off(attempt)
        rules = read_rules(tenant, voucher)
        posting = Posting([journal], read_many(head_reads([journal])), now)
        check_day(voucher, day_at(now, tenant.timezone))
        if voucher.kind not in (RECURRING, REVERSAL):
            check_open(voucher, posting.closed_through(*journal))
        check_lines(voucher, rules)
        may(rules)
        entry = posting.add(*journal, voucher.as_draft(author, run, documents))
        reversal, guard = _guard_reversal(entry), along(entry)
        unmoved = rules_unmoved(tenant.tenant_id, rules.revision)
        try:
            write(*posting.operations(), unmoved, *reversal.operations, *guard.operations, *remember(entry))
        except ConditionFailed as failure:
            guard.refuse(failure)
            reversal.refuse(failure)
            continue
        return entry
    raise Unavailable("busy", "This journal is moving all the time; please send the request again.")


def _guard_reversal(entry: Entry) -> Guard:
    """That what a reversal takes back is not doubted, and was not taken back before: there can be only one."""
    if entry.draft.kind != REVERSAL:
        return no_guard()
    corrects = entry.draft.corrects
    row = ReversalRow.at(keys.reversal(entry.tenant_id, corrects), reversed_by=entry.entry_id)
    mark, sound = Put(row, ReversalRow.pk.does_not_exist()), undoubted(entry.tenant_id, corrects)

    def explain(failure: ConditionFailed) -> Refusal | None:
        if failure.failed(mark):
            return already_reversed()
        return refuse_doubted() if failure.failed(sound) else None

    return Guard((mark, sound), explain)


def already_reversed() -> Conflict:
    return Conflict("already-reversed", "This entry was reversed before.")
