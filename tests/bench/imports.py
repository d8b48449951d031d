"""What importing the API function costs over bare Python, and which packages it goes to."""

import os
import re
import subprocess
import sys
from statistics import median

from chalicelib.api.slices import SLICES
from tests.bench.report import Figure

RUNS = 9
WHOLE = "chalicelib.api.documents"
AS_SHIPPED = "import sys\nsys.modules['cryptography'] = None\nimport app"
"""The zip has no cryptography (HS256 needs none), though the tools of a development machine bring it."""
ON_LAMBDA = {**os.environ, "AWS_LAMBDA_FUNCTION_NAME": "api"}


def _cpu(code: str) -> float:
    """CPU milliseconds of a fresh Python that runs this."""
    measured = f"import time\n{code}\nprint(time.process_time() * 1000)"
    ran = subprocess.run([sys.executable, "-c", measured], capture_output=True, text=True, check=True, env=ON_LAMBDA)
    return float(ran.stdout)


def figures() -> list[Figure]:
    """What a cold start imports for its first request, for the dearest path; and, to be known, for the document of all."""
    bare = median(_cpu("pass") for _ in range(RUNS))
    slices = {modules: path for path, modules in SLICES.items() if WHOLE not in modules}
    spent = {path: _cpu(_asking(modules)) for modules, path in slices.items()}
    dearest = max(spent, key=lambda path: spent[path])
    slice_ = median(_cpu(_asking(SLICES[dearest])) for _ in range(RUNS))
    whole = median(_cpu(f"{AS_SHIPPED}\napp.app.load_all()") for _ in range(RUNS))
    how = f"median of {RUNS}; the dearest of {len(slices)} slices, {dearest}; {_list(_asking(SLICES[dearest]))}"
    return [
        Figure("import of the API function and a request's slice over bare Python", slice_ - bare, 400, "ms", how),
        Figure("the same with every slice (/docs, /openapi.json)", whole - bare, None, "ms", f"median of {RUNS}"),
    ]


def _asking(modules: tuple[str, ...]) -> str:
    """What a process runs whose first request is for a path of these modules."""
    return f"{AS_SHIPPED}\napp.app.load(*{modules!r})"


def _list(code: str) -> str:
    """The dearest packages, each with everything it was the first to import."""
    ran = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", code], capture_output=True, text=True, check=True, env=ON_LAMBDA
    )
    spent: dict[str, int] = {}
    for line in ran.stderr.splitlines():
        match = re.match(r"import time:\s+(\d+) \|\s+(\d+) \| (\s*)(\S+)", line)
        if match:
            package = match.group(4).split(".")[0]
            spent[package] = spent.get(package, 0) + int(match.group(1))
    dearest = sorted(spent.items(), key=lambda pair: -pair[1])[:12]
    return "own time under -X importtime: " + ", ".join(f"{name} {micros / 1000:.0f}" for name, micros in dearest)
