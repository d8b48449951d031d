"""The book over HTTP: entries, trial balance, verification, tie-outs."""

from chalicelib.api.blueprint import Blueprint
from chalicelib.api.call import Call
from chalicelib.api.fields import Answer
from chalicelib.api.paging import PageQuery, decode_cursor, encode_cursor, page_of
from chalicelib.ledger.entries import find_entry, list_book
from chalicelib.ledger.entry_shapes import (
    EntryAnswer,
    EntryBody,
    EntryQuery,
    OpeningBalancesBody,
    ReversalBody,
    lines_of,
    show_entry,
    voucher_of,
)
from chalicelib.ledger.hand.manual import record_voucher, reverse_entry
from chalicelib.ledger.hand.vouchers import opening_of
from chalicelib.ledger.shapes import (
    BalanceAnswer,
    OtherTieOutAnswer,
    TieOutAnswer,
    TrialBalanceAnswer,
    TrialBalanceQuery,
    VerificationAnswer,
)
from chalicelib.ledger.statements import TrialBalance, trial_balance
from chalicelib.ledger.tie_outs import OtherTieOut, tie_out
from chalicelib.ledger.verify import verify_book
from chalicelib.tenants.hierarchy import list_children

bp = Blueprint(__name__, tag="Books")


@bp.api("GET", "/v1/ledger/entries", may="ledger:read", module="ledger", query=EntryQuery, answer=page_of(EntryAnswer))
def list_entries(call: Call) -> Answer:
    """The entries of this book, newest first. Where it is asked for some only, a page may be short and has a cursor."""
    before = decode_cursor(call.query.cursor)
    query: EntryQuery = call.query
    entries, after = list_book(call.tenant.tenant_id, limit=query.limit, before=before, wanted=query.wanted)
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
    also={409: "needs-approval", 422: "unbalanced-entry, period-closed"},
)
def create_entry(call: Call) -> EntryAnswer:
    """Post an entry by hand, to the general journal or that of receipts, payments or contra entries.

    Control accounts refuse it, and so does a day that is closed. Above the amount of this book's settings it is drafted
    instead, for a second person to approve.
    """
    entry = record_voucher(call.tenant, voucher_of(call.body), call.author, call.now, call.remember(show_entry))
    return show_entry(entry)


@bp.api(
    "POST",
    "/v1/ledger/opening-balances",
    may="ledger:write",
    module="ledger",
    body=OpeningBalancesBody,
    answer=EntryAnswer,
    status=201,
    repeatable=True,
    also={409: "needs-approval", 422: "unbalanced-entry, period-closed"},
)
def create_opening_balances(call: Call) -> EntryAnswer:
    """Post opening balances; what is left over goes against opening equity. They are reversed like any entry by hand."""
    body: OpeningBalancesBody = call.body
    voucher = opening_of(body.effective_on, body.memo, lines_of(body.lines))
    return show_entry(record_voucher(call.tenant, voucher, call.author, call.now, call.remember(show_entry)))


@bp.api(
    "POST",
    "/v1/ledger/entries/{entry_id}/reversal",
    may="ledger:write",
    module="ledger",
    body=ReversalBody,
    answer=EntryAnswer,
    status=201,
    repeatable=True,
    also={409: "already-reversed, not-reversible, entry-doubted, account-closed, needs-approval"},
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
            others=[_other(other) for other in one.others],
        )
        for one in tie_out(call.tenant.tenant_id, list(names))
    ]
    page: Answer = page_of(TieOutAnswer)(items=items, next_cursor=encode_cursor(after))
    return page


def _other(tie: OtherTieOut) -> OtherTieOutAnswer:
    return OtherTieOutAnswer.model_validate(
        {
            "of": tie.of,
            "in_this_book": tie.parents_minor,
            "in_childs_book": tie.childs_minor,
            "difference": tie.parents_minor - tie.childs_minor,
        }
    )
