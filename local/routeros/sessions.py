"""The subscribers who dial in: taken or refused as RouterOS would, hung up, and dialling again when they are told to.

A session is as its profile was when it began; a change of the profile is for the next one. Who dials again does so when
the router is next looked at after the moment has come, so that nothing here needs a thread.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from itertools import chain, count
from typing import TYPE_CHECKING, Final

from local.routeros.menu import Row
from local.routeros.traffic import limits
from local.routeros.values import NO_ADDRESS, NO_MAC

if TYPE_CHECKING:
    from local.routeros.router import Router

PPP: Final = "/ppp/active"
HOTSPOT: Final = "/ip/hotspot/active"
_FIRST_DYNAMIC_INTERFACE: Final = 0xF00000
_MOST_ADDRESSES: Final = 1 << 20


@dataclass
class Caller:
    """A subscriber's equipment. With `redial_seconds` it dials again so long after it was hung up or refused."""

    menu: str
    name: str
    password: str
    mac: str
    redial_seconds: float | None = None
    due_at: float | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of a call: the session's id and address, or the reason why there is none."""

    accepted: bool
    reason: str = ""
    id: str = ""
    address: str = ""


class Refused(Exception):
    """A call that is not taken, and why."""


@dataclass(frozen=True)
class Live:
    """A session and what the router made for it; limits are bits a second of the subscriber, up and down."""

    caller: Caller
    interface: str
    made: tuple[tuple[str, int], ...]
    up_bps: int
    down_bps: int


