"""Several pieces of work in flight at once, where each of them mostly waits for the database."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

LANES = 8
WorkT = TypeVar("WorkT")
DoneT = TypeVar("DoneT")


def in_lanes(
    do: Callable[[WorkT], DoneT], pieces: Sequence[WorkT], on_done: Callable[[DoneT], None] = lambda done: None
) -> list[DoneT]:
    """Do every piece, up to eight at once; what each came to, in the order of the pieces.

    A single piece is done on the spot. The first exception is raised when the pieces under way have ended; those not
    begun are left. `on_done` sees each outcome on the calling thread.
    """
    if len(pieces) <= 1:
        return [_tell(do(piece), on_done) for piece in pieces]
    with ThreadPoolExecutor(min(LANES, len(pieces))) as pool:
        try:
            return [_tell(done, on_done) for done in pool.map(do, pieces)]
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def chunks(things: Sequence[WorkT], size: int) -> Iterable[Sequence[WorkT]]:
    """The things in order, `size` at a time."""
    return (things[start : start + size] for start in range(0, len(things), size))


def _tell(done: DoneT, on_done: Callable[[DoneT], None]) -> DoneT:
    on_done(done)
    return done
