"""The books worker: one message, one tenant's book."""

from typing import Any

from chalice.app import Blueprint

from chalicelib.aws import clock
from chalicelib.aws.log import flush_metrics, log, measure
from chalicelib.core.json import read_json
from chalicelib.proof.tend import carry_out

bp = Blueprint(__name__)


@bp.on_sqs_message(queue="tributary-books", batch_size=1, name="tend_book")
def tend_book(event: Any) -> None:
    """Tend each book; a message that fails stays in the queue and, after three tries, goes to the dead letters."""
    for record in event:
        message = read_json(record.body)
        log("books message", tenant=message["chain"][-1], do=message["do"])
        try:
            carry_out(message, clock.now())
        except Exception:
            measure("Failures", 1)
            raise
        finally:
            flush_metrics()
