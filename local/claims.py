"""What one server needs for itself alone: its data folder and its port."""

import errno
import fcntl
import os
import socket
import time
from pathlib import Path
from typing import Final

from local.refusal import Refused

KILLED_SERVER_IS_GONE_WITHIN_SECONDS: Final = 2.0


def claim_folder(folder: Path) -> int:
    """Makes the folder and takes its lock until this process ends. Raises Refused, naming the folder and why."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(folder / "server.lock", os.O_RDWR | os.O_CREAT, 0o600)
        probe = folder / ".writable"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise Refused(f"DATA_DIR={folder} cannot be used: {error.strerror}") from error
    deadline = time.monotonic() + KILLED_SERVER_IS_GONE_WITHIN_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise Refused(f"DATA_DIR={folder} is in use by another running server") from None
            time.sleep(0.05)


def claim_port(host: str, port: int) -> socket.socket:
    """A socket bound to the address but not yet listening. Raises Refused where the address cannot be had."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise Refused(f"HOST={host} is not an address of this machine") from error
    if port and _is_answered(family, address):
        raise busy(port)
    listener = socket.socket(family, kind)
    # Without it a restart would have to wait a minute for the connections of the server before it.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
    except PermissionError as error:
        raise Refused(f"port {port} needs more rights than you have: choose one from 1024 up with PORT=") from error
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise busy(port) from error
        raise Refused(f"HOST={host} cannot be listened on: {error.strerror}") from error
    return listener


def busy(port: int) -> Refused:
    """The refusal for a port that another program has."""
    return Refused(f"port {port} is busy: stop the program that has it, or choose another with PORT=")


def _is_answered(family: int, address: tuple[object, ...]) -> bool:
    """A listener on every address and ours on one can share a port on some systems: ask who answers."""
    deadline = time.monotonic() + KILLED_SERVER_IS_GONE_WITHIN_SECONDS
    while True:
        with socket.socket(family) as knock:
            knock.settimeout(0.5)
            if knock.connect_ex(address) != 0:
                return False
        if time.monotonic() > deadline:
            return True
        time.sleep(0.1)
