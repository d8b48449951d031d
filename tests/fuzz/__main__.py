"""`make fuzz`: walk after walk over the API, each with other requests, until the time is over."""

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz.server import Server
from tests.fuzz.told import how_to_see_it_again
from tests.fuzz.walk import Walk, walk_over


def main() -> int:
    """0 when nothing was found; 1 and the findings otherwise."""
    asked = _asked()
    folder = Path(tempfile.mkdtemp(prefix="tributary-fuzz-"))
    server = Server(folder / "data")
    try:
        walk = walk_over(server, asked.seed)
        walk.do_valid_ones()
        _walk_on(walk, server, asked)
    finally:
        server.stop()
    if walk.findings.found:
        print(how_to_see_it_again(walk.findings, server))
        return 1
    shutil.rmtree(folder)
    print(f"nothing found in {walk.findings.requests} requests of {len(walk.labels)} operations")
    return 0


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make fuzz")
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--examples", type=int, default=10, help="of each kind, for each operation, in one walk")
    parser.add_argument(
        "--seed", type=int, default=int(time.time()) % 1_000_000, help="the same makes the same requests"
    )
    parser.add_argument("--only", default="", help="a part of an operation's method and path")
    return parser.parse_args()


def _walk_on(walk: Walk, server: Server, asked: argparse.Namespace) -> None:
    until = time.monotonic() + asked.seconds
    while time.monotonic() < until and server.process.poll() is None:
        began, before = time.monotonic(), walk.findings.requests
        walk.do_all(asked.examples, until, asked.only)
        made, seconds = walk.findings.requests - before, time.monotonic() - began
        print(
            f"walk {walk.number}: {made} requests, {made / seconds:.0f} a second, {len(walk.findings.found)} findings"
        )
        sys.stdout.flush()
        walk.number += 1


if __name__ == "__main__":
    sys.exit(main())
