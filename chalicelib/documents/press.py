"""The press: what runs in a process of its own to turn data into PDF, with less than the function itself may do.

    python -I press.py FONTS PACKAGES      {"template": ..., "table": ...} in, a PDF out, or a line of what is wrong

Nothing of the product is imported here. The process has no environment and so no credentials, an empty folder for its
root, and limits on time, memory and files: it can write none at all, only answer on its output.
"""

import json
import resource
import sys
from typing import cast

CPU_SECONDS = 20
MEMORY_BYTES = 900_000_000
OPEN_FILES = 16
"""What is mapped counts, not what is used: the printer alone is 80 MB of it, and each thread has its stack."""


def main(fonts: str, packages: str) -> int:
    """Print what comes in; 1 and a line on standard error when it cannot be printed."""
    for kind, limit in (
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (limit, limit))
    given = json.load(sys.stdin.buffer)
    if "@" in given["template"]:
        print("a template brings nothing in from elsewhere", file=sys.stderr)
        return 1
    sys.path.append(packages)
    import typst

    try:
        found = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[fonts])
        press = typst.Compiler(
            given["template"].encode(), root=".", font_paths=found, package_path=".", package_cache_path="."
        )
        made = press.compile(format="pdf", sys_inputs={"table": given["table"]}, timestamp=given["printed_seconds"])
    except typst.TypstError as error:
        print(error.message, file=sys.stderr)
        return 1
    sys.stdout.buffer.write(cast(bytes, made))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
