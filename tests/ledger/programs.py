"""Other accounting programs, and what they make of an exported book: that they accept it, and their balances.

A balance is the net debit of an account; every account that the text declares has one, zero included.
"""

import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from beancount import loader
from beancount.core import data, realization

from chalicelib.ledger.export_formats import COLUMNS

Balances = dict[str, Decimal]
HLEDGER_CHECKS = ("--strict", "ordereddates", "uniqueleafnames")
"""Strict: every account and commodity is declared. Ours are in order of their days too, and no account has a twin."""


def transactions(text: str) -> list[Any]:
    """What beancount finds posted, after making sure that it has nothing to complain about."""
    entries, errors, _ = loader.load_string(text)
    assert errors == []
    return [entry for entry in entries if isinstance(entry, data.Transaction)]


def by_beancount(text: str, currency: str = "BDT") -> Balances:
    """The balances that beancount comes to; it accepts the text, and what the text asserts holds."""
    entries, errors, options = loader.load_string(text)
    assert errors == []
    assert options["operating_currency"] == [currency]
    found = {entry.account: Decimal(0) for entry in entries if isinstance(entry, data.Open)}
    for account in realization.iter_children(realization.realize(entries)):
        for position in account.balance:
            assert (position.units.currency, position.cost) == (currency, None)
            found[account.account] = position.units.number
    return found


def bean_check(text: str) -> None:
    """Make sure that the program `bean-check` accepts the text."""
    with TemporaryDirectory() as folder:
        book = Path(folder, "book.beancount")
        book.write_text(text, encoding="utf-8")
        command = [str(Path(sys.executable).with_name("bean-check")), "--no-cache", str(book)]
        ran = subprocess.run(command, capture_output=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"", b""), ran.stderr.decode()


def hledger(text: str, *command: str) -> str:
    """What the program hledger answers to a command about the text. It is needed: a proof that is skipped is none."""
    program = shutil.which("hledger")
    assert program is not None, "the program hledger is missing: on Debian, apt-get install hledger"
    ran = subprocess.run(
        [program, "-f", "-", *command],
        input=text.encode(),
        capture_output=True,
        check=False,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )
    assert ran.returncode == 0, ran.stderr.decode()
    return ran.stdout.decode()


def by_hledger(text: str, currency: str = "BDT") -> Balances:
    """The same from hledger, after its checks."""
    assert hledger(text, "check", *HLEDGER_CHECKS) == ""
    command = ("balance", "--strict", "--declared", "--empty", "--flat", "--no-total", "-O", "csv")
    rows = list(csv.reader(io.StringIO(hledger(text, *command))))[1:]
    return {name: Decimal(amount.removesuffix(f" {currency}")) for name, amount in rows}


def hledger_transactions(text: str) -> list[Any]:
    """What hledger finds posted."""
    printed: list[Any] = json.loads(hledger(text, "print", "-O", "json"))
    return printed


def rows_of(text: str) -> list[dict[str, str]]:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    rows = list(reader)
    assert reader.fieldnames == list(COLUMNS)
    assert all(None not in row and None not in row.values() for row in rows)
    return rows


def by_csv(text: str) -> Balances:
    """Net debit by account code, of those that have one; every entry of the file balances."""
    totals: Balances = defaultdict(Decimal)
    entries: Balances = defaultdict(Decimal)
    for row in rows_of(text):
        net = Decimal(row["debit"]) - Decimal(row["credit"])
        totals[row["account"]] += net
        entries[row["entry"]] += net
    assert set(entries.values()) <= {Decimal(0)}
    return {code: net for code, net in totals.items() if net}


def codes_of(text: str) -> dict[str, str]:
    """The code of each account by its name in a text for beancount or hledger, as the text itself tells it."""
    declared = re.findall(r'^(?:\S+ open|account) (\S+).*\n +(?:; )?code: "?([\w-]+)"?$', text, re.MULTILINE)
    assert len(declared) == len(dict(declared)) > 0
    return dict(declared)


def by_code(text: str, balances: Balances) -> Balances:
    """These balances by account code, of those that are not zero."""
    codes = codes_of(text)
    assert codes.keys() == balances.keys()
    return {codes[name]: net for name, net in balances.items() if net}
