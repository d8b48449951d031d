"""The refusals of DynamoDB: the codes, and the ClientError that botocore would have raised.

Inside the engine a rule that is broken raises Refusal; only the edge of the engine turns it into a ClientError, because
only there is the operation's name known.
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from .values import Item

TRANSACTION_CANCELLED = "TransactionCanceledException"
CONDITION_FAILED = "ConditionalCheckFailedException"
CONDITION_FAILED_MESSAGE = "The conditional request failed"


class Refusal(Exception):
    """A request DynamoDB refuses. `extra` joins the error response at its top (Item, CancellationReasons)."""

    def __init__(self, code: str, message: str, **extra: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.extra = extra


class UpdateRefusal(Refusal):
    """An update that its item does not allow: a ValidationException alone, a cancellation reason in a transaction."""

    def __init__(self, message: str) -> None:
        super().__init__("ValidationException", message)


def invalid(message: str) -> Refusal:
    """A ValidationException."""
    return Refusal("ValidationException", message)


def client_error(code: str, message: str, operation: str, **extra: Any) -> ClientError:
    """The error botocore raises for `code`, ready for a fault hook to raise too."""
    response: dict[str, Any] = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"RequestId": "SIMULATED", "HTTPStatusCode": 400, "HTTPHeaders": {}, "RetryAttempts": 0},
        "message": message,
        **extra,
    }
    return ClientError(response, operation)


def cancellation_reason(code: str = "None", message: str | None = None, item: Item | None = None) -> dict[str, Any]:
    """One entry of CancellationReasons; an action that was not at fault has the code "None"."""
    reason: dict[str, Any] = {"Code": code}
    if message is not None:
        reason["Message"] = message
    if item is not None:
        reason["Item"] = item
    return reason


def cancelled(reasons: list[dict[str, Any]]) -> Refusal:
    """A TransactionCanceledException with one reason for each action, in the order of the actions."""
    codes = ", ".join(reason["Code"] for reason in reasons)
    message = f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]"
    return Refusal(TRANSACTION_CANCELLED, message, CancellationReasons=reasons)


def transaction_conflict(params: dict[str, Any], at: int = 0) -> ClientError:
    """The cancellation that a concurrent transaction on action number `at` of `params` would have caused.

    No local engine ever raises it, so a fault hook must.
    """
    reasons = [cancellation_reason() for _ in params["TransactItems"]]
    reasons[at] = cancellation_reason("TransactionConflict", "Transaction is ongoing for the item")
    refusal = cancelled(reasons)
    return client_error(refusal.code, refusal.message, "TransactWriteItems", **refusal.extra)
