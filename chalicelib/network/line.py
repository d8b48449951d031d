"""A line to a router: a socket, perhaps with TLS, and one deadline for everything that goes over it.

A socket's own limit starts again with every byte, so a router that sends one a second is never late. Here what is left
until the deadline is the limit of every step, from looking up the name on.
"""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic

from chalicelib.aws.config import config
from chalicelib.network.address import may_be_reached
from chalicelib.network.failure import Reason, RouterFailure

CHUNK_BYTES = 1 << 16
CIPHERS = "DEFAULT:!aNULL:!eNULL:@SECLEVEL=1"
"""Older versions of RouterOS make small keys and sign with SHA-1. It is the pin that tells who they are, not a
signature. Without any certificate (anonymous Diffie-Hellman) nobody could tell."""

_Address = tuple[int, tuple[str, int]]


@dataclass(frozen=True)
class Target:
    """Where a router listens and as whom we speak to it.

    `fingerprint` is the SHA-256 of the certificate it has to show (64 hexadecimal digits, colons do no harm); with
    `tls` and none, nobody signs in and what it shows is told in the failure.
    """

    address: str
    port: int
    tls: bool
    fingerprint: str | None
    username: str
    password: str = field(repr=False)


class Deadline:
    """The instant by which everything has to be done."""

    def __init__(self, seconds: float) -> None:
        self.extend(seconds)

    def extend(self, seconds: float) -> None:
        """From now on there are so many seconds."""
        self.seconds = seconds
        self._ends = monotonic() + seconds

    def left(self) -> float:
        """Seconds until then; `TimeoutError` when there are none."""
        seconds = self._ends - monotonic()
        if seconds <= 0:
            raise TimeoutError
        return seconds


