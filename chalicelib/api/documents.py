"""What a browser may open without signing in: the start page, the readable API page, the document itself, and health."""

from chalice.app import Response
from pydantic import Field

from chalicelib.api.blueprint import PUBLIC, Blueprint
from chalicelib.api.call import Call
from chalicelib.api.fields import Answer
from chalicelib.aws.config import config
from chalicelib.core.json import compact_json

# The pages and the document are imported by the calls that show them: they are 10 ms that no other call needs.

bp = Blueprint(__name__, tag="About")

_HTML = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class HealthAnswer(Answer):
    """That this installation serves."""

    status: str = Field(examples=["ok"])
    version: str = Field(examples=["dev"])


@bp.api("GET", "/", may=PUBLIC)
def show_start(call: Call) -> Response:
    """The start page: what this is and what is in it."""
    from chalicelib.api.pages import start_page

    return Response(body=start_page(), status_code=200, headers=_HTML)


@bp.api("GET", "/docs", may=PUBLIC)
def show_docs(call: Call) -> Response:
    """The API as a page to read."""
    from chalicelib.api.openapi import openapi_document
    from chalicelib.api.pages import api_page

    return Response(body=api_page(openapi_document()), status_code=200, headers=_HTML)


@bp.api("GET", "/openapi.json", may=PUBLIC)
def show_openapi(call: Call) -> Response:
    """This API as an OpenAPI 3.1 document."""
    from chalicelib.api.openapi import openapi_document

    return Response(
        body=compact_json(openapi_document()), status_code=200, headers={"Content-Type": "application/json"}
    )


@bp.api("GET", "/health", may=PUBLIC, answer=HealthAnswer)
def show_health(call: Call) -> HealthAnswer:
    """200 once it serves."""
    return HealthAnswer(status="ok", version=config().version)
