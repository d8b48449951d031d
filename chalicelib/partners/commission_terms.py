"""The terms of a child's commission: setting a version, reading what holds, and what a parent should think about."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from chalicelib.auth.model import Author
from chalicelib.aws import clock, keys
from chalicelib.aws.tables import ConditionFailed, read, read_all, write
from chalicelib.core.dates import to_micros
from chalicelib.core.errors import Conflict, FieldError, Invalid, NotFound, Unavailable, invalid_field
from chalicelib.crm.find import read_subscribers
from chalicelib.crm.plans import plan_code, read_plans
from chalicelib.crm.subscriber import subscriber_number
from chalicelib.partners.commission import CommissionTerms, Versions, month_of, month_text
from chalicelib.partners.commission_model import CommissionState
from chalicelib.partners.commission_store import (
    CommissionRow,
    CommissionTermsRow,
    change_state,
    put_terms,
    to_state,
    to_terms,
)
from chalicelib.tenants.hierarchy import read_tree
from chalicelib.tenants.model import Mode, Tenant

TRIES = 8
MAX_BPS = 10_000
MAX_OVERRIDES = 200
"""Of plans, and of subscribers, in one version."""

RATE_ABOVE_OWN, NO_RATE_ABOVE = "rate-above-own", "no-rate-above"
WARNINGS = {
    RATE_ABOVE_OWN: "What this reseller earns is more than what you earn of the same subscribers yourself.",
    NO_RATE_ABOVE: "Your own parent has not said what you earn of these subscribers.",
}


def read_commission(child_id: str) -> CommissionState:
    """Where the commissions of a child stand."""
    return to_state(child_id, read(CommissionRow, keys.commission_state(child_id)))


def read_versions(child_id: str) -> Versions:
    """Every version of a child's terms."""
    return Versions(to_terms(row) for row in read_all(CommissionTermsRow, keys.commission_terms(child_id)))


def find_versions(child_id: str) -> Versions:
    """The same; `NotFound` while nobody has set any."""
    versions = read_versions(child_id)
    if not versions.in_order:
        raise NotFound("commission terms")
    return versions


def check_percentage(child: Tenant) -> None:
    """409 `not-percentage` for a child that earns no percentage."""
    if child.mode is not Mode.PERCENTAGE:
        raise Conflict("not-percentage", "This reseller does not earn a percentage.")


def set_terms(parent: Tenant, child: Tenant, asked: CommissionTerms, author: Author, now: datetime) -> CommissionTerms:
    """Say what a child earns from a month on; a version is never overwritten, and the same again is what is there.

    Plans are the parent's own, by id or code; subscribers are those of the child and of everybody below it. 409
    `not-percentage`; 422 naming the field, `month-has-statement` for a month that was counted already.
    """
    check_percentage(child)
    _check_rates(asked)
    if asked.month < month_of(child.settles_from):
        raise invalid_field("effective_month", f"must not be before {month_text(child.settles_from)}, its first month")
    asked = replace(asked, plans=_own_plans(parent, asked), subscribers=_subscribers(child, asked))
    for attempt in range(TRIES):
        clock.back_off(attempt)
        state, versions = read_commission(child.tenant_id), read_versions(child.tenant_id)
        if state.fixed_through is not None and asked.month <= state.fixed_through:
            message = f"must be after {month_text(state.fixed_through)}, which has its statement"
            raise invalid_field("effective_month", message, "month-has-statement")
        there = versions.of(asked.month)
        if there is not None and replace(asked, revision=there.revision) == there:
            return there
        terms = replace(asked, revision=state.terms_revision + 1)
        after = replace(state, terms_revision=terms.revision)
        put = put_terms(child.tenant_id, terms, to_micros(now), author.user_id, author.acting_id)
        try:
            write(change_state(state, after), put)
        except ConditionFailed:
            continue
        return terms
    raise Unavailable("busy", "This reseller's commission is being counted at this moment; please send it again.")


def _check_rates(asked: CommissionTerms) -> None:
    named = {"rate_bps": asked.rate_bps}
    named |= {f"plans.{at}.rate_bps": rate for at, rate in enumerate(asked.plans.values())}
    named |= {f"subscribers.{at}.rate_bps": rate for at, rate in enumerate(asked.subscribers.values())}
    wrong = [name for name, rate in named.items() if not 0 <= rate <= MAX_BPS]
    if wrong:
        errors = tuple(FieldError(name, f"must be 0 to {MAX_BPS}") for name in wrong)
        raise Invalid("invalid", "A rate is at least nothing and at most all of it.", errors)
    for field, overrides in (("plans", asked.plans), ("subscribers", asked.subscribers)):
        if len(overrides) > MAX_OVERRIDES:
            raise invalid_field(field, f"must be at most {MAX_OVERRIDES}")


def _own_plans(parent: Tenant, asked: CommissionTerms) -> dict[str, int]:
    """The plans of the overrides by their codes; 422 for one that is not the parent's, and for one named twice."""
    known = read_plans(parent.tenant_id) if asked.plans else {}
    found: dict[str, int] = {}
    for at, (name, rate) in enumerate(asked.plans.items()):
        code = plan_code(parent.tenant_id, name)
        if code is None or code not in known:
            raise invalid_field(f"plans.{at}.plan", "is not one of your plans")
        if code in found:
            raise invalid_field(f"plans.{at}.plan", "is named twice")
        found[code] = rate
    return dict(sorted(found.items()))


def _subscribers(child: Tenant, asked: CommissionTerms) -> dict[str, int]:
    """The subscribers of the overrides; 422 for one that is not below the child."""
    if not asked.subscribers:
        return {}
    below = {node.tenant_id for node in read_tree(child.chain)}
    for at, name in enumerate(asked.subscribers):
        tenant_id = name.rpartition(".")[0]
        try:
            number = subscriber_number(tenant_id, name) if tenant_id in below else 0
        except NotFound:
            number = 0
        if not number or read_subscribers(tenant_id, [number]) == [None]:
            raise invalid_field(f"subscribers.{at}.subscriber", "is not a subscriber of this reseller")
    return dict(sorted(asked.subscribers.items()))


def warnings_of(parent: Tenant, terms: CommissionTerms) -> Sequence[str]:
    """What a parent that earns a percentage itself should know of these terms: the codes of `WARNINGS`."""
    if parent.mode is not Mode.PERCENTAGE:
        return ()
    above = read_versions(parent.tenant_id).of(terms.month)
    if above is None:
        return (NO_RATE_ABOVE,) if terms.highest_bps else ()
    return (RATE_ABOVE_OWN,) if terms.highest_bps > above.rate_bps else ()