class Sessions:
    """The sessions of one router."""

    def __init__(self, router: "Router") -> None:
        self._router = router
        self._callers: dict[tuple[str, str, str], Caller] = {}
        self._waiting: list[Caller] = []
        self._pools: dict[str, list[str]] = {}
        self._next_in_pool: dict[str, int] = {}
        self.live: dict[tuple[str, int], Live] = {}

    def call(self, caller: Caller) -> Outcome:
        """One call now. Who is to dial again is known from now on."""
        if caller.redial_seconds is not None:
            self._callers[_key(caller)] = caller
            self._router.keep_caller(as_row(caller))
        self._waiting = [one for one in self._waiting if _key(one) != _key(caller)]
        for number in self.of(caller.menu, caller.name):
            if self.live[caller.menu, number].caller.mac == caller.mac:
                self._finish(caller.menu, number, "peer-request")
        return self._attempt(caller)

    def of(self, menu: str, name: str) -> list[int]:
        """The sessions of one name."""
        return self._router.tables[menu].having("name" if menu == PPP else "user", name)

    def end(self, menu: str, number: int, reason: str) -> None:
        """Hangs a session up; its subscriber dials again if it is one who does."""
        caller = self._finish(menu, number, reason)
        self._wait(caller)

    def give_up(self, name: str) -> None:
        """The subscriber's equipment is switched off: hung up from its side, and it dials no more."""
        for key in [key for key in self._callers if key[1] == name]:
            caller = self._callers.pop(key)
            caller.due_at = None
            self._router.keep_caller(as_row(caller) | {"gone": "yes"})
        self._waiting = [one for one in self._waiting if one.name != name]
        for menu in (PPP, HOTSPOT):
            for number in self.of(menu, name):
                self._finish(menu, number, "peer-request")

    def redial(self) -> None:
        """Lets those dial for whom the moment has come."""
        if not self._waiting:
            return
        now = self._router.now()
        due = [one for one in self._waiting if one.due_at is not None and one.due_at <= now]
        if due:
            self._waiting = [one for one in self._waiting if one.due_at is not None and one.due_at > now]
            for caller in due:
                self._attempt(caller)

    def lose_all(self, down_seconds: float) -> None:
        """The router restarts: no session is left, and nobody is told."""
        for menu, number in list(self.live):
            self._take_away(menu, number)
        self._waiting = []
        for caller in self._callers.values():
            caller.due_at = down_seconds + (caller.redial_seconds or 0)
            self._waiting.append(caller)

    def remember(self, row: Row) -> None:
        """A subscriber who was known before the router's file was read; it dials soon."""
        key = row["menu"], row["name"], row["mac"]
        known = self._callers.pop(key, None)
        if known:
            self._waiting.remove(known)
        if "gone" not in row:
            caller = Caller(*key[:2], row["password"], key[2], float(row["redial"]), due_at=float(row["redial"]))
            self._callers[key] = caller
            self._waiting.append(caller)

    def callers_as_rows(self) -> list[Row]:
        """Those who dial by themselves, for the disk."""
        return [as_row(caller) for caller in self._callers.values()]

    def _attempt(self, caller: Caller) -> Outcome:
        caller.due_at = None
        try:
            number, address = (self._dial if caller.menu == PPP else self._sign_in)(caller)
        except Refused as refusal:
            self._router.note("pppoe,ppp,error", f"user {caller.name} authentication failed - {refusal}")
            self._wait(caller)
            return Outcome(False, str(refusal))
        self._router.note("pppoe,ppp,info,account", f"{caller.name} logged in, {address}")
        return Outcome(True, "", f"*{number:X}", address)

    def _dial(self, caller: Caller) -> tuple[int, str]:
        secret = self._one("/ppp/secret", caller)
        if secret.get("service", "any") not in ("any", "pppoe"):
            raise Refused("service not allowed")
        locked = secret.get("caller-id", "")
        if locked and locked != caller.mac:
            raise Refused("caller id does not match")
        profile = self._profile("/ppp/profile", secret)
        table = self._router.tables[PPP]
        if profile.get("only-one") == "yes" and self.of(PPP, caller.name):
            raise Refused("already signed in")
        address = self._address(PPP, secret.get("remote-address") or profile.get("remote-address"))
        number = table.new_id()
        row = {"name": caller.name, "service": "pppoe", "caller-id": caller.mac, "address": address}
        self._begin(PPP, number, row | {"session-id": f"0x{number + 0x1000000:08X}"}, caller, profile)
        return number, address

    def _sign_in(self, caller: Caller) -> tuple[int, str]:
        user = self._one("/ip/hotspot/user", caller)
        if user.get("mac-address", NO_MAC) not in (NO_MAC, caller.mac):
            raise Refused("invalid username: this MAC address is not yours")
        profile = self._profile("/ip/hotspot/user/profile", user)
        table = self._router.tables[HOTSPOT]
        if len(self.of(HOTSPOT, caller.name)) >= int(profile.get("shared-users", "1")):
            raise Refused("no more sessions are allowed for user")
        pool = profile.get("address-pool", "none")
        own = user.get("address", NO_ADDRESS)
        free = pool if pool != "none" else "10.5.50.0/24"
        address = self._address(HOTSPOT, own if own != NO_ADDRESS else free)
        number = table.new_id()
        row = {"server": "hotspot1", "user": caller.name, "address": address, "mac-address": caller.mac}
        self._begin(HOTSPOT, number, row | {"login-by": "http-chap"}, caller, profile)
        return number, address

    def _one(self, menu: str, caller: Caller) -> Row:
        table = self._router.tables[menu]
        numbers = table.having("name", caller.name)
        row = table.rows[numbers[0]] if numbers else None
        if row is None or row.get("password", "") != caller.password:
            raise Refused("wrong name or password")
        if row.get("disabled") == "true":
            raise Refused("disabled")
        return row

    def _profile(self, menu: str, row: Row) -> Row:
        table = self._router.tables[menu]
        numbers = table.having("name", row.get("profile", "default"))
        if not numbers:
            raise Refused("no profile")
        return table.rows[numbers[0]]

    def _address(self, menu: str, wanted: str | None) -> str:
        """An address as it is, or the next free one of a pool."""
        if wanted is None:
            raise Refused("could not determine remote address")
        pools = self._router.tables["/ip/pool"]
        numbers = pools.having("name", wanted)
        if not numbers and "/" not in wanted:
            return wanted
        ranges = pools.rows[numbers[0]]["ranges"] if numbers else wanted
        if ranges not in self._pools:
            self._pools[ranges] = in_ranges(ranges)
        addresses = self._pools[ranges]
        start = self._next_in_pool.get(ranges, 0)
        active = self._router.tables[menu]
        for step in range(len(addresses)):
            at = (start + step) % len(addresses)
            if not active.having("address", addresses[at]):
                self._next_in_pool[ranges] = at + 1
                return addresses[at]
        raise Refused("no more addresses in the pool")

    def _begin(self, menu: str, number: int, row: Row, caller: Caller, profile: Row) -> None:
        router = self._router
        kind = "pppoe" if menu == PPP else "hotspot"
        name = self._free(f"<{kind}-{caller.name}>")
        up, down = limits(profile.get("rate-limit"))
        made: list[tuple[str, int]] = []
        if menu == PPP:
            at = max(router.tables["/interface"].next_id, _FIRST_DYNAMIC_INTERFACE)
            link = {"type": "pppoe-in", "mtu": "1480", "actual-mtu": "1480", "last-link-up-time": router.date()}
            made.append(("/interface", at))
            router.store("/interface", at, {"name": name, "dynamic": "true"} | link)
        if profile.get("rate-limit"):
            at = router.tables["/queue/simple"].next_id
            target = name if menu == PPP else f"{row['address']}/32"
            queue = {"name": name, "target": target, "max-limit": f"{up}/{down}", "dynamic": "true"}
            made.append(("/queue/simple", at))
            router.store("/queue/simple", at, queue)
        listed = profile.get("address-list")
        lists = router.tables["/ip/firewall/address-list"]
        if listed and not (set(lists.having("address", row["address"])) & set(lists.having("list", listed))):
            at = lists.next_id
            entry = {"list": listed, "address": row["address"], "creation-time": router.date(), "dynamic": "true"}
            made.append(("/ip/firewall/address-list", at))
            router.store("/ip/firewall/address-list", at, entry)
        router.store(menu, number, row | {"_since": str(router.now())})
        self.live[menu, number] = Live(caller, name, tuple(made), up, down)

    def _free(self, name: str) -> str:
        tables = [self._router.tables[path] for path in ("/interface", "/queue/simple")]
        names = chain([name], (f"{name[:-1]}-{at}>" for at in count(1)))
        return next(one for one in names if not any(table.having("name", one) for table in tables))

    def _finish(self, menu: str, number: int, reason: str) -> Caller:
        caller = self._take_away(menu, number)
        if menu == PPP:
            secrets = self._router.tables["/ppp/secret"]
            told = {"last-logged-out": self._router.date(), "last-caller-id": caller.mac}
            for at in secrets.having("name", caller.name):
                self._router.store("/ppp/secret", at, secrets.rows[at] | told | {"last-disconnect-reason": reason})
        self._router.note("pppoe,ppp,info,account", f"{caller.name} logged out - {reason}")
        return caller

    def _take_away(self, menu: str, number: int) -> Caller:
        one = self.live.pop((menu, number))
        for path, at in one.made:
            if at in self._router.tables[path].rows:
                self._router.discard(path, at)
        self._router.discard(menu, number)
        return one.caller

    def _wait(self, caller: Caller) -> None:
        if caller.redial_seconds is not None and _key(caller) in self._callers:
            caller.due_at = self._router.now() + caller.redial_seconds
            self._waiting.append(caller)


def _key(caller: Caller) -> tuple[str, str, str]:
    return caller.menu, caller.name, caller.mac


def as_row(caller: Caller) -> Row:
    """A subscriber who dials by itself, as it lies on disk."""
    known = {"menu": caller.menu, "name": caller.name, "password": caller.password, "mac": caller.mac}
    return known | {"redial": str(caller.redial_seconds)}


def in_ranges(ranges: str) -> list[str]:
    """The addresses of a pool, in order."""
    found: list[str] = []
    for part in ranges.split(","):
        if "/" in part:
            found += [str(one) for one in IPv4Network(part, strict=False).hosts()][1:]
        else:
            first, _, last = part.partition("-")
            begin, end = int(IPv4Address(first)), int(IPv4Address(last or first))
            found += [str(IPv4Address(one)) for one in range(begin, min(end, begin + _MOST_ADDRESSES) + 1)]
    return found
