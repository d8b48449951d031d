"""Declaring a route: a Blueprint whose routes say who may call them, what they take and what they answer.

A route that does not say who may call it cannot be declared. What happens around every view is in `serving.py`. `app.py`
is a list of these blueprints; `openapi.py` describes what they declared.
"""

from collections.abc import Callable
from typing import Literal

from chalice.app import Blueprint as ChaliceBlueprint
from chalice.app import Response
from pydantic import BaseModel

from chalicelib.api.endpoint import PUBLIC, Endpoint, View
from chalicelib.api.serving import Shown, serve
from chalicelib.auth.roles import ALL_PERMISSIONS
from chalicelib.tenants.model import MODULES

__all__ = ["ENDPOINTS", "PUBLIC", "Blueprint", "Endpoint", "render_with"]

ENDPOINTS: list[Endpoint] = []
"""Every route declared so far, in order of import."""


class Blueprint(ChaliceBlueprint):
    """Chalice's Blueprint, whose `api` decorator is the only way to declare a route of the API."""

    def __init__(self, import_name: str, tag: str) -> None:
        super().__init__(import_name)
        self.tag = tag

    def api(
        self,
        method: str,
        path: str,
        *,
        may: str,
        module: str | None = None,
        body: type[BaseModel] | Literal["csv"] | None = None,
        query: type[BaseModel] | None = None,
        answer: type[BaseModel] | None = None,
        status: int = 200,
        repeatable: bool = False,
        also: dict[int, str] | None = None,
        text: dict[str, str] | None = None,
    ) -> Callable[[View], View]:
        """Declare `method path`. `may` is a permission of `auth/roles.py`, or "public".

        `module` is what the tenant must have been granted. `repeatable` says that the view passes `call.remember` to
        its use case, so that an `Idempotency-Key` holds. `also` names further refusals for OpenAPI: {409: "fund-too-low"}.
        `text` is for a view that answers text instead of a model: its media types, each with an example.
        The view is called with a `Call` and the path's variables and returns its answer model (or a chalice Response).
        Every method but GET is written into the audit log; a public view names who is behind it by `call.notice`.
        """
        if may != PUBLIC and may not in ALL_PERMISSIONS:
            raise ValueError(f"{method} {path}: {may!r} is not a permission")
        if module is not None and module not in MODULES:
            raise ValueError(f"{method} {path}: {module!r} is not a module")

        def declare(view: View) -> View:
            endpoint = Endpoint(
                path,
                method,
                view,
                may,
                module,
                body,
                query,
                answer,
                status,
                self.tag,
                repeatable,
                also or {},
                text or {},
            )
            ENDPOINTS.append(endpoint)

            def serve_route(**variables: str) -> Response:
                return serve(endpoint, self.current_request, variables)

            serve_route.__name__ = f"{view.__module__.split('.')[1]}_{view.__name__}"
            name = serve_route.__name__
            register = super(Blueprint, self).route(path, methods=[method], content_types=["*/*"], name=name)
            register(serve_route)
            return view

        return declare


def render_with(status: int, answer: BaseModel) -> Response:
    """An answer with another status than the route's own (202 instead of 200)."""
    return Shown(answer, status)
