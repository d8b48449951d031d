"""How a figure is printed: what was measured, what is allowed, how it was counted."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One figure: its value, the most it may be (None for information), its unit, and how it was counted."""

    name: str
    value: float
    limit: float | None
    unit: str
    how: str

    @property
    def holds(self) -> bool:
        return self.limit is None or self.value <= self.limit

    def line(self) -> str:
        allowed = (
            "" if self.limit is None else f"   (at most {self.limit:g}: {'holds' if self.holds else 'FALLS SHORT'})"
        )
        return f"  {self.name}: {self.value:.6g} {self.unit}{allowed}\n      {self.how}"


def show(title: str, figures: list[Figure]) -> bool:
    """Print a group of figures; whether all of them hold."""
    print(f"\n{title}")
    for figure in figures:
        print(figure.line())
    return all(figure.holds for figure in figures)
