"""Terms: how a tenant wants its services treated on every router that it uses."""

from dataclasses import replace

from chalicelib.aws.tables import ConditionFailed, Put, write
from chalicelib.core.errors import Unavailable
from chalicelib.network.find import terms_of
from chalicelib.network.in_line import bring_all_in_line
from chalicelib.network.model import NetworkTerms
from chalicelib.network.register import TRIES
from chalicelib.network.store import TermsRow, terms_row


def set_terms(tenant_id: str, asked: NetworkTerms) -> NetworkTerms:
    """Treat services that way from now on, and have every router that the tenant uses brought in line with it.

    Terms that stay as they are keep their revision; the routers are told again, for whoever was not told the first time.
    """
    after = _write_terms(tenant_id, asked)
    bring_all_in_line(tenant_id, f"terms.{tenant_id}.{after.revision}")
    return after


def _write_terms(tenant_id: str, asked: NetworkTerms) -> NetworkTerms:
    for _ in range(TRIES):
        before = terms_of(tenant_id)
        after = replace(asked, revision=before.revision)
        if before.revision and after == before:
            return before
        after = replace(after, revision=before.revision + 1)
        same = TermsRow.revision == before.revision if before.revision else TermsRow.pk.does_not_exist()
        try:
            write(Put(terms_row(tenant_id, after), same))
            return after
        except ConditionFailed:
            continue  # Somebody else set them meanwhile: ours come after theirs.
    raise Unavailable("busy", "These terms are being changed by others; please send the request again.")
