"""The health of a router, asked for every few minutes and kept for a week."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from chalicelib.aws import keys
from chalicelib.aws.rows import CrmRow, IntegerAttribute, JsonAttribute
from chalicelib.aws.tables import Put, read_page, write
from chalicelib.core.dates import to_micros
from chalicelib.network.model import Health

EVERY = timedelta(minutes=5)
KEPT_FOR = timedelta(days=7)


class SampleRow(CrmRow):
    """How a router was at an instant; `expires_at` (seconds since 1970) is when the database may remove it."""

    health = JsonAttribute()
    expires_at = IntegerAttribute()


@dataclass(frozen=True)
class Sample:
    """How a router was at an instant; None when it did not answer, and then why."""

    at_micros: int
    health: Health | None
    failure: str | None = None


def keep_sample(router_id: str, sample: Sample) -> None:
    """Keep it for a week."""
    data = {"failure": sample.failure, **(asdict(sample.health) if sample.health is not None else {})}
    expires = (sample.at_micros + to_micros_span(KEPT_FOR)) // 1_000_000
    write(Put(SampleRow.at(keys.router_sample(router_id, sample.at_micros), health=data, expires_at=expires)))


def read_samples(
    router_id: str, first: datetime, last: datetime, limit: int, after: str | None
) -> tuple[list[Sample], str | None]:
    """A page of the samples between two instants, newest first."""
    page = read_page(
        SampleRow,
        keys.router_health(router_id),
        first=f"{to_micros(first):016d}",
        last=f"{to_micros(last):016d}",
        limit=limit,
        after=after,
        newest_first=True,
    )
    return [_to_sample(row) for row in page.rows], page.after


def to_micros_span(span: timedelta) -> int:
    """The length of a time in microseconds."""
    return span // timedelta(microseconds=1)


def _to_sample(row: SampleRow) -> Sample:
    data = dict(row.health)
    failure = data.pop("failure")
    return Sample(int(row.sk), Health(**data) if data else None, failure)
