"""Questions to the one function that can reach routers, for a person who waits for the answer.

On AWS the API calls that function and waits. Where none is configured (locally, in tests) whoever answers is in this
process: the module of that function says so when it is imported.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, cast

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ReadTimeoutError

from chalicelib.aws.config import config
from chalicelib.core.errors import Unavailable
from chalicelib.core.json import compact_json, read_json

CONNECT_SECONDS = 2

Answerer = Callable[[dict[str, Any]], Mapping[str, Any] | None]

_in_process: list[Answerer] = []


def answer_in_process(function: Answerer) -> None:
    """From now on this function answers, wherever no other one is configured; the last one that said so does."""
    _in_process[:] = [function]


@cache
def _client(seconds: float) -> Any:
    # Asked once: the question takes a router's time, and who asked would not wait for the second answer.
    settings = Config(connect_timeout=CONNECT_SECONDS, read_timeout=seconds, retries={"total_max_attempts": 1})
    return botocore.session.get_session().create_client("lambda", config=settings)


def forget_clients() -> None:
    """Make the next call build its client anew: for tests that swap the endpoint."""
    _client.cache_clear()


def invoke_router(payload: Mapping[str, Any], seconds: float) -> dict[str, Any]:
    """What the function that reaches routers answers to `payload`, within so many seconds.

    `Unavailable` when it fails (`routers-away`) or takes longer (`router-late`). Within this process nothing cuts it
    off: it keeps to the time that the question gives it.
    """
    name = config().router_function
    text = _asked(name, compact_json(payload), seconds) if name else _asked_here(compact_json(payload))
    answer = read_json(text)
    if not isinstance(answer, dict):
        raise _away()
    return answer


def _asked_here(question: str) -> str:
    """As text, so that an answer is the same here as on AWS."""
    if not _in_process:
        raise _away()
    return compact_json(_in_process[0](cast(dict[str, Any], read_json(question))))


def _asked(name: str, question: str, seconds: float) -> str:
    try:
        answer = _client(seconds).invoke(FunctionName=name, Payload=question.encode())
        if answer.get("FunctionError"):
            raise _away()
        return cast(bytes, answer["Payload"].read()).decode()
    except ReadTimeoutError as error:
        raise Unavailable("router-late", "The router did not answer in time.") from error
    except (BotoCoreError, ClientError, OSError) as error:
        raise _away() from error


def _away() -> Unavailable:
    return Unavailable("routers-away", "Routers cannot be reached just now; please send the request again.")
