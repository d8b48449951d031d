"""Reaching a router: with the credentials that only the function which reaches routers can open."""

from chalicelib.core.errors import Refusal, Unavailable
from chalicelib.network.connection import Connection, Target, connect
from chalicelib.network.credentials import open_router_password
from chalicelib.network.failure import Reason, RouterFailure
from chalicelib.network.model import Router

CONNECT_SECONDS = 5.0
"""For a worker to get through and sign in; it takes more for what it does then. A router that is away costs that much."""
ANSWER_SECONDS = 2.0
"""For what a person waits for."""


def reach_to_work(router: Router) -> Connection:
    """A connection to deliver over. `RouterFailure`."""
    return reach(router, CONNECT_SECONDS)


def reach(router: Router, seconds: float) -> Connection:
    """A connection to the router that lasts so many seconds. `RouterFailure`, also when its password cannot be opened;
    `Unavailable` when it cannot be opened just now."""
    return connect(target_of(router), seconds)


def target_of(router: Router) -> Target:
    """What to connect to and sign in with. `RouterFailure` when the password cannot be opened; `Unavailable` when the key
    is away, which is not the router's doing."""
    try:
        password = open_router_password(router)
    except Unavailable:
        raise
    except Refusal as refusal:
        raise RouterFailure(Reason.WRONG_PASSWORD, refusal.detail) from refusal
    return Target(router.address, router.port, router.tls, router.fingerprint, router.username, password)
