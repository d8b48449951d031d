"""The numbers of a parent's aggregate documents: one count for all its children, without gaps, anew each year. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from chalicelib.retail.numbering import Numbering


@dataclass(frozen=True)
class Numbers:
    """How a parent's documents of one kind are numbered. `series` is the last sequence by year."""

    parent_id: str
    kind: str
    numbering: Numbering
    series: Mapping[str, int]
    revision: int

    def take(self, day: date) -> tuple["Numbers", str]:
        """The numbers after one document of that day, and its number."""
        sequence = self.numbering.following(self.series, day)
        series = self.numbering.counted(self.series, day, sequence)
        return replace(self, series=series), self.numbering.number(day, sequence)
