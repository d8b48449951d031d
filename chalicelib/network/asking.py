"""Asking a router for a person who waits: one question, one answer, and one refusal where it does not answer."""

from collections.abc import Mapping
from typing import Any

from chalicelib.aws.invoke import invoke_router
from chalicelib.core.errors import Conflict, Unavailable
from chalicelib.network.model import Router

QUICK_SECONDS = 4.0
"""For what the router is asked for within two seconds, and the way there."""
TEST_SECONDS = 8.0
PLAN_SECONDS = 27.0
"""For a whole router; a request has 29."""

Answer = dict[str, Any]


def ask_router(tenant_id: str, router: Router, question: Mapping[str, Any], seconds: float) -> Answer:
    """What the router says to the question (`questions.py`), which is asked for a tenant that may use it.

    `Conflict` `router-disabled` for one that is switched off; `Unavailable` `router-did-not-answer` with the `reason`, and
    for its owner also in words: they may name the router's address.
    """
    check_enabled(router)
    answer = told_by_router(router, question, seconds)
    if "failure" in answer:
        raise _silent(answer["failure"], is_own=router.tenant_id == tenant_id)
    return answer


def told_by_router(router: Router, question: Mapping[str, Any], seconds: float) -> Answer:
    """What came of the question, also of one to a router that is switched off; `failure` is in the answer where the router
    gave none, and where it was too late. `Unavailable` `routers-away` when nobody could be asked."""
    try:
        return invoke_router({**question, "router": router.router_id}, seconds)
    except Unavailable as refusal:
        if refusal.code != "router-late":
            raise
        return {"failure": {"reason": "timed_out", "detail": refusal.detail}}


def check_enabled(router: Router) -> None:
    """`Conflict` `router-disabled` for a router that is to be left alone."""
    if not router.enabled:
        raise Conflict("router-disabled", "This router is switched off: it is not spoken to.")


def _silent(failure: Mapping[str, str], *, is_own: bool) -> Unavailable:
    detail = failure["detail"] if is_own else "Its owner sees why."
    return Unavailable(
        "router-did-not-answer", f"The router did not answer. {detail}", also={"reason": failure["reason"]}
    )
