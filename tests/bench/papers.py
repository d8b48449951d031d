"""What a document costs to print, its process included: time of this machine, and CPU of this process and the press."""

import resource
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from chalicelib.documents.paper import Language, Line, Paper, Span
from chalicelib.documents.printer import Sheet, print_safely
from chalicelib.documents.templates import built_in
from tests.bench.report import Figure
from tests.documents.papers import BRAND, an_invoice, picture

MOST_MS = 100.0
MOST_LONG_MS = 400.0
TIMES = 15
TOGETHER = 2


def figures(times: int = TIMES) -> list[Figure]:
    """A page in each language by our template and a tenant's, 200 lines, 5,000, and how many a second."""
    page = an_invoice()
    found = [
        _figure(f"an invoice of one page, {language.name.title()}, {name}", _sheet(page, language, source), times)
        for language in Language
        for name, source in (("built in", None), ("a tenant's template", built_in("invoice")))
    ]
    found.append(
        _figure("an invoice of 200 lines, Bangla", _sheet(_long(page, 200), Language.BANGLA), times, MOST_LONG_MS)
    )
    found.append(_figure("one of 5,000 lines, Bangla", _sheet(_long(page, 5_000), Language.BANGLA), 1, None))
    return [*found, _a_second(_sheet(page, Language.BANGLA), 4 * times)]


def _sheet(paper: Paper, language: Language, source: str | None = None) -> Sheet:
    return Sheet(paper, BRAND, language, picture(), source)


def _long(paper: Paper, count: int) -> Paper:
    days = Span(paper.issued_on, paper.issued_on)
    return replace(paper, lines=tuple(Line((f"Home 20 Mbps, {number}", 30, 1, 1), days) for number in range(count)))


def _figure(name: str, sheet: Sheet, times: int, most_ms: float | None = MOST_MS) -> Figure:
    """The fastest of some: what others did on this machine meanwhile is none of ours."""
    content, warning = print_safely(sheet, "")
    assert warning == "", warning
    spent = sorted(spent_by(lambda: print_safely(sheet, "")) for _ in range(times))
    fastest, median = spent[0], spent[len(spent) // 2]
    cpu = min(one[1] for one in spent)
    how = (
        f"fastest of {times} after one, {len(content):,} bytes; median {median[0]:.0f} ms; {cpu:.0f} ms of CPU at least"
    )
    return Figure(name, fastest[0], most_ms, "ms", how)


def spent_by(work: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds of the clock and of CPU, those of the press included."""
    cpu, started = _cpu_seconds(), time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000, (_cpu_seconds() - cpu) * 1000


def _cpu_seconds() -> float:
    usages = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _a_second(sheet: Sheet, count: int) -> Figure:
    started = time.perf_counter()
    with ThreadPoolExecutor(TOGETHER) as workers:
        list(workers.map(lambda _: print_safely(sheet, ""), range(count)))
    rate = count / (time.perf_counter() - started)
    return Figure("pages a second", rate, None, "a second", f"{count} pages, {TOGETHER} at a time on this machine")
