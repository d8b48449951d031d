"""A short walk of the fuzzer over the whole API as it runs, the same every time. `make fuzz` goes on for longer."""

from collections.abc import Iterator

import pytest
import requests

from tests.fuzz.server import Server
from tests.fuzz.told import how_to_see_it_again
from tests.fuzz.walk import Walk, walk_over

pytestmark = pytest.mark.xdist_group("fuzz")

EXAMPLES = 3
NUMBER = 1


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    one = Server(tmp_path_factory.mktemp("fuzz") / "data")
    yield one
    one.stop()


@pytest.fixture(scope="module")
def walk(server: Server) -> Walk:
    """A walk whose valid requests have been made."""
    begun = walk_over(server, NUMBER)
    begun.do_valid_ones()
    return begun


OUT_OF_REACH = {
    "POST /v1/doubts/{doubt_id}/dismissal": "books that are sound have nothing to doubt",
    "GET /v1/installation-proofs/{date}": "signed off once a day",
    "GET /v1/installation-proofs/{date}/report": "signed off once a day",
    "GET /v1/routers/{router_id}/drift/{date}": "compared once a night",
}
"""What a fresh installation cannot have: these are called all the same, and answer that it is not there."""


def test_the_valid_request_of_every_operation_enters_its_code(walk: Walk) -> None:
    assert walk.findings.never_done([label for label in walk.labels if label not in OUT_OF_REACH]) == {}


def test_no_request_is_answered_otherwise_than_the_document_says(walk: Walk, server: Server) -> None:
    walk.do_all(EXAMPLES)
    assert not walk.findings.found, how_to_see_it_again(walk.findings, server)


def test_a_method_that_the_document_does_not_name_is_refused_everywhere(walk: Walk, server: Server) -> None:
    taken = {}
    for path, operations in walk.document["paths"].items():
        for method in {"get", "put", "post", "patch", "delete"} - operations.keys():
            answer = requests.request(method, server.base_url + path.replace("{", "").replace("}", ""), timeout=60)
            allowed = {word.strip().lower() for word in answer.headers.get("Allow", "").split(",")}
            if answer.status_code != 405 or not operations.keys() <= allowed or answer.json()["status"] != 405:
                taken[method, path] = answer.status_code
    assert taken == {}
