"""The press: what runs in a process of its own to turn data into PDF, with less than the function itself may do.

    python -I press.py FONTS PACKAGES      {"files": {...}, ...} in, a PDF out, or what is wrong with the template

Nothing of the product is imported here. The process has no environment and so no credentials, an empty folder for its
root, and limits on time and memory. Before it looks at what it was given it prints a line of its own, by which all
fonts are read; from then on it may open nothing any more: no file, no connection, no other process's anything.
"""

import json
import re
import resource
import sys
from typing import Any, cast

OPEN_FILES = 16
"""While fonts are read. What is mapped counts as memory, not what is used: the printer alone is 80 MB of it."""
NOTHING_MORE = 3
"""Input, output and errors are there already: nothing else gets a number below this."""
FAULT = 3
"""Ends with this when the template is at fault: a line of JSON says how."""
ALL_FONTS = 'ক #text(weight: "bold")[a ক] a'
FONTS = '#set text(font: ("Noto Sans", "Noto Sans Bengali"), fallback: false)\n'

_PLACE = re.compile(r"main\.typ:(\d+):(\d+)")
_PAGES = re.compile(rb"/Type/Pages/Count (\d+)")


class Fault(Exception):
    """Something that whoever wrote the template can mend."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


def main(fonts: str, packages: str) -> int:
    """Print what comes in; `FAULT` and a line of JSON on standard error when the template cannot be printed."""
    given = json.load(sys.stdin.buffer)
    _limit(resource.RLIMIT_CPU, given["cpu_seconds"])
    _limit(resource.RLIMIT_AS, given["memory_bytes"])
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NOFILE, OPEN_FILES)
    sys.path.append(packages)
    import typst

    found = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[fonts])
    try:
        made = _printed(typst, found, given)
    except Fault as fault:
        print(json.dumps({"message": str(fault), "line": fault.line}), file=sys.stderr)
        return FAULT
    sys.stdout.buffer.write(made)
    return 0


def _printed(typst: Any, found: Any, given: dict[str, Any]) -> bytes:
    typst.Compiler((FONTS + ALL_FONTS).encode(), root=".", font_paths=found).compile(format="pdf", timestamp=0)
    _limit(resource.RLIMIT_NOFILE, NOTHING_MORE)
    files = {name: text.encode() for name, text in given["files"].items()}
    try:
        press = typst.Compiler(files, root=".", font_paths=found, package_path=".", package_cache_path=".")
        made = cast(bytes, press.compile(format="pdf", timestamp=given["printed_seconds"]))
    except typst.TypstError as error:
        place = _PLACE.search(error.diagnostic or "") or _PLACE.search("\n".join(error.trace or ()))
        raise Fault(_told(error), int(place.group(1)) if place else 0) from None
    except RuntimeError as error:
        raise Fault(str(error)) from None
    except MemoryError:
        raise Fault("needs more memory than there is") from None
    pages = max((int(number) for number in _PAGES.findall(made)), default=0)
    if not 1 <= pages <= given["pages"]:
        raise Fault(f"makes {pages} pages: at most {given['pages']} are printed")
    if len(made) > given["bytes"]:
        raise Fault(f"makes {len(made)} bytes: at most {given['bytes']} go")
    return made


def _told(error: Any) -> str:
    """What is wrong, without where this machine keeps things."""
    message = error.message.partition("(searched at")[0].partition(" (https:")[0].strip()
    hints = [f"({hint})" for hint in error.hints or () if "--" not in hint]
    return " ".join([message, *hints])[:500]


def _limit(kind: int, most: int) -> None:
    resource.setrlimit(kind, (most, most))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
