"""The hourly look for days that were not delivered, at all routers of one tenant."""

from datetime import datetime

from chalicelib.network.cut_off import look_through_changes
from chalicelib.network.find import own_routers
from chalicelib.network.silence import MayGoOn, look_through_silences


def watch_days(owner_id: str, now: datetime, may_go_on: MayGoOn = lambda: True) -> None:
    """Tell of the days that are over and that services on the tenant's routers may not have had, or have not.

    Repeating it tells the same. What there is no time for is left to the next hour.
    """
    silent = look_through_silences(owner_id, now, may_go_on)
    for router in own_routers(owner_id):
        if not may_go_on():
            return
        look_through_changes(router, now, is_silent=router.router_id in silent)
