"""The product on a free port with an empty data folder, and a client that is signed in there."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter

REPOSITORY = Path(__file__).resolve().parents[2]
OPERATOR = "owner@operator.fuzz.test"
PASSWORD = "correct horse 1"
TOKEN_IS_GOOD_SECONDS = 600


class Server:
    """One `python -m local`; what it says is read as it comes, and the last of it kept for a report."""

    def __init__(self, data: Path) -> None:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MAKE"))}
        own = {"PORT": "0", "DEMO": "0", "DATA_DIR": str(data), "PYTHONDONTWRITEBYTECODE": "1"}
        signing_in = {"OPERATOR_EMAIL": OPERATOR, "OPERATOR_PASSWORD": PASSWORD}
        self.data = data
        self.environment = clean | own | signing_in
        self.said: deque[str] = deque(maxlen=400)
        self._start()

    def start_again(self) -> None:
        """Stop, and go on with the same data at the same address: what is done once an hour is done now."""
        self.stop()
        self.environment["PORT"] = self.base_url.rpartition(":")[2]
        self._start()

    def _start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "local"],
            cwd=REPOSITORY,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.base_url = self._address()
        threading.Thread(target=self._listen, daemon=True).start()

    def _address(self) -> str:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line.rstrip())
            if line.startswith("ready at"):
                return line.split()[2]
        raise AssertionError(f"the server did not start: {list(self.said)}")

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line.rstrip())

    def failures_said(self) -> list[str]:
        """The lines among the last ones that tell of a failure."""
        return [line for line in list(self.said) if "Traceback" in line or '"level":"ERROR"' in line]

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=60)


class _From(HTTPAdapter):
    """Requests from one of this machine's own addresses: those who sign in wrongly wait, and others shall not."""

    def __init__(self, address: str) -> None:
        self.address = address
        super().__init__()

    def init_poolmanager(self, *args: Any, **more: Any) -> None:
        super().init_poolmanager(*args, **more, source_address=(self.address, 0))


def session_from(address: str) -> requests.Session:
    """A session whose requests come from 127.x.y.z, where a machine has more of them than one (Linux does)."""
    session = requests.Session()
    with socket.socket() as knock:
        try:
            knock.bind((address, 0))
        except OSError:
            return session
    session.mount("http://", _From(address))
    return session


@dataclass
class Person:
    """Somebody who signs in, and goes on with the refresh token when the access token gets old."""

    label: str
    email: str
    base_url: str
    password: str = PASSWORD
    session: requests.Session = field(default_factory=lambda: session_from("127.0.0.2"))
    _tokens: dict[str, Any] = field(default_factory=dict)
    _since: float = 0.0

    def token(self) -> str:
        if not self._tokens:
            self._sign("login", {"email": self.email, "password": self.password})
        elif time.monotonic() - self._since > TOKEN_IS_GOOD_SECONDS:
            self._sign("refresh", {"refresh_token": self._tokens["refresh_token"]})
        return str(self._tokens["access_token"])

    def refresh_token(self) -> str:
        """A refresh token of a sign-in of its own, to be spent."""
        answer = self._post_public("login", {"email": self.email, "password": self.password})
        return str(answer["refresh_token"])

    def _sign(self, how: str, body: dict[str, str]) -> None:
        self._tokens, self._since = self._post_public(how, body), time.monotonic()

    def _post_public(self, how: str, body: dict[str, str]) -> dict[str, Any]:
        answer = self.session.post(f"{self.base_url}/v1/auth/{how}", json=body, timeout=60)
        assert answer.status_code == 200, f"{self.email} cannot {how}: {answer.text}"
        found: dict[str, Any] = answer.json()
        return found

    def ask(self, method: str, path: str, body: Any = None, **more: Any) -> requests.Response:
        """An answer, whatever it is. `body` is JSON, or a CSV file when it is a text."""
        headers = {"Authorization": f"Bearer {self.token()}"}
        if isinstance(body, str):
            headers["Content-Type"], more["data"] = "text/csv", body.encode()
        elif body is not None:
            more["json"] = body
        return self.session.request(method, self.base_url + path, headers=headers, timeout=60, **more)

    def get(self, path: str) -> Any:
        answer = self.ask("GET", path)
        assert answer.status_code == 200, f"GET {path}: {answer.status_code} {answer.text[:800]}"
        return answer.json()

    def send(self, method: str, path: str, body: Any = None) -> Any:
        """What a request that has to be good is answered with."""
        answer = self.ask(method, path, body)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text[:800]}"
        return answer.json() if answer.content else None
