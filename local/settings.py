"""What the person who starts the server may set: HOST, PORT, DATA_DIR, DEMO, ROUTERS, and the operator's
OPERATOR_EMAIL and OPERATOR_PASSWORD."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local.refusal import Refused

DATA_DIR: Final = ".data"
ROUTERS_FOLDER: Final = "routers"
"""What the simulated routers keep, within DATA_DIR."""


@dataclass(frozen=True)
class Settings:
    """The settings as they were read. The operator's two matter on the first start only.

    `routers`: whether the two simulated routers run; where it is not said they do if there is to be a demo.
    """

    host: str
    port: int
    data_dir: Path
    demo: bool
    routers: bool
    operator_email: str
    operator_password: str | None


def read(environment: Mapping[str, str]) -> Settings:
    """The settings of this start. Raises Refused for one that makes no sense."""
    port = environment.get("PORT") or "8000"
    if not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise Refused(f"PORT={port} is not a port: give a number from 0 (any free one) to 65535")
    demo = environment.get("DEMO") or "1"
    if demo not in ("0", "1"):
        raise Refused(f"DEMO={demo} is not understood: give 1 for the demo ISP or 0 to start empty")
    routers = environment.get("ROUTERS") or demo
    if routers not in ("0", "1"):
        raise Refused(f"ROUTERS={routers} is not understood: give 1 for the simulated routers or 0 to start without")
    return Settings(
        host=environment.get("HOST") or "127.0.0.1",
        port=int(port),
        data_dir=Path(environment.get("DATA_DIR") or DATA_DIR),
        demo=demo == "1",
        routers=routers == "1",
        operator_email=environment.get("OPERATOR_EMAIL") or "owner@operator.test",
        operator_password=environment.get("OPERATOR_PASSWORD") or None,
    )
