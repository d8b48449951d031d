"""Credit notes: what came back of days that were invoiced already, found by a correction afterwards."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from chalicelib.auth.model import Author
from chalicelib.aws import clock
from chalicelib.aws.log import measure
from chalicelib.aws.tables import ConditionFailed, write
from chalicelib.core.errors import Unavailable
from chalicelib.partners.allocation import take_off
from chalicelib.partners.books import Standing, Words, credit_lines, post_both, read_standing
from chalicelib.partners.corrected import Part
from chalicelib.partners.documents import covering
from chalicelib.partners.model import CREDIT_NOTE, Issued, Line
from chalicelib.partners.store import change_account, change_numbers, put_document
from chalicelib.partners.unbilled import MovedError, read_unbilled
from chalicelib.tenants.model import Tenant

TRIES = 16


def issue_credits(parent: Tenant, child: Tenant, author: Author, now: datetime) -> Issued | None:
    """One credit note over everything that came back of invoiced days and has none yet; None where nothing did.

    It lowers the invoices that had these days, then the oldest open one; what is left is an advance. 409
    `unbilled-differs`. One write transaction; done again it does nothing.
    """
    for attempt in range(TRIES):
        clock.back_off(attempt)
        standing = read_standing(parent, child, now)
        if standing.account.invoiced_through is None:
            return None
        try:
            parts = read_unbilled(standing, {}).pending.credits
        except MovedError:
            continue
        if not parts:
            return None
        if (issued := _issue(standing, parts, author)) is not None:
            measure("AggregateCreditedMinor", issued.total_minor)
            return issued
    raise Unavailable("busy", "Days are being corrected all the time; please send the request again.")


def _issue(standing: Standing, parts: Sequence[Part], author: Author) -> Issued | None:
    """Write the credit note; None when something moved meanwhile."""
    account, ids = standing.account, (standing.parent.tenant_id, standing.child.tenant_id)
    lines = [_line(part, covering(account.child_id, part.first_on)) for part in parts]
    net, tax = -sum(part.net_minor for part in parts), -sum(part.tax_minor for part in parts)
    numbers, number = standing.numbers[CREDIT_NOTE].take(standing.today)
    words = Words(f"Credit note {number}", number, author)
    entry_id, child_entry_id = post_both(standing, CREDIT_NOTE, credit_lines(net + tax, *ids), words)
    named = [(line.invoice, -part.total_minor) for line, part in zip(lines, parts, strict=True) if line.invoice]
    taken = take_off(account, net + tax, named)
    serial = account.serial(CREDIT_NOTE) + 1
    issued = Issued(
        *ids,
        CREDIT_NOTE,
        serial,
        number,
        standing.today,
        standing.posting.recorded_micros,
        net,
        tax,
        entry_id,
        child_entry_id,
        first_on=min(part.first_on for part in parts),
        through=max(part.last_on for part in parts),
        lines=tuple(lines),
        allocated=taken.parts,
        advance_minor=taken.advance_minor,
        recorded_by=author.user_id,
        acting_by=author.acting_id,
    )
    after = replace(
        taken.account,
        credited_micros=standing.posted_micros,
        serials={**(account.serials or {}), CREDIT_NOTE: serial},
    )
    try:
        write(
            change_account(account, after),
            change_numbers(standing.numbers[CREDIT_NOTE], numbers),
            put_document(issued),
            *standing.posting.operations(),
        )
    except ConditionFailed:
        return None
    return issued


def _line(part: Part, invoice: int) -> Line:
    """A line of a credit note: what came back is positive."""
    return part.line._replace(amount_minor=-part.net_minor, invoice=invoice)
