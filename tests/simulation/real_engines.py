"""Real DynamoDB engines over HTTP on this machine, started for a test and stopped after it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

CHECKOUT = Path(__file__).resolve().parents[2]
START_SECONDS = 30


class NotHere(Exception):
    """The engine is not installed; the message says what is missing."""


def ministack_command(port: int) -> tuple[list[str], dict[str, str]]:
    """How to start ministack from its own virtualenv: it pins another botocore than ours."""
    folder = CHECKOUT / os.environ.get("TRIBUTARY_ENGINE_VENV", ".venv-engine")
    program = folder / "bin" / "ministack"
    if not program.exists():
        raise NotHere(f"no ministack at {program}; set TRIBUTARY_ENGINE_VENV to a virtualenv that has it")
    # It would listen on every address otherwise.
    return [str(program)], {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "PERSIST_STATE": "0"}


def dynamodb_local_command(port: int) -> tuple[list[str], dict[str, str]]:
    """How to start DynamoDB Local, the jar of npm's amplify-dynamodb-simulator, in memory."""
    folder, java = os.environ.get("DYNAMODB_LOCAL_DIR"), shutil.which("java")
    if not folder or java is None:
        raise NotHere("DynamoDB Local needs Java and DYNAMODB_LOCAL_DIR, a folder that holds DynamoDBLocal.jar")
    jar = next(Path(folder).rglob("DynamoDBLocal.jar"), None)
    if jar is None:
        raise NotHere(f"no DynamoDBLocal.jar in {folder}")
    library = f"-Djava.library.path={jar.parent / 'DynamoDBLocal_lib'}"
    command = [java, library, "-Xmx256m", "-jar", str(jar), "-inMemory", "-disableTelemetry", "-port", str(port)]
    return command, {}


ENGINES = {"ministack": ministack_command, "dynamodb_local": dynamodb_local_command}


@contextmanager
def running(engine: str) -> Iterator[Any]:
    """A boto client of a fresh engine of that name. Raises NotHere when it is not installed."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command, extra = ENGINES[engine](port)
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **extra},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield _client_when_ready(port)
        finally:
            process.terminate()
            process.wait(timeout=START_SECONDS)


def _client_when_ready(port: int) -> Any:
    client = boto3.client(
        "dynamodb",
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=Config(retries={"max_attempts": 0}, connect_timeout=2, read_timeout=20),
    )
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            client.list_tables()
            return client
        except (BotoCoreError, ClientError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
