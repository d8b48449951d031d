"""The book over HTTP: accounts, entries, trial balance, verification, tie-outs."""

from chalicelib.api.blueprint import Blueprint
from chalicelib.api.call import Call
from chalicelib.api.fields import (
    Answer,
)
from chalicelib.api.paging import PageQuery, decode_cursor, encode_cursor, page_of
from chalicelib.core.dates import from_micros
from chalicelib.core.errors import FieldError, Invalid
from chalicelib.ledger.accounts import add_account, read_chart
from chalicelib.ledger.chart import Account, AccountType
from chalicelib.ledger.entries import find_entry, list_book
from chalicelib.ledger.journal import Entry, Line
from chalicelib.ledger.manual import record_entry, reverse_entry
from chalicelib.ledger.shapes import (
    AccountAnswer,
    AccountBody,
    AccountsAnswer,
    BalanceAnswer,
    EntryAnswer,
    EntryBody,
    EntryQuery,
    LineAnswer,
    ReversalBody,
    TieOutAnswer,
    TrialBalanceAnswer,
    TrialBalanceQuery,
    VerificationAnswer,
)
from chalicelib.ledger.statements import TrialBalance, trial_balance
from chalicelib.ledger.tie_outs import tie_out
from chalicelib.ledger.verify import verify_book
from chalicelib.tenants.hierarchy import list_children

bp = Blueprint(__name__, tag="Books")


def _account(account: Account) -> AccountAnswer:
    return AccountAnswer(
        code=account.code,
        name=account.name,
        type=account.type.value,
        parent=account.parent,
        control=account.control,
    )


def show_entry(entry: Entry) -> EntryAnswer:
    """An entry as the API writes it."""
    draft = entry.draft
    return EntryAnswer(
        id=entry.entry_id,
        journal=entry.journal,
        sequence=entry.sequence,
        kind=draft.kind,
        effective_on=draft.effective_on,
        service_on=draft.service_on,
        recorded_at=from_micros(entry.recorded_micros),
        memo=draft.memo,
        lines=[
            LineAnswer(
                account=line.account,
                debit=line.debit_minor,
                credit=line.credit_minor,
                counterparty=line.counterparty or None,
            )
            for line in draft.lines
        ],
        corrects=draft.corrects or None,
        run=draft.run or None,
        reference=draft.reference or None,
        recorded_by=draft.recorded_by or None,
        acting_by=draft.acting_by or None,
        hash=entry.hash,
    )


def _lines(body: EntryBody) -> tuple[Line, ...]:
    errors = [
        FieldError(f"lines.{number}", "must have either a debit or a credit")
        for number, line in enumerate(body.lines)
        if (line.debit is None) == (line.credit is None)
    ]
    if errors:
        raise Invalid("invalid", "Some lines are not valid.", tuple(errors))
    return tuple(Line(line.account, line.debit or 0, line.credit or 0) for line in body.lines)


@bp.api("GET", "/v1/ledger/accounts", may="ledger:read", module="ledger", answer=AccountsAnswer)
def list_accounts(call: Call) -> AccountsAnswer:
    """The chart of accounts of this book."""
    return AccountsAnswer(items=[_account(account) for account in read_chart(call.tenant).values()])


@bp.api(
    "POST",
    "/v1/ledger/accounts",
    may="ledger:write",
    module="ledger",
    body=AccountBody,
    answer=AccountAnswer,
    status=201,
    repeatable=True,
    also={409: "code-taken"},
)
def create_account(call: Call) -> AccountAnswer:
    """Add an account to this book."""
    body: AccountBody = call.body
    account = add_account(
        call.tenant, body.code, body.name, AccountType(body.type), body.parent, call.remember(_account)
    )
    return _account(account)


@bp.api("GET", "/v1/ledger/entries", may="ledger:read", module="ledger", query=EntryQuery, answer=page_of(EntryAnswer))
def list_entries(call: Call) -> Answer:
    """The entries of this book, newest first."""
    before = decode_cursor(call.query.cursor)
    entries, after = list_book(call.tenant.tenant_id, limit=call.query.limit, before=before)
    page: Answer = page_of(EntryAnswer)(
        items=[show_entry(entry) for entry in entries], next_cursor=encode_cursor(after)
    )
    return page


