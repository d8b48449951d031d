"""The terms of a child's aggregate invoices, and how its parent numbers them: setting and reading."""

from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.auth.model import Author
from chalicelib.aws import clock, keys
from chalicelib.aws.tables import ConditionFailed, Put, read, read_all, write
from chalicelib.core.dates import ONE_DAY, to_micros
from chalicelib.core.errors import Conflict, NotFound, Unavailable, invalid_field
from chalicelib.partners.cycle import Cycle, check_cycle
from chalicelib.partners.model import Account, AggregateTerms
from chalicelib.partners.numbers import Numbers
from chalicelib.partners.store import (
    AccountRow,
    NumbersRow,
    TermsRow,
    change_account,
    change_numbers,
    terms_list,
    to_account,
    to_numbers,
    to_terms,
)
from chalicelib.retail.numbering import Numbering, check_prefix, check_template
from chalicelib.tenants.model import Mode, Tenant

TRIES = 8
MAX_DUE_DAYS = 365


@dataclass(frozen=True)
class AskedTerms:
    """What a parent says of how a child is invoiced."""

    cycle: Cycle
    due_days: int
    block_when_overdue: bool


def read_account(child_id: str) -> Account:
    """Where the invoicing of a child stands."""
    return to_account(child_id, read(AccountRow, keys.aggregate_account(child_id)))


def find_terms(child_id: str) -> AggregateTerms:
    """The terms of a child; `NotFound` while nobody has set them."""
    terms = read_account(child_id).terms
    if terms is None:
        raise NotFound("aggregate terms")
    return terms


def list_terms(child_id: str) -> list[AggregateTerms]:
    """Every version of a child's terms, oldest first."""
    return [to_terms(row.terms) for row in read_all(TermsRow, keys.aggregate_terms(child_id))]


def check_aggregate(child: Tenant) -> None:
    """409 `not-aggregate` for a child that does not pay by invoice."""
    if child.mode is not Mode.AGGREGATE:
        raise Conflict("not-aggregate", "This reseller does not pay by aggregate invoice.")


def set_terms(child: Tenant, asked: AskedTerms, author: Author, now: datetime) -> AggregateTerms:
    """Say how a child is invoiced from the day after the last invoiced one; the same again is what is there.

    The version is kept. 409 `not-aggregate`; 422 naming the field.
    """
    check_aggregate(child)
    try:
        check_cycle(asked.cycle)
    except ValueError as error:
        field, _, message = str(error).partition(": ")
        raise invalid_field(f"cycle.{field}", message) from None
    if not 0 <= asked.due_days <= MAX_DUE_DAYS:
        raise invalid_field("due_days", f"must be 0 to {MAX_DUE_DAYS}")
    for attempt in range(TRIES):
        clock.back_off(attempt)
        account = read_account(child.tenant_id)
        before = account.terms
        since = account.invoiced_through + ONE_DAY if account.invoiced_through else child.settles_from
        terms = AggregateTerms(
            asked.cycle, asked.due_days, asked.block_when_overdue, since, before.revision + 1 if before else 1
        )
        if before is not None and replace(terms, revision=before.revision, since_on=before.since_on) == before:
            return before
        version = TermsRow.at(
            keys.aggregate_terms_version(child.tenant_id, terms.revision),
            terms=terms_list(terms),
            recorded_micros=to_micros(now),
            recorded_by=author.user_id,
            acting_by=author.acting_id or None,
        )
        try:
            write(change_account(account, replace(account, terms=terms)), Put(version, TermsRow.pk.does_not_exist()))
        except ConditionFailed:
            continue
        return terms
    raise Unavailable("busy", "This reseller is being invoiced at this moment; please send the request again.")


def read_numbers(parent_id: str, kind: str) -> Numbers:
    """How a parent's documents of that kind are numbered."""
    return to_numbers(parent_id, kind, read(NumbersRow, keys.aggregate_numbers(parent_id, kind)))


def check_numbering(kind: str, numbering: Numbering) -> None:
    """422 for what no numbers can be made by, or none that can be told apart."""
    try:
        check_template(numbering.template, yearly=True)
    except ValueError as error:
        raise invalid_field(f"{kind}.template", str(error)) from None
    try:
        check_prefix(numbering.prefix)
    except ValueError as error:
        raise invalid_field(f"{kind}.prefix", str(error)) from None


def set_numbering(parent_id: str, kind: str, numbering: Numbering) -> Numbers:
    """Number the documents of that kind so from now on; the count goes on. 422 as `check_numbering` has it."""
    check_numbering(kind, numbering)
    for attempt in range(TRIES):
        clock.back_off(attempt)
        before = read_numbers(parent_id, kind)
        after = replace(before, numbering=Numbering(numbering.template, numbering.prefix))
        if after == before:
            return before
        try:
            write(change_numbers(before, after))
        except ConditionFailed:
            continue
        return after
    raise Unavailable("busy", "Invoices are being issued at this moment; please send the request again.")
