"""How an extract of a book is written in each format: beancount, hledger, and CSV. Pure."""

import csv
import io
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal
from unicodedata import category

from chalicelib.core.dates import FIRST_DAY, ONE_DAY, format_instant, from_micros
from chalicelib.core.money import decimals_of, format_money
from chalicelib.ledger.chart import Account, AccountType
from chalicelib.ledger.journal import Entry, Line

Format = Literal["beancount", "hledger", "csv"]

OPENING = "opening-balances"
COLUMNS = (
    "entry",
    "journal",
    "sequence",
    "effective_on",
    "service_on",
    "recorded_at",
    "kind",
    "memo",
    "account",
    "account_name",
    "debit",
    "credit",
    "counterparty",
    "corrects",
    "reference",
    "run",
    "late_for",
    "cost_centre",
    "attachments",
    "by_day",
)

_ROOTS = {
    AccountType.ASSET: "Assets",
    AccountType.LIABILITY: "Liabilities",
    AccountType.EQUITY: "Equity",
    AccountType.INCOME: "Income",
    AccountType.EXPENSE: "Expenses",
}
_HLEDGER_TYPES = {
    AccountType.ASSET: "A",
    AccountType.LIABILITY: "L",
    AccountType.EQUITY: "E",
    AccountType.INCOME: "R",
    AccountType.EXPENSE: "X",
}
_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "'")
_BEANCOUNT_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})
_HLEDGER_LOOKALIKES = str.maketrans({";": "\uff1b", "\n": " ", "\r": " ", "\t": " "})
_HLEDGER_TAG_LOOKALIKES = _HLEDGER_LOOKALIKES | str.maketrans({",": "\uff0c", "[": "\uff3b", "]": "\uff3d"})
_BARE = ("sequence", "service_on", "late_for")
"""What beancount reads as a number or a day of its own; all else is text to it."""


@dataclass(frozen=True)
class Extract:
    """What an export tells of a book: its chart, entries in order of day and recording, and what was there before.

    `opening` is the net debit of each account (none is zero) at the end of `opening_on`, which is None when the export
    begins with the book.
    """

    title: str
    currency: str
    chart: Mapping[str, Account]
    entries: tuple[Entry, ...]
    opening: Mapping[str, int]
    opening_on: date | None = None
    closing_on: date | None = None

    @property
    def decimals(self) -> int:
        return decimals_of(self.currency)

    def money(self, amount_minor: int) -> str:
        return format_money(amount_minor, self.decimals)

    def closing(self) -> dict[str, int]:
        """The net debit of every account that is in the export, after its last entry."""
        totals = Counter(self.opening)
        for entry in self.entries:
            for line in entry.draft.lines:
                totals[line.account] += _net(line)
        return dict(sorted(totals.items()))


def render(extract: Extract, format_: Format) -> str:
    """An extract as text in that format."""
    renderers: dict[Format, Callable[[Extract], str]] = {
        "beancount": _as_beancount,
        "hledger": _as_hledger,
        "csv": _as_csv,
    }
    return renderers[format_](extract)


def _net(line: Line) -> int:
    return line.debit_minor - line.credit_minor


