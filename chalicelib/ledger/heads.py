"""Where the journals of a book stand."""

from chalicelib.aws import keys
from chalicelib.aws.tables import read_all
from chalicelib.ledger.journal import Head
from chalicelib.ledger.store import HeadRow, to_head


def read_heads(tenant_id: str) -> list[Head]:
    """Where every journal of a book stands, by name: one request for some thousands of journals."""
    return [to_head(tenant_id, row.journal, row) for row in read_all(HeadRow, keys.journals(tenant_id))]


def totals_of(heads: list[Head]) -> dict[str, int]:
    """The net debit of every account that has one, as the heads keep it."""
    totals: dict[str, int] = {}
    for head in heads:
        for account, net in head.totals.items():
            totals[account] = totals.get(account, 0) + net
    return {code: net for code, net in totals.items() if net}
