"""How many of the mutants the tests kill: every condition on money, taken out of the code once."""

import os

from tests.bench.report import Figure
from tests.mutants.found import conditions
from tests.mutants.killing import kill_all


def figures() -> list[Figure]:
    found = conditions()
    verdicts = list(kill_all(found, os.cpu_count() or 1))
    lived = [verdict.condition.name for verdict in verdicts if verdict.killed_by is None]
    rate = 100 * (len(found) - len(lived)) / len(found)
    slowest = max(verdicts, key=lambda verdict: verdict.seconds)
    how = (
        f"{len(found)} conditions found in the code, the slowest took {slowest.seconds:.0f} s; alive: {lived or 'none'}"
    )
    return [Figure("mutants of conditions on money killed by the tests", rate, None, "%", how, least=100)]
