"""S3 as the local run has it, behind a socket of this process: it holds links to what was signed, which moto does not."""

import asyncio
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from unittest.mock import patch

from chalicelib.aws import files
from local.engine.files import Files
from local.engine.signature import SECRET

BUCKET = "files"


@dataclass(frozen=True)
class Store:
    """An empty bucket of its own."""

    folder: Path

    def keys(self) -> list[str]:
        """The keys of what is there."""
        kept = (self.folder / BUCKET).iterdir()
        return sorted(json.loads(path.read_bytes().partition(b"\n")[0])["key"] for path in kept)

    def put(self, key: str, content: bytes, media_type: str) -> None:
        """Store something by the store's own right, whatever was declared."""
        files._client().put_object(Bucket=BUCKET, Key=key, Body=content, ContentType=media_type)

    def lose_its_bucket(self) -> None:
        """Take the bucket away."""
        for path in (self.folder / BUCKET).iterdir():
            path.unlink()
        (self.folder / BUCKET).rmdir()


@contextmanager
def store_of_files(folder: Path) -> Iterator[Store]:
    """Serve the product's files from that folder, for the time of the block."""
    (folder / BUCKET).mkdir(parents=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(Files(folder)))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    files.forget_client()
    keys = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_DEFAULT_REGION": "us-east-1"}
    with patch.dict(os.environ, {**keys, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}"}):
        files._client()
    try:
        yield Store(folder)
    finally:
        server.shutdown()
        server.server_close()
        files.forget_client()


def _handler(store: Files) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            path, _, query = self.path.partition("?")
            headers = [(name.encode(), value.encode("latin-1")) for name, value in self.headers.items()]
            scope = {
                "type": "http",
                "method": self.command,
                "path": path,
                "raw_path": path.encode(),
                "query_string": query.encode(),
                "headers": headers,
            }
            body = self.rfile.read(int(self.headers.get("content-length", "0")))

            async def receive() -> dict[str, Any]:
                return {"type": "http.request", "body": body}

            async def send(message: dict[str, Any]) -> None:
                if message["type"] == "http.response.body":
                    self.wfile.write(message["body"])
                    return
                self.send_response(message["status"])
                for name, value in message["headers"]:
                    self.send_header(name.decode(), value.decode("latin-1"))
                self.end_headers()

            asyncio.run(store.serve(scope, receive, send))

        do_GET = do_PUT = do_HEAD = do_OPTIONS = _serve  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing is said."""

    return Handler
