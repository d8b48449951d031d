"""`make mutants`: every condition on money is taken out of the code once, and the tests have to notice.

python -m tests.mutants [--workers N] [parts of a module's name, or module:line]
"""

import argparse
import os
import sys

from tests.mutants.found import conditions
from tests.mutants.killing import kill_all


def main() -> int:
    parser = argparse.ArgumentParser(prog="make mutants")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("only", nargs="*")
    chosen = parser.parse_args()
    found = [one for one in conditions() if not chosen.only or any(part in one.name for part in chosen.only)]
    print(f"{len(found)} conditions on money in the code, {chosen.workers} at a time", flush=True)
    lived = []
    for verdict in kill_all(found, chosen.workers):
        one = verdict.condition
        print(f"{verdict.seconds:6.1f} s  {one.module}:{one.line}  {one.text[:70]}  <- {verdict.killed_by}", flush=True)
        if verdict.killed_by is None:
            lived.append(one)
    print(f"\nkilled: {len(found) - len(lived)} of {len(found)}")
    for one in lived:
        print(f"lives: {one.name} ({one.kind}) {one.text}")
    return 1 if lived else 0


if __name__ == "__main__":
    sys.exit(main())
