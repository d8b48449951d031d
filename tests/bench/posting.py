"""How fast entries are posted in process, beside beancount, hledger and an SQLite ledger with the same entries.

CPU of this process or of its child, and the best of several rounds, so that a neighbour on the machine counts little. A
round that is posted is verified afterwards: every hash and every total is computed again from the entries alone.
"""

import gc
import random
import re
import resource
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from beancount import loader
from beancount.core import realization

from chalicelib.ledger.chart import OPERATOR_CHART
from chalicelib.ledger.export_formats import Extract, account_names, render
from chalicelib.ledger.journal import GENERAL, Draft, Entry, Head, append, credit, debit
from chalicelib.ledger.verify import verify_journal
from tests.bench.report import Figure

COUNT = 20_000
ROUNDS = 10
"""200,000 entries are posted; the others get those of one round, and their rate does not rise with more of them."""

FIRST_MICROS = 1_795_000_000_000_000
NEW_YEAR = date(2026, 1, 1)
_SCHEMA = """
CREATE TABLE entries (sequence INTEGER PRIMARY KEY, effective_on TEXT, service_on TEXT, memo TEXT) STRICT;
CREATE TABLE lines (sequence INTEGER REFERENCES entries, number INTEGER, account TEXT,
                    debit_minor INTEGER CHECK (debit_minor >= 0), credit_minor INTEGER CHECK (credit_minor >= 0),
                    PRIMARY KEY (sequence, number)) STRICT, WITHOUT ROWID;
"""
_UNBALANCED = "SELECT sequence FROM lines GROUP BY sequence HAVING sum(debit_minor) <> sum(credit_minor)"
_TOTALS = "SELECT account, sum(debit_minor) - sum(credit_minor) FROM lines GROUP BY account"


@dataclass(frozen=True)
class Sale:
    """What an entry is made of: a day, a memo, an amount and its two accounts."""

    day: date
    memo: str
    debit_account: str
    credit_account: str
    amount_minor: int

    def draft(self) -> Draft:
        lines = (debit(self.debit_account, self.amount_minor), credit(self.credit_account, self.amount_minor))
        return Draft("manual", self.day, self.day, self.memo, lines, recorded_by="uboss")


