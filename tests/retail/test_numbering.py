"""Numbers of documents."""

from datetime import date

import pytest

from chalicelib.retail.numbering import FOR_GOOD, Numbering, check_prefix, check_template

DAY = date(2026, 11, 22)


def test_a_number_is_made_of_prefix_year_and_padded_sequence() -> None:
    assert Numbering("{prefix}{year}-{sequence:6}", "INV-").number(DAY, 42) == "INV-2026-000042"
    assert Numbering("{prefix}{sequence}/{year}", "B").number(DAY, 1_234_567) == "B1234567/2026"
    assert Numbering("{sequence:3}", yearly=False).number(DAY, 1_000) == "1000"


def test_a_sequence_begins_anew_each_year_or_never() -> None:
    assert Numbering().series_on(DAY) == "2026"
    assert Numbering("{sequence}", yearly=False).series_on(DAY) == FOR_GOOD


def test_whoever_goes_over_from_one_to_the_other_counts_on_and_gives_no_number_out_twice() -> None:
    yearly, never = Numbering(prefix="B-"), Numbering(prefix="B-", yearly=False)
    series: dict[str, int] = {}
    found = []
    for numbering, year in (
        (yearly, 2026),
        (never, 2026),
        (yearly, 2026),
        (never, 2027),
        (yearly, 2027),
        (yearly, 2028),
    ):
        day = date(year, 11, 22)
        sequence = numbering.following(series, day)
        series = numbering.counted(series, day, sequence)
        found.append(numbering.number(day, sequence))
    assert found == [
        "B-2026-000001",
        "B-2026-000002",
        "B-2026-000003",
        "B-2027-000003",
        "B-2027-000004",
        "B-2028-000001",
    ]


@pytest.mark.parametrize(
    ("template", "yearly", "why"),
    [
        ("{prefix}{year}", True, "must hold {sequence} once"),
        ("{sequence}-{sequence}{year}", True, "must hold {sequence} once"),
        ("{prefix}{sequence}", True, "must hold {year}"),
        ("{year}{year}{sequence}", True, "each place once"),
        ("{year}-{sequence:0}", True, "may hold {prefix}"),
        ("{year}-{sequence:13}", True, "may hold {prefix}"),
        ("{year}-{sequence!r}", True, "may hold {prefix}"),
        ("{year}-{sequence.__class__}", True, "may hold {prefix}"),
        ("{month}-{sequence}{year}", True, "may hold {prefix}"),
        ("{year}-{sequence}}", True, "beside its places"),
        ("<{year}>{sequence}", True, "beside its places"),
        ("{year}\n{sequence}", True, "beside its places"),
        ("", False, "1 to 60"),
        ("x" * 50 + "{sequence}-", False, "1 to 60"),
    ],
)
def test_a_template_that_would_not_tell_documents_apart_is_refused(template: str, yearly: bool, why: str) -> None:
    with pytest.raises(ValueError, match=why.replace("{", r"\{")):
        check_template(template, yearly=yearly)


@pytest.mark.parametrize(
    ("template", "yearly", "made"),
    [
        ("{prefix}{year}-{sequence:6}", True, "B-2026-000042"),
        ("{sequence}", False, "42"),
        ("No. {sequence:12} / {year} (ISP)", True, "No. 000000000042 / 2026 (ISP)"),
    ],
)
def test_templates_that_tell_documents_apart_are_taken(template: str, yearly: bool, made: str) -> None:
    check_template(template, yearly=yearly)
    assert Numbering(template, "B-", yearly).number(DAY, 42) == made


def test_a_prefix_is_a_short_text_without_braces() -> None:
    check_prefix("BETA/")
    assert Numbering(prefix="BETA/").number(DAY, 42) == "BETA/2026-000042"
    for bad in ("{x}", "x" * 21, "a\n"):
        with pytest.raises(ValueError, match="may hold up to 20"):
            check_prefix(bad)
