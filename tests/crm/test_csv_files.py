"""Reading CSV files and judging their lines by themselves: pure."""

import csv
import io
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.errors import Invalid
from chalicelib.crm.csv_file import Fault, read_csv
from chalicelib.crm.roster_file import (
    EVENT_COLUMNS,
    ROSTER_COLUMNS,
    read_event_lines,
    read_roster,
    roster_data,
    to_roster_line,
)

texts = st.text(alphabet=st.characters(exclude_categories=["C", "Z"]), max_size=12)
tables = st.lists(st.tuples(texts, texts, texts), min_size=1, max_size=8)


def known(text: str) -> str | None:
    return text if text in ("HOME", "FAST") else None


@given(tables, st.permutations(["a", "b", "c"]), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_what_a_program_wrote_is_read_whatever_the_order_of_columns(
    table: list[tuple[str, str, str]], order: list[str], line_end: str, has_bom: bool
) -> None:
    sheet = io.StringIO(newline="")
    writer = csv.DictWriter(sheet, order, lineterminator=line_end)
    writer.writeheader()
    writer.writerows(dict(zip("abc", row, strict=True)) for row in table)
    filled = [row for row in table if any(row)]
    data = (b"\xef\xbb\xbf" if has_bom else b"") + sheet.getvalue().encode()
    if not filled:
        return
    file = read_csv(data, ("a", "b", "c"))
    assert [tuple(line.values[name] for name in "abc") for line in file.lines] == filled
    assert (file.faults, file.count) == ([], len(filled))


def test_a_line_is_known_by_where_it_begins() -> None:
    file = read_csv(b'a,b\n"x\ny",1\n\n2,3\n4\n', ("a", "b"))
    assert [line.number for line in file.lines] == [2, 5]
    assert file.faults == [Fault(6, "line", "has 1 values instead of 2")]


def test_fifty_thousand_columns_are_refused_at_once_and_not_named() -> None:
    began = time.process_time()
    with pytest.raises(Invalid, match="has 50000 columns") as caught:
        read_csv(b",".join([b"c"] * 50_000) + b"\n", ROSTER_COLUMNS)
    assert time.process_time() - began < 0.2
    assert len(str(caught.value)) < 200
    file = read_csv(b"a,b\n" + b",".join([b"c"] * 50_000), ("a", "b"))
    assert file.faults == [Fault(2, "line", "has 50000 values instead of 2")]


def test_a_roster_keeps_its_good_lines_as_they_are_stored() -> None:
    text = "name,phone,plan,username,mac,zone,start_on\nKarim,,HOME,k,9c5300070003,,2026-11-20\n"
    lines, faults = read_roster(read_csv(text.encode(), ROSTER_COLUMNS), known)
    assert faults == []
    assert lines[0].asked.line.mac == "9C:53:00:07:00:03"
    assert [to_roster_line(data) for data in roster_data(lines)] == lines


def test_doubles_within_a_file_name_the_earlier_line() -> None:
    text = "name,phone,plan,username,mac,zone,start_on\n" + "".join(
        f"Karim,,HOME,{username},{mac},,2026-11-20\n"
        for username, mac in [("k", "9c5300070003"), ("r", "9C-53-00-07-00-03"), ("K", ""), ("k", "")]
    )
    lines, faults = read_roster(read_csv(text.encode(), ROSTER_COLUMNS), known)
    assert [line.number for line in lines] == [2]
    assert faults == [
        Fault(3, "mac", "is on line 2 already"),
        Fault(4, "username", "is on line 2 already"),
        Fault(5, "username", "is on line 2 already"),
    ]


def test_a_plan_belongs_to_a_change_of_plan_and_to_nothing_else() -> None:
    text = "username,type,effective_on,plan\nk,change_plan,2026-11-20,FAST\nk,disable,2026-11-21,FAST\n"
    lines, faults = read_event_lines(read_csv(text.encode(), EVENT_COLUMNS), known)
    assert [line.plan for line in lines] == ["FAST"]
    assert faults == [Fault(3, "plan", "belongs to change_plan only")]


def test_one_service_has_at_most_forty_lines_in_a_file() -> None:
    text = "username,type,effective_on,plan\n" + "k,disable,2026-11-21,\n" * 41
    lines, faults = read_event_lines(read_csv(text.encode(), EVENT_COLUMNS), known)
    assert (len(lines), [fault.line for fault in faults]) == (40, [42])
