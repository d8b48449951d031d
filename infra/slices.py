"""`make slices`: write down which module declares which path, for an application that imports them when asked for."""

import os
import sys
from pathlib import Path

LINE_LENGTH = 120
TARGET = Path(__file__).parent.parent / "chalicelib" / "api" / "slices.py"
HEAD = '''"""Which modules declare a path: written by `make slices`, and held against the code by a test."""

SLICES: dict[str, tuple[str, ...]] = {
'''


def slices_text() -> str:
    """The module as the routes are declared now."""
    import app  # noqa: F401  (declares every route)
    from chalicelib.api.blueprint import ENDPOINTS

    found: dict[str, dict[str, None]] = {}
    for endpoint in ENDPOINTS:
        found.setdefault(endpoint.path, {})[endpoint.view.__module__] = None
    lines = []
    for path, modules in sorted(found.items()):
        named = ", ".join(f'"{module}"' for module in modules)
        line = f'    "{path}": ({named}{"," if len(modules) == 1 else ""}),\n'
        if len(line) > LINE_LENGTH + 1:  # as the formatter wants it
            line = f'    "{path}": (\n' + "".join(f'        "{module}",\n' for module in modules) + "    ),\n"
        lines.append(line)
    return HEAD + "".join(lines) + "}\n"


if __name__ == "__main__":
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    TARGET.write_text(slices_text())
    sys.stdout.write(f"wrote {TARGET.name}\n")
