"""`python -m local.boxes.look ROUTER MENU [name=value ...]`: a menu of a router of the local run, read over its API."""

import functools
import json
import os
import ssl
import sys
from pathlib import Path
from typing import Any

import librouteros
from librouteros.login import plain, token

from local.boxes.launcher import PORTS_FILE
from local.boxes.table import ADMIN, ADMIN_PASSWORD, BOXES
from local.settings import ROUTERS_FOLDER, read


def look(folder: Path, router: str, menu: str, *wanted: str) -> list[dict[str, Any]]:
    """The rows of the menu that have these properties, given as `name=value`. `folder` is that of the routers."""
    box = next(one for one in BOXES if one.name == router)
    told = json.loads((folder / PORTS_FILE).read_text())[box.name]
    more: dict[str, Any] = {}
    if box.tls:
        context = ssl.create_default_context(cafile=str(folder / f"{box.name}.pem"))
        context.check_hostname = False
        more["ssl_wrapper"] = functools.partial(context.wrap_socket)
    is_old = tuple(int(part) for part in box.version.split(".")[:2]) < (6, 43)
    api = librouteros.connect(
        "127.0.0.1",
        ADMIN,
        ADMIN_PASSWORD,
        port=told["port"],
        encoding="utf-8",
        login_method=token if is_old else plain,
        **more,
    )
    try:
        rows = [dict(row) for row in api(f"{menu}/print")]
    finally:
        api.close()
    asked = [one.partition("=")[::2] for one in wanted]
    return [row for row in rows if all(str(row.get(name)) == value for name, value in asked)]


def main(arguments: list[str]) -> int:
    """Prints a row a line. Gives the exit code."""
    names = " or ".join(box.name for box in BOXES)
    if len(arguments) < 2 or arguments[0] not in {box.name for box in BOXES}:
        print(f"give a router ({names}) and a menu, such as /ppp/secret, and perhaps name=value", file=sys.stderr)
        return 2
    for row in look(read(os.environ).data_dir / ROUTERS_FOLDER, *arguments):
        print("  ".join(f"{name}={value}" for name, value in row.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