class Line:
    """Bytes to and from a router. `OSError` (of which `TimeoutError`) is what it raises; `read` also `EOFError`."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self.deadline = deadline
        self.is_open = True
        self._sock = sock
        self._kept = bytearray()
        self._at = 0

    def write(self, data: bytes) -> None:
        """Send all of it."""
        rest = memoryview(data)
        while rest:
            self._sock.settimeout(self.deadline.left())
            rest = rest[self._sock.send(rest) :]

    def read(self, length: int) -> bytes:
        """Exactly so many bytes."""
        end = self._at + length
        if end > len(self._kept):
            self._receive(length)
            end = length
        taken = bytes(self._kept[self._at : end])
        self._at = end
        return taken

    def close(self) -> None:
        """Hang up; more than once does no harm."""
        self.is_open = False
        self._sock.close()

    def _receive(self, length: int) -> None:
        del self._kept[: self._at]
        self._at = 0
        while len(self._kept) < length:
            self._sock.settimeout(self.deadline.left())
            got = self._sock.recv(CHUNK_BYTES)
            if not got:
                raise EOFError
            self._kept += got


def open_line(target: Target, deadline: Deadline) -> Line:
    """A line to the router, not yet signed in; `RouterFailure` (refused, timed_out, unreachable, certificate, closed)."""
    with failures_of_opening(target, deadline):
        sock = _dialled(target, deadline)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if target.tls:
                sock = _secured(sock, target, deadline)
        except BaseException:
            sock.close()
            raise
    return Line(sock, deadline)


@contextmanager
def failures_of_opening(target: Target, deadline: Deadline) -> Iterator[None]:
    """What the operating system raises while a line is opened, as a failure."""
    where = f"{target.address} port {target.port}"
    try:
        yield
    except TimeoutError:
        raise RouterFailure(Reason.TIMED_OUT, f"{where} did not answer within {deadline.seconds:g} s.") from None
    except ConnectionRefusedError:
        raise RouterFailure(Reason.REFUSED, f"{where} refused the connection.") from None
    except socket.gaierror as error:
        raise RouterFailure(Reason.UNREACHABLE, f"{target.address} has no address: {error.strerror}.") from None
    except ConnectionError:
        raise RouterFailure(Reason.CLOSED, f"{where} hung up as soon as it was connected.") from None
    except OSError as error:
        raise RouterFailure(Reason.UNREACHABLE, f"There is no way to {where}: {error.strerror or error}.") from None
    except (ValueError, OverflowError):
        raise RouterFailure(Reason.UNREACHABLE, f"{where} is no address that can be connected to.") from None


def _dialled(target: Target, deadline: Deadline) -> socket.socket:
    addresses = _addresses(target, deadline)
    for left_over, (family, address) in zip(range(len(addresses), 0, -1), addresses, strict=True):
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.settimeout(deadline.left() / left_over)
            sock.connect(address)
        except BaseException as error:
            sock.close()
            if left_over == 1 or not isinstance(error, OSError):
                raise
        else:
            return sock
    raise socket.gaierror(socket.EAI_NONAME, "nothing was found")


def _addresses(target: Target, deadline: Deadline) -> list[_Address]:
    """The addresses of its name, at most four. Asking for a name has no limit of its own, so another thread asks."""
    try:
        return _looked_up(target, socket.AI_NUMERICHOST)
    except socket.gaierror:
        pass  # It is a name.
    told: SimpleQueue[list[_Address] | Exception] = SimpleQueue()

    def ask() -> None:
        try:
            told.put(_looked_up(target, 0))
        except Exception as error:
            told.put(error)

    Thread(target=ask, daemon=True).start()
    try:
        answer = told.get(timeout=deadline.left())
    except Empty:
        raise socket.gaierror(socket.EAI_AGAIN, "the name servers did not answer in time") from None
    if isinstance(answer, Exception):
        raise answer
    return answer


def _looked_up(target: Target, flags: int) -> list[_Address]:
    if not target.address or not 0 < target.port < 1 << 16:
        raise ValueError(target)
    found = socket.getaddrinfo(target.address, target.port, type=socket.SOCK_STREAM, flags=flags)
    # A name may lead anywhere: to our own machine too, or to where a cloud tells its machines their credentials.
    allows_local = config().allows_local_routers
    allowed = [one for one in found if may_be_reached(str(one[4][0]), allows_local=allows_local)]
    if not allowed:
        raise ValueError(target)
    return [(family, address) for family, _, _, _, address in allowed[:4]]  # type: ignore[misc]


def _secured(sock: socket.socket, target: Target, deadline: Deadline) -> ssl.SSLSocket:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # its certificate is its own: the pin below says whether it is the right one
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    sock.settimeout(deadline.left())
    try:
        secured = context.wrap_socket(sock)
    except ssl.SSLEOFError:
        raise ConnectionResetError from None
    except ssl.SSLError as error:
        raise RouterFailure(Reason.CERTIFICATE, _why_no_tls(error)) from None
    try:
        _check_pin(secured, target)
    except BaseException:
        secured.close()
        raise
    return secured


def _check_pin(secured: ssl.SSLSocket, target: Target) -> None:
    shown = sha256(secured.getpeercert(binary_form=True) or b"").hexdigest()
    if not target.fingerprint:
        detail = "The router shows a certificate that nobody has confirmed yet."
        raise RouterFailure(Reason.CERTIFICATE, detail, shown)
    if shown != plain_fingerprint(target.fingerprint):
        detail = "The router shows another certificate than the one that was confirmed."
        raise RouterFailure(Reason.CERTIFICATE, detail, shown)


def plain_fingerprint(text: str) -> str:
    """A fingerprint as it is compared: small letters and digits alone, whatever way it was written."""
    return "".join(text.split()).replace(":", "").lower()


def _why_no_tls(error: ssl.SSLError) -> str:
    if error.reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "RECORD_LAYER_FAILURE"):
        return "What answers does not speak TLS."
    if "HANDSHAKE_FAILURE" in (error.reason or ""):
        return (
            "The router agreed to no way of encryption. "
            "Without a certificate for its API over TLS it knows only anonymous Diffie-Hellman, which cannot be pinned."
        )
    if "PROTOCOL_VERSION" in (error.reason or ""):
        return "The router speaks no TLS of version 1.2 or later."
    return f"TLS could not be agreed on ({error.reason or 'no reason told'})."
