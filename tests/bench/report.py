"""How a figure is printed: what was measured, what is asked of it, how it was counted."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One figure: its value, the most it may be, its unit, how it was counted, and the least it has to be.

    A figure without a most and a least is for information.
    """

    name: str
    value: float
    limit: float | None
    unit: str
    how: str
    least: float | None = None

    @property
    def holds(self) -> bool:
        return (self.limit is None or self.value <= self.limit) and (self.least is None or self.value >= self.least)

    def line(self) -> str:
        bounds = (("at most", self.limit), ("at least", self.least))
        asked = ", ".join(f"{words} {bound:,g}" for words, bound in bounds if bound is not None)
        verdict = f"   ({asked}: {'holds' if self.holds else 'FALLS SHORT'})" if asked else ""
        return f"  {self.name}: {self.value:.6g} {self.unit}{verdict}\n      {self.how}"


def show(title: str, figures: list[Figure]) -> bool:
    """Print a group of figures; whether all of them hold."""
    print(f"\n{title}")
    for figure in figures:
        print(figure.line())
    return all(figure.holds for figure in figures)
