"""What routers answer while every route is walked: no router is there to be asked, and each tenant's would tell this."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import pytest

from chalicelib.aws import invoke
from chalicelib.network import worker
from chalicelib.network.found_secrets import Candidate, FoundSecrets, found_data
from chalicelib.network.model import Health

ANSWERS: dict[str, dict[str, Any]] = {
    "plan": {"entries": 0, "counts": {}, "items": [], "more": False},
    "health": {"health": asdict(Health(3, 20, 3600, 0, "7.16.2", "RB4011", "core"))},
    "session": {"session": None, "traffic": None, "last_sign_off": None, "note": None},
}


@contextmanager
def routers_that_answer() -> Iterator[None]:
    """While this lasts a question to a router is answered by the function below."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(invoke, "_in_process", [answer_for_a_router])
        yield


def answer_for_a_router(question: dict[str, Any]) -> dict[str, Any]:
    """Of a router with nothing on it; but for a takeover one secret, in the profile that a plan was named for."""
    if question["ask"] in ANSWERS:
        return ANSWERS[question["ask"]]
    if question["ask"] != "secrets":
        return worker.answer_question(question)
    profile, plan = next(iter(question["plans"].items()))
    candidate = Candidate("taken-over", "Taken Over", plan, "02:00:00:00:00:77", "10.20.77.7")
    return found_data(FoundSecrets(secrets=1, profiles={profile: 1}, candidates=[candidate]))
