"""Books made at random, as beancount and hledger read them: every balance and every link comes back.

Once as an extract alone, where all that an entry may carry is drawn by Hypothesis; once through the API, where a seed
draws the requests, and the exports of ranges that follow on each other are joined to the whole book again.
"""

import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.core.money import decimals_of
from chalicelib.core.text import clean_text
from chalicelib.ledger import export
from chalicelib.ledger.chart import Account, AccountType
from chalicelib.ledger.export_formats import Extract, account_names, render
from chalicelib.ledger.journal import Draft, Entry, Head, Line, append
from tests.conftest import SetClock
from tests.journeys.client import Client
from tests.ledger.programs import (
    Balances,
    bean_check,
    by_beancount,
    by_code,
    by_csv,
    by_hledger,
    codes_of,
    hledger_transactions,
    rows_of,
    transactions,
)
from tests.simulation import MemoryDynamoDB
from tests.tenants.isp import OPERATOR, PASSWORD, nobody, onboard, owner_of, the_operator

DAY = date(2026, 11, 10)
DAYS_OF_BOOK = [date(2026, 11, number) for number in range(1, 21)]
SNIPPETS = [
    'a "quoted" word',
    "back\\slash\\",
    "; a comment, type: Z",
    "[2026-13-40] [=2026-99-99] date:2026-13-40",
    "নভেম্বর মাসের ভাড়া ১২০০৳",
    "ভাড়া; বাকি, [১]",
    "| payee | note",
    "(code) ! *",
    "#tag ^link {1 USD} @@ 2",
    "two  spaces 5 BDT = 6 BDT",
    "👩‍👩‍👧",
    "include other.journal",
    "%s %(x)s {0}",
    "end comment",
]


def _is_clean(text: str) -> bool:
    """Whether the API would let it in as it is."""
    try:
        return clean_text(text) == text
    except ValueError:
        return False


CODES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}", fullmatch=True)
ANY_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Co", "Cn"]), max_size=40)
TEXTS = st.sampled_from(SNIPPETS) | ANY_TEXT.map(str.strip).filter(_is_clean)
ATTACHMENTS = st.lists(st.from_regex(r"[a-z0-9]{1,8}:[0-9a-f]{8}", fullmatch=True), max_size=3).map(tuple)
DAYS = st.integers(0, 9).map(lambda back: DAY - timedelta(days=back))
AMOUNTS = st.sampled_from([1, 99, 100, 10**15]) | st.integers(1, 10**15)


@st.composite
def charts(draw: st.DrawFn) -> dict[str, Account]:
    codes = draw(st.lists(CODES, min_size=2, max_size=8, unique=True))
    types = st.sampled_from(AccountType)
    return {code: Account(code, draw(TEXTS), draw(types), draw(st.none() | st.sampled_from(codes))) for code in codes}


@st.composite
def drafts(draw: st.DrawFn, codes: list[str]) -> Draft:
    """Each amount once as a debit and once as a credit, in any order, to any accounts."""
    lines: list[Line] = []
    for amount in draw(st.lists(AMOUNTS, min_size=1, max_size=3)):
        for sides in ((amount, 0), (0, amount)):
            counterparty = draw(st.sampled_from(["", "", "beta"]))
            lines.append(Line(draw(st.sampled_from(codes)), *sides, counterparty, draw(st.just("") | CODES)))
    return Draft(
        kind=draw(st.sampled_from(["manual", "recharge", "settlement"])),
        effective_on=draw(DAYS),
        service_on=draw(DAYS),
        memo=draw(TEXTS),
        lines=tuple(draw(st.permutations(lines))),
        run=draw(st.sampled_from(["", "beta/2026-11-01"])),
        reference=draw(st.just("") | TEXTS),
        late_for=draw(st.none() | DAYS),
        attachments=draw(ATTACHMENTS),
    )


@st.composite
def extracts(draw: st.DrawFn) -> tuple[Extract, dict[str, int]]:
    """An extract from any day on, and the balances that a program has to come to by code, counted from all entries."""
    chart = draw(charts())
    head, entries = Head("alpha", draw(st.sampled_from(["general", "child-beta"]))), list[Entry]()
    for micros in range(draw(st.integers(0, 6))):
        mended = draw(st.none() | st.sampled_from(entries)) if entries else None
        draft = draw(drafts(list(chart)))
        if mended is not None:
            lines = tuple(line.mirrored for line in mended.draft.lines)
            draft = Draft("reversal", draft.effective_on, DAY, draft.memo, lines, corrects=mended.entry_id)
        head, entry = append(head, draft, 1_795_000_000_000_000 + micros)
        entries.append(entry)
    first = draw(st.none() | DAYS)
    shown = [one for one in entries if first is None or one.draft.effective_on >= first]
    opening = Counter[str]()
    for entry in entries:
        if entry not in shown:
            opening.update({line.account: 0 for line in entry.draft.lines})
            for line in entry.draft.lines:
                opening[line.account] += line.debit_minor - line.credit_minor
    extract = Extract(
        title=draw(TEXTS),
        currency=draw(st.sampled_from(["BDT", "JPY", "KWD"])),
        chart=chart,
        entries=tuple(sorted(shown, key=lambda one: (one.draft.effective_on, one.sequence))),
        opening={code: net for code, net in sorted(opening.items()) if net},
        opening_on=None if first is None else first - timedelta(days=1),
    )
    return extract, dict(head.totals)


