"""What was found: each finding once, with a curl that shows it again."""

import shlex
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import requests

_LEFT_OUT = {"user-agent", "accept-encoding", "accept", "connection", "content-length", "x-schemathesis-testcaseid"}


@dataclass(frozen=True)
class Finding:
    """Something that an answer should not have been."""

    operation: str
    check: str
    told: str
    curl: str
    answer: str


@dataclass
class Findings:
    """All of a run, and how every operation was answered."""

    found: dict[tuple[str, str, str], Finding] = field(default_factory=dict)
    statuses: dict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    refused: dict[str, str] = field(default_factory=dict)
    """How the newest valid request of an operation was refused."""

    def add(self, operation: str, check: str, told: str, response: requests.Response, speaker: str) -> None:
        """Keep the first of those that say the same about an operation."""
        key = (operation, check, told.splitlines()[0][:160] if told else "")
        if key not in self.found:
            answer = f"{response.status_code} {response.text[:600]}"
            self.found[key] = Finding(operation, check, told, curl_of(response.request, speaker), answer)

    def add_lost(self, operation: str, error: requests.RequestException) -> None:
        """A request that was not answered at all."""
        curl = curl_of(error.request, "") if isinstance(error.request, requests.PreparedRequest) else ""
        self.found[operation, "lost", type(error).__name__] = Finding(operation, "lost", str(error)[:300], curl, "")

    @property
    def requests(self) -> int:
        return sum(sum(counts.values()) for counts in self.statuses.values())

    def never_done(self, operations: list[str]) -> dict[str, str]:
        """Operations that never did what they are for, so that the code behind the checks was not entered."""
        return {
            name: self.refused.get(name, "has no valid request in tests/journeys/isolation_cases.py")
            for name in operations
            if not any(status < 400 for status in self.statuses[name])
        }

    def report(self) -> str:
        """Every finding as text, or an empty text."""
        parts = [
            f"{one.operation}\n  {one.check}: {one.told}\n  answered: {one.answer}\n  {one.curl}"
            for one in sorted(self.found.values(), key=lambda one: (one.operation, one.check))
        ]
        return "\n\n".join(parts)


def curl_of(request: requests.PreparedRequest, speaker: str) -> str:
    """A command that sends the same; the server and the token of the speaker are taken from the environment."""
    address = urlsplit(str(request.url))
    target = str(request.url).removeprefix(f"{address.scheme}://{address.netloc}")
    parts = ["curl", "-sS", "-i", "--path-as-is", "-X", str(request.method), f'"$URL"{shlex.quote(target)}']
    for name, value in request.headers.items():
        text = value.decode("latin-1") if isinstance(value, bytes) else value
        if name.lower() == "authorization" and speaker:
            parts += ["-H", f'"Authorization: Bearer $TOKEN_OF_{speaker}"']
        elif name.lower() not in _LEFT_OUT:
            parts += ["-H", quoted(f"{name}: {text}".encode())]
    if request.body:
        body = request.body.encode() if isinstance(request.body, str) else bytes(request.body)
        parts += ["--data-binary", quoted(body)]
    return " ".join(parts)


def quoted(raw: bytes) -> str:
    """The bytes for a shell; those that are no plain text as escapes of bash."""
    text = raw.decode("latin-1")
    if text.isascii() and text.isprintable():
        return shlex.quote(text)
    shown = [c if c.isascii() and c.isprintable() and c not in "'\\" else f"\\x{ord(c):02x}" for c in text]
    return "$'" + "".join(shown) + "'"
