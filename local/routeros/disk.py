"""What a router still knows after a `kill -9`: a file with a line for each command that changed something.

A line is written whole before the command is answered; the piece of one that a kill leaves behind was never answered and
is dropped. The file is written anew, under another name and renamed, when a router starts from it.
"""

import json
import os
from collections.abc import Iterable
from pathlib import Path

from local.routeros.menu import Row

Change = tuple[str, int, Row | None]
"""Menu, id and what the item is now; None when it is gone."""


class Disk:
    """The configuration of one router on disk."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a", encoding="ascii")

    @staticmethod
    def read(path: Path) -> Iterable[list[Change]]:
        """The changes of each command, from the first one on."""
        if not path.exists():
            return
        for line in path.read_bytes().splitlines():
            try:
                found = json.loads(line)
            except ValueError:
                return
            yield [(menu, number, row) for menu, number, row in found]

    def write(self, changes: list[Change]) -> None:
        """Adds the changes of one command."""
        self._file.write(json.dumps(changes) + "\n")
        self._file.flush()

    def start_over(self, changes: Iterable[Change]) -> None:
        """Puts all there is in the place of how it came to be."""
        beside = self._path.with_suffix(".new")
        with beside.open("w", encoding="ascii") as file:
            for change in changes:
                file.write(json.dumps([change]) + "\n")
            file.flush()
            os.fsync(file.fileno())
        self._file.close()
        beside.replace(self._path)
        self._file = self._path.open("a", encoding="ascii")

    def close(self) -> None:
        """Lets go of the file."""
        self._file.close()
