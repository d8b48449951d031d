"""Journals, pure: an entry balances or does not exist, sequences have no gap, and the hash covers every field."""

import hashlib
import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.ledger.chart import CASH, FUND_WITH_PARENT, FUNDS_HELD, INTERNET_REVENUE
from chalicelib.ledger.journal import (
    GENESIS,
    MAX_LINES,
    ByDay,
    Draft,
    Entry,
    Head,
    Line,
    UnbalancedEntryError,
    append,
    book_hash,
    check_balanced,
    child_journal,
    credit,
    debit,
    entry_hash,
    fund_change_of,
    parse_entry_id,
    part_of,
)
from tests.ledger.entries import TODAY, a_draft, sale

HEAD = Head("alpha", "general")


@pytest.mark.parametrize(
    "lines",
    [
        (),
        (debit(CASH, 5),),
        (debit(CASH, 5), credit(INTERNET_REVENUE, 4)),
        (debit(CASH, 5), debit(INTERNET_REVENUE, 5)),
        (debit(CASH, 0), credit(INTERNET_REVENUE, 0)),
        (debit(CASH, -5), credit(INTERNET_REVENUE, -5)),
        (Line(CASH, 5, 5), Line(INTERNET_REVENUE, 5, 5)),
        (Line(CASH, 5, 0), Line(INTERNET_REVENUE, 0, 5), Line(CASH, 0, 0)),
        (Line(CASH, 5, -5), Line(INTERNET_REVENUE, 0, 10)),
        (debit(CASH, 1),) * 50 + (credit(CASH, 1),) * 51,
    ],
)
def test_lines_that_do_not_balance_are_no_entry(lines: tuple[Line, ...]) -> None:
    with pytest.raises(UnbalancedEntryError):
        check_balanced(lines)
    with pytest.raises(UnbalancedEntryError):
        append(HEAD, a_draft(lines), 1)


