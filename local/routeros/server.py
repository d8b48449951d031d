"""A router on a port: takes connections, each with a thread of its own, and refuses them while the router is down."""

import contextlib
import select
import socket
import ssl
import tempfile
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from local.routeros.certificate import Certificate, certificate
from local.routeros.connection import Connection
from local.routeros.router import Router

_LOOK_SECONDS: Final = 0.05
_HANDSHAKE_SECONDS: Final = 10


class RouterServer:
    """Serves one router. `tls` is a certificate, or True for one made for the occasion.

    `port` is the one it listens on, also when 0 was asked for; with TLS `fingerprint` is the certificate's SHA-256.
    """

    def __init__(
        self, router: Router, host: str = "127.0.0.1", port: int = 0, tls: Certificate | bool | None = None
    ) -> None:
        self.router = router
        self.host = host
        self.port = port
        self._temporary = tempfile.TemporaryDirectory() if tls is True else None
        if self._temporary:
            tls = certificate(Path(self._temporary.name) / "router.pem")
        self.fingerprint = tls.fingerprint if isinstance(tls, Certificate) else None
        self._tls = tls.context() if isinstance(tls, Certificate) else None
        self._listener: socket.socket | None = None
        self._listening = threading.Lock()
        self._connections: set[Connection] = set()
        self._stopping = False
        self._drops = 0
        self._thread: threading.Thread | None = None

    def start(self) -> Self:
        """Listens from now on. Raises OSError when the port is taken."""
        self._listen()
        self.router.on_reach.append(self._reach)
        self.router.on_restart.append(self._drop_all)
        self._reach()
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Listens no more and closes all connections."""
        self._stopping = True
        self.router.on_reach.remove(self._reach)
        self.router.on_restart.remove(self._drop_all)
        self._close_listener()
        if self._thread:
            self._thread.join()
        self._drop_all()
        if self._temporary:
            self._temporary.cleanup()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _reach(self) -> None:
        """Opens or closes the port, as the router is up or down."""
        if self.router.faults.refusing or time.monotonic() < self.router.down_until:
            self._close_listener()
        elif self._listener is None and not self._stopping:
            self._listen()

    def _listen(self) -> None:
        with self._listening:
            if self._listener is None:
                family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
                listener = socket.create_server((self.host, self.port), family=family, backlog=256)
                listener.setblocking(False)
                self.port = listener.getsockname()[1]
                self._listener = listener

    def _close_listener(self) -> None:
        with self._listening:
            if self._listener is not None:
                with contextlib.suppress(OSError):
                    self._listener.shutdown(socket.SHUT_RDWR)  # or whoever waits for it would not notice
                self._listener.close()
                self._listener = None

    def _drop_all(self) -> None:
        self._drops += 1
        for connection in list(self._connections):
            connection.close()

    def _accept(self) -> None:
        while not self._stopping:
            self._reach()
            listener = self._listener
            if listener is None:
                time.sleep(_LOOK_SECONDS)
                continue
            with contextlib.suppress(OSError, ValueError):
                select.select([listener], [], [], _LOOK_SECONDS)
                with self._listening:
                    if self._listener is None:
                        continue
                    sock, _ = self._listener.accept()
                sock.setblocking(True)
                threading.Thread(target=self._serve, args=(sock, self._drops), daemon=True).start()

    def _serve(self, sock: socket.socket, drops: int) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.router.counts.connections += 1
        if self._tls:
            try:
                sock.settimeout(_HANDSHAKE_SECONDS)
                sock = self._tls.wrap_socket(sock, server_side=True)
                sock.settimeout(None)
            except (OSError, ssl.SSLError):
                sock.close()
                return
        connection = Connection(self.router, sock)
        self._connections.add(connection)
        try:
            if drops != self._drops:  # all were dropped while this one was not yet among them
                connection.close()
                return
            connection.serve()
        finally:
            self._connections.discard(connection)
