"""The numbers that documents carry: made by a template, without gaps. Pure.

A template holds `{sequence}` (or `{sequence:6}`, padded with zeros to six digits), `{year}` and `{prefix}`. A sequence
begins anew each year, and then the year has to be in the number; or it never does. Whoever goes over from one to the other
in the midst of a year counts on: the template may stay as it is, and a number is given out once.
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

LONGEST_TEMPLATE = 60
LONGEST_PREFIX = 20
LONGEST_NUMBER = 80
FOR_GOOD = "all"
"""Names the count of a sequence that never begins anew; the others are named by their year."""

_PLACES = re.compile(r"\{([^{}]*)\}")
_SEQUENCE = re.compile(r"sequence(:([1-9]|1[0-2]))?", re.ASCII)
_TEXT = re.compile(r"[A-Za-z0-9 ./_()-]*", re.ASCII)
_PREFIX = re.compile(rf"[A-Za-z0-9 ./_()-]{{0,{LONGEST_PREFIX}}}", re.ASCII)


class Numbering(NamedTuple):
    """How the numbers of one kind of document are made."""

    template: str = "{prefix}{year}-{sequence:6}"
    prefix: str = ""
    yearly: bool = True

    def series_on(self, day: date) -> str:
        """Which count a document of that day takes its number from."""
        return _year_of(day) if self.yearly else FOR_GOOD

    def following(self, series: Mapping[str, int], day: date) -> int:
        """The sequence of the next document of that day, where `series` has the last one of every count."""
        return max(series.get(self.series_on(day), 0), series.get(_year_of(day), 0)) + 1

    def counted(self, series: Mapping[str, int], day: date, sequence: int) -> dict[str, int]:
        """The last sequence of every count, with that one given out on that day: it counts for its year in any case."""
        return {**series, self.series_on(day): sequence, _year_of(day): sequence}

    def number(self, day: date, sequence: int) -> str:
        """The number of the document of that day with that sequence: `INV-2026-000042`."""

        def fill(place: re.Match[str]) -> str:
            name, _, width = place[1].partition(":")
            if name == "sequence":
                return f"{sequence:0{width or 1}d}"
            return self.prefix if name == "prefix" else _year_of(day)

        return _PLACES.sub(fill, self.template)


def _year_of(day: date) -> str:
    return f"{day.year:04d}"


def check_template(template: str, *, yearly: bool) -> None:
    """`ValueError` unless documents numbered by this template are told apart by their numbers."""
    if not 1 <= len(template) <= LONGEST_TEMPLATE:
        raise ValueError(f"must be 1 to {LONGEST_TEMPLATE} characters long")
    places = _PLACES.findall(template)
    if _TEXT.fullmatch(_PLACES.sub("", template)) is None:
        raise ValueError("may hold letters, digits, spaces and . / _ ( ) - beside its places in braces")
    unknown = [one for one in places if one not in ("prefix", "year") and _SEQUENCE.fullmatch(one) is None]
    if unknown:
        raise ValueError("may hold {prefix}, {year}, {sequence} and {sequence:1} to {sequence:12}")
    if sum(one.startswith("sequence") for one in places) != 1:
        raise ValueError("must hold {sequence} once, so that no two documents have the same number")
    if yearly and "year" not in places:
        raise ValueError("must hold {year} where the sequence begins anew each year")
    if places.count("year") > 1 or places.count("prefix") > 1:
        raise ValueError("may hold each place once")


def check_prefix(prefix: str) -> None:
    """`ValueError` unless the prefix can stand in a number."""
    if _PREFIX.fullmatch(prefix) is None:
        raise ValueError(f"may hold up to {LONGEST_PREFIX} letters, digits, spaces and . / _ ( ) -")
