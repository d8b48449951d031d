"""The service events of a tenant as billing reads them: by day, and by subscriber; and the one it writes itself."""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import accumulate, pairwise

from chalicelib.aws import keys
from chalicelib.aws.tables import Operation, Put, read_all
from chalicelib.crm.model import EventKind, ServiceEvent
from chalicelib.crm.store import EventRow

MAX_RESUMED_TOGETHER = 100_000
_KINDS = {kind.value: kind for kind in EventKind}


def order_of_one(service_number: int) -> int:
    """The order of an event that is recorded alone.

    Lines of a file have their line number, which is far lower; so two events of one microsecond never share a key.
    """
    return 100_000 + service_number * 2


def order_of_many(service_numbers: Sequence[int]) -> int:
    """The order of an event about many services; two of them at one instant are about different services."""
    return 100_001 + min(service_numbers) * 2


def read_events(tenant_id: str, first: date | None, last: date, late: int | None = None) -> list[ServiceEvent]:
    """The events effective from `first` (or ever) to `last` that hold, in the order (effective_on, recorded_micros, order).

    Of those recorded late only the ones up to the number `late`, all of them unless told.
    """
    return known_events(read_recorded(tenant_id, first, last), late)


def read_recorded(tenant_id: str, first: date | None, last: date) -> list[ServiceEvent]:
    """Every event there is effective from `first` (or ever) to `last`, those that were withdrawn too, in that order."""
    rows = read_all(
        EventRow,
        keys.events(tenant_id),
        first=None if first is None else first.isoformat(),
        last=last.isoformat() + keys.LAST,
    )
    return sorted(map(to_event, rows), key=_position)


def known_events(events: Iterable[ServiceEvent], late: int | None = None) -> list[ServiceEvent]:
    """What holds of these events: without the withdrawn ones, and of those recorded late only up to the number `late`.

    A withdrawal stands under the day of what it takes back, so that whole days are enough to tell.
    """
    known = [event for event in events if late is None or event.late <= late]
    gone = {
        (event.service_number, event.effective_on, *event.withdraws) for event in known if event.withdraws is not None
    }
    return [event for event in known if event.kind is not EventKind.WITHDRAW and _name(event) not in gone]


def _name(event: ServiceEvent) -> tuple[int, date, int, int]:
    return (event.service_number, event.effective_on, event.recorded_micros, event.order)


def read_history(tenant_id: str, subscriber_number: int) -> list[ServiceEvent]:
    """Everything that holds of what happened to a subscriber's services, suspensions too, in the same order."""
    return known_events(read_whole_history(tenant_id, subscriber_number))


def read_whole_history(tenant_id: str, subscriber_number: int) -> list[ServiceEvent]:
    """Everything that was recorded about a subscriber's services, what was withdrawn too."""
    rows = read_all(EventRow, keys.history(tenant_id, subscriber_number))
    return sorted(map(to_event, rows), key=_position)


def resume_operation(
    tenant_id: str, service_numbers: Sequence[int], effective_on: date, recorded_micros: int
) -> Operation:
    """One row under the day that brings back all of these services: at most 100,000 in at most 300 KB.

    Its write fails when the same row is there already.
    """
    if not 1 <= len(service_numbers) <= MAX_RESUMED_TOGETHER:
        raise ValueError(f"a resume names 1 to {MAX_RESUMED_TOGETHER} services, not {len(service_numbers)}")
    key = keys.event(tenant_id, effective_on, recorded_micros, order_of_many(service_numbers))
    row = EventRow.at(key, fact=[EventKind.RESUME.value, 0, 0, None, None], numbers=pack_numbers(service_numbers))
    return Put(row, EventRow.pk.does_not_exist())


def to_event(row: EventRow) -> ServiceEvent:
    """The event of a row of either kind."""
    day, micros, order = row.sk.split("#")
    kind, service, subscriber, plan, reason = row.fact
    return ServiceEvent(
        kind=_KINDS[kind],
        effective_on=date.fromisoformat(day),
        recorded_micros=int(micros) if row.recorded is None else row.recorded,
        order=int(order),
        service_number=service,
        subscriber_number=subscriber,
        plan=plan,
        reason=reason,
        service_numbers=() if row.numbers is None else unpack_numbers(row.numbers),
        late=row.late or 0,
        withdraws=tuple(row.withdraws) if row.withdraws else None,
        since=date.fromisoformat(row.since) if row.since else None,
    )


def pack_numbers(numbers: Sequence[int]) -> bytes:
    """Numbers, in ascending order, as compressed differences of seven bits a byte."""
    ordered = sorted(numbers)
    packed = bytearray()
    for before, number in pairwise([0, *ordered]):
        difference = number - before
        while difference > 127:
            packed.append(difference & 127 | 128)
            difference >>= 7
        packed.append(difference)
    return zlib.compress(bytes(packed), 6)


def unpack_numbers(packed: bytes) -> tuple[int, ...]:
    """The numbers that `pack_numbers` was given, in ascending order."""
    return tuple(accumulate(_differences(zlib.decompress(packed))))


def _differences(data: bytes) -> Iterator[int]:
    value = shift = 0
    for byte in data:
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            yield value
            value = shift = 0


def _position(event: ServiceEvent) -> tuple[date, bool, int, int]:
    """In order of day and recording; a connection that was dated anew still comes before whatever happened that day."""
    return (event.effective_on, event.since is None, event.recorded_micros, event.order)
