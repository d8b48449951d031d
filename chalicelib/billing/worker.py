"""The settlement worker: one message, one tenant's day."""

from typing import Any

from chalice.app import Blueprint

from chalicelib.aws import clock
from chalicelib.aws.log import flush_metrics, log, measure
from chalicelib.billing.run import carry_out
from chalicelib.core.json import read_json

bp = Blueprint(__name__)


@bp.on_sqs_message(queue="tributary-settlement.fifo", batch_size=1, name="settle_day")
def settle_day(event: Any) -> None:
    """Carry out each message; one that fails stays in the queue and, after three tries, goes to the dead letters."""
    for record in event:
        message = read_json(record.body)
        sent_millis = int(record.to_dict().get("attributes", {}).get("SentTimestamp", 0))
        now = clock.now()
        if sent_millis:
            measure("QueueAgeSeconds", max(0.0, now.timestamp() - sent_millis / 1000), "Seconds")
        log("settlement message", tenant=message["chain"][-1], do=message["do"], day=message.get("day"))
        try:
            carry_out(message, now)
        except Exception:
            measure("Failures", 1)
            raise
        finally:
            flush_metrics()