def test_an_entry_has_up_to_a_hundred_lines() -> None:
    check_balanced((debit(CASH, 1),) * (MAX_LINES // 2) + (credit(CASH, 1),) * (MAX_LINES // 2))


def test_the_first_entry_follows_the_beginning_and_each_further_one_the_one_before() -> None:
    one_head, one = append(HEAD, a_draft(), 10)
    two_head, two = append(one_head, a_draft(), 10)
    assert (HEAD.hash, one.sequence, two.sequence) == (GENESIS, 1, 2)
    assert one.hash == entry_hash(GENESIS, "alpha", "general", 1, 10, a_draft(), None)
    assert two.hash == entry_hash(one.hash, "alpha", "general", 2, 10, a_draft(), None)
    assert (two_head.sequence, two_head.hash, two_head.recorded_micros) == (2, two.hash, 10)


def test_an_entry_is_never_recorded_before_the_one_it_follows() -> None:
    head, _ = append(HEAD, a_draft(), 10)
    with pytest.raises(ValueError, match="never recorded before"):
        append(head, a_draft(), 9)


def test_the_hash_is_sha256_over_one_canonical_line() -> None:
    """Written out, so that whoever audits a book can compute it without this code."""
    draft = a_draft(
        (debit(CASH, 5_00, "op"), credit(INTERNET_REVENUE, 5_00)), memo="ভাড়া", corrects="x", run="r", reference="f"
    )
    text = (
        f'["{GENESIS}","alpha","general",1,10,"manual","2026-11-22","2026-11-22","ভাড়া",'
        '[["1000",500,0,"op"],["4000",0,500,""]],"x","r","f","","",750]'
    )
    assert json.loads(text)[-1] == 750
    assert append(HEAD, draft, 10, 750)[1].hash == hashlib.sha256(text.encode()).hexdigest()


def test_the_hashes_of_entries_that_books_already_hold_never_change() -> None:
    """As the first release computed them, before a line had a cost centre and an entry was late or had attachments."""
    moved = a_draft(
        (debit(CASH, 10**15, "op"), credit(FUNDS_HELD, 10**15)),
        kind="recharge",
        service_on=date(2026, 11, 21),
        memo='ভাড়া "নভেম্বর" \\ 1/2 👍',
        corrects="x.o1-general-1",
        run="beta/2026-11-21",
        reference="TRX-1",
        recorded_by="u1",
        acting_by="op/u9",
    )
    head, first = append(HEAD, moved, 1_795_000_000_000_000, -750)
    _, second = append(head, a_draft((debit("5900", 1), credit("1010", 1)), memo=""), 1_795_000_000_000_001)
    assert first.hash == "31630d4d52b980b2b06d119553a024cdaf2a6072a383167951839518ccf5dd05"
    assert second.hash == "00fe087c70658581c70eaf5ad6938d9242c49cb6d3862c644b6b883d0325bbdf"


texts = st.text(st.characters(codec="utf-8"), max_size=20)
any_line = st.builds(Line, texts, st.integers(), st.integers(), texts, texts)
any_draft = st.builds(
    Draft,
    *(texts, st.dates(), st.dates(), texts, st.lists(any_line, max_size=3).map(tuple)),
    *(texts, texts, texts, texts, texts, st.none() | st.dates(), st.lists(texts, max_size=2).map(tuple)),
    st.lists(st.tuples(st.dates(), st.lists(st.tuples(texts, st.integers()), max_size=2).map(tuple)), max_size=2).map(
        tuple
    ),
)


@given(texts, texts, st.integers(), any_draft, st.none() | st.integers())
def test_the_hashed_line_is_the_json_of_every_field_in_its_order(
    tenant_id: str, journal: str, number: int, draft: Draft, fund_after: int | None
) -> None:
    """Whatever the texts hold: the line is put together by hand for speed, and must be what a JSON encoder writes."""
    days = [draft.effective_on.isoformat(), draft.service_on.isoformat()]
    lines = [line[: 5 if line.cost_centre else 4] for line in draft.lines]
    ends = [draft.corrects, draft.run, draft.reference, draft.recorded_by, draft.acting_by, fund_after]
    content = [GENESIS, tenant_id, journal, number, number + 1, draft.kind, *days, draft.memo, lines, *ends]
    if draft.late_for or draft.attachments or draft.by_day:
        content += [draft.late_for and draft.late_for.isoformat(), draft.attachments]
    if draft.by_day:
        content.append([[day.isoformat(), nets] for day, nets in draft.by_day])
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    found = entry_hash(GENESIS, tenant_id, journal, number, number + 1, draft, fund_after)
    assert found == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("amount", [5_00.0, "500", True])
def test_what_is_not_a_whole_number_never_has_the_hash_of_one(amount: object) -> None:
    """A tampered row may hold it where an amount was."""
    lines = (Line(CASH, amount, 0), credit(INTERNET_REVENUE, 5_00))  # type: ignore[arg-type]
    true = (Line(CASH, int(amount), 0), credit(INTERNET_REVENUE, 5_00))  # type: ignore[call-overload]
    hashes = {entry_hash(GENESIS, "a", "g", 1, 1, a_draft(one), None) for one in (lines, true)}
    assert len(hashes) == 2


SECOND = date(2026, 11, 23)


@pytest.mark.parametrize(
    "by_day",
    [
        ((TODAY, ((CASH, 4_00), (INTERNET_REVENUE, -5_00))),),
        ((TODAY, ((CASH, 5_00),)),),
        ((TODAY, ((INTERNET_REVENUE, -5_00), (CASH, 5_00))),),
        ((TODAY, ((CASH, 5_00), (INTERNET_REVENUE, -5_00))), (SECOND, ())),
        ((TODAY, ((CASH, 5_00), ("1010", 0), (INTERNET_REVENUE, -5_00))),),
        ((SECOND, ((CASH, 5_00),)), (TODAY, ((INTERNET_REVENUE, -5_00),))),
        ((TODAY, ((CASH, 5_00), ("1010", 1), (INTERNET_REVENUE, -5_00))), (SECOND, (("1010", 1),))),
    ],
)
def test_days_that_do_not_come_to_the_lines_are_no_entry(by_day: ByDay) -> None:
    with pytest.raises(UnbalancedEntryError):
        append(HEAD, a_draft()._replace(by_day=by_day), 1)


def test_the_days_of_an_entry_come_to_its_lines_account_by_account() -> None:
    by_day = ((TODAY, ((CASH, 7_00), (INTERNET_REVENUE, -7_00))), (SECOND, ((CASH, -2_00), (INTERNET_REVENUE, 2_00))))
    _, entry = append(HEAD, a_draft()._replace(by_day=by_day), 1)
    assert entry.draft.by_day == by_day
    two = (debit(CASH, 3_00, "a"), debit(CASH, 2_00, "b"), credit(INTERNET_REVENUE, 5_00))
    with pytest.raises(UnbalancedEntryError):
        append(HEAD, a_draft(two)._replace(by_day=by_day), 1)


OTHER_LINES = (
    (debit("1010", 5_00), credit(INTERNET_REVENUE, 5_00)),
    (debit(CASH, 6_00), credit(INTERNET_REVENUE, 6_00)),
    (debit(CASH, 5_00, "op"), credit(INTERNET_REVENUE, 5_00)),
    (credit(CASH, 5_00), debit(INTERNET_REVENUE, 5_00)),
    tuple(reversed(sale())),
    (Line(CASH, 5_00, 0, "", "NORTH"), credit(INTERNET_REVENUE, 5_00)),
)
OTHER_DRAFTS: dict[str, list[Draft]] = {
    name: [a_draft()._replace(**{name: value})]
    for name, value in {
        "kind": "reversal",
        "effective_on": date(2026, 11, 21),
        "service_on": date(2026, 11, 21),
        "memo": "another sale",
        "corrects": "alpha.o1-general-1",
        "run": "alpha/2026-11-22",
        "reference": "MR-1",
        "recorded_by": "u2",
        "acting_by": "op/u1",
        "late_for": date(2026, 10, 31),
        "attachments": ("a1:0000",),
        "by_day": ((date(2026, 11, 21), ((CASH, 5_00), (INTERNET_REVENUE, -5_00))),),
    }.items()
} | {"lines": [a_draft()._replace(lines=lines) for lines in OTHER_LINES]}


def test_no_field_of_an_entry_can_change_without_another_hash() -> None:
    assert OTHER_DRAFTS.keys() == set(Draft._fields)
    plain = ("0" * 64, "alpha", "general", 1, 10, a_draft(), None)
    hashes = {entry_hash(*plain)}
    others = [
        ("1" * 64, *plain[1:]),
        (plain[0], "beta", *plain[2:]),
        (*plain[:2], "child-beta", *plain[3:]),
        (*plain[:3], 2, *plain[4:]),
        (*plain[:4], 11, *plain[5:]),
        (*plain[:6], 0),
        (*plain[:6], 5_00),
        *((*plain[:5], draft, None) for drafts in OTHER_DRAFTS.values() for draft in drafts),
    ]
    hashes |= {entry_hash(*other) for other in others}
    assert len(hashes) == 1 + len(others)


def test_text_cannot_move_from_one_field_to_the_next_under_the_same_hash() -> None:
    one = a_draft()._replace(run="ab", reference="c")
    other = a_draft()._replace(run="a", reference="bc")
    assert entry_hash(GENESIS, "a", "g", 1, 1, one, None) != entry_hash(GENESIS, "a", "g", 1, 1, other, None)


accounts = st.sampled_from(["1000", "1010", "4000", "5900"])
pairs = st.lists(st.tuples(accounts, accounts, st.integers(1, 10**12)), min_size=1, max_size=5)


def lines_of(moves: list[tuple[str, str, int]]) -> tuple[Line, ...]:
    return tuple(line for one, other, minor in moves for line in (debit(one, minor), credit(other, minor)))


@given(st.lists(pairs, max_size=8))
def test_kept_totals_are_the_sums_of_all_lines_and_sequences_have_no_gap(
    posted: list[list[tuple[str, str, int]]],
) -> None:
    head, entries = HEAD, []
    for number, moves in enumerate(posted):
        head, entry = append(head, a_draft(lines_of(moves)), number)
        entries.append(entry)
    assert [entry.sequence for entry in entries] == list(range(1, len(posted) + 1))
    sums: dict[str, int] = {}
    for entry in entries:
        for line in entry.draft.lines:
            sums[line.account] = sums.get(line.account, 0) + line.debit_minor - line.credit_minor
    assert head.totals == sums
    assert sum(head.totals.values()) == 0


@given(pairs, st.integers(0, 9), st.integers(-3, 3).filter(bool))
def test_an_entry_with_one_amount_changed_does_not_balance(
    moves: list[tuple[str, str, int]], place: int, off: int
) -> None:
    lines = list(lines_of(moves))
    chosen = lines[place % len(lines)]
    off_by = chosen._replace(
        debit_minor=chosen.debit_minor + (off if chosen.debit_minor else 0),
        credit_minor=chosen.credit_minor + (off if chosen.credit_minor else 0),
    )
    lines[place % len(lines)] = off_by
    with pytest.raises(UnbalancedEntryError):
        check_balanced(tuple(lines))


def test_an_entry_that_touches_a_fund_is_a_movement() -> None:
    recharge = (debit(FUND_WITH_PARENT, 5_00), credit(CASH, 5_00))
    earned = (debit(FUNDS_HELD, 3_00), credit("4100", 3_00))
    assert (part_of(recharge), fund_change_of(recharge)) == ("fund", 5_00)
    assert (part_of(earned), fund_change_of(earned)) == ("fund", 3_00)
    assert (part_of(sale()), fund_change_of(sale())) == ("other", 0)


journals = st.sampled_from(["general", "child-tk7m2p9qx4abc"])


@given(journals, st.integers(0, 10**16 - 1), st.integers(1, 10**10 - 1), st.booleans())
def test_an_entry_id_names_its_place(journal: str, micros: int, sequence: int, moves_fund: bool) -> None:
    lines = (debit(FUND_WITH_PARENT, 1), credit(CASH, 1)) if moves_fund else sale(1)
    entry = Entry("tk7m", journal, sequence, micros, a_draft(lines), None, "")
    place = parse_entry_id(entry.entry_id)
    assert place is not None
    assert (place.tenant_id, place.part, place.recorded_micros) == ("tk7m", entry.part, micros)
    assert (place.journal, place.sequence) == (journal, sequence)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "alpha",
        "alpha.o1-general-1",
        "alpha.x1795329000000000-general-1",
        "alpha.o1795329000000000-general-0",
        "alpha.o1795329000000000-general-01",
        "alpha.o1795329000000000-general-1\n",
        "alpha.o179532900000000०-general-1",
        "al#pha.o1795329000000000-general-1",
        "alpha.o1795329000000000-gene#ral-1",
        "a" * 33 + ".o1795329000000000-general-1",
    ],
)
def test_what_is_no_entry_id_names_nothing(text: str) -> None:
    assert parse_entry_id(text) is None


def test_the_hash_of_a_book_is_over_its_heads_in_name_order() -> None:
    general, child = Head("op", "general", 3, "aa"), Head("op", child_journal("alpha"), 1, "bb")
    assert child.journal == "child-alpha"
    expected = hashlib.sha256(b'[["child-alpha",1,"bb"],["general",3,"aa"]]').hexdigest()
    assert book_hash([general, child]) == book_hash([child, general]) == expected
    for other in (child._replace(sequence=2), child._replace(hash="bc"), child._replace(journal="child-beta")):
        assert book_hash([general, other]) != expected
    assert TODAY.isoformat() == "2026-11-22"
