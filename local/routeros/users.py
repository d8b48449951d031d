"""The people and programs that a router knows, what their group allows, and both ways of signing in.

Before 6.43 a client asks for a challenge and answers it with a digest; such a router takes the plain form for that
question and answers with the challenge, which a careless client takes for success.
"""

import hashlib
import secrets
from dataclasses import dataclass
from typing import Final

from local.routeros.menu import Row
from local.routeros.wire import to_bytes

_ALL: Final = ("local", "telnet", "ssh", "ftp", "reboot", "read", "write", "policy", "test", "winbox", "password")
_MORE: Final = ("web", "sniff", "sensitive", "api", "romon")
POLICIES: Final = _ALL + _MORE


@dataclass(frozen=True)
class User:
    """Somebody who may sign in."""

    name: str
    password: str
    group: str


class Users:
    """The users of one router and their groups."""

    def __init__(self) -> None:
        self.groups: dict[str, frozenset[str]] = {
            "full": frozenset(POLICIES),
            "write": frozenset(POLICIES) - {"ftp", "policy"},
            "read": frozenset(POLICIES) - {"ftp", "policy", "write"},
        }
        self._users: dict[str, User] = {}

    def add(self, name: str, password: str, group: str = "full") -> None:
        """A user, new or changed. Raises KeyError for an unknown group."""
        assert self.groups[group] is not None
        self._users[name] = User(name, password, group)

    def policies(self, name: str) -> frozenset[str]:
        """What a user may do; nothing when there is none of that name."""
        user = self._users.get(name)
        return self.groups[user.group] if user else frozenset()

    def knows(self, name: str, password: str) -> bool:
        """Whether that is the password."""
        user = self._users.get(name)
        return user is not None and user.password == password

    def knows_digest(self, name: str, challenge: str, response: str) -> bool:
        """Whether a challenge was answered with the password."""
        user = self._users.get(name)
        if user is None or not challenge:
            return False
        digest = hashlib.md5(b"\x00" + to_bytes(user.password) + bytes.fromhex(challenge), usedforsecurity=False)
        return secrets.compare_digest(response.encode("utf-8", "replace"), b"00" + digest.hexdigest().encode())

    def rows(self) -> list[Row]:
        """`/user`, without passwords."""
        return [
            {".id": f"*{at:X}", "name": one.name, "group": one.group, "address": "", "disabled": "false"}
            for at, one in enumerate(self._users.values(), 1)
        ]

    def group_rows(self) -> list[Row]:
        """`/user/group`: each policy, those that are not given behind a `!`."""
        return [
            {
                ".id": f"*{at:X}",
                "name": name,
                "policy": ",".join(policy if policy in given else f"!{policy}" for policy in POLICIES),
                "skin": "default",
            }
            for at, (name, given) in enumerate(self.groups.items(), 1)
        ]


def new_challenge() -> str:
    """The 16 bytes, in hexadecimal, that a client must answer."""
    return secrets.token_hex(16)
