"""The log and the metrics of every function: JSON lines and embedded metrics on standard output.

No secret and no personal number goes into either: what may be logged is ids, codes, counts and amounts.
"""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit

logger = Logger(service="tributary", log_uncaught_exceptions=True)
_metrics = Metrics(namespace="Tributary", service="tributary")


def log(message: str, **fields: Any) -> None:
    """One line about something that happened."""
    logger.info(message, extra=fields)


def alarm(message: str, **fields: Any) -> None:
    """One line about something a person has to look at; counted as the metric `Alarms`."""
    logger.error(message, extra={"alarm": True, **fields})
    measure("Alarms", 1)


def measure(name: str, value: float, unit: str = "Count") -> None:
    """Add to a metric of this invocation."""
    _metrics.add_metric(name=name, unit=MetricUnit(unit), value=value)


def flush_metrics() -> None:
    """Print the metrics gathered since the last time, if any."""
    if _metrics.metric_set:
        _metrics.flush_metrics()
        _metrics.clear_metrics()  # Where metrics are disabled, flushing prints none and keeps them.
