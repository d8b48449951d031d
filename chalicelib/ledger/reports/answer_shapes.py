"""Reports as the API writes them."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from chalicelib.api.paging import encode_cursor
from chalicelib.core.dates import FIRST_DAY, from_micros
from chalicelib.ledger.reports.ageing import Aged
from chalicelib.ledger.reports.asked import Asked
from chalicelib.ledger.reports.balances import BalanceSheet, ProfitAndLoss, TrialBalanceReport
from chalicelib.ledger.reports.groups import GroupLine, Section
from chalicelib.ledger.reports.lines import Statement, StatementLine
from chalicelib.ledger.reports.shapes import (
    AgedAnswer,
    AgeingAnswer,
    BalanceSheetAnswer,
    GroupLineAnswer,
    ProfitAndLossAnswer,
    SectionAnswer,
    SidesAnswer,
    StatementAnswer,
    StatementLineAnswer,
    TieOutReportAnswer,
    TrialBalanceReportAnswer,
    TrialLineAnswer,
    TurnoverAnswer,
    TwoTiersAnswer,
)
from chalicelib.ledger.reports.tie_out import Sides, TwoTiers
from chalicelib.ledger.reports.view import BookView, Movement


def _head(asked: Asked, closed_through: date | None) -> dict[str, Any]:
    compared = asked.compared
    return {
        "begins_on": _first(asked.span.first),
        "ends_on": asked.span.last,
        "compared_from": _first(compared.first) if compared else None,
        "compared_to": compared.last if compared else None,
        "by": asked.by,
        "known_at": asked.known_at,
        "cost_centre": asked.cost_centre,
        "closed_through": closed_through,
    }


def _first(day: date) -> date | None:
    """None where a span begins before all books."""
    return None if day == FIRST_DAY else day


def show_movement(moved: Movement) -> TurnoverAnswer:
    return TurnoverAnswer(
        opening=moved.opening_minor, debit=moved.debit_minor, credit=moved.credit_minor, closing=moved.closing_minor
    )


def show_trial_balance(view: BookView, report: TrialBalanceReport) -> TrialBalanceReportAnswer:
    accounts = [
        TrialLineAnswer(
            code=line.account.code,
            name=line.account.name,
            type=line.account.type.value,
            parent=line.account.parent,
            movement=show_movement(line.movement),
            compared=show_movement(line.compared) if line.compared else None,
        )
        for line in report.lines
    ]
    return TrialBalanceReportAnswer(
        **_head(view.asked, view.closed_through),
        accounts=accounts,
        total_debit=report.total.debit_minor,
        total_credit=report.total.credit_minor,
        closing_debit=report.closing_debit_minor,
        closing_credit=report.closing_credit_minor,
    )


def show_profit_and_loss(view: BookView, report: ProfitAndLoss) -> ProfitAndLossAnswer:
    return ProfitAndLossAnswer(
        **_head(view.asked, view.closed_through),
        income=_section(report.income),
        expenses=_section(report.expenses),
        result=report.result_minor[0],
        compared_result=_second(report.result_minor),
    )


def show_balance_sheet(view: BookView, report: BalanceSheet) -> BalanceSheetAnswer:
    return BalanceSheetAnswer(
        **_head(view.asked, view.closed_through),
        assets=_section(report.assets),
        liabilities=_section(report.liabilities),
        equity=_section(report.equity),
        result=report.result_minor[0],
        compared_result=_second(report.result_minor),
    )


def _section(section: Section) -> SectionAnswer:
    return SectionAnswer(
        lines=[_group_line(line) for line in section.lines],
        total=section.total_minor[0],
        compared_total=_second(section.total_minor),
    )


def _group_line(line: GroupLine) -> GroupLineAnswer:
    return GroupLineAnswer(
        code=line.account.code,
        name=line.account.name,
        parent=line.account.parent,
        level=line.level,
        amount=line.own_minor[0],
        total=line.total_minor[0],
        compared_amount=_second(line.own_minor),
        compared_total=_second(line.total_minor),
    )


def _second(amounts: tuple[int, ...]) -> int | None:
    return amounts[1] if len(amounts) > 1 else None


def show_statement(view: BookView, report: Statement) -> StatementAnswer:
    return StatementAnswer(
        **_head(view.asked, view.closed_through),
        accounts=list(report.accounts),
        opening=report.movement.opening_minor,
        debit=report.movement.debit_minor,
        credit=report.movement.credit_minor,
        closing=report.movement.closing_minor,
        compared=show_movement(report.compared) if report.compared else None,
        brought_forward=report.brought_forward_minor,
        items=[_statement_line(line) for line in report.lines],
        next_cursor=encode_cursor(report.after),
    )


def _statement_line(line: StatementLine) -> StatementLineAnswer:
    draft = line.entry.draft if line.entry else None
    return StatementLineAnswer(
        on=date.fromisoformat(line.place.day),
        effective_on=draft.effective_on if draft else None,
        service_on=draft.service_on if draft else None,
        recorded_at=from_micros(line.place.recorded_micros),
        entry=line.entry_id,
        journal=line.place.journal,
        kind=draft.kind if draft else None,
        memo=draft.memo if draft else None,
        account=line.account or None,
        counterparty=line.counterparty or None,
        cost_centre=line.cost_centre or None,
        late_for=draft.late_for if draft else None,
        corrects=(draft.corrects or None) if draft else None,
        debit=line.debit_minor,
        credit=line.credit_minor,
        balance=line.balance_minor,
    )


def aged_page(report: Sequence[Aged], limit: int | None, after: str | None) -> list[Aged]:
    """The page behind what an earlier one ended on."""
    counterparty, _, account = (after or "").rpartition("/")
    return [one for one in report if not after or (one.counterparty, one.account) > (counterparty, account)][:limit]


def show_ageing(view: BookView, report: Sequence[Aged], page: Sequence[Aged], names: dict[str, str]) -> AgeingAnswer:
    compared = sum(one.compared_minor or 0 for one in report) if view.asked.compared else None
    last = page[-1] if page and page[-1] is not report[-1] else None
    return AgeingAnswer(
        **_head(view.asked, view.closed_through),
        total=sum(one.total_minor for one in report),
        compared_total=compared,
        items=[_aged(one, names.get(one.counterparty)) for one in page],
        next_cursor=encode_cursor(f"{last.counterparty}/{last.account}") if last else None,
    )


def _aged(one: Aged, name: str | None) -> AgedAnswer:
    return AgedAnswer(
        counterparty=one.counterparty or None,
        name=name,
        account=one.account,
        days_0_30=one.by_age_minor[0],
        days_31_60=one.by_age_minor[1],
        days_61_90=one.by_age_minor[2],
        days_over_90=one.by_age_minor[3],
        paid_ahead=one.ahead_minor,
        total=one.total_minor,
        compared_total=one.compared_minor,
    )


def show_tie_out(
    asked: Asked, closed_through: date | None, report: Sequence[TwoTiers], following: str | None
) -> TieOutReportAnswer:
    items = [
        TwoTiersAnswer(child=one.child.tenant_id, name=one.child.name, fund=_sides(one.fund), credit=_sides(one.credit))
        for one in report
    ]
    return TieOutReportAnswer(**_head(asked, closed_through), items=items, next_cursor=encode_cursor(following))


def _sides(sides: Sides) -> SidesAnswer:
    return SidesAnswer(
        parent=sides.parent_minor,
        child=sides.child_minor,
        difference=sides.difference_minor,
        unexplained=sides.unexplained_minor,
        compared_parent=sides.compared_parent_minor,
        compared_child=sides.compared_child_minor,
    )
