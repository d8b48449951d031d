"""A preview as sentences for a person: what happens first, level by level, and what it comes to. Pure."""

from collections.abc import Callable

from chalicelib.billing.model import RefundPolicy, Timing
from chalicelib.billing.preview_model import LevelEffect, Preview
from chalicelib.tenants.model import Mode

Show = Callable[[int], str]

_POLICIES = {
    RefundPolicy.NONE: "nothing of a paid period comes back",
    RefundPolicy.UNUSED_DAYS: "the unused days come back",
    RefundPolicy.UNUSED_DAYS_LESS_FEE: "the unused days come back less a fee",
    RefundPolicy.FULL: "all that was paid comes back",
}


def steps_of(preview: Preview, show: Show) -> list[str]:
    """The sentences; `show` writes an amount."""
    steps = []
    if preview.refused is not None:
        steps.append(f"It would be refused: {preview.refused.detail} What follows is what it would do otherwise.")
    if preview.corrected is not None:
        steps.append(_correction(preview))
    if preview.full_day is not None:
        full, count = preview.full_day, preview.services
        more = f"{show(full.after_minor)} instead of {show(full.before_minor)}"
        steps.append(f"A full day of the {count} services that were billed last costs {more}.")
    for level in preview.levels:
        steps += _level(preview, level, show)
    if not preview.levels:
        steps.append("You buy from nobody: no fund moves.")
    if preview.not_covered is not None:
        lost = preview.not_covered
        what = "1 service" if lost.services == 1 else f"{lost.services} services"
        steps.append(
            f"As the funds stand, {what} would not be covered on {preview.first} and be suspended: {lost.short}."
        )
    return steps


def _correction(preview: Preview) -> str:
    found = preview.corrected
    assert found is not None, "it is told where there is one"
    if found.days == 1:
        return f"{found.first} is settled: it is corrected at once, and nothing that is posted is touched."
    return (
        f"{found.days} settled days from {found.first} to {found.last} are corrected at once, and nothing that is posted "
        "is touched."
    )


def _level(preview: Preview, level: LevelEffect, show: Show) -> list[str]:
    payer, payee = level.buyer.name, level.seller.name
    if level.buyer.mode is Mode.PERCENTAGE:
        return [f"{payer} earns a percentage: it pays {payee} nothing."]
    steps = []
    if level.corrected_minor:
        steps.append(f"{_moves(payer, payee, level.corrected_minor, show)} for the settled days.")
    if level.credited_minor and level.terms is not None:
        policy = _POLICIES[level.terms.refund_policy] if preview.kind == "disconnect" else "they are paid anew"
        steps.append(f"{show(level.credited_minor)} of what was paid before comes back: {policy}.")
    if level.now_minor:
        steps.append(f"{_moves(payer, payee, level.now_minor, show)} at once.")
    steps += _days(preview, level, show)
    if level.fund is not None and level.fund.after_minor != level.fund.balance_minor:
        fund = f"{show(level.fund.balance_minor)} becomes {show(level.fund.after_minor)}"
        lent = f", {show(level.fund.lent_minor)} of it lent by {payee}" if level.fund.lent_minor else ""
        steps.append(f"{payer}'s fund of {fund}{lent}.")
    return steps


def _days(preview: Preview, level: LevelEffect, show: Show) -> list[str]:
    in_advance = level.terms is not None and level.terms.timing is Timing.ADVANCE
    steps = []
    first, next_day = level.first_day.difference_minor, level.next_day
    if first and not level.now_minor:
        steps.append(f"With {preview.first} {_moves(level.buyer.name, level.seller.name, first, show)}.")
    if next_day is not None and next_day.difference_minor and not in_advance:
        much = next_day.difference_minor
        steps.append(f"The day after costs {show(abs(much))} {'more' if much > 0 else 'less'}.")
    total = level.total
    until = f"From {preview.first} until {level.period.last} {level.buyer.name} pays {level.seller.name}"
    if not total.difference_minor:
        return [*steps, f"{until} {show(total.after_minor)} for all its services, as it would without it."]
    much = total.difference_minor
    return [
        *steps,
        f"{until} {show(total.after_minor)} for all its services instead of {show(total.before_minor)}: "
        f"{show(abs(much))} {'more' if much > 0 else 'less'}.",
    ]


def _moves(payer: str, payee: str, amount_minor: int, show: Show) -> str:
    if amount_minor > 0:
        return f"{payer} pays {payee} {show(amount_minor)}"
    return f"{payer} gets back {show(-amount_minor)} from {payee}"
