"""A valid request for every route of the API, short: what a new route adds to be walked.

`<kind>` stands for an id of the caller's own of that kind (`isolation_installation.py` says which there are), and is
where the walk puts everybody else's; `$kind` stands for something of the caller's that is no id.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from tests.tenants.isp import PASSWORD

CSV = "name,phone,plan,username,mac,zone,start_on\nRahim,,<plan>,rahim,,,2026-11-22\n"
EVENTS_CSV = "username,type,effective_on,plan\n<username>,disable,2026-11-22,\n"
MOVED_CSV = "username,type,effective_on,plan\n$username,change_plan,2026-11-23,<plan>\n"
NEW_PASSWORD = "another horse 2"
_SLOT = re.compile(r"[<$]([a-z-]+)>?")
_ID = re.compile(r"<([a-z-]+)>")


@dataclass(frozen=True)
class Case:
    """A valid request of a route, by whom, and the status it is answered with (the route's own unless told)."""

    path: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    query: Mapping[str, str] = field(default_factory=dict)
    by: str = "ALPHA"
    status: int | None = None
    leaves_out: frozenset[str] = frozenset()
    also: "Case | None" = None

    def kinds(self) -> dict[str, str | None]:
        """The kinds of id in it, and of each the field that it stands in; None for one of the path."""
        found: dict[str, str | None] = {kind: None for text in self.path.values() for kind in _ID.findall(text)}
        found |= {kind: name for name, text in self.query.items() for kind in _ID.findall(text)}
        return found | dict(_fields(self.body, ""))

    def target(self, path: str, ids: Mapping[str, str]) -> str:
        """The path with its query, the ids filled in."""
        filled = path.format(**{name: _fill(text, ids) for name, text in self.path.items()})
        return f"{filled}?{urlencode(_fill(dict(self.query), ids))}" if self.query else filled

    def sent(self, ids: Mapping[str, str]) -> Any:
        """The body, the ids filled in; a CSV file as bytes."""
        filled = _fill(self.body, ids)
        return filled.encode() if isinstance(filled, str) else filled


def _fill(template: Any, ids: Mapping[str, str]) -> Any:
    if isinstance(template, str):
        return _SLOT.sub(lambda found: ids[found[1]], template)
    if isinstance(template, dict):
        return {name: _fill(value, ids) for name, value in template.items()}
    return [_fill(value, ids) for value in template] if isinstance(template, list) else template


def _fields(template: Any, name: str) -> list[tuple[str, str]]:
    """The kinds of id in a body with the names of their fields; of a CSV file a kind is named as its column."""
    if isinstance(template, str):
        return [(kind, name or kind) for kind in _ID.findall(template)]
    if not isinstance(template, dict | list):
        return []
    parts = template.items() if isinstance(template, dict) else enumerate(template)
    return [found for key, value in parts for found in _fields(value, f"{name}.{key}".strip("."))]


def _public(body: Any = None, status: int = 200) -> Case:
    return Case(body=body, status=status)


def _left(*names: str) -> frozenset[str]:
    return frozenset(names)


_CHILD = {"reseller_id": "<child>"}
_USER = {"user_id": "<user>"}
_PLAN = {"plan": "<plan>"}
_SUBSCRIBER = {"subscriber_id": "<subscriber>"}
_MONEY = {"amount": "10.00", "method": "cash"}
_LINES = [
    {"account": "<account>", "debit": "8.00", "cost_centre": "<cost-centre>"},
    {"account": "1010", "credit": "8.00"},
]
_ENTRY = {
    "journal": "payments",
    "effective_on": "2026-11-22",
    "memo": "Rent",
    "reference": "V-1",
    "lines": _LINES,
    "attachments": ["<attachment>"],
}
_DRAFT = {"draft_id": "<draft>"}
_RECURRING = {"recurring_id": "<recurring>"}
_FILE = {"size_bytes": 1, "sha256": "9f2c61b0" * 8}
_LINE = {"plan": "<plan>", "username": "rahim", "mac": "9C:53:00:07:00:7B", "start_on": "2026-11-22"}
_PLAN_CHANGE = {"name": "Fast", "download_kbps": 1, "upload_kbps": 1, "monthly_price": "900.00"}
_TERMS = {"timing": "daily", "day_count": "calendar_month", "refund_policy": "unused_days", "tax_bps": 0}
_OWNER = {"name": "Owner", "email": "owner@delta.test", "password": PASSWORD}
_LIMITS = {"minimum_balance": "0.00", "credit_limit": "0.00", "settlement": {"mode": "prepaid"}, "modules": ["ledger"]}
_FORMAT = {"prefix": "D-", "infix": "", "postfix": "", "digits": 4}

PUBLIC = {
    "GET /": _public(),
    "GET /docs": _public(),
    "GET /openapi.json": _public(),
    "GET /health": _public(),
    "POST /v1/auth/login": _public({"email": "$email", "password": PASSWORD}),
    "POST /v1/auth/refresh": _public({"refresh_token": "$refresh-token"}),
    "POST /v1/auth/logout": _public({"refresh_token": "$refresh-token"}, 204),
}

PEOPLE = {
    "GET /v1/me": Case(),
    "POST /v1/me/password": Case(body={"current_password": PASSWORD, "new_password": NEW_PASSWORD}),
    "GET /v1/users": Case(query={"limit": "1"}, leaves_out=_left("cursor")),
    "POST /v1/users": Case(body={"name": "R", "email": "r@alpha.test", "role": "support", "password": PASSWORD}),
    "GET /v1/users/{user_id}": Case(_USER),
    "PATCH /v1/users/{user_id}": Case(_USER, {"name": "Rahima", "role": "support", "status": "active"}),
    "POST /v1/users/{user_id}/password": Case(_USER, {"password": NEW_PASSWORD}),
    "GET /v1/access-log": Case(query={"limit": "1"}, leaves_out=_left("cursor")),
    "GET /v1/audit-log": Case(
        query={
            "limit": "1",
            "user": "<user>",
            "acting": "false",
            "method": "POST",
            "route": "/v1/auth/login",
            "outcome": "done",
            "from": "2026-11-22",
            "to": "2026-11-22",
            "q": "alpha",
        },
        leaves_out=_left("cursor"),
    ),
    "GET /v1/audit-log/{line_id}": Case({"line_id": "<audit-line>"}),
}

RESELLERS = {
    "POST /v1/resellers": Case(
        body={
            "name": "Delta",
            "code": "DELTA",
            "owner": _OWNER,
            "timezone": "Asia/Dhaka",
            "settles_from": "2026-11-22",
            "customer_id": _FORMAT,
            **_LIMITS,
        },
    ),
    "GET /v1/resellers": Case(query={"limit": "1", "status": "active"}, leaves_out=_left("cursor")),
    "GET /v1/resellers/{reseller_id}": Case(_CHILD),
    "PATCH /v1/resellers/{reseller_id}": Case(
        _CHILD,
        {"name": "New", "status": "active", "month_starts_on": 2, "timezone": "Asia/Dhaka", "customer_id": _FORMAT}
        | _LIMITS,
    ),
    "GET /v1/resellers/{reseller_id}/tree": Case(_CHILD),
    "POST /v1/resellers/{reseller_id}/login-as": Case(_CHILD, {"reason": "asked for help", "scope": "write"}),
    "PUT /v1/resellers/{reseller_id}/tariff": Case(
        _CHILD,
        {
            "effective_on": "2026-11-25",
            "prices": [{"plan": "<plan>", "monthly_price": "650.00"}],
            "period": "month",
            "refund_fee": "0.00",
            **_TERMS,
        },
    ),
    "GET /v1/resellers/{reseller_id}/tariff": Case(_CHILD),
    "POST /v1/resellers/{reseller_id}/recharges": Case(_CHILD, {**_MONEY, "reference": "MR-1", "note": "paid"}),
    "POST /v1/resellers/{reseller_id}/refunds": Case(_CHILD, {**_MONEY, "reason": "leaving"}),
    "GET /v1/resellers/{reseller_id}/fund": Case(_CHILD),
}

SELLING = {
    "POST /v1/plans": Case(
        body={**_PLAN_CHANGE, "code": "FAST", "based_on": "<parent-plan>", "day_count": "calendar_month"}
    ),
    "GET /v1/plans": Case(query={"limit": "1"}, leaves_out=_left("cursor")),
    "GET /v1/plans/{plan}": Case(_PLAN),
    "PATCH /v1/plans/{plan}": Case(_PLAN, {**_PLAN_CHANGE, "day_count": "fixed_30"}),
    "POST /v1/subscribers": Case(body={"name": "Rahim", "phone": "01711234567", "zone": "Mirpur-10", **_LINE}),
    "POST /v1/subscribers/{subscriber_id}/services": Case(_SUBSCRIBER, _LINE),
    "GET /v1/subscribers": Case(
        query={"limit": "1", "q": "karim", "status": "active", "plan": "<plan>", "zone": "Mirpur-10"},
        leaves_out=_left("cursor"),
    ),
    "GET /v1/subscribers/{subscriber_id}": Case(_SUBSCRIBER),
    "PATCH /v1/subscribers/{subscriber_id}": Case(
        _SUBSCRIBER,
        {
            "name": "Karim",
            "phone": "01711234567",
            "zone": "Mirpur-10",
            "services": [{"id": "<service>", "username": "karim", "mac": "9C:53:00:07:00:7B"}],
        },
    ),
    "POST /v1/subscribers/{subscriber_id}/events": Case(
        _SUBSCRIBER,
        {"type": "disable", "effective_on": "2026-11-22", "service": "<service>"},
        leaves_out=_left("plan", "withdraws"),
        also=Case(
            {"subscriber_id": "$subscriber"},
            {"type": "change_plan", "effective_on": "2026-11-22", "plan": "<plan>", "service": "$service"},
            status=409,  # It has this plan already, which is found out only once the plan is known to be its own.
        ),
    ),
    "GET /v1/subscribers/{subscriber_id}/days": Case(
        _SUBSCRIBER, query={"from": "2026-11-20", "to": "2026-11-21", "service": "<service>"}
    ),
    "POST /v1/subscribers/import": Case(body=CSV, query={"dry_run": "false"}),
    "POST /v1/service-events/import": Case(
        body=EVENTS_CSV, query={"dry_run": "false"}, also=Case(body=MOVED_CSV, query={"dry_run": "false"}, status=422)
    ),
    "GET /v1/jobs": Case(query={"limit": "1"}, leaves_out=_left("cursor")),
    "GET /v1/jobs/{job_id}": Case({"job_id": "<job>"}),
}

_ASKED = {"by": "service_on", "known_at": "2026-11-22T06:00:00Z", "format": "json"}
_NUMBERING = {"template": "{prefix}{year}-{sequence:6}", "prefix": "A-", "restarts": "year"}

BILLING = {
    "GET /v1/billing-terms": Case(),
    "PUT /v1/billing-terms": Case(
        body={
            "cycle": "custom_day",
            "billing_day": 10,
            "timing": "prepaid",
            "tax_bps": 500,
            "tax": "inclusive",
            "due_days": 7,
            "grace_days": 3,
            "late_fee": {"amount": "50.00", "bps": 0},
            "suspend_overdue": False,
            "dues": "cumulative",
            "numbers": {"invoice": _NUMBERING, "credit_note": _NUMBERING, "receipt": _NUMBERING},
            "starts_on": "2026-11-20",
        }
    ),
    "GET /v1/subscribers/{subscriber_id}/account": Case(_SUBSCRIBER),
    "PATCH /v1/subscribers/{subscriber_id}/account": Case(
        _SUBSCRIBER,
        {
            "billing_day": 10,
            "discount": {"bps": 1000, "amount": "0.00", "until": "2027-11-22"},
            "prices": [{"service": "<service>", "monthly_price": "450.00"}],
            "commission_bps": 3000,
        },
    ),
    "POST /v1/subscribers/{subscriber_id}/charges": Case(_SUBSCRIBER, {"text": "Cable", "amount": "120.00"}),
    "GET /v1/invoices": Case(
        query={
            "limit": "1",
            "subscriber": "<subscriber>",
            "status": "open",
            "from": "2026-11-20",
            "to": "2026-11-22",
        },
        leaves_out=_left("cursor"),
    ),
    "GET /v1/invoices/{invoice_id}": Case({"invoice_id": "<invoice>"}),
    "POST /v1/invoices": Case(body={"subscriber": "<subscriber>"}),
    "POST /v1/invoice-runs": Case(body={"date": "2026-11-22"}),
    "GET /v1/invoice-runs": Case(query={"limit": "1"}, leaves_out=_left("cursor")),
    "GET /v1/invoice-runs/{run_id}": Case({"run_id": "2026-11-20"}),
}

_SPAN = {**_ASKED, "from": "2026-11-01", "to": "2026-11-22", "compare_from": "2026-10-01", "compare_to": "2026-10-31"}
_ON = {**_ASKED, "on": "2026-11-22", "compare_on": "2026-10-31"}

REPORTS = {
    "GET /v1/ledger/reports/trial-balance": Case(query={**_SPAN, "cost_centre": "Z1"}),
    "GET /v1/ledger/reports/profit-and-loss": Case(query={**_SPAN, "cost_centre": "Z1"}),
    "GET /v1/ledger/reports/balance-sheet": Case(query=_ON),
    "GET /v1/ledger/reports/cash-book": Case(
        query={**_SPAN, "account": "1010", "limit": "1"}, leaves_out=_left("cursor")
    ),
    "GET /v1/ledger/reports/account-ledger": Case(
        query={**_SPAN, "account": "<account>", "cost_centre": "Z1", "limit": "1"}, leaves_out=_left("cursor")
    ),
    "GET /v1/ledger/reports/fund-statement": Case(query={**_SPAN, "limit": "1"}, leaves_out=_left("cursor")),
    "GET /v1/ledger/reports/receivables-ageing": Case(query={**_ON, "limit": "1"}, leaves_out=_left("cursor")),
    "GET /v1/ledger/reports/tie-out": Case(
        query={**_ASKED, "on": "2026-11-22", "compare_on": "2026-11-01", "limit": "1"}, leaves_out=_left("cursor")
    ),
}

BOOKS = {
    "GET /v1/tariff": Case(),
    "POST /v1/settlements": Case(body={"date": "2026-11-21"}, by="OP"),
    "GET /v1/settlements/{date}": Case({"date": "2026-11-20"}),
    "GET /v1/corrections": Case(
        query={"subscriber": "<subscriber>", "from": "2026-11-01", "to": "2026-11-21", "limit": "1"},
        leaves_out=_left("cursor"),
    ),
    "GET /v1/corrections/{correction_id}": Case({"correction_id": "<correction>"}),
    "POST /v1/billing/preview": Case(
        body={
            "type": "tariff",
            "reseller": "<child>",
            "effective_on": "2026-11-25",
            "prices": [{"plan": "<plan>", "monthly_price": "650.00"}],
            "period": "month",
            "refund_fee": "0.00",
            **_TERMS,
        },
        leaves_out=_left("start_on", "count", "rate_bps", "base", "amount"),
        also=Case(
            body={
                "type": "change_plan",
                "subscriber": "<subscriber>",
                "service": "<service>",
                "plan": "<plan>",
                "effective_on": "2026-11-23",
            },
            status=409,  # It has this plan already, which is found out only once all three are known to be its own.
        ),
    ),
    "GET /v1/fund": Case(),
    "GET /v1/fund/movements": Case(query={"limit": "1"}, leaves_out=_left("cursor")),
    "GET /v1/ledger/accounts": Case(),
    "POST /v1/ledger/accounts": Case(
        body={"code": "5911", "name": "Office rent", "type": "expense", "parent": "<account>"}
    ),
    "GET /v1/ledger/accounts/{code}": Case({"code": "<account>"}),
    "PATCH /v1/ledger/accounts/{code}": Case(
        {"code": "$account"},
        {"name": "Rents", "parent": "<account>", "status": "open"},
        status=422,  # It would stand below itself, which is found out only once the group is known to be its own.
        also=Case({"code": "<account>"}, {"name": "Rents", "parent": "5900", "status": "open"}),
    ),
    "GET /v1/ledger/cost-centres": Case(query={"limit": "1"}, leaves_out=_left("cursor")),
    "POST /v1/ledger/cost-centres": Case(body={"code": "NORTH", "name": "North", "zone": "Mirpur-10"}),
    "PATCH /v1/ledger/cost-centres/{code}": Case({"code": "<cost-centre>"}, {"name": "East", "status": "closed"}),
    "GET /v1/ledger/settings": Case(),
    "PATCH /v1/ledger/settings": Case(body={"approval_above": "100.00", "year_starts_in": 1}),
    "POST /v1/ledger/opening-balances": Case(
        body={"effective_on": "2026-11-22", "memo": "Opening", "lines": _LINES},
    ),
    "GET /v1/ledger/drafts": Case(query={"limit": "1", "status": "waiting"}, leaves_out=_left("cursor")),
    "POST /v1/ledger/drafts": Case(
        body={"kind": "manual", **_ENTRY}, also=Case(body={"reverses": "<entry>", "reason": "mistaken"})
    ),
    "GET /v1/ledger/drafts/{draft_id}": Case(_DRAFT),
    "PATCH /v1/ledger/drafts/{draft_id}": Case(_DRAFT, _ENTRY, leaves_out=_left("reason")),
    "POST /v1/ledger/drafts/{draft_id}/approval": Case(_DRAFT, query={"revision": "1"}),
    "POST /v1/ledger/drafts/{draft_id}/rejection": Case(_DRAFT, {"reason": "mistaken"}),
    "GET /v1/ledger/recurring": Case(query={"limit": "1"}, leaves_out=_left("cursor")),
    "POST /v1/ledger/recurring": Case(
        body={
            "name": "Rent",
            "journal": "payments",
            "memo": "Rent",
            "reference": "V-1",
            "lines": _LINES,
            "every": "month",
            "starts_on": "2026-11-30",
            "ends_on": "2027-11-30",
        },
    ),
    "GET /v1/ledger/recurring/{recurring_id}": Case(_RECURRING),
    "PATCH /v1/ledger/recurring/{recurring_id}": Case(_RECURRING, {"name": "Rents", "status": "paused"}),
    "GET /v1/ledger/entries": Case(
        query={
            "limit": "1",
            "journal": "general",
            "kind": "manual",
            "account": "<account>",
            "from": "2026-11-20",
            "to": "2026-11-22",
        },
        leaves_out=_left("cursor"),
    ),
    "GET /v1/ledger/entries/{entry_id}": Case({"entry_id": "<entry>"}),
    "POST /v1/ledger/entries": Case(body=_ENTRY),
    "POST /v1/ledger/entries/{entry_id}/reversal": Case({"entry_id": "<entry>"}, {"reason": "mistaken"}),
    "GET /v1/ledger/trial-balance": Case(
        query={"on": "2026-11-22", "by": "service_on", "known_at": "2026-11-22T06:00:00Z"}
    ),
    "GET /v1/ledger/periods": Case(query={"limit": "1"}, leaves_out=_left("cursor")),
    "GET /v1/ledger/periods/{month}": Case({"month": "2026-10"}),
    "POST /v1/ledger/periods/{month}/closing": Case({"month": "2026-10"}),
    "POST /v1/ledger/periods/{month}/reopening": Case({"month": "2026-09"}, {"reason": "a bill came late"}),
    "POST /v1/ledger/attachments": Case(body={"file_name": "a.pdf", "media_type": "application/pdf", **_FILE}),
    "GET /v1/ledger/attachments/{attachment_id}": Case({"attachment_id": "<attachment>"}),
    **REPORTS,
    "GET /v1/ledger/verification": Case(),
    "GET /v1/ledger/export": Case(query={"format": "csv", "from": "2026-11-20", "to": "2026-11-22"}),
    "GET /v1/tie-outs": Case(query={"limit": "1"}, leaves_out=_left("cursor")),
}

_PROVEN = {"date": "$proven-day"}
_OPERATOR = "OP"

PROOFS = {
    "GET /v1/proofs": Case(query={"limit": "1"}, leaves_out=_left("cursor")),
    "GET /v1/proofs/{date}": Case(_PROVEN),
    "POST /v1/proofs": Case(body={"date": "2026-11-20"}),
    "GET /v1/doubts": Case(),
    "POST /v1/doubts/{doubt_id}/dismissal": Case({"doubt_id": "<doubt>"}, {"reason": "seen with the auditor"}),
    "GET /v1/installation-proofs": Case(query={"limit": "1"}, by=_OPERATOR, leaves_out=_left("cursor")),
    "GET /v1/installation-proofs/{date}": Case(_PROVEN, by=_OPERATOR),
    "GET /v1/installation-proofs/{date}/report": Case(_PROVEN, by=_OPERATOR),
}

_INVOICED = {"reseller_id": "<aggregate-child>"}
_CHILDS_INVOICE = {**_INVOICED, "invoice_id": "<child-invoice>"}
_OWN_INVOICE = {"invoice_id": "<aggregate-invoice>"}
_TERMS_OF_INVOICES = {
    "cycle": {"kind": "weekly", "weekday": 1},
    "due_days": 14,
    "block_when_overdue": False,
}


def _of_invoiced(path: Mapping[str, str], query: Mapping[str, str] | None = None) -> Case:
    """What Alpha, which has a fund, has none of, and Epsilon, which is invoiced, has."""
    leaves_out = _left("cursor") if query else frozenset()
    also = Case(path, query=query or {}, by="EPSILON", leaves_out=leaves_out)
    return Case(path, query=query or {}, status=404, leaves_out=leaves_out, also=also)


PARTNERS = {
    "PUT /v1/resellers/{reseller_id}/aggregate-terms": Case(
        _INVOICED,
        _TERMS_OF_INVOICES,
        also=Case(
            _INVOICED,
            {**_TERMS_OF_INVOICES, "cycle": {"kind": "days", "every_days": 1}},
        ),
        leaves_out=_left("day"),
    ),
    "GET /v1/resellers/{reseller_id}/aggregate-terms": Case(_INVOICED),
    "GET /v1/aggregate-terms": _of_invoiced({}),
    "GET /v1/aggregate-numbering": Case(),
    "PUT /v1/aggregate-numbering": Case(
        body={
            "invoice": {"template": "{year}-{sequence}", "prefix": "A-"},
            "credit_note": {"template": "{prefix}{year}-{sequence}", "prefix": "B-"},
        }
    ),
    "POST /v1/resellers/{reseller_id}/aggregate-invoices": Case(_INVOICED, {"through": "2026-11-20"}, status=409),
    "GET /v1/resellers/{reseller_id}/aggregate-invoices": Case(
        _INVOICED, query={"limit": "1", "status": "partly"}, leaves_out=_left("cursor")
    ),
    "GET /v1/resellers/{reseller_id}/aggregate-invoices/{invoice_id}": Case(_CHILDS_INVOICE),
    "GET /v1/resellers/{reseller_id}/aggregate-invoices/{invoice_id}/annex": Case(
        _CHILDS_INVOICE, query={"limit": "1"}, leaves_out=_left("cursor")
    ),
    "POST /v1/resellers/{reseller_id}/aggregate-payments": Case(
        _INVOICED, {**_MONEY, "reference": "TRX-1", "note": "paid"}
    ),
    "GET /v1/resellers/{reseller_id}/aggregate-payments": Case(
        _INVOICED, query={"limit": "1"}, leaves_out=_left("cursor")
    ),
    "GET /v1/resellers/{reseller_id}/aggregate-credit-notes": Case(
        _INVOICED, query={"limit": "1"}, leaves_out=_left("cursor")
    ),
    "GET /v1/aggregate-invoices": Case(query={"limit": "1", "status": "open"}, leaves_out=_left("cursor")),
    "GET /v1/aggregate-invoices/{invoice_id}": _of_invoiced(_OWN_INVOICE),
    "GET /v1/aggregate-invoices/{invoice_id}/annex": _of_invoiced(_OWN_INVOICE, {"limit": "1"}),
    "GET /v1/aggregate-payments": Case(query={"limit": "1"}, leaves_out=_left("cursor")),
    "GET /v1/aggregate-credit-notes": Case(query={"limit": "1"}, leaves_out=_left("cursor")),
}

_EARNS = {"reseller_id": "<percentage-child>"}
_CHILDS_STATEMENT = {**_EARNS, "statement_id": "<child-statement>"}
_OWN_STATEMENT = {"statement_id": "<commission-statement>"}
_FIRST_PAGE = {"limit": "1"}


def _of_earning(path: Mapping[str, str], query: Mapping[str, str] | None = None) -> Case:
    """What Alpha has none of, and Theta, which earns a percentage, has."""
    leaves_out = _left("cursor") if query else frozenset()
    also = Case(path, query=query or {}, by="THETA", leaves_out=leaves_out)
    return Case(path, query=query or {}, status=404, leaves_out=leaves_out, also=also)


PARTNERS |= {
    "PUT /v1/resellers/{reseller_id}/commission-terms": Case(
        _EARNS,
        {
            "effective_month": "2026-12",
            "rate_bps": 2_000,
            "base": "invoices",
            "amount": "before_tax",
            "plans": [{"plan": "<plan>", "rate_bps": 1_000}],
            "subscribers": [{"subscriber": "$childs-subscriber", "rate_bps": 0}],
        },
    ),
    "GET /v1/resellers/{reseller_id}/commission-terms": Case(_EARNS),
    "GET /v1/resellers/{reseller_id}/commission": Case(_EARNS),
    "GET /v1/resellers/{reseller_id}/commission-statements": Case(
        _EARNS, query=_FIRST_PAGE, leaves_out=_left("cursor")
    ),
    "GET /v1/resellers/{reseller_id}/commission-statements/{statement_id}": Case(_CHILDS_STATEMENT),
    "GET /v1/resellers/{reseller_id}/commission-statements/{statement_id}/lines": Case(
        _CHILDS_STATEMENT, query=_FIRST_PAGE, leaves_out=_left("cursor")
    ),
    "POST /v1/resellers/{reseller_id}/commission-payouts": Case(
        _EARNS, {**_MONEY, "amount": "1.00", "reference": "TRX-1", "note": "November"}
    ),
    "GET /v1/resellers/{reseller_id}/commission-payouts": Case(_EARNS, query=_FIRST_PAGE, leaves_out=_left("cursor")),
    "GET /v1/commission-terms": _of_earning({}),
    "GET /v1/commission": Case(),
    "GET /v1/commission-statements": Case(query=_FIRST_PAGE, leaves_out=_left("cursor")),
    "GET /v1/commission-statements/{statement_id}": _of_earning(_OWN_STATEMENT),
    "GET /v1/commission-statements/{statement_id}/lines": _of_earning(_OWN_STATEMENT, _FIRST_PAGE),
    "GET /v1/commission-payouts": Case(query=_FIRST_PAGE, leaves_out=_left("cursor")),
}

_KIND = {"kind": "invoice"}
_BRAND = {
    "name": "Alpha Broadband",
    "address": ["Road 12, Dhaka"],
    "phone": "+880 9610-000000",
    "email": "billing@alpha.test",
    "tax_number": "BIN 1",
    "footer": "Thank you",
    "main_colour": "#0b5d4e",
    "accent_colour": "#c77700",
    "language": "bn",
    "logo": "<logo>",
}

PAPERS = {
    "GET /v1/brand": Case(),
    "PUT /v1/brand": Case(body=_BRAND),
    "POST /v1/brand/logo": Case(body={"media_type": "image/png", **_FILE}),
    "GET /v1/templates": Case(),
    "GET /v1/templates/{kind}": Case(_KIND),
    "PUT /v1/templates/{kind}": Case(_KIND, {"source": "Our own words"}),
    "GET /v1/templates/{kind}/versions": Case(_KIND, query={"limit": "1"}, leaves_out=_left("cursor")),
    "GET /v1/templates/{kind}/versions/{version}": Case({**_KIND, "version": "1"}),
    "POST /v1/templates/{kind}/preview": Case(_KIND, {"source": "Our own words", "language": "bn"}),
    "POST /v1/documents": Case(
        body={"kind": "invoice", "of": "<invoice>", "language": "en", "instead_of": "<document>"}
    ),
    "GET /v1/documents": Case(query={"of": "$invoice"}),
    "GET /v1/documents/{document_id}": Case({"document_id": "<document>"}),
}

_REASON = {"reason": "mistaken"}
_INVOICE = {"invoice_id": "<invoice>"}

DUES = {
    "POST /v1/subscribers/{subscriber_id}/payments": Case(
        _SUBSCRIBER,
        {**_MONEY, "reference": "MR-1", "note": "paid", "received_on": "2026-11-21"},
        leaves_out=_left("invoice"),
        also=Case({"subscriber_id": "$subscriber"}, {**_MONEY, "invoice": "<invoice>"}),
    ),
    "GET /v1/payments": Case(
        query={"limit": "1", "from": "2026-11-20", "to": "2026-11-22", "method": "cash"}, leaves_out=_left("cursor")
    ),
    "GET /v1/payments/{payment_id}": Case({"payment_id": "<payment>"}),
    "POST /v1/payments/{payment_id}/reversal": Case({"payment_id": "<payment>"}, _REASON),
    "POST /v1/subscribers/{subscriber_id}/refunds": Case(
        _SUBSCRIBER,
        {**_MONEY, "amount": "0.01", "reference": "CH-1", **_REASON},
        status=409,  # It has paid nothing ahead, which is found out only once the subscriber is known to be its own.
    ),
    "POST /v1/invoices/{invoice_id}/credit-notes": Case(
        _INVOICE,
        {"amount": "0.01", **_REASON},
        leaves_out=_left("lines"),
        also=Case(_INVOICE, {"lines": [{"text": "A day", "amount": "0.01"}], **_REASON}),
    ),
    "POST /v1/invoices/{invoice_id}/void": Case(_INVOICE, _REASON),
    "POST /v1/subscribers/{subscriber_id}/write-offs": Case(
        _SUBSCRIBER, {"amount": "0.01", "invoice": "<invoice>", **_REASON}
    ),
    "GET /v1/subscribers/{subscriber_id}/statement": Case(
        _SUBSCRIBER, query={"limit": "1", "from": "2026-11-20", "to": "2026-11-22"}, leaves_out=_left("cursor")
    ),
    "GET /v1/subscribers/{subscriber_id}/dues": Case(_SUBSCRIBER),
    "GET /v1/dues": Case(query={"limit": "1", "overdue": "false"}, leaves_out=_left("cursor")),
    "GET /v1/dues/totals": Case(),
    "GET /v1/dues/ageing": Case(query={"limit": "1", "format": "json"}, leaves_out=_left("cursor")),
}

_ROUTER = {"router_id": "<router>"}
_PLACE = {
    "pool": "pppoe-pool",
    "local_address": "10.20.0.1",
    "hotspot_server": "hotspot1",
    "arp_interface": "bridge",
}
_ROUTER_BODY = {
    "name": "Core",
    "address": "127.0.0.1",
    "port": 1,
    "transport": "api-tls",
    "fingerprint": "9f2c61b0" * 8,
    "username": "tributary",
    "password": PASSWORD,
    "profiles": [{"plan": "<plan>", "profile": "home-10"}],
    "enabled": True,
    **_PLACE,
}
_TAKE_OVER = {"plans": [{"profile": "home-10", "plan": "<plan>"}], "zone": "Mirpur", "start_on": "2026-11-22"}
_GETS_ON = {"method": "pppoe", "address": "10.20.0.7", "locks_mac": False, "password": PASSWORD}

NETWORK = {
    "POST /v1/routers": Case(body=_ROUTER_BODY),
    "GET /v1/routers": Case(query={"limit": "1"}, leaves_out=_left("cursor")),
    "GET /v1/routers/{router_id}": Case({"router_id": "<usable-router>"}),
    "PATCH /v1/routers/{router_id}": Case(_ROUTER, _ROUTER_BODY),
    "DELETE /v1/routers/{router_id}": Case(_ROUTER),
    "POST /v1/routers/{router_id}/test": Case(_ROUTER),
    "POST /v1/routers/{router_id}/import": Case(
        {"router_id": "<usable-router>"},
        _TAKE_OVER,
        {"dry_run": "false", "limit": "1"},
        leaves_out=_left("cursor"),
    ),
    "POST /v1/routers/{router_id}/lendings": Case(
        _ROUTER,
        {"reseller": "<child>", "prefix": "r-", "networks": ["10.20.0.0/16"], **_PLACE},
        also=Case(
            _ROUTER,
            {"reseller": "<child>", "prefix": "r-", "profiles": [{"plan": "$childs-plan", "profile": "home-10"}]},
        ),
    ),
    "GET /v1/routers/{router_id}/lendings": Case({"router_id": "<lending-router>"}),
    "PATCH /v1/routers/{router_id}/lendings/{reseller_id}": Case(
        {"router_id": "<lending-router>", **_CHILD},
        {"networks": ["10.20.0.0/16"], **_PLACE},
        also=Case(
            {"router_id": "<lending-router>", **_CHILD},
            {"profiles": [{"plan": "$childs-plan", "profile": "home-10"}]},
        ),
    ),
    "DELETE /v1/routers/{router_id}/lendings/{reseller_id}": Case({"router_id": "<lending-router>", **_CHILD}),
    "GET /v1/network/terms": Case(),
    "PUT /v1/network/terms": Case(
        body={
            "suspend_by": "address_list",
            "expired_profile": "expired",
            "expired_list": "expired",
            "active_list": "active",
            "undelivered": "credit",
            "mends_drift": False,
        }
    ),
    "PUT /v1/subscribers/{subscriber_id}/access": Case(
        _SUBSCRIBER, {"service": "<service>", "router": "<usable-router>", "take_over": False, **_GETS_ON}
    ),
    "GET /v1/subscribers/{subscriber_id}/access": Case(_SUBSCRIBER, query={"service": "<service>"}),
    "GET /v1/subscribers/{subscriber_id}/access/delivery": Case(_SUBSCRIBER, query={"service": "<service>"}),
    "DELETE /v1/subscribers/{subscriber_id}/access": Case(_SUBSCRIBER, query={"service": "<service>"}),
}

_USABLE_ROUTER = {"router_id": "<usable-router>"}
_COMPARED_ROUTER = {"router_id": "<lending-router>"}

WATCHING = {
    "GET /v1/routers/{router_id}/plan": Case(_USABLE_ROUTER, query=_FIRST_PAGE, leaves_out=_left("cursor")),
    "POST /v1/routers/{router_id}/reconciliations": Case(_ROUTER, {"dry_run": False}),
    "GET /v1/routers/{router_id}/reconciliations": Case(
        _COMPARED_ROUTER, query=_FIRST_PAGE, leaves_out=_left("cursor")
    ),
    "GET /v1/routers/{router_id}/reconciliations/{reconciliation_id}": Case(
        {**_COMPARED_ROUTER, "reconciliation_id": "<reconciliation>"}
    ),
    "GET /v1/routers/{router_id}/drift": Case(_COMPARED_ROUTER, query=_FIRST_PAGE, leaves_out=_left("cursor")),
    "GET /v1/routers/{router_id}/drift/{date}": Case({**_COMPARED_ROUTER, "date": "2026-11-22"}),
    "GET /v1/routers/{router_id}/health": Case(
        _COMPARED_ROUTER,
        query={**_FIRST_PAGE, "from": "2026-11-22T00:00:00Z", "to": "2026-11-22T06:00:00Z"},
        leaves_out=_left("cursor"),
    ),
    "GET /v1/routers/{router_id}/health/now": Case(_COMPARED_ROUTER),
    "GET /v1/network/lag": Case(query=_FIRST_PAGE, leaves_out=_left("cursor")),
    "GET /v1/network/undelivered-days": Case(
        query={**_FIRST_PAGE, "from": "2026-11-01", "to": "2026-11-22"}, leaves_out=_left("cursor")
    ),
    "GET /v1/routers/{router_id}/refused-changes": Case(_USABLE_ROUTER, query=_FIRST_PAGE, leaves_out=_left("cursor")),
    "POST /v1/routers/{router_id}/refused-changes/retry": Case(_USABLE_ROUTER),
    "GET /v1/subscribers/{subscriber_id}/session": Case(_SUBSCRIBER, query={"service": "<service>"}),
}

CASES: dict[str, Case] = {
    **PUBLIC,
    **PEOPLE,
    **RESELLERS,
    **SELLING,
    **BILLING,
    **DUES,
    **BOOKS,
    **PROOFS,
    **PAPERS,
    **PARTNERS,
    **NETWORK,
    **WATCHING,
}
