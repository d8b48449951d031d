"""Whose subscribers a biller bills: its own, and those of the `percentage` tenants below it up to the first that is not."""

from chalicelib.core.errors import Conflict, NotFound
from chalicelib.crm.subscriber import subscriber_number
from chalicelib.retail.find import find_account
from chalicelib.tenants.hierarchy import child_with_code, list_children, read_tree
from chalicelib.tenants.model import Mode, Tenant

LONGEST_ID = 64
READ_TOGETHER = 1_000


def check_biller(tenant: Tenant) -> None:
    """409 `not-a-biller` for a tenant whose subscribers somebody above it bills."""
    if tenant.mode is Mode.PERCENTAGE:
        raise Conflict("not-a-biller", "Your subscribers are billed by the tenant above you.")


def billed_subscriber(biller: Tenant, subscriber_text: str) -> tuple[str, int]:
    """The tenant's id and the number of a subscriber that this tenant bills, by its id.

    It bills its own, and those of the `percentage` tenants below it up to the first that is not; whose account it keeps
    already it goes on billing. `NotFound` for everybody else's; 409 `not-a-biller` where the biller is itself `percentage`.
    """
    tenant_id = subscriber_text.rpartition(".")[0]
    number = subscriber_number(tenant_id, subscriber_text)
    if _is_billed_by(biller, tenant_id):
        return tenant_id, number
    if len(tenant_id) <= LONGEST_ID and find_account(biller.tenant_id, tenant_id, number).revision:
        return tenant_id, number
    if tenant_id == biller.tenant_id:
        check_biller(biller)
    raise NotFound("subscriber")


def _is_billed_by(biller: Tenant, tenant_id: str) -> bool:
    """Whether that is the biller, or a tenant below it down to which everybody is `percentage`.

    Their modes are read from the lists of children: a tenant that is somebody else's business is not looked at.
    """
    if biller.mode is Mode.PERCENTAGE:
        return False
    if tenant_id == biller.tenant_id:
        return True
    nodes = {node.tenant_id: node for node in read_tree(biller.chain)}
    if tenant_id not in nodes:
        return False
    parent = biller.tenant_id
    for below in nodes[tenant_id].chain[len(biller.chain) :]:
        child = child_with_code(parent, nodes[below].code)
        if child is None or child.mode is not Mode.PERCENTAGE:
            return False
        parent = below
    return True


def billed_tenants(biller: Tenant) -> list[str]:
    """Whose subscribers a biller invoices: its own, and those of the percentage tenants below it, by their ids."""
    found: list[str] = []
    waiting = [biller.tenant_id]
    while waiting:
        parent, after = waiting.pop(), None
        while True:
            children, after = list_children(parent, limit=READ_TOGETHER, after=after)
            waiting += [child.tenant_id for child in children if child.mode is Mode.PERCENTAGE]
            if after is None:
                break
        found.append(parent)
    return sorted(found, key=lambda tenant_id: (tenant_id != biller.tenant_id, tenant_id))
