"""The code as it ships over a deterministic DynamoDB in memory: crashes, races, lost answers and exact units."""

from .dynamodb import MemoryDynamoDB
from .errors import client_error, transaction_conflict
from .metering import Meter

__all__ = ["MemoryDynamoDB", "Meter", "client_error", "transaction_conflict"]