def _sales(count: int) -> list[Sale]:
    """In order of their days, over a year and all accounts of a chart."""
    chance = random.Random(7)
    codes = sorted(OPERATOR_CHART)
    return [
        Sale(
            NEW_YEAR + timedelta(days=number * 365 // count),
            f"Receipt {number} of a subscriber",
            *chance.sample(codes, 2),
            chance.randint(1, 10**7),
        )
        for number in range(count)
    ]


def _rate(count: int, work: Callable[[], None]) -> float:
    started = time.process_time()
    work()
    return count / (time.process_time() - started)


def _post(drafts: Iterator[Draft]) -> tuple[Head, list[Entry]]:
    """As a journal is posted to: each draft at the end of the head that the one before left."""
    head, entries = Head("op", GENERAL), list[Entry]()
    for micros, draft in enumerate(drafts, FIRST_MICROS):
        head, entry = append(head, draft, micros)
        entries.append(entry)
    return head, entries


def _posted(sales: list[Sale], *, from_drafts: bool) -> float:
    """Entries a second of one round, which is verified."""
    drafts = [sale.draft() for sale in sales] if from_drafts else []
    kept: list[tuple[Head, list[Entry]]] = []
    rate = _rate(len(sales), lambda: kept.append(_post(iter(drafts) if drafts else (sale.draft() for sale in sales))))
    [(head, entries)] = kept
    assert (head.sequence, verify_journal(entries, head)) == (len(sales), None)
    return rate


def _by_beancount(text: str, balances: dict[str, Decimal]) -> float:
    """Entries a second that beancount loads and checks; it has to come to the same balances."""
    rates = []
    for _ in range(2):
        started = time.process_time()
        entries, errors, _ = loader.load_string(text)
        rates.append(COUNT / (time.process_time() - started))
        assert errors == []
    root = realization.realize(entries)
    found = {one.account: position.units.number for one in realization.iter_children(root) for position in one.balance}
    assert found == balances
    return max(rates)


def _by_hledger(text: str) -> float | None:
    """The same for `hledger check --strict`, by the CPU of the program; None where there is no such program."""
    if shutil.which("hledger") is None:
        return None
    rates = []
    for _ in range(2):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(["hledger", "-f", "-", "check", "--strict"], input=text.encode(), check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        rates.append(COUNT / (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime))
    return max(rates)


def _by_sqlite(sales: list[Sale], totals: dict[str, int]) -> float:
    """Entries a second written to a file in one transaction, and checked for balance by a query."""
    numbered = list(enumerate(sales, 1))
    with TemporaryDirectory() as folder:
        ledger = sqlite3.connect(Path(folder, "ledger.sqlite"))
        ledger.executescript(_SCHEMA)
        started = time.process_time()
        with ledger:
            rows = ((n, one.day.isoformat(), one.day.isoformat(), one.memo) for n, one in numbered)
            ledger.executemany("INSERT INTO entries VALUES (?, ?, ?, ?)", rows)
            debits = ((n, 1, one.debit_account, one.amount_minor, 0) for n, one in numbered)
            credits = ((n, 2, one.credit_account, 0, one.amount_minor) for n, one in numbered)
            ledger.executemany("INSERT INTO lines VALUES (?, ?, ?, ?, ?)", debits)
            ledger.executemany("INSERT INTO lines VALUES (?, ?, ?, ?, ?)", credits)
            assert ledger.execute(_UNBALANCED).fetchall() == []
        rate = len(sales) / (time.process_time() - started)
        assert dict(ledger.execute(_TOTALS)) == totals
        ledger.close()
    return rate


def figures() -> list[Figure]:
    """Post, then have the others load and check what was posted, in one run.

    What the imports made is set aside for the garbage collector meanwhile, as `app.py` does; for beancount too.
    """
    gc.collect()
    gc.freeze()
    try:
        return _figures()
    finally:
        gc.unfreeze()


def _figures() -> list[Figure]:
    sales = _sales(COUNT)
    posted = max(_posted(sales, from_drafts=True) for _ in range(ROUNDS))
    with_drafts = max(_posted(sales, from_drafts=False) for _ in range(ROUNDS))
    head, entries = _post(sale.draft() for sale in sales)
    extract = Extract("Bench", "BDT", OPERATOR_CHART, tuple(entries), {})
    names = account_names(OPERATOR_CHART)
    balances = {names[code]: Decimal(net) / 100 for code, net in head.totals.items() if net}
    text = render(extract, "beancount")
    bare = re.sub(r"^ +[a-z_]+: .*\n", "", text, flags=re.MULTILINE)
    beancount, without_metadata = _by_beancount(text, balances), _by_beancount(bare, balances)
    hledger = _by_hledger(render(extract, "hledger"))
    sqlite = max(_by_sqlite(sales, dict(head.totals)) for _ in range(ROUNDS))
    how = f"{COUNT:,} entries of two lines, best of {ROUNDS} rounds, each verified afterwards"
    same = f"the same {COUNT:,} entries"
    return [
        Figure(
            "posted in process",
            posted,
            None,
            "entries/s",
            f"append: balance, sequence, hash chain, totals; {how}",
            100_000,
        ),
        Figure("posted in process, the making of the drafts included", with_drafts, None, "entries/s", how),
        Figure("beancount", beancount, None, "entries/s", f"load and check of {same} as our export writes them"),
        Figure("beancount, without metadata", without_metadata, None, "entries/s", "the same, its shortest text"),
        Figure(
            "times beancount",
            with_drafts / beancount,
            None,
            "x",
            f"the making of our drafts included; without it {posted / beancount:.3g}, and "
            f"{with_drafts / without_metadata:.3g} beside beancount without metadata",
            10,
        ),
        *([Figure("hledger", hledger, None, "entries/s", f"check --strict of {same}, our export")] if hledger else []),
        Figure(
            "an SQLite ledger", sqlite, None, "entries/s", f"{same} in one transaction and a balance query; no chain"
        ),
    ]