def account_names(chart: Mapping[str, Account]) -> dict[str, str]:
    """What each account is called in both programs, by code: `Assets:A1000-Cash`; no two are called the same.

    Beancount takes letters, digits and dashes alone. A name that needs more than letters to be spelled, as most of
    Bangla does, would not be that name without its marks: such an account goes by its code.
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    for code, account in chart.items():
        plain = f"{_ROOTS[account.type]}:A{_dashed(code)}"
        spelled = not any(category(character)[0] == "M" for character in account.name) and _dashed(account.name)
        wanted = unique = f"{plain}-{spelled}" if spelled else plain
        number = 1
        while unique in taken:
            number += 1
            unique = f"{wanted}-{number}"
        taken.add(unique)
        names[code] = unique
    return names


def _dashed(text: str) -> str:
    """The text with a dash for each run of what is neither a letter nor a digit, and none at its ends."""
    kept = "".join(character if character.isalpha() or character.isdecimal() else " " for character in text)
    return "-".join(kept.split())


def _facts(extract: Extract, entry: Entry) -> dict[str, str]:
    """What an entry says of itself beside its day, memo and lines; what it does not have is left out.

    `late_for` is the day it would be dated on, had that period been open; `attachments` are parted by spaces,
    and so is what each day is of an entry about several: `2026-11-10/5000/-18.54`.
    """
    draft = entry.draft
    facts = {
        "entry": entry.entry_id,
        "journal": entry.journal,
        "sequence": str(entry.sequence),
        "service_on": draft.service_on.isoformat(),
        "recorded_at": format_instant(from_micros(entry.recorded_micros)),
        "kind": draft.kind,
        "corrects": draft.corrects,
        "run": draft.run,
        "reference": draft.reference,
        "late_for": _late_for(entry),
        "attachments": " ".join(draft.attachments),
        "by_day": _by_day(extract, entry),
    }
    return {name: value for name, value in facts.items() if value}


def _by_day(extract: Extract, entry: Entry) -> str:
    return " ".join(
        f"{day}/{account}/{extract.money(net)}" for day, nets in entry.draft.by_day for account, net in nets
    )


def _late_for(entry: Entry) -> str:
    return entry.draft.late_for.isoformat() if entry.draft.late_for else ""


def _line_facts(line: Line) -> dict[str, str]:
    """What a leg says of itself beside its account and amount."""
    facts = {"counterparty": line.counterparty, "cost_centre": line.cost_centre}
    return {name: value for name, value in facts.items() if value}


def _quoted(text: str) -> str:
    return f'"{text.translate(_BEANCOUNT_ESCAPES)}"'


def _as_beancount(extract: Extract) -> str:
    names = account_names(extract.chart)
    lines = [
        f'option "title" {_quoted(extract.title)}',
        f'option "operating_currency" "{extract.currency}"',
        "",
    ]
    effective = [entry.draft.effective_on for entry in extract.entries]
    opened_on = min([*effective, *([extract.opening_on] if extract.opening_on else [])], default=FIRST_DAY)
    for code, account in extract.chart.items():
        lines += [f"{opened_on} open {names[code]} {extract.currency}", f"  code: {_quoted(code)}"]
        lines.append(f"  name: {_quoted(account.name)}")
        lines += [f"  parent: {_quoted(account.parent)}"] if account.parent else []
    if extract.opening:
        lines += ["", f'{extract.opening_on} * "Opening balances"', f'  kind: "{OPENING}"']
        lines += [_posting(extract, names[code], net) for code, net in extract.opening.items()]
    for entry in extract.entries:
        lines += ["", f"{entry.draft.effective_on} * {_quoted(entry.draft.memo)}"]
        lines += [f"  {name}: {v if name in _BARE else _quoted(v)}" for name, v in _facts(extract, entry).items()]
        for line in entry.draft.lines:
            lines.append(_posting(extract, names[line.account], _net(line)))
            lines += [f"    {name}: {_quoted(value)}" for name, value in _line_facts(line).items()]
    checked_on = max([*effective, extract.closing_on or opened_on, opened_on]) + ONE_DAY
    lines.append("")
    for code, net in extract.closing().items():
        lines.append(f"{checked_on} balance {names[code]}  {extract.money(net)} {extract.currency}")
    return "\n".join(lines).rstrip("\n") + "\n"


def _posting(extract: Extract, name: str, net_minor: int) -> str:
    """A leg as both programs write it: a debit is more than zero, a credit less."""
    return f"  {name}  {extract.money(net_minor)} {extract.currency}"


def _tag(name: str, value: str) -> str:
    """A tag in a comment of hledger, where a comma would end its value and a day in brackets would be a date."""
    return f"  ; {name}: {value.translate(_HLEDGER_TAG_LOOKALIKES)}"


def _as_hledger(extract: Extract) -> str:
    """A journal; what would begin a comment, end a value or be a date becomes its full-width look-alike."""
    names = account_names(extract.chart)
    lines = [
        f"; {extract.title.translate(_HLEDGER_LOOKALIKES)}",
        "decimal-mark .",
        f"commodity 1000.{'0' * extract.decimals} {extract.currency}",
        "",
    ]
    for code, account in extract.chart.items():
        lines += [f"account {names[code]}{_tag('type', _HLEDGER_TYPES[account.type])}"]
        lines += [_tag("code", code), _tag("name", account.name)]
        lines += [_tag("parent", account.parent)] if account.parent else []
    if extract.opening:
        lines += ["", f"{extract.opening_on} * (opening) Opening balances", _tag("kind", OPENING)]
        lines += [_posting(extract, names[code], net) for code, net in extract.opening.items()]
    for entry in extract.entries:
        # Its code goes before the memo always: one that begins with a parenthesis would be taken for a code itself.
        memo = entry.draft.memo.translate(_HLEDGER_LOOKALIKES)
        lines += ["", f"{entry.draft.effective_on} * ({entry.journal}-{entry.sequence}) {memo}".rstrip()]
        lines += [_tag(name, value) for name, value in _facts(extract, entry).items()]
        for line in entry.draft.lines:
            lines.append(_posting(extract, names[line.account], _net(line)))
            lines += [f"  {_tag(name, value)}" for name, value in _line_facts(line).items()]
    return "\n".join(lines) + "\n"


def _as_csv(extract: Extract) -> str:
    """A line for each leg under a header; of debit and credit one is zero."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(COLUMNS)
    for code, net in extract.opening.items():
        leg = Line(code, max(net, 0), max(-net, 0))
        begins = ["", "", "", extract.opening_on, extract.opening_on, "", OPENING, "Opening balances"]
        writer.writerow([*begins, *_leg(extract, leg), "", "", "", "", "", "", ""])
    for entry in extract.entries:
        draft = entry.draft
        recorded_at = format_instant(from_micros(entry.recorded_micros))
        days = [draft.effective_on, draft.service_on, recorded_at]
        facts = [entry.entry_id, entry.journal, entry.sequence, *days, draft.kind, _as_text(draft.memo)]
        ends = [draft.corrects, _as_text(draft.reference), draft.run, _late_for(entry)]
        attachments, by_day = _as_text(" ".join(draft.attachments)), _by_day(extract, entry)
        for line in draft.lines:
            writer.writerow([*facts, *_leg(extract, line), *ends, _as_text(line.cost_centre), attachments, by_day])
    return written.getvalue()


def _leg(extract: Extract, line: Line) -> list[str]:
    name = _as_text(extract.chart[line.account].name)
    amounts = [extract.money(line.debit_minor), extract.money(line.credit_minor)]
    return [line.account, name, *amounts, line.counterparty]


def _as_text(text: str) -> str:
    """The text with an apostrophe before it where a spreadsheet would take it for a formula, or for such an apostrophe.

    To read it back, one apostrophe at the beginning is taken away.
    """
    return f"'{text}" if text.startswith(_BEGINS_A_FORMULA) else text
