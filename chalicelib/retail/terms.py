"""How a biller bills: its terms, set as a whole. What was issued keeps what it was issued under."""

from collections.abc import Callable
from dataclasses import replace

from chalicelib.aws import keys
from chalicelib.aws.tables import ConditionFailed, read, write
from chalicelib.core.errors import Conflict
from chalicelib.retail.find import terms_of
from chalicelib.retail.model import Terms
from chalicelib.retail.store import TermsRow, put_terms
from chalicelib.tenants.model import Mode, Tenant


def check_biller(tenant: Tenant) -> None:
    """409 `not-a-biller` for a tenant whose subscribers somebody above it bills."""
    if tenant.mode is Mode.PERCENTAGE:
        raise Conflict("not-a-biller", "Your subscribers are billed by the tenant above you.")


def set_terms(biller: Tenant, change: Callable[[Terms], Terms]) -> Terms:
    """Bill in that way from now on. `change` is given the terms as they are; what has not been set is of revision 0.

    409 `not-a-biller`. Terms that stay as they are keep their revision.
    """
    check_biller(biller)
    while True:
        before = terms_of(biller, read(TermsRow, keys.retail_terms(biller.tenant_id)))
        after = change(before)
        if before.revision and after == before:
            return before
        try:
            write(put_terms(before, after))
        except ConditionFailed:
            continue  # Somebody else changed them in between: apply ours to theirs.
        return replace(after, revision=before.revision + 1)
