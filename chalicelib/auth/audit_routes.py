"""The audit log over HTTP: who changed what in this tenant's name."""

from typing import Any

from chalicelib.api.blueprint import Blueprint
from chalicelib.api.call import Call
from chalicelib.api.paging import decode_cursor, encode_cursor, page_of
from chalicelib.auth.audit_log import Search, find_line, list_lines
from chalicelib.auth.shapes import AuditLineAnswer, AuditLogQuery, show_audit_line

bp = Blueprint(__name__, tag="Audit log")

AuditLinePage = page_of(AuditLineAnswer)


@bp.api("GET", "/v1/audit-log", may="audit-log:read", query=AuditLogQuery, answer=AuditLinePage)
def list_audit_log(call: Call) -> Any:
    """Every request that may have changed something, in this tenant's name, newest first.

    What the parent's people did under login-as is here with the person and the tenant behind it. A page may hold
    fewer lines than `limit`, or none, and still have a `next_cursor`: the search goes on there. `q` is found in path,
    subject and body, in upper or lower case; `from` and `to` are days in the tenant's zone.
    """
    query: AuditLogQuery = call.query
    search = Search(
        user_id=query.user,
        acting=query.acting,
        method=query.method,
        route=query.route,
        outcome=query.outcome,
        first_on=query.from_,
        last_on=query.to,
        text=query.q,
    )
    lines, after = list_lines(
        call.tenant.tenant_id, call.tenant.timezone, search, limit=query.limit, after=decode_cursor(query.cursor)
    )
    return AuditLinePage(items=[show_audit_line(line) for line in lines], next_cursor=encode_cursor(after))


@bp.api("GET", "/v1/audit-log/{line_id}", may="audit-log:read", answer=AuditLineAnswer)
def get_audit_line(call: Call, line_id: str) -> AuditLineAnswer:
    """One line of the audit log."""
    return show_audit_line(find_line(call.tenant.tenant_id, line_id))