@settings(max_examples=60)
@given(made=extracts())
def test_both_programs_come_to_the_balances_of_any_book(made: tuple[Extract, dict[str, int]]) -> None:
    extract, totals = made
    names = account_names(extract.chart)
    unit = Decimal(1).scaleb(-decimals_of(extract.currency))
    wanted: Balances = {name: totals.get(code, 0) * unit for code, name in names.items()}
    beancount, hledger = render(extract, "beancount"), render(extract, "hledger")
    assert by_beancount(beancount, extract.currency) == wanted
    assert by_hledger(hledger, extract.currency) == wanted
    assert codes_of(beancount) == codes_of(hledger) == {name: code for code, name in names.items()}
    assert by_csv(render(extract, "csv")) == {code: net * unit for code, net in totals.items() if net}


def _ids(draft: Draft, entry_id: str) -> dict[str, str]:
    """What links an entry to others, as both programs have to tell it."""
    late_for = draft.late_for.isoformat() if draft.late_for else ""
    linked = {"entry": entry_id, "corrects": draft.corrects, "run": draft.run, "late_for": late_for}
    return {name: value for name, value in linked.items() if value}


@settings(max_examples=60)
@given(made=extracts())
def test_both_programs_read_every_link_and_beancount_every_text(made: tuple[Extract, dict[str, int]]) -> None:
    extract, _ = made
    at_first = 1 if extract.opening else 0
    by_b = transactions(render(extract, "beancount"))[at_first:]
    by_h = hledger_transactions(render(extract, "hledger"))[at_first:]
    assert len(by_b) == len(by_h) == len(extract.entries)
    for entry, one, other in zip(extract.entries, by_b, by_h, strict=True):
        draft, tags = entry.draft, dict(other["ttags"])
        links = _ids(draft, entry.entry_id)
        assert {name: str(one.meta[name]) for name in links} == {name: tags[name] for name in links} == links
        assert not {"corrects", "run", "late_for"} - links.keys() & {*one.meta, *tags}
        assert (one.narration, one.meta.get("reference", "")) == (draft.memo, draft.reference)
        assert one.meta.get("attachments", "") == tags.get("attachments", "") == " ".join(draft.attachments)
        told = [(line.counterparty, line.cost_centre) for line in draft.lines]
        assert [_posting_facts(posting.meta) for posting in one.postings] == told
        assert [_posting_facts(dict(posting["ptags"])) for posting in other["tpostings"]] == told


def _posting_facts(tags: dict[str, Any]) -> tuple[str, str]:
    return tags.get("counterparty", ""), tags.get("cost_centre", "")


@dataclass
class RandomBook:
    """A reseller's book filled by requests that a seed draws."""

    client: Client
    ends: list[date]
    """The days up to which its ranges go: each begins on the day after the one before; the last is the last of all."""

    def export(self, format_: str, first: date | None = None, last: date | None = None) -> str:
        days = [("from", first), ("to", last)]
        asked = "".join(f"&{name}={day}" for name, day in days if day is not None)
        return self.client.get(f"/v1/ledger/export?format={format_}{asked}").ok(200).text

    def balances(self, last: date) -> Balances:
        """Our trial balance at the end of that day, by code."""
        accounts = self.client.get(f"/v1/ledger/trial-balance?on={last}").ok(200)["accounts"]
        return {one["code"]: Decimal(one["debit"]) - Decimal(one["credit"]) for one in accounts}

    def parts(self, format_: str) -> list[str]:
        """The exports of its ranges."""
        firsts = [None, *(day + timedelta(days=1) for day in self.ends)]
        return [self.export(format_, first, last) for first, last in zip(firsts, self.ends, strict=False)]


