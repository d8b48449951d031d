"""What a book is kept by, over HTTP: its accounts, its cost centres, its settings."""

from typing import Any

from chalicelib.api.blueprint import Blueprint
from chalicelib.api.call import Call
from chalicelib.api.fields import Answer
from chalicelib.api.paging import decode_cursor, encode_cursor, page_of
from chalicelib.core.errors import NotFound
from chalicelib.ledger.accounts import add_account, change_account, read_chart
from chalicelib.ledger.chart import AccountStatus, AccountType
from chalicelib.ledger.chart_shapes import (
    AccountAnswer,
    AccountBalanceAnswer,
    AccountBody,
    AccountChangeBody,
    AccountsAnswer,
    CostCentreAnswer,
    CostCentreBody,
    CostCentreChangeBody,
    CostCentreQuery,
    LedgerSettingsAnswer,
    LedgerSettingsBody,
    show_account,
    show_balance,
    show_cost_centre,
    show_settings,
)
from chalicelib.ledger.hand.cost_centres import (
    CostCentre,
    add_cost_centre,
    change_cost_centre,
    page_of_cost_centres,
)
from chalicelib.ledger.settings import change_settings, read_settings
from chalicelib.ledger.statements import read_heads

bp = Blueprint(__name__, tag="Chart")


@bp.api("GET", "/v1/ledger/accounts", may="ledger:read", module="ledger", answer=AccountsAnswer)
def list_accounts(call: Call) -> AccountsAnswer:
    """The chart of accounts of this book, each with its balance now."""
    totals = _totals(call)
    chart = read_chart(call.tenant)
    return AccountsAnswer(items=[show_balance(account, totals.get(code, 0)) for code, account in chart.items()])


def _totals(call: Call) -> dict[str, int]:
    totals: dict[str, int] = {}
    for head in read_heads(call.tenant.tenant_id):
        for code, net in head.totals.items():
            totals[code] = totals.get(code, 0) + net
    return totals


@bp.api("GET", "/v1/ledger/accounts/{code}", may="ledger:read", module="ledger", answer=AccountBalanceAnswer)
def read_account(call: Call, code: str) -> AccountBalanceAnswer:
    """One account of this book."""
    account = read_chart(call.tenant).get(code)
    if account is None:
        raise NotFound("account")
    return show_balance(account, _totals(call).get(code, 0))


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
        call.tenant, body.code, body.name, AccountType(body.type), body.parent, call.remember(show_account)
    )
    return show_account(account)


@bp.api(
    "PATCH",
    "/v1/ledger/accounts/{code}",
    may="ledger:write",
    module="ledger",
    body=AccountChangeBody,
    answer=AccountAnswer,
    also={409: "system-account, account-has-balance, account-has-children, parent-closed"},
)
def edit_account(call: Call, code: str) -> AccountAnswer:
    """Rename, regroup, close or open an account, a default one too. Closing takes a balance of zero."""
    changes = _named(call.body)
    if "status" in changes:
        changes["status"] = AccountStatus(changes["status"])
    return show_account(change_account(call.tenant, code, changes))


@bp.api(
    "GET",
    "/v1/ledger/cost-centres",
    may="ledger:read",
    module="ledger",
    query=CostCentreQuery,
    answer=page_of(CostCentreAnswer),
)
def list_cost_centres(call: Call) -> Answer:
    """The cost centres of this book, by code."""
    centres, after = page_of_cost_centres(
        call.tenant.tenant_id, limit=call.query.limit, after=decode_cursor(call.query.cursor)
    )
    page: Answer = page_of(CostCentreAnswer)(
        items=[show_cost_centre(centre) for centre in centres], next_cursor=encode_cursor(after)
    )
    return page


@bp.api(
    "POST",
    "/v1/ledger/cost-centres",
    may="ledger:write",
    module="ledger",
    body=CostCentreBody,
    answer=CostCentreAnswer,
    status=201,
    repeatable=True,
    also={409: "code-taken"},
)
def create_cost_centre(call: Call) -> CostCentreAnswer:
    """Add a cost centre, which lines of entries by hand may name."""
    body: CostCentreBody = call.body
    centre = CostCentre(body.code, body.name, body.zone)
    return show_cost_centre(add_cost_centre(call.tenant.tenant_id, centre, call.remember(show_cost_centre)))


@bp.api(
    "PATCH",
    "/v1/ledger/cost-centres/{code}",
    may="ledger:write",
    module="ledger",
    body=CostCentreChangeBody,
    answer=CostCentreAnswer,
)
def edit_cost_centre(call: Call, code: str) -> CostCentreAnswer:
    """Rename, close or open a cost centre."""
    return show_cost_centre(change_cost_centre(call.tenant.tenant_id, code, _named(call.body)))


@bp.api("GET", "/v1/ledger/settings", may="ledger:read", module="ledger", answer=LedgerSettingsAnswer)
def read_ledger_settings(call: Call) -> LedgerSettingsAnswer:
    """From what amount an entry by hand takes a second person, and when the year begins."""
    return show_settings(read_settings(call.tenant.tenant_id))


@bp.api(
    "PATCH",
    "/v1/ledger/settings",
    may="ledger:settings",
    module="ledger",
    body=LedgerSettingsBody,
    answer=LedgerSettingsAnswer,
    also={409: "year-closed, changed-meanwhile"},
)
def edit_ledger_settings(call: Call) -> LedgerSettingsAnswer:
    """Change the settings of this book. They hold for every entry from now on, and for drafts that wait."""
    changes = _named(call.body)
    if "approval_above" in changes:
        changes["approval_above_minor"] = changes.pop("approval_above")
    return show_settings(change_settings(call.tenant.tenant_id, changes))


def _named(body: Any) -> dict[str, Any]:
    """What a body names, by field."""
    return {name: getattr(body, name) for name in body.model_fields_set}
