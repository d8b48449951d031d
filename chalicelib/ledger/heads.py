"""Where the journals of a book stand."""

from chalicelib.aws import keys
from chalicelib.aws.tables import Check, read, read_all
from chalicelib.ledger.journal import Head
from chalicelib.ledger.store import HeadRow, to_head


def read_heads(tenant_id: str) -> list[Head]:
    """Where every journal of a book stands, by name: one request for some thousands of journals."""
    return [to_head(tenant_id, row.journal, row) for row in read_all(HeadRow, keys.journals(tenant_id))]


def read_head(tenant_id: str, journal: str) -> Head:
    """Where one journal stands."""
    return to_head(tenant_id, journal, read(HeadRow, keys.journal(tenant_id, journal)))


def head_unmoved(head: Head) -> Check:
    """Nothing was posted to the journal since its head was read."""
    row = HeadRow.at(keys.journal(head.tenant_id, head.journal))
    return Check(row, HeadRow.sequence == head.sequence)


def totals_of(heads: list[Head]) -> dict[str, int]:
    """The net debit of every account that has one, as the heads keep it."""
    totals: dict[str, int] = {}
    for head in heads:
        for account, net in head.totals.items():
            totals[account] = totals.get(account, 0) + net
    return {code: net for code, net in totals.items() if net}
