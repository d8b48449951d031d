"""The scheduled function: asks for every book to be tended, and signs off the days whose books are proven."""

from typing import Any

from chalice.app import Blueprint, Rate

from chalicelib.aws import clock
from chalicelib.aws.config import config
from chalicelib.aws.log import flush_metrics, log, measure
from chalicelib.proof.asking import plan_books
from chalicelib.proof.sign_off import sign_off_due

bp = Blueprint(__name__)


@bp.schedule(Rate(1, unit=Rate.HOURS), name="tend_books")
def tend_books(event: Any) -> dict[str, int]:
    """Every hour: each book is tended soon after its midnight, and what was missed is caught up with."""
    operator_id = config().operator_id
    planned = plan_books(operator_id)
    signed = sign_off_due(operator_id, clock.now())
    log("books planned", messages=planned, signed=[str(report.day) for report in signed])
    measure("BooksPlanned", planned)
    flush_metrics()
    return {"planned": planned, "signed": len(signed)}
