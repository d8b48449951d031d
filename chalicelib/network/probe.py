"""The test of a connection: can we work with this router, and if not, what has somebody to see to?"""

from dataclasses import dataclass

from chalicelib.network.connection import Connection, Reason, RouterFailure, RouterTrap, Target, connect
from chalicelib.network.health import read_about
from chalicelib.network.line import plain_fingerprint
from chalicelib.network.values import read_text

NOBODY = "*7FFFFFFE"
"""The id of an entry that no router ever has."""

ADVICE = {
    Reason.REFUSED: "Check under IP > Services that {service} is enabled and has this port.",
    Reason.TIMED_OUT: "Check that the router is on, that the way to it is up, and that its firewall lets us in.",
    Reason.UNREACHABLE: "Check the address, and that the network it is in can be reached.",
    Reason.WRONG_PASSWORD: "Check the user name and the password, and under System > Users from where the user may come.",
    Reason.CERTIFICATE: "Check under IP > Services that api-ssl has a certificate, and that this is its port.",
    Reason.NO_PERMISSION: "Give the user's group the policies api, read, write and test under System > Users > Groups.",
    Reason.CLOSED: "Check under IP > Services that {service} is available from our address, and that this is its port.",
    Reason.NONSENSE: "Check that the port is that of {service} under IP > Services, and not of WinBox or of web pages.",
    Reason.TOO_MUCH: "Check that the port is that of {service} under IP > Services.",
}
CONFIRM = "Compare its fingerprint with that under System > Certificates on the router, and confirm it."
CONFIRM_AGAIN = (
    "Either the router has a new one, or something else answers in its place. "
    "Compare the fingerprint with that under System > Certificates on the router before you confirm it."
)


@dataclass(frozen=True)
class Probe:
    """What a test of a connection found. `detail` is for people: what is wrong and what to check, or that all is well.

    Not `ok` has a `reason`. What the router said of itself is there as far as it came. `certificate_fingerprint` is
    that of the certificate it showed, in 64 hexadecimal digits; None without TLS.
    """

    ok: bool
    reason: Reason | None
    detail: str
    identity: str | None = None
    model: str | None = None
    version: str | None = None
    architecture: str | None = None
    may_write: bool = False
    certificate_fingerprint: str | None = None


def probe(target: Target, seconds: float) -> Probe:
    """Connect, sign in, look around and find out whether we may write, all within so many seconds.

    Nothing is left on the router. With TLS and no fingerprint it ends before the sign-in (reason `certificate`) and
    tells the fingerprint, for a person to confirm.
    """
    try:
        with connect(target, seconds) as connection:
            return _looked_at(connection, target)
    except RouterFailure as failure:
        shown = failure.fingerprint or None
        return Probe(False, failure.reason, sentence(failure, target), certificate_fingerprint=shown)


def sentence(failure: RouterFailure, target: Target) -> str:
    """What went wrong and what to check."""
    advice = ADVICE[failure.reason].format(service="api-ssl" if target.tls else "api")
    if failure.fingerprint:
        advice = CONFIRM_AGAIN if target.fingerprint else CONFIRM
    return f"{failure.detail} {advice}"


def _looked_at(connection: Connection, target: Target) -> Probe:
    resource, identity = read_about(connection, "/system/resource"), read_about(connection, "/system/identity")
    may_write = _may_write(connection, target.username)
    detail = "The router answers, and its user may do all that is needed."
    if not may_write:
        detail = f"The router's user may look but not change anything. {ADVICE[Reason.NO_PERMISSION]}"
    return Probe(
        may_write,
        None if may_write else Reason.NO_PERMISSION,
        detail,
        read_text(identity.get("name")),
        read_text(resource.get("board-name")),
        read_text(resource.get("version")),
        read_text(resource.get("architecture-name")),
        may_write,
        plain_fingerprint(target.fingerprint) if target.tls and target.fingerprint else None,
    )


def _may_write(connection: Connection, username: str) -> bool:
    """By the policies of the user's group where they can be read, otherwise by changing an entry that is not there."""
    policies = _policies(connection, username)
    if policies is not None:
        return "write" in policies
    try:
        connection.set("/ppp/secret", NOBODY, {"comment": ""})
    except RouterTrap:
        return True
    except RouterFailure as failure:
        if failure.reason is not Reason.NO_PERMISSION:
            raise
        return False
    return True


def _policies(connection: Connection, username: str) -> list[str] | None:
    """The policies of the user's group; None where that is not told, as of users that a RADIUS server keeps."""
    try:
        users = connection.rows("/user", f"?name={username}", props=("name", "group"))
        group = users[0].get("group") if users else None
        groups = connection.rows("/user/group", f"?name={group}", props=("name", "policy")) if group else []
    except RouterTrap:
        return None
    except RouterFailure as failure:
        if failure.reason is not Reason.NO_PERMISSION:
            raise
        return None
    policy = groups[0].get("policy") if groups else None
    return policy.split(",") if policy else None