@bp.api("GET", "/v1/ledger/entries/{entry_id}", may="ledger:read", module="ledger", answer=EntryAnswer)
def read_entry(call: Call, entry_id: str) -> EntryAnswer:
    """One entry of this book."""
    return show_entry(find_entry(call.tenant.tenant_id, entry_id))


@bp.api(
    "POST",
    "/v1/ledger/entries",
    may="ledger:write",
    module="ledger",
    body=EntryBody,
    answer=EntryAnswer,
    status=201,
    repeatable=True,
)
def create_entry(call: Call) -> EntryAnswer:
    """Post an entry by hand. Control accounts refuse it; lines that do not balance are 422 `unbalanced-entry`."""
    body: EntryBody = call.body
    author = call.author
    entry = record_entry(
        call.tenant,
        body.effective_on,
        body.memo,
        _lines(body),
        author.user_id,
        author.acting_id,
        call.now,
        call.remember(show_entry),
    )
    return show_entry(entry)


@bp.api(
    "POST",
    "/v1/ledger/entries/{entry_id}/reversal",
    may="ledger:write",
    module="ledger",
    body=ReversalBody,
    answer=EntryAnswer,
    status=201,
    repeatable=True,
    also={409: "already-reversed or not-reversible"},
)
def create_reversal(call: Call, entry_id: str) -> EntryAnswer:
    """Post the mirror image of an entry that was made by hand; once."""
    author = call.author
    entry = reverse_entry(
        call.tenant,
        entry_id,
        call.body.reason,
        author.user_id,
        author.acting_id,
        call.now,
        call.remember(show_entry),
    )
    return show_entry(entry)


@bp.api(
    "GET",
    "/v1/ledger/trial-balance",
    may="ledger:read",
    module="ledger",
    query=TrialBalanceQuery,
    answer=TrialBalanceAnswer,
)
def read_trial_balance(call: Call) -> TrialBalanceAnswer:
    """The trial balance now, or at the end of a day, by accounting or service date, as known at an instant."""
    query: TrialBalanceQuery = call.query
    return _balance(trial_balance(call.tenant, on=query.on, by=query.by, known_at=query.known_at))


def _balance(balance: TrialBalance) -> TrialBalanceAnswer:
    return TrialBalanceAnswer(
        accounts=[
            BalanceAnswer(
                code=line.account.code, name=line.account.name, debit=line.debit_minor, credit=line.credit_minor
            )
            for line in balance.lines
        ],
        total_debit=balance.total_debit_minor,
        total_credit=balance.total_credit_minor,
    )


@bp.api("GET", "/v1/ledger/verification", may="ledger:read", module="ledger", answer=VerificationAnswer)
def read_verification(call: Call) -> VerificationAnswer:
    """Compute the hash chains and the balances of this book again, from every entry."""
    found = verify_book(call.tenant.tenant_id)
    return VerificationAnswer(
        entries=found.entries,
        head_hash=found.head_hash,
        status="sound" if found.is_sound else "broken",
        first_broken=found.first_broken,
    )


@bp.api("GET", "/v1/tie-outs", may="ledger:read", module="ledger", query=PageQuery, answer=page_of(TieOutAnswer))
def list_tie_outs(call: Call) -> Answer:
    """For each direct child: what this book holds for it, what its book says, and the difference, which is zero."""
    children, after = list_children(
        call.tenant.tenant_id, limit=call.query.limit, after=decode_cursor(call.query.cursor)
    )
    names = {child.tenant_id: child.name for child in children}
    items = [
        TieOutAnswer(
            child=one.child_id,
            name=names[one.child_id],
            held_for_child=one.held_for_child_minor,
            child_fund_with_parent=one.child_fund_with_parent_minor,
            difference=one.difference_minor,
        )
        for one in tie_out(call.tenant.tenant_id, list(names))
    ]
    page: Answer = page_of(TieOutAnswer)(items=items, next_cursor=encode_cursor(after))
    return page
