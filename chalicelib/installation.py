"""The first start of an installation: an operator and its owner. An entrypoint, for the local server or by hand."""

from datetime import date

from pydantic import TypeAdapter, ValidationError

from chalicelib.api.fields import Email
from chalicelib.auth.admit import NewUser, first_owner
from chalicelib.auth.model import Role
from chalicelib.aws import clock, keys
from chalicelib.aws.config import config
from chalicelib.aws.tables import ConditionFailed, read, write
from chalicelib.core.dates import zone
from chalicelib.core.errors import invalid_field
from chalicelib.tenants.operator import EARLIEST_START, draft_operator, operator_rows
from chalicelib.tenants.store import ProfileRow


def install(
    operator_email: str,
    operator_password: str,
    name: str = "Operator",
    timezone: str = "Asia/Dhaka",
    settles_from: date = EARLIEST_START,
) -> bool:
    """Make the operator and its owner, unless there is an operator already; whether it was made now.

    One transaction: run twice at once or cut off in the middle, there is one operator with its owner, or none.
    `Invalid` for an e-mail address, a password or a time zone that will not do.
    """
    operator_id = config().operator_id
    if _is_installed(operator_id):
        return False
    _check(operator_email, timezone)
    now = clock.now()
    operator = draft_operator(operator_id, name, timezone, settles_from, now)
    new = NewUser(name, operator_email, operator_password, Role.OWNER)
    owner = first_owner(operator.chain, new, now, field="operator_password")
    try:
        write(*operator_rows(operator), *owner.operations)
    except ConditionFailed as failure:
        if _is_installed(operator_id):
            return False
        owner.refuse(failure)
        raise
    return True


def _is_installed(operator_id: str) -> bool:
    return read(ProfileRow, keys.tenant(operator_id)) is not None


def _check(email: str, timezone: str) -> None:
    try:
        TypeAdapter(Email).validate_python(email)
    except ValidationError:
        raise invalid_field("operator_email", "must be an e-mail address") from None
    try:
        zone(timezone)
    except ValueError as error:
        raise invalid_field("timezone", str(error)) from None
