from chalice.app import Blueprint, SQSEvent

bp = Blueprint(__name__)


@bp.on_sqs_message(queue="settlement", batch_size=1)
def settle_day(event: SQSEvent) -> None:
    for record in event:
        print(f"worked on {record.body}", flush=True)
        if record.body == "bad":
            raise RuntimeError("this one always fails")
