"""A client of the API without a network: calls go through Chalice's own local gateway, as JSON in and out."""

import json
from dataclasses import dataclass, field
from typing import Any

from chalice.config import Config
from chalice.local import ForbiddenError, LocalGateway


@dataclass
class Reply:
    """What came back: status, headers in lower case, the body as text and as data."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def data(self) -> Any:
        return json.loads(self.text)

    def __getitem__(self, name: str) -> Any:
        return self.data[name]

    def ok(self, status: int) -> "Reply":
        """This reply, after making sure of its status."""
        assert self.status == status, f"{self.status} instead of {status}: {self.text[:800]}"
        return self


@dataclass
class Client:
    """Someone calling the API, perhaps signed in."""

    gateway: LocalGateway
    token: str | None = None
    extra: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of_app(cls) -> "Client":
        from app import app

        return cls(LocalGateway(app, Config()))

    def with_token(self, token: str | None) -> "Client":
        return Client(self.gateway, token, dict(self.extra))

    def signed_in(self, email: str, password: str) -> "Client":
        reply = self.post("/v1/auth/login", {"email": email, "password": password}).ok(200)
        return self.with_token(reply["access_token"])

    def call(
        self, method: str, path: str, body: Any = None, key: str | None = None, headers: dict[str, str] | None = None
    ) -> Reply:
        sent = {"host": "test", "content-type": "application/json", **self.extra, **(headers or {})}
        if self.token is not None:
            sent["authorization"] = f"Bearer {self.token}"
        if key is not None:
            sent["idempotency-key"] = key
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        try:
            answer = self.gateway.handle_request(method, path, sent, raw)
        except ForbiddenError:
            return Reply(403, {}, "")
        text = answer["body"].decode() if isinstance(answer["body"], bytes) else answer["body"]
        return Reply(answer["statusCode"], {name.lower(): value for name, value in answer["headers"].items()}, text)

    def get(self, path: str) -> Reply:
        return self.call("GET", path)

    def post(self, path: str, body: Any = None, key: str | None = None) -> Reply:
        return self.call("POST", path, body, key)

    def put(self, path: str, body: Any) -> Reply:
        return self.call("PUT", path, body)

    def patch(self, path: str, body: Any) -> Reply:
        return self.call("PATCH", path, body)

    def post_csv(self, path: str, text: str | bytes, key: str | None = None) -> Reply:
        raw = text.encode() if isinstance(text, str) else text
        return self.call("POST", path, raw, key, {"content-type": "text/csv"})
