"""The rows of the outbox, and how they become changes and back."""

from chalicelib.aws.rows import CrmRow, IntegerAttribute, JsonAttribute, TextAttribute
from chalicelib.crm.access_change import AccessChange, escaped, unescaped


class ChangeRow(CrmRow):
    """A change that a router has to hear of; from when it holds is in the key, and the service.

    `names` are those that the service signed in with before and after. `tries` and `reason` tell of what the router
    refused, `after` until when it is left alone.
    """

    tenant = TextAttribute()
    subscriber = IntegerAttribute()
    service = IntegerAttribute()
    names = JsonAttribute()
    tries = IntegerAttribute(null=True)
    reason = TextAttribute(null=True)
    after = IntegerAttribute(null=True)
    found_as = TextAttribute(null=True)


def change_row(change: AccessChange) -> ChangeRow:
    return ChangeRow.at(
        change.key,
        tenant=change.tenant_id,
        subscriber=change.subscriber,
        service=change.service,
        names=list(change.names),
        tries=change.tries or None,
        reason=change.reason,
        after=change.after_micros or None,
        found_as=escaped(change.found_as),
    )


def to_change(router_id: str, row: ChangeRow) -> AccessChange:
    due, _, token = row.sk.split("#", 2)
    return AccessChange(
        router_id=router_id,
        tenant_id=row.tenant,
        subscriber=row.subscriber,
        service=row.service,
        names=tuple(row.names),
        due_micros=int(due),
        token=token,
        tries=row.tries or 0,
        reason=row.reason,
        after_micros=row.after or 0,
        found_as=unescaped(row.found_as),
    )
