"""A product small enough to test `local` with: started as the working directory of `python -m local`."""

import os
import threading
import time
from typing import Any

import boto3
from chalice.app import Chalice, Response

from chalicelib.billing.jobs import bp as jobs
from chalicelib.billing.worker import bp as worker

app = Chalice(app_name="fake")
app.register_blueprint(jobs)
app.register_blueprint(worker)
books = boto3.client("dynamodb")


@app.route("/health")
def health() -> dict[str, str]:
    return {"status": "up"}


@app.route("/echo/{word}", methods=["GET", "PUT"], content_types=["*/*"])
def echo(word: str) -> dict[str, Any]:
    request = app.current_request
    before = request.headers.get("x-mark")
    time.sleep(0.002)
    return {
        "word": word,
        "mark": app.current_request.headers.get("x-mark"),
        "same_request": app.current_request.headers.get("x-mark") == before,
        "query": {name: request.query_params.getlist(name) for name in request.query_params or {}},
        "context": request.context,
        "body_hex": request.raw_body.hex(),
        "remaining": app.lambda_context.get_remaining_time_in_millis(),
        "thread": threading.current_thread().name,
    }


@app.route("/echo/settled", methods=["GET"])
def settled() -> dict[str, str]:
    return {"route": "literal"}


@app.route("/bytes")
def some_bytes() -> Response:
    return Response(body=bytes(range(256)), headers={"Content-Type": "application/octet-stream"})


@app.route("/nothing", methods=["DELETE"])
def nothing() -> Response:
    return Response(body="", status_code=204)


@app.route("/rows/{name}", methods=["GET", "PUT"])
def rows(name: str) -> dict[str, Any]:
    key = {"pk": {"S": "rows"}, "sk": {"S": name}}
    if app.current_request.method == "PUT":
        books.put_item(TableName=os.environ["BOOKS_TABLE"], Item=key)
    return {"there": "Item" in books.get_item(TableName=os.environ["BOOKS_TABLE"], Key=key, ConsistentRead=True)}


@app.route("/slow")
def slow() -> dict[str, str]:
    print("a slow request began", flush=True)
    time.sleep(1.0)
    return {"status": "finished"}


@app.route("/queue/{word}", methods=["POST"])
def queue(word: str) -> dict[str, str]:
    boto3.client("sqs").send_message(
        QueueUrl=os.environ["SETTLEMENT_QUEUE_URL"],
        MessageBody=word,
        MessageGroupId=word,
        MessageDeduplicationId=f"{word}-{time.time_ns()}",
    )
    return {"queued": word}
