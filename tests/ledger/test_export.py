"""A book exported, as the named programs themselves read it: what they accept, and the balances they come to."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from beancount import loader
from beancount.core import data
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.billing.settle import settle_day
from chalicelib.core.dates import ONE_DAY
from chalicelib.core.errors import Invalid
from chalicelib.ledger import export
from chalicelib.ledger.accounts import add_account, read_chart
from chalicelib.ledger.chart import (
    BANK,
    CASH,
    OPERATOR_CHART,
    OTHER_EXPENSE,
    Account,
    AccountType,
)
from chalicelib.ledger.export import export_book, read_extract
from chalicelib.ledger.export_formats import COLUMNS, Extract, account_names, render
from chalicelib.ledger.hand.manual import record_entry
from chalicelib.ledger.journal import Head, Line, append, credit, debit
from chalicelib.ledger.statements import read_heads, trial_balance
from chalicelib.tenants.model import Tenant
from tests.conftest import SetClock, create_tables
from tests.journeys.client import Client
from tests.ledger.entries import ACCOUNTS, TODAY, a_draft, record, reverse, sale
from tests.ledger.programs import (
    Balances,
    by_beancount,
    by_csv,
    by_hledger,
    codes_of,
    hledger_transactions,
    rows_of,
    transactions,
)
from tests.simulation import MemoryDynamoDB
from tests.tenants.isp import onboard, owner_of, the_operator
from tests.world import NOW, World, tenant

FIRST = date(2026, 11, 1)
RANGES: list[tuple[date | None, date | None]] = [
    (None, None),
    (None, date(2026, 11, 10)),
    (date(2026, 11, 1), None),
    (date(2026, 11, 11), date(2026, 11, 11)),
    (TODAY, TODAY),
    (date(2026, 12, 1), date(2026, 12, 31)),
]
NASTY = [
    'She said "cash"',
    "C:\\new\\",
    '\\" ; #tag ^link {x} 5 USD @@ 3',
    "ভাড়া নভেম্বর ১২০০৳",
    "👩‍👩‍👧 paid; date:x, type: Z | [2026-13-40]",
    "(code) * ! not a code",
    "* starred",
    "=cmd|' /C calc'!A0",
    "@SUM(1+1)",
    "'=already guarded",
    "-5.00 BDT",
    "a,b;c",
    "",
]
NAMES = ["ভাড়া, type: Z", "=HYPERLINK(1)", 'Bob\'s "café" 2; naïve', "Ünder-ground--rent", "寺", "-", "👍"]


@pytest.fixture
def world(engine: MemoryDynamoDB, the_clock: SetClock) -> World:
    """Recharges, a settled day with tax, accounts and memos that are hard to write down, and a reversal."""
    built = World.build(FIRST, tax_bps=1500)
    built.fund(100_000, 50_000)
    for name in ("a", "b", "c"):
        built.connect(built.beta_chain, name, "HOME", FIRST)
    settle_day(built.beta_chain, FIRST, NOW)
    for number, name in enumerate(NAMES):
        add_account(built.alpha, f"59_{number}", name, AccountType.EXPENSE, OTHER_EXPENSE)
    for number, memo in enumerate(NASTY):
        lines = (debit(f"59_{number % len(NAMES)}", 1 + number), credit(BANK, 1 + number))
        record_entry(built.alpha, FIRST + number * ONE_DAY, memo, lines, "uboss", "", NOW)
    reverse(built.alpha, record(built.alpha, sale(77_77), on=date(2026, 11, 11)))
    return built


def expected(of: Tenant, last: date | None = None) -> Balances:
    """Our trial balance: net debit of every account by what the export calls it."""
    names = account_names(read_chart(of))
    lines = trial_balance(of, on=last).lines
    found = {names[line.account.code]: Decimal(line.debit_minor - line.credit_minor) / 100 for line in lines}
    return dict.fromkeys(names.values(), Decimal(0)) | found


def not_zero(balances: Balances) -> Balances:
    return {name: net for name, net in balances.items() if net}


def two_entries() -> Extract:
    """A sale, and its reversal on the next day in the journal of a child."""
    head, first = append(Head("alpha", "child-beta"), a_draft(memo='a "sale"; (two, three)'), 1_795_000_000_000_000)
    lines = (debit("4000", 5_00, "beta")._replace(cost_centre="ZONE-1"), credit(CASH, 5_00))
    reversal = a_draft(
        lines, kind="reversal", memo="=slip", effective_on=date(2026, 11, 23), corrects=first.entry_id, run="r1"
    )
    more = reversal._replace(reference="R-7", late_for=date(2026, 10, 31), attachments=("d1:ab", "d2:cd"))
    _, second = append(head, more, 1_795_000_000_000_001)
    chart = {
        CASH: OPERATOR_CHART[CASH],
        "4000": OPERATOR_CHART["4000"],
        "5_9": Account("5_9", "ভাড়া, a", AccountType.EXPENSE, "5900"),
    }
    return Extract("Alpha; Net", "BDT", chart, (first, second), {CASH: 1, "4000": -1}, date(2026, 11, 21))


@pytest.mark.parametrize("first, last", RANGES)
@pytest.mark.parametrize("whose", ["operator", "alpha", "beta", "gamma"])
def test_beancount_accepts_a_book_and_comes_to_our_trial_balance(
    world: World, whose: str, first: date | None, last: date | None
) -> None:
    of: Tenant = getattr(world, whose)
    assert by_beancount(export_book(of, "beancount", first, last)) == expected(of, last)


@pytest.mark.parametrize("first, last", RANGES)
@pytest.mark.parametrize("whose", ["operator", "alpha", "beta", "gamma"])
def test_hledger_accepts_a_book_and_comes_to_our_trial_balance(
    world: World, whose: str, first: date | None, last: date | None
) -> None:
    of: Tenant = getattr(world, whose)
    assert by_hledger(export_book(of, "hledger", first, last)) == expected(of, last)


@pytest.mark.parametrize("first, last", RANGES)
@pytest.mark.parametrize("whose", ["operator", "alpha", "beta", "gamma"])
def test_csv_parses_back_balances_and_comes_to_our_trial_balance(
    world: World, whose: str, first: date | None, last: date | None
) -> None:
    of: Tenant = getattr(world, whose)
    names = account_names(read_chart(of))
    found = by_csv(export_book(of, "csv", first, last))
    assert {names[code]: net for code, net in found.items()} == not_zero(expected(of, last))


def test_a_range_holds_its_own_entries_and_the_balances_of_the_day_before(world: World) -> None:
    first, last = date(2026, 11, 3), date(2026, 11, 5)
    opening, *rest = transactions(export_book(world.alpha, "beancount", first, last))
    assert (opening.date, opening.meta["kind"]) == (date(2026, 11, 2), "opening-balances")
    found = {posting.account: posting.units.number for posting in opening.postings}
    assert found == not_zero(expected(world.alpha, date(2026, 11, 2)))
    assert [one.narration for one in rest] == NASTY[2:5]


def test_every_memo_and_name_comes_back_from_beancount_as_it_was(world: World) -> None:
    text = export_book(world.alpha, "beancount", None, None)
    assert Counter(NASTY) <= Counter(one.narration for one in transactions(text))
    entries, _, _ = loader.load_string(text)
    opened = {entry.meta["code"]: entry for entry in entries if isinstance(entry, data.Open)}
    assert {code: entry.meta["name"] for code, entry in opened.items()} == {
        code: account.name for code, account in read_chart(world.alpha).items()
    }
    assert all(entry.currencies == ["BDT"] for entry in opened.values())
    assert opened["59_0"].meta["parent"] == OTHER_EXPENSE


def test_every_memo_and_name_comes_back_from_csv_and_none_begins_a_formula(world: World) -> None:
    rows = rows_of(export_book(world.alpha, "csv", None, None))
    for column, texts in (("memo", NASTY), ("account_name", NAMES)):
        assert {row[column].removeprefix("'") for row in rows} >= set(texts) - {"'=already guarded"}
        assert not any(row[column].startswith(("=", "+", "-", "@", "\t", "\r")) for row in rows)
    assert "''=already guarded" in {row["memo"] for row in rows}


def test_an_entry_says_where_it_stands_and_what_it_corrects(world: World) -> None:
    mirror = transactions(export_book(world.alpha, "beancount", TODAY, None))[-1]
    entry = read_extract(world.alpha, TODAY, None).entries[-1]
    told = {name: value for name, value in mirror.meta.items() if name not in ("filename", "lineno")}
    told = {name: value for name, value in told.items() if not name.startswith("__")}
    assert told == {
        "entry": entry.entry_id,
        "journal": "general",
        "sequence": entry.sequence,
        "service_on": date(2026, 11, 11),
        "recorded_at": "2026-11-22T06:00:00." + f"{entry.recorded_micros % 1_000_000:06d}Z",
        "kind": "reversal",
        "corrects": entry.draft.corrects,
    }


def test_an_empty_book_is_still_a_file_its_program_accepts(world: World) -> None:
    zeros = dict.fromkeys(account_names(read_chart(world.gamma)).values(), Decimal(0))
    assert by_beancount(export_book(world.gamma, "beancount", FIRST, TODAY)) == zeros
    assert by_hledger(export_book(world.gamma, "hledger", FIRST, TODAY)) == zeros
    assert by_csv(export_book(world.gamma, "csv", FIRST, TODAY)) == {}


def test_the_exact_text_for_beancount() -> None:
    assert render(two_entries(), "beancount") == (
        'option "title" "Alpha; Net"\n'
        'option "operating_currency" "BDT"\n'
        "\n"
        "2026-11-21 open Assets:A1000-Cash BDT\n"
        '  code: "1000"\n'
        '  name: "Cash"\n'
        "2026-11-21 open Income:A4000-Internet-revenue BDT\n"
        '  code: "4000"\n'
        '  name: "Internet revenue"\n'
        "2026-11-21 open Expenses:A5-9 BDT\n"
        '  code: "5_9"\n'
        '  name: "ভাড়া, a"\n'
        '  parent: "5900"\n'
        "\n"
        '2026-11-21 * "Opening balances"\n'
        '  kind: "opening-balances"\n'
        "  Assets:A1000-Cash  0.01 BDT\n"
        "  Income:A4000-Internet-revenue  -0.01 BDT\n"
        "\n"
        '2026-11-22 * "a \\"sale\\"; (two, three)"\n'
        '  entry: "alpha.o1795000000000000-child-beta-1"\n'
        '  journal: "child-beta"\n'
        "  sequence: 1\n"
        "  service_on: 2026-11-22\n"
        '  recorded_at: "2026-11-18T11:06:40.000000Z"\n'
        '  kind: "manual"\n'
        "  Assets:A1000-Cash  5.00 BDT\n"
        "  Income:A4000-Internet-revenue  -5.00 BDT\n"
        "\n"
        '2026-11-23 * "=slip"\n'
        '  entry: "alpha.o1795000000000001-child-beta-2"\n'
        '  journal: "child-beta"\n'
        "  sequence: 2\n"
        "  service_on: 2026-11-22\n"
        '  recorded_at: "2026-11-18T11:06:40.000001Z"\n'
        '  kind: "reversal"\n'
        '  corrects: "alpha.o1795000000000000-child-beta-1"\n'
        '  run: "r1"\n'
        '  reference: "R-7"\n'
        "  late_for: 2026-10-31\n"
        '  attachments: "d1:ab d2:cd"\n'
        "  Income:A4000-Internet-revenue  5.00 BDT\n"
        '    counterparty: "beta"\n'
        '    cost_centre: "ZONE-1"\n'
        "  Assets:A1000-Cash  -5.00 BDT\n"
        "\n"
        "2026-11-24 balance Assets:A1000-Cash  0.01 BDT\n"
        "2026-11-24 balance Income:A4000-Internet-revenue  -0.01 BDT\n"
    )


def test_the_exact_text_for_hledger() -> None:
    assert render(two_entries(), "hledger") == (
        "; Alpha； Net\n"
        "decimal-mark .\n"
        "commodity 1000.00 BDT\n"
        "\n"
        "account Assets:A1000-Cash  ; type: A\n"
        "  ; code: 1000\n"
        "  ; name: Cash\n"
        "account Income:A4000-Internet-revenue  ; type: R\n"
        "  ; code: 4000\n"
        "  ; name: Internet revenue\n"
        "account Expenses:A5-9  ; type: X\n"
        "  ; code: 5_9\n"
        "  ; name: ভাড়া， a\n"
        "  ; parent: 5900\n"
        "\n"
        "2026-11-21 * (opening) Opening balances\n"
        "  ; kind: opening-balances\n"
        "  Assets:A1000-Cash  0.01 BDT\n"
        "  Income:A4000-Internet-revenue  -0.01 BDT\n"
        "\n"
        '2026-11-22 * (child-beta-1) a "sale"； (two, three)\n'
        "  ; entry: alpha.o1795000000000000-child-beta-1\n"
        "  ; journal: child-beta\n"
        "  ; sequence: 1\n"
        "  ; service_on: 2026-11-22\n"
        "  ; recorded_at: 2026-11-18T11:06:40.000000Z\n"
        "  ; kind: manual\n"
        "  Assets:A1000-Cash  5.00 BDT\n"
        "  Income:A4000-Internet-revenue  -5.00 BDT\n"
        "\n"
        "2026-11-23 * (child-beta-2) =slip\n"
        "  ; entry: alpha.o1795000000000001-child-beta-2\n"
        "  ; journal: child-beta\n"
        "  ; sequence: 2\n"
        "  ; service_on: 2026-11-22\n"
        "  ; recorded_at: 2026-11-18T11:06:40.000001Z\n"
        "  ; kind: reversal\n"
        "  ; corrects: alpha.o1795000000000000-child-beta-1\n"
        "  ; run: r1\n"
        "  ; reference: R-7\n"
        "  ; late_for: 2026-10-31\n"
        "  ; attachments: d1:ab d2:cd\n"
        "  Income:A4000-Internet-revenue  5.00 BDT\n"
        "    ; counterparty: beta\n"
        "    ; cost_centre: ZONE-1\n"
        "  Assets:A1000-Cash  -5.00 BDT\n"
    )


def test_the_exact_text_for_csv() -> None:
    first, second = "alpha.o1795000000000000-child-beta-1", "alpha.o1795000000000001-child-beta-2"
    sold = f'{first},child-beta,1,2026-11-22,2026-11-22,2026-11-18T11:06:40.000000Z,manual,"a ""sale""; (two, three)"'
    slip = f"{second},child-beta,2,2026-11-23,2026-11-22,2026-11-18T11:06:40.000001Z,reversal,'=slip"
    assert render(two_entries(), "csv").split("\r\n") == [
        ",".join(COLUMNS),
        ",,,2026-11-21,2026-11-21,,opening-balances,Opening balances,1000,Cash,0.01,0.00,,,,,,,,",
        ",,,2026-11-21,2026-11-21,,opening-balances,Opening balances,4000,Internet revenue,0.00,0.01,,,,,,,,",
        f"{sold},1000,Cash,5.00,0.00,,,,,,,,",
        f"{sold},4000,Internet revenue,0.00,5.00,,,,,,,,",
        f"{slip},4000,Internet revenue,5.00,0.00,beta,{first},R-7,r1,2026-10-31,ZONE-1,d1:ab d2:cd,",
        f"{slip},1000,Cash,0.00,5.00,,{first},R-7,r1,2026-10-31,,d1:ab d2:cd,",
        "",
    ]


def test_nothing_in_a_tag_is_taken_for_a_date_a_comment_or_another_tag() -> None:
    """A day in brackets in the comment of a posting would be its date, and this one is none."""
    extract = two_entries()
    first, second = extract.entries
    lines = (first.draft.lines[0]._replace(cost_centre="[2026-13-40], a; date:2026-13-40"), first.draft.lines[1])
    odd = replace(extract, entries=(first._replace(draft=first.draft._replace(lines=lines)), second))
    told = hledger_transactions(render(odd, "hledger"))[1]["tpostings"][0]
    assert dict(told["ptags"])["cost_centre"] == "［2026-13-40］， a； date:2026-13-40"
    assert by_hledger(render(odd, "hledger")) == by_hledger(render(extract, "hledger"))


@pytest.mark.parametrize("currency, amount, commodity", [("JPY", "500", "1000."), ("KWD", "0.500", "1000.000")])
def test_amounts_have_the_decimals_of_the_currency(currency: str, amount: str, commodity: str) -> None:
    extract = replace(two_entries(), currency=currency)
    assert f"Assets:A1000-Cash  {amount} {currency}\n" in render(extract, "beancount")
    assert loader.load_string(render(extract, "beancount"))[1] == []
    assert f"commodity {commodity} {currency}\n" in render(extract, "hledger")
    assert f",1000,Cash,{amount}," in render(extract, "csv")


def test_no_two_accounts_are_called_the_same() -> None:
    pairs = [
        ("a", "b c"),
        ("a-b", "c"),
        ("a_b", "c"),
        ("A-b", "c"),
        ("x", "ভাড়া"),
        ("X", "ভাড়া"),
        ("a-b-c", "2"),
        ("z", "--"),
    ]
    chart = {code: Account(code, name, AccountType.ASSET) for code, name in pairs}
    assert account_names(chart) == {
        "a": "Assets:Aa-b-c",
        "a-b": "Assets:Aa-b-c-2",
        "a_b": "Assets:Aa-b-c-3",
        "A-b": "Assets:AA-b-c",
        "x": "Assets:Ax",
        "X": "Assets:AX",
        "a-b-c": "Assets:Aa-b-c-2-2",
        "z": "Assets:Az",
    }
    empty = Extract("x", "BDT", chart, (), {})
    assert by_beancount(render(empty, "beancount")) == by_hledger(render(empty, "hledger"))
    assert codes_of(render(empty, "hledger")) == codes_of(render(empty, "beancount"))


def test_days_in_the_wrong_order_are_refused(world: World) -> None:
    with pytest.raises(Invalid) as refused:
        export_book(world.alpha, "csv", date(2026, 11, 2), date(2026, 11, 1))
    assert [error.field for error in refused.value.errors] == ["to"]


def test_an_entry_recorded_after_the_heads_were_read_is_left_out_as_a_whole(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = expected(world.alpha)

    def then_record(tenant_id: str) -> Any:
        heads = read_heads(tenant_id)
        record(world.alpha, sale(1_00))
        return heads

    monkeypatch.setattr(export, "read_heads", then_record)
    for first in (None, date(2026, 11, 20), date(2026, 12, 1)):
        assert by_beancount(export_book(world.alpha, "beancount", first, None)) == before
        before = expected(world.alpha)


@pytest.mark.parametrize("most", [1_000, 9_000])
def test_a_text_larger_than_one_answer_is_refused_by_naming_the_range(
    world: World, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """The text itself is measured; far beyond that, the mere count of entries refuses before the rest is read."""
    monkeypatch.setattr(export, "MAX_ANSWER_BYTES", most)
    with pytest.raises(Invalid) as refused:
        export_book(world.alpha, "beancount", None, None)
    assert refused.value.code == "too-large"
    assert [error.field for error in refused.value.errors] == ["from", "to"]


def test_no_format_writes_an_entry_in_less_than_is_counted_for_it() -> None:
    """The shortest there can be, in a book of its own."""
    lines = (debit("1", 1), credit("2", 1))
    _, entry = append(Head("t", "g"), a_draft(lines, kind="k", memo=""), 1)
    chart = {code: Account(code, "", AccountType.ASSET) for code in ("1", "2")}
    empty = Extract("", "BDT", chart, (), {})
    for format_ in ("beancount", "hledger", "csv"):
        added = len(render(replace(empty, entries=(entry,)), format_)) - len(render(empty, format_))
        assert added >= export.LEAST_ENTRY_BYTES, format_


Step = tuple[int, int, int, int, str]
A_STEP = st.tuples(
    st.integers(0, 6),
    st.integers(0, 10),
    st.sampled_from([1, 99, 10**15]),
    st.integers(0, 11),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=30),
)


@settings(max_examples=25)
@given(steps=st.lists(A_STEP, max_size=8), first=st.none() | st.integers(-2, 9), length=st.none() | st.integers(0, 9))
def test_a_book_made_at_random_comes_to_our_trial_balance(
    steps: list[Step], first: int | None, length: int | None
) -> None:
    """Entries recorded on any of seven days, effective up to ten days before, in a range of any days."""
    with MemoryDynamoDB().installed():
        create_tables()
        of = tenant("alpha", None, FIRST)
        day = date(2026, 11, 10)
        begins = None if first is None else day + first * ONE_DAY
        ends = None if length is None else (begins or day) + length * ONE_DAY
        for later, back, minor, legs, memo in sorted(steps):
            recorded = datetime(2026, 11, 10, 6, tzinfo=UTC) + timedelta(days=later)
            lines = _legs(legs, minor)
            record_entry(of, day + (later - back) * ONE_DAY, memo.strip(), lines, "uboss", "", recorded)
        balances = expected(of, ends)
        assert by_beancount(export_book(of, "beancount", begins, ends)) == balances
        names = account_names(read_chart(of))
        found = by_csv(export_book(of, "csv", begins, ends))
        assert {names[code]: net for code, net in found.items()} == not_zero(balances)
        assert by_hledger(export_book(of, "hledger", begins, ends)) == balances


def _legs(pick: int, minor: int) -> tuple[Line, ...]:
    first, second = ACCOUNTS[pick % 4], ACCOUNTS[(pick + 1 + pick // 4) % 4]
    return (debit(first, minor), debit(OTHER_EXPENSE, 1), credit(second, minor + 1))


@pytest.fixture
def alpha(engine: MemoryDynamoDB, the_clock: SetClock) -> Client:
    operator = the_operator()
    for code in ("ALPHA", "GAMMA"):
        onboard(operator, code)
    made = owner_of("ALPHA")
    lines = [{"account": "1000", "debit": "5.00"}, {"account": "4000", "credit": "5.00"}]
    made.post("/v1/ledger/entries", {"effective_on": "2026-11-22", "memo": "সোনা 👍", "lines": lines}).ok(201)
    return made


PATH = "/v1/ledger/export"


def headers_of(replies: Iterable[Any]) -> list[tuple[str, str]]:
    return [(one.headers["content-type"], one.headers["content-disposition"]) for one in replies]


def test_an_export_is_a_file_of_text_named_after_book_and_range(alpha: Client) -> None:
    beancount = alpha.get(f"{PATH}?format=beancount").ok(200)
    hledger = alpha.get(f"{PATH}?format=hledger&to=2026-11-22").ok(200)
    rows = alpha.get(f"{PATH}?format=csv&from=2026-11-01&to=2026-11-22").ok(200)
    assert headers_of((beancount, hledger, rows)) == [
        ("text/plain; charset=utf-8", 'attachment; filename="ALPHA-ledger.beancount"'),
        ("text/plain; charset=utf-8", 'attachment; filename="ALPHA-ledger-2026-11-22.journal"'),
        ("text/csv; charset=utf-8", 'attachment; filename="ALPHA-ledger-2026-11-01-2026-11-22.csv"'),
    ]
    assert list(not_zero(by_beancount(beancount.text)).values()) == [Decimal("5.00"), Decimal("-5.00")]
    assert "* (general-1) সোনা 👍\n" in hledger.text
    assert by_csv(rows.text) == {"1000": Decimal("5.00"), "4000": Decimal("-5.00")}


def test_an_export_of_another_tenant_never_holds_an_entry_of_this_book(alpha: Client) -> None:
    (held,) = {row["entry"] for row in rows_of(alpha.get(f"{PATH}?format=csv").ok(200).text)}
    for stranger in (alpha.signed_in("operator@isp.test", "correct horse 1"), owner_of("GAMMA")):
        for format_ in ("beancount", "hledger", "csv"):
            text = stranger.get(f"{PATH}?format={format_}").ok(200).text
            assert held not in text
            assert "সোনা" not in text
    alpha.with_token(None).get(f"{PATH}?format=csv").ok(401)


@pytest.mark.parametrize(
    "query, wrong",
    [
        ("", "format"),
        ("?format=xlsx", "format"),
        ("?format=csv&from=today", "from"),
        ("?format=csv&to=2026-02-30", "to"),
        ("?format=csv&from=2026-11-02&to=2026-11-01", "to"),
        ("?format=csv&from_=2026-11-02", "from_"),
    ],
)
def test_a_bad_question_names_its_field(alpha: Client, query: str, wrong: str) -> None:
    assert [error["field"] for error in alpha.get(PATH + query).ok(422)["errors"]] == [wrong]


def test_the_document_says_that_it_answers_text(alpha: Client) -> None:
    operation = alpha.get("/openapi.json").ok(200)["paths"][PATH]["get"]
    assert operation["responses"]["200"]["content"].keys() == {"text/plain", "text/csv"}
    assert "too-large" in operation["responses"]["422"]["description"]
