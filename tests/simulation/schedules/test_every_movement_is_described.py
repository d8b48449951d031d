"""No movement of money is in no schedule: they are found from the code, and those that run in a schedule are seen."""

from collections.abc import Iterator

import pytest

from tests.simulation.schedules.found import functions_run, money_movements
from tests.simulation.schedules.movements import MOVEMENTS
from tests.simulation.schedules.play import end_of
from tests.simulation.schedules.stage import Stage, open_stage

NO_MONEY = {
    ("chalicelib.billing.ahead", "charge_soon"): "`charge_ahead`, and a log line where it has to wait",
    ("chalicelib.partners.terms", "set_numbering"): "one conditional row of terms; nothing is posted",
    ("chalicelib.partners.terms", "set_terms"): "conditional rows of terms; nothing is posted",
    ("chalicelib.retail.terms", "set_terms"): "one conditional row of terms; nothing is posted",
    ("chalicelib.retail.accounts", "change_own_terms"): "terms in the account; raced with invoices in `tests/retail`",
    ("chalicelib.retail.accounts", "add_charge"): "what the next invoice has; beside `invoice` in a schedule",
    ("chalicelib.ledger.accounts", "add_account"): "adds a row to the chart of accounts; nothing is posted",
    ("chalicelib.ledger.settings", "change_settings"): "one conditional row of terms; nothing is posted",
    ("chalicelib.ledger.hand.recurring", "add_recurring"): "a row that says what recurs; `post_due` posts it",
    (
        "chalicelib.ledger.hand.recurring",
        "change_recurring",
    ): "the same row, changed; raced with `post_due` in a schedule",
    ("chalicelib.funds.limits", "opening_row"): "an empty fund, in the one write that makes its tenant",
    ("chalicelib.ledger.periods", "open_journals"): "empty journals, in the one write that makes their tenant",
    (
        "chalicelib.ledger.accounts",
        "change_account",
    ): "a row of the chart, closed at a balance of zero; nothing is posted",
    ("chalicelib.ledger.hand.attachments", "declare_attachment"): "the place of a document; nothing is posted",
    ("chalicelib.ledger.hand.cost_centres", "add_cost_centre"): "a name that lines may carry; nothing is posted",
    ("chalicelib.ledger.hand.cost_centres", "change_cost_centre"): "a name that lines may carry; nothing is posted",
    ("chalicelib.ledger.hand.drafts", "change_draft"): "a draft in the place of a draft; only an approval posts it",
    ("chalicelib.ledger.doubts", "raise_doubt"): "a mark on entries; it only ever refuses a posting",
    ("chalicelib.ledger.doubts", "lift_doubts"): "takes such marks away",
    ("chalicelib.ledger.doubts", "dismiss_doubt"): "takes such a mark away",
    ("chalicelib.ledger.totals.seal", "seal_book"): "digests of what is posted; nothing is posted",
    ("chalicelib.proof.prove", "prove_book"): "reads, and raises or lifts doubts",
    ("chalicelib.proof.prove", "prove_due"): "reads, and raises or lifts doubts",
    ("chalicelib.billing.correct", "correct_soon"): "corrects by `correct_late_facts`, or lets it wait for the planner",
    ("chalicelib.partners.due", "carry_on"): "an entrypoint of the books queue: issues by `issue_invoice`",
    ("chalicelib.partners.unbilled", "differs"): "an alarm and a refusal about what was read",
    ("chalicelib.proof.tend", "carry_out"): "an entrypoint: seals, proves, and posts what recurs by `post_due`",
}
"""What is found and moves no money, with the reason."""

ONLY_READ = {
    f"chalicelib.billing.{name}"
    for name in ("outlook", "preview", "preview_acts", "preview_late", "preview_tariff", "projection")
}
"""Modules that look where money stands to say what would happen; `tests/billing/test_preview.py` sees that none writes."""


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with open_stage() as opened:
        yield opened


def in_a_schedule(stage: Stage) -> set[tuple[str, str]]:
    run = set()
    for movement in MOVEMENTS:
        stage.reset()
        movement.prepare(stage)
        run |= functions_run(lambda act=movement.act: end_of(act, stage))
    return run


def test_every_movement_of_money_is_in_a_schedule(stage: Stage) -> None:
    missing = money_movements() - in_a_schedule(stage) - NO_MONEY.keys()
    missing = {(module, name) for module, name in missing if module not in ONLY_READ}
    assert not missing, "describe these in tests/simulation/schedules/movements.py: " + ", ".join(
        map(".".join, sorted(missing))
    )


def test_every_exception_is_still_one(stage: Stage) -> None:
    assert NO_MONEY.keys() <= money_movements()
    assert not NO_MONEY.keys() & in_a_schedule(stage)


def test_what_everybody_knows_to_move_money_is_found() -> None:
    found = {name for _, name in money_movements()}
    assert {
        "recharge_fund",
        "refund_fund",
        "record_entry",
        "reverse_entry",
        "settle_day",
        "post_day",
        "restore_services",
        "set_tariff",
        "close_month",
        "reopen_month",
        "change_limits",
        "finish_marks",
        "roll_up",
    } <= found
    assert "find_subscriber" not in found
    assert "verify_book" not in found
