"""What importing the API function costs over bare Python, and which packages it goes to."""

import re
import subprocess
import sys
from statistics import median

from tests.bench.report import Figure

RUNS = 9
AS_SHIPPED = "import sys\nsys.modules['cryptography'] = None\nimport app"
"""The zip has no cryptography (HS256 needs none), though the tools of a development machine bring it."""


def _cpu(code: str) -> float:
    """CPU milliseconds of a fresh Python that runs this."""
    measured = f"import time\n{code}\nprint(time.process_time() * 1000)"
    return float(subprocess.run([sys.executable, "-c", measured], capture_output=True, text=True, check=True).stdout)


def figures() -> list[Figure]:
    bare = median(_cpu("pass") for _ in range(RUNS))
    app = median(_cpu(AS_SHIPPED) for _ in range(RUNS))
    return [
        Figure("import of the API function over bare Python", app - bare, 400, "ms", f"median of {RUNS}; {_list()}")
    ]


def _list() -> str:
    """The dearest packages, each with everything it was the first to import."""
    ran = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", AS_SHIPPED], capture_output=True, text=True, check=True
    )
    spent: dict[str, int] = {}
    for line in ran.stderr.splitlines():
        match = re.match(r"import time:\s+(\d+) \|\s+(\d+) \| (\s*)(\S+)", line)
        if match:
            package = match.group(4).split(".")[0]
            spent[package] = spent.get(package, 0) + int(match.group(1))
    dearest = sorted(spent.items(), key=lambda pair: -pair[1])[:12]
    return "own time under -X importtime: " + ", ".join(f"{name} {micros / 1000:.0f}" for name, micros in dearest)
