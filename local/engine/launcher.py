"""The engine's process: `python -m local.engine.launcher FOLDER`, with the interpreter of the engine's virtualenv.

Says one line of JSON on standard output, `{"port": ...}` once it serves or `{"error": ...}`, and serves until standard
input ends. That is the server closing its end of the pipe, or the kernel closing it for a server that was killed.
"""

import asyncio
import json
import logging
import os
import resource
import socket
import sys
import threading
from pathlib import Path
from typing import Any, Final

SERVICES: Final = {"dynamodb", "sqs"}
KEEP_ALIVE_SECONDS: Final = 600


def main() -> None:
    """Serves DynamoDB, SQS, S3 and KMS on a free port of the loopback address."""
    threading.Thread(target=_leave_with_the_server, daemon=True).start()
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    _configure(port)
    from local.engine.journal import Journal, Unusable

    try:
        journal = Journal(Path(sys.argv[1]))
        serve = _prepare(journal, listener, Path(sys.argv[1]))
    except Unusable as error:
        print(json.dumps({"error": str(error)}), flush=True)
        sys.exit(1)
    asyncio.run(serve)


def _leave_with_the_server() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


def _configure(port: int) -> None:
    """ministack reads its settings while it is imported."""
    os.environ.update(
        GATEWAY_PORT=str(port),
        BIND_HOST="127.0.0.1",
        MINISTACK_HOST="127.0.0.1",
        SERVICES=",".join(sorted(SERVICES)),
        PERSIST_STATE="0",
        IOT_MTLS_ENABLED="0",
        SFTP_ENABLED="0",
        LOG_LEVEL="ERROR",
        DOCKER_HOST="unix:///nowhere",
    )
    _, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))


def _prepare(journal: Any, listener: socket.socket, folder: Path) -> Any:
    from hypercorn.asyncio import serve
    from hypercorn.config import Config
    from ministack.app import app

    from local.engine import speed
    from local.engine.files import Files, is_for_files
    from local.engine.keys import Keys, is_for_keys
    from local.engine.recorder import Recorder

    logging.getLogger().setLevel(logging.ERROR)
    speed.install()
    Recorder(journal).install()
    files = Files(folder / "files")
    keys = Keys(folder / "router-key")
    config = Config()
    config.bind = [f"fd://{listener.fileno()}"]
    config.keep_alive_timeout = KEEP_ALIVE_SECONDS
    config.accesslog = None
    config.loglevel = "ERROR"

    async def aws_calls_only(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if is_for_keys(scope):
            await keys.serve(scope, receive, send)
        elif scope["type"] == "lifespan" or _is_aws_call(scope):
            await app(scope, receive, send)
        elif is_for_files(scope):
            await files.serve(scope, receive, send)
        elif scope["type"] == "http":
            await send({"type": "http.response.start", "status": 404, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body"})

    async def announce_and_wait() -> None:
        print(json.dumps({"port": listener.getsockname()[1]}), flush=True)
        await asyncio.Event().wait()

    return serve(aws_calls_only, config, shutdown_trigger=announce_and_wait)


def _is_aws_call(scope: dict[str, Any]) -> bool:
    """ministack also has addresses that wipe its memory, and lets any page in a browser on this machine call them."""
    if scope["type"] != "http" or scope["method"] != "POST" or scope["path"].startswith("/_"):
        return False
    return any(name == b"x-amz-target" for name, _ in scope["headers"])


if __name__ == "__main__":
    main()
