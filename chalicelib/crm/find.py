"""Finding subscribers: one, a page of all, a page of those that some words find. At most two requests each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from chalicelib.aws import keys
from chalicelib.aws.rows import Row
from chalicelib.aws.tables import read, read_all, read_many, read_page
from chalicelib.core.errors import NotFound, invalid_field
from chalicelib.crm.service import ServiceStatus
from chalicelib.crm.store import FoundRow, SubscriberRow, found_keys, to_subscriber, username_key
from chalicelib.crm.subscriber import Subscriber
from chalicelib.crm.words import fold, search_terms

EXAMINED_ROWS = 1000
"""How many subscribers one request of a filtered list looks through; the cursor goes on from there."""
FOUND_TOGETHER = 100
"""How many finds one request of a search looks through: as many as one read brings."""
PAST_ANY_WORD = "\U0010ffff"


@dataclass(frozen=True)
class Wanted:
    """Which subscribers a list keeps, as they are on `today`; None keeps all. `plan` is a code."""

    today: date
    status: ServiceStatus | None = None
    plan: str | None = None
    zone: str | None = None

    @property
    def is_everybody(self) -> bool:
        return self.status is None and self.plan is None and self.zone is None

    def keeps(self, subscriber: Subscriber) -> bool:
        """Whether the subscriber is one of them; of a plan when a service that is not disconnected is on it."""
        if self.zone is not None and subscriber.zone != self.zone:
            return False
        if self.status is not None and subscriber.status_on(self.today) is not self.status:
            return False
        return self.plan is None or any(
            (state := service.state_on(self.today)).plan == self.plan and state.disconnected_on is None
            for service in subscriber.services
        )


def find_subscriber(tenant_id: str, number: int) -> Subscriber:
    """The tenant's subscriber of that number; `NotFound`."""
    row = read(SubscriberRow, keys.subscriber(tenant_id, number))
    if row is None:
        raise NotFound("subscriber")
    return to_subscriber(tenant_id, row)


def read_subscribers(tenant_id: str, numbers: Sequence[int]) -> list[Subscriber | None]:
    """The subscribers of those numbers in their order, None where there is none: one request for each hundred."""
    wanted: list[tuple[type[Row], keys.Key]] = [
        (SubscriberRow, keys.subscriber(tenant_id, number)) for number in numbers
    ]
    return [None if row is None else to_subscriber(tenant_id, row) for row in read_many(wanted)]


def list_subscribers(
    tenant_id: str, wanted: Wanted, *, limit: int, after: str | None
) -> tuple[list[Subscriber], str | None]:
    """A page of the subscribers in the order of their numbers, and where to go on.

    A list that keeps only some may bring a page with few or none of them and still go on.
    """
    last = _number_of(after)
    kept: list[Subscriber] = []
    for _ in range(2):
        number = last + 1
        partition = keys.subscribers(tenant_id, number // keys.SUBSCRIBERS_PER_PARTITION)
        page = read_page(
            SubscriberRow,
            partition,
            first=f"{number:010d}",
            # One more than wanted tells a list that ends here from one that goes on.
            limit=limit - len(kept) + 1 if wanted.is_everybody else EXAMINED_ROWS,
        )
        for row in page.rows:
            subscriber = to_subscriber(tenant_id, row)
            last = subscriber.number
            if wanted.keeps(subscriber):
                kept.append(subscriber)
                if len(kept) == limit and (page.after is not None or row is not page.rows[-1]):
                    return kept, f"{last:010d}"
        if page.after is not None:
            return kept, f"{int(page.after):010d}"
        # An import that is under way has holes, also at a partition's end: only a whole one that is empty ends the list.
        if not page.rows and number % keys.SUBSCRIBERS_PER_PARTITION <= 1:
            return kept, None
        last = (number // keys.SUBSCRIBERS_PER_PARTITION + 1) * keys.SUBSCRIBERS_PER_PARTITION - 1
        if len(kept) == limit:
            break
    return kept, f"{last:010d}"


def search_subscribers(
    tenant_id: str, query: str, wanted: Wanted, *, limit: int, after: str | None
) -> tuple[list[Subscriber], str | None]:
    """A page of the subscribers that have, for every word of the query, a word that begins with it; and where to go on.

    They come in the order of the word that found them. A page holds at most a hundred; it may hold few and still go on.
    """
    terms = search_terms(query)
    if not terms:
        return [], None
    if after is not None and not after.startswith(terms[0]):
        raise invalid_field("cursor", "must be a next_cursor of this list")
    page = read_page(
        FoundRow,
        keys.found(tenant_id),
        first=terms[0],
        last=terms[0] + PAST_ANY_WORD,
        after=after,
        limit=min(FOUND_TOGETHER, limit + 1) if wanted.is_everybody and len(terms) == 1 else FOUND_TOGETHER,
    )
    numbers = list(dict.fromkeys(row.subscriber for row in page.rows))
    found = {one.number: one for one in read_subscribers(tenant_id, numbers) if one is not None}
    is_match = _first_seen() if after is None and len(terms) == 1 else _matcher(terms)
    kept: list[Subscriber] = []
    for row in page.rows:
        subscriber = found.get(row.subscriber)
        if subscriber is None or not wanted.keeps(subscriber) or not is_match(subscriber, row.sk):
            continue
        kept.append(subscriber)
        if len(kept) == limit and (page.after is not None or row is not page.rows[-1]):
            return kept, row.sk
    return kept, page.after


def services_named_like(tenant_id: str, beginning: str) -> list[int]:
    """The numbers of the services whose usernames begin so, in small letters or capitals, by username."""
    first, is_username = fold(beginning), username_key(tenant_id, "").sk
    rows = read_all(FoundRow, keys.found(tenant_id), first=first, last=first + PAST_ANY_WORD)
    return [row.service for row in rows if row.service is not None and row.sk.endswith(is_username)]


def _first_seen() -> Callable[[Subscriber, str], bool]:
    """For one word, from the start of the list: whoever was not seen yet has no earlier key that finds it."""
    seen: set[int] = set()

    def is_match(subscriber: Subscriber, found_at: str) -> bool:
        if subscriber.number in seen:
            return False
        seen.add(subscriber.number)
        return True

    return is_match


def _matcher(terms: Sequence[str]) -> Callable[[Subscriber, str], bool]:
    """Whether a subscriber that was found at a key has all the terms, and has no earlier key that finds it as well."""

    def is_match(subscriber: Subscriber, found_at: str) -> bool:
        words = [key.sk for key in found_keys(subscriber)]
        if min((word for word in words if word.startswith(terms[0])), default=None) != found_at:
            return False
        return all(any(word.startswith(term) for word in words) for term in terms[1:])

    return is_match


def _number_of(after: str | None) -> int:
    if after is None:
        return 0
    if len(after) != 10 or not (after.isascii() and after.isdigit()):
        raise invalid_field("cursor", "must be a next_cursor of this list")
    return int(after)