@pytest.fixture
def fill(engine: MemoryDynamoDB, the_clock: SetClock) -> Callable[[int], RandomBook]:
    """Fills Alpha's book, with Beta's beside it, by that seed."""

    def filled(seed: int) -> RandomBook:
        chance = random.Random(seed)
        the_clock.set("2026-11-01T06:00:00")
        operator = the_operator()
        alpha_id = [onboard(operator, code, settles_from="2026-11-01")["id"] for code in ("BETA", "ALPHA")][1]
        codes = ["1000", "1010", "4000", "5900"]
        owner_of("BETA").post("/v1/ledger/entries", _entry(chance, codes, date(2026, 11, 1))).ok(201)
        codes += _add_accounts(chance, owner_of("ALPHA"))
        for day in DAYS_OF_BOOK:
            the_clock.set(f"{day}T06:00:00")
            if chance.random() < 0.3:
                paid = {"amount": f"{chance.randint(1, 9999)}.05", "method": "cash", "reference": f"R-{day}"}
                nobody().signed_in(OPERATOR, PASSWORD).post(f"/v1/resellers/{alpha_id}/recharges", paid).ok(201)
            alpha = owner_of("ALPHA")
            for _ in range(2):
                posted = alpha.post("/v1/ledger/entries", _entry(chance, codes, day)).ok(201)
                if chance.random() < 0.3:
                    reason = {"reason": chance.choice(SNIPPETS)}
                    alpha.post(f"/v1/ledger/entries/{posted['id']}/reversal", reason).ok(201)
        return RandomBook(alpha, [*sorted(chance.sample(DAYS_OF_BOOK[:-1], 4)), DAYS_OF_BOOK[-1]])

    return filled


def _add_accounts(chance: random.Random, owner: Client) -> list[str]:
    codes = [f"{chance.choice('59Zz')}_{number}" + chance.choice(["", "-", "--x"]) for number in range(8)]
    for code in codes:
        body = {"code": code, "name": chance.choice(SNIPPETS), "type": chance.choice(list(AccountType)).value}
        owner.post("/v1/ledger/accounts", body).ok(201)
    return codes


def _entry(chance: random.Random, codes: list[str], today: date) -> dict[str, Any]:
    amounts = [chance.choice([1, 99, 10**13, chance.randint(1, 10**9)]) for _ in range(chance.randint(1, 3))]
    sides = [(side, amount) for amount in amounts for side in ("debit", "credit")]
    lines = [
        {"account": chance.choice(codes), side: f"{amount // 100}.{amount % 100:02}"}
        for side, amount in chance.sample(sides, len(sides))
    ]
    on = max(today - timedelta(days=chance.randint(0, 5)), date(2026, 11, 1))
    return {"effective_on": on.isoformat(), "memo": chance.choice(SNIPPETS), "lines": lines}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_range_of_a_random_book_comes_to_our_trial_balance(fill: Callable[[int], RandomBook], seed: int) -> None:
    book = fill(seed)
    bean_check(book.export("beancount"))
    for first, last in [
        (None, book.ends[-1]),
        (None, book.ends[1]),
        (book.ends[0], book.ends[2]),
        (book.ends[3], None),
    ]:
        wanted = book.balances(last or book.ends[-1])
        for format_, read in (("beancount", by_beancount), ("hledger", by_hledger)):
            text = book.export(format_, first, last)
            assert by_code(text, read(text)) == wanted
        assert by_csv(book.export("csv", first, last)) == wanted


def _entries_in(text: str) -> list[str]:
    """The transactions of a text for beancount or hledger, as they are written: not the one that opens a range."""
    paragraphs = text.rstrip("\n").split("\n\n")
    return [one for one in paragraphs if one[:10].count("-") == 2 and " * " in one and "opening-balances" not in one]


@pytest.mark.parametrize("seed", [4, 5])
def test_a_book_larger_than_an_answer_is_fetched_in_ranges_that_hold_every_entry_once(
    fill: Callable[[int], RandomBook], seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ranges that follow on each other are, without what opens them, the whole book."""
    book = fill(seed)
    for format_, read in (("beancount", by_beancount), ("hledger", by_hledger)):
        whole, parts = book.export(format_), book.parts(format_)
        with monkeypatch.context() as smaller:
            smaller.setattr(export, "MAX_ANSWER_BYTES", max(len(json.dumps(part)) for part in parts))
            assert book.client.get(f"/v1/ledger/export?format={format_}").ok(422)["code"] == "too-large"
            assert book.parts(format_) == parts
        split = [_entries_in(part) for part in parts]
        assert sum(split, []) == _entries_in(whole)
        assert len(_entries_in(whole)) > 40
        declared = whole.split(_entries_in(whole)[0])[0]
        joined = declared + "\n\n".join(sum(split, [])) + "\n"
        assert by_code(joined, read(joined)) == by_code(whole, read(whole)) == book.balances(book.ends[-1])
    parts = [[row for row in rows_of(part) if row["kind"] != "opening-balances"] for part in book.parts("csv")]
    assert sum(parts, []) == rows_of(book.export("csv"))
