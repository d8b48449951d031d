"""How a biller bills: its terms, set as a whole. What was issued keeps what it was issued under."""

from collections.abc import Callable
from dataclasses import replace

from chalicelib.aws import keys
from chalicelib.aws.tables import ConditionFailed, read, write
from chalicelib.core.errors import invalid_field
from chalicelib.retail.billed import check_biller
from chalicelib.retail.document_store import no_documents
from chalicelib.retail.find import terms_of
from chalicelib.retail.model import DocumentKind, Terms
from chalicelib.retail.store import TermsRow, put_terms
from chalicelib.tenants.model import Tenant


def set_terms(biller: Tenant, change: Callable[[Terms], Terms]) -> Terms:
    """Bill in that way from now on. `change` is given the terms as they are; what has not been set is of revision 0.

    409 `not-a-biller`; 422 for a first day before the one that invoices were issued under: who was invoiced would not be
    charged for the days between. Terms that stay as they are keep their revision.
    """
    check_biller(biller)
    while True:
        before = terms_of(biller, read(TermsRow, keys.retail_terms(biller.tenant_id)))
        after = change(before)
        if before.revision and after == before:
            return before
        earlier = before.revision and after.starts_on < before.starts_on
        nothing_issued = no_documents(biller.tenant_id, DocumentKind.INVOICE) if earlier else None
        try:
            write(put_terms(before, after), *([nothing_issued] if nothing_issued else []))
        except ConditionFailed as failure:
            if failure.failed(nothing_issued):
                raise invalid_field("starts_on", "must not move back once invoices are issued") from None
            continue  # Somebody else changed them in between: apply ours to theirs.
        return replace(after, revision=before.revision + 1)
