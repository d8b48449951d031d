"""The audit log as it is written: a line for every request that may change something, before it does and after it did.

The line is written before anything else is, so that nothing happens without a trace, and ended once with what came of
it. One whose end is missing (a crash, a lost answer) says `unknown`. A line that has ended is never written again.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from chalicelib.auth.model import Acting, User
from chalicelib.auth.store import AuditRow
from chalicelib.aws import clock, keys
from chalicelib.aws.config import config
from chalicelib.aws.log import log, measure
from chalicelib.aws.tables import ConditionFailed, Put, Update, write
from chalicelib.core.dates import to_micros
from chalicelib.core.errors import NotAllowed

TOKEN_LENGTH = 12


class Outcome(StrEnum):
    """How a request ended. `failed` is an error of ours and `unknown` a crash: either may have been carried out."""

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    REPLAYED = "replayed"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Asked:
    """What a request asked for, without its secrets.

    `route` is the template of `path`. `subject` is the id of what it is about. `body` is empty where none was read.
    """

    at: datetime
    method: str
    route: str
    path: str
    subject: str = ""
    body: str = ""
    amount_minor: int | None = None
    source_ip: str = ""
    correlation_id: str = ""


@dataclass(frozen=True)
class Doer:
    """In whose name a request is, and under login-as (`acting`) the person and the tenant that are behind it."""

    tenant_id: str
    user_id: str
    name: str
    email: str
    role: str
    acting: Acting | None = None
    acting_tenant_name: str = ""

    @classmethod
    def of_user(cls, user: User) -> "Doer":
        return cls(user.tenant_id, user.user_id, user.name, user.email, user.role.value)


NOBODY = Doer("", "", "", "", "")
"""Stands for the person of an e-mail address that nobody has."""


@dataclass
class Trail:
    """The line of one request while it is being served; empty until `begin`, and of a request that reads for good."""

    asked: Asked | None = None
    _line: AuditRow | None = None

    def begin(self, doer: Doer) -> None:
        """Write the line, still without an end, into the log of the doer's tenant; once, before anything is changed.

        `Unavailable` when it cannot be written: then nothing may be done. In the name of `NOBODY` there is no log, and
        what is written costs the same, so that nobody can tell by the time it takes whether an e-mail address is known.
        """
        if self.asked is None or self._line is not None:
            return
        line = _row(doer, self.asked, Outcome.UNKNOWN)
        _write_new(line)
        self._line = line

    def refuse(self, doer: Doer, refusal: NotAllowed) -> None:
        """Write the line of a request that was refused before it began. Nothing was done, so that the line may fail."""
        if self.asked is None:
            return
        line = _row(doer, self.asked, Outcome.REFUSED)
        line.status, line.code = refusal.status, refusal.code
        try:
            _write_new(line)
        except Exception as error:
            _report(line, error)

    def end(self, status: int, code: str = "", subject: str = "", *, replayed: bool = False) -> None:
        """Say how the request ended: the HTTP status, the code of a refusal, and the id of what was made or changed.

        It is done or refused already: what goes wrong here leaves the line at `unknown`, and a line in the log.
        """
        if self._line is None:
            return
        line, outcome = self._line, _outcome(status, replayed)
        actions = [AuditRow.outcome.set(outcome.value), AuditRow.status.set(status)]
        if code:
            actions.append(AuditRow.code.set(code))
        if subject:
            actions.append(AuditRow.subject.set(subject))
        update = Update(AuditRow.at(line.key), actions, AuditRow.pk.exists() & AuditRow.status.does_not_exist())
        try:
            write(update)
        except ConditionFailed as failure:
            found: Any = failure.rows[update]
            # The client of the database repeats a request whose answer was lost: then it is our own end that is there.
            if line.key != keys.audit_of_nobody(config().operator_id) and (not found or found.status != status):
                _report(line, failure)
        except Exception as error:
            _report(line, error)


def line_id(at_micros: int, token: str) -> str:
    """The id of a line, by which it is found again."""
    return f"{at_micros:016d}-{token}"


def _outcome(status: int, replayed: bool) -> Outcome:
    if replayed:
        return Outcome.REPLAYED
    if status >= 500:
        return Outcome.FAILED
    return Outcome.REFUSED if status >= 400 else Outcome.DONE


def _write_new(line: AuditRow) -> None:
    """Write a line that was not there. That of nobody is written over, and leaves nothing to search."""
    is_of_nobody = line.key == keys.audit_of_nobody(config().operator_id)
    put = Put(line, None if is_of_nobody else AuditRow.pk.does_not_exist())
    try:
        write(put)
    except ConditionFailed:
        return  # The key is ours alone: the database's client has repeated our own write, whose answer was lost.


def _row(doer: Doer, asked: Asked, outcome: Outcome) -> AuditRow:
    at_micros = to_micros(asked.at)
    token = clock.new_id("", TOKEN_LENGTH)
    is_nobody = doer is NOBODY
    row = AuditRow.at(
        keys.audit_of_nobody(config().operator_id) if is_nobody else keys.audit_line(doer.tenant_id, at_micros, token),
        at_micros=at_micros,
        user_id=doer.user_id,
        user_name=doer.name,
        user_email=doer.email,
        role=doer.role,
        method=asked.method,
        route=asked.route,
        path=asked.path,
        subject=asked.subject,
        body=asked.body,
        amount_minor=asked.amount_minor,
        source_ip=asked.source_ip,
        correlation_id=asked.correlation_id,
        outcome=outcome.value,
    )
    if doer.acting is not None:
        row.acting_tenant_id, row.acting_tenant_name = doer.acting.tenant_id, doer.acting_tenant_name
        row.acting_user_id, row.acting_user_name = doer.acting.user_id, doer.acting.name
        row.acting_reason, row.acting_scope = doer.acting.reason, doer.acting.scope
    return row


def _report(line: AuditRow, error: Exception) -> None:
    log("A line of the audit log is missing its end.", key=line.sk, error=type(error).__name__)
    measure("AuditLinesWithoutEnd", 1)
