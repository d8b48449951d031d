"""The annex of an invoice: a line for each service, kept compressed in parts under the hash of what they hold."""

import hashlib
import zlib
from collections.abc import Sequence

from chalicelib.aws import keys
from chalicelib.aws.tables import Put, read_many, write
from chalicelib.core.json import compact_json, read_json
from chalicelib.partners.model import Issued, Service
from chalicelib.partners.store import AnnexRow

LINES_IN_PART = 3_000
"""Some 100 KB compressed."""


class DamagedAnnexError(Exception):
    """A part of an annex is not there."""


def keep_annex(child_id: str, services: Sequence[Service]) -> tuple[str, int]:
    """Write the annex, before the invoice that names it; its hash and its parts.

    Under its hash it is the same however often it is written; one that no invoice came to name is never found.
    """
    texts = [
        compact_json([list(service) for service in services[start : start + LINES_IN_PART]])
        for start in range(0, len(services), LINES_IN_PART)
    ]
    content_hash = hashlib.sha256("\n".join(texts).encode()).hexdigest()
    for number, text in enumerate(texts):
        data = zlib.compress(text.encode(), 6)
        write(Put(AnnexRow.at(keys.aggregate_annex(child_id, content_hash, number), data=data)))
    return content_hash, len(texts)


def read_annex(invoice: Issued, *, limit: int, after: int = 0) -> tuple[list[Service], int | None]:
    """A page of an invoice's annex behind its first `after` lines, and how many lines to go on behind."""
    last = min(after + limit, invoice.services)
    numbers = range(after // LINES_IN_PART, (last - 1) // LINES_IN_PART + 1) if last > after else ()
    wanted = [(AnnexRow, keys.aggregate_annex(invoice.child_id, invoice.annex_hash, number)) for number in numbers]
    lines: list[Service] = []
    for row in read_many(wanted) if wanted else ():
        if row is None:
            raise DamagedAnnexError(invoice.document_id)
        lines += [Service(*kept) for kept in read_json(zlib.decompress(row.data).decode())]
    first = after - (numbers[0] * LINES_IN_PART if numbers else after)
    return lines[first : first + limit], last if last < invoice.services else None
