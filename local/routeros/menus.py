"""The menus of a router, as data."""

from typing import Final

from local.routeros import values
from local.routeros.menu import ALL_VERBS, READ, SIGNED_IN, Menu, Property, uptime

_DISABLED: Final = Property("disabled", values.flag, "false")
_COMMENT: Final = Property("comment")
_DYNAMIC: Final = Property("dynamic", values.flag, "false", told=True)
_RADIUS: Final = Property("radius", values.flag, "false", told=True)
_QUEUEING: Final = ("insert-queue-before", "parent-queue", "queue-type")
_INVALID: Final = Property("invalid", values.flag, "false", told=True)

SECRET: Final = Menu(
    "/ppp/secret",
    (
        Property("name", values.filled, needed=True),
        Property("service", values.one_of("any", "async", "l2tp", "ovpn", "pppoe", "pptp", "sstp"), "any"),
        Property("caller-id", default=""),
        Property("password", default="", secret=True),
        Property("profile", values.name_in("/ppp/profile"), "default"),
        Property("local-address", values.address_or_pool, unset=True),
        Property("remote-address", values.address_or_pool, unset=True),
        Property("routes", default=""),
        Property("limit-bytes-in", values.number, "0"),
        Property("limit-bytes-out", values.number, "0"),
        Property("last-logged-out", told=True),
        Property("last-caller-id", default="", told=True),
        Property("last-disconnect-reason", default="", told=True),
        _DISABLED,
        _COMMENT,
    ),
    unique=("name",),
    duplicate="failure: secret with the same name already exists",
)

ACTIVE: Final = Menu(
    "/ppp/active",
    (
        *(Property(name, told=True) for name in ("name", "service", "caller-id", "address")),
        Property("uptime", told=True, computed=uptime),
        Property("encoding", default="", told=True),
        Property("session-id", told=True),
        Property("limit-bytes-in", default="0", told=True),
        Property("limit-bytes-out", default="0", told=True),
        _RADIUS,
    ),
    verbs=SIGNED_IN,
    indexed=("name", "address"),
    kept=False,
    first_id=0x80000000,
)

PROFILE: Final = Menu(
    "/ppp/profile",
    (
        Property("name", values.filled, needed=True),
        Property("local-address", values.address_or_pool, unset=True),
        Property("remote-address", values.address_or_pool, unset=True),
        Property("bridge-learning", values.one_of("default", "yes", "no"), "default"),
        Property("session-timeout", values.span, unset=True),
        Property("idle-timeout", values.span, unset=True),
        Property("rate-limit", values.rate_limit, unset=True),
        Property("use-mpls", values.one_of("default", "yes", "no", "required"), "default"),
        Property("use-compression", values.one_of("default", "yes", "no"), "default"),
        Property("use-encryption", values.one_of("default", "yes", "no", "required"), "default"),
        Property("only-one", values.one_of("default", "yes", "no"), "default"),
        Property("change-tcp-mss", values.one_of("default", "yes", "no"), "default"),
        Property("use-upnp", values.one_of("default", "yes", "no"), "default"),
        Property("address-list", default=""),
        *(Property(name, unset=True) for name in ("dns-server", "wins-server", "bridge", "interface-list")),
        *(Property(name, unset=True) for name in ("incoming-filter", "outgoing-filter", *_QUEUEING)),
        Property("on-up", default=""),
        Property("on-down", default=""),
        Property("default", values.flag, "false", told=True),
        _COMMENT,
    ),
    verbs=ALL_VERBS - {"enable", "disable"},
    unique=("name",),
    duplicate="failure: profile with the same name already exists",
    built_in=("default", "default-encryption"),
)

POOL: Final = Menu(
    "/ip/pool",
    (Property("name", values.filled, needed=True), Property("ranges", values.ranges, needed=True), _COMMENT),
    verbs=ALL_VERBS - {"enable", "disable"},
    unique=("name",),
    duplicate="failure: pool with such name exists",
)

HOTSPOT_USER: Final = Menu(
    "/ip/hotspot/user",
    (
        Property("server", values.filled, "all"),
        Property("name", values.filled, needed=True),
        Property("password", secret=True),
        Property("address", values.ip_address),
        Property("mac-address", values.mac),
        Property("profile", values.name_in("/ip/hotspot/user/profile"), "default"),
        Property("routes"),
        Property("email"),
        Property("limit-uptime", values.span),
        Property("limit-bytes-in", values.number),
        Property("limit-bytes-out", values.number),
        Property("limit-bytes-total", values.number),
        Property("uptime", default="0s", told=True),
        *(Property(name, default="0", told=True) for name in ("bytes-in", "bytes-out", "packets-in", "packets-out")),
        _DYNAMIC,
        _DISABLED,
        _COMMENT,
    ),
    verbs=ALL_VERBS - {"unset"},
    unique=("name", "server"),
    duplicate="failure: already have user with this name for this server",
)

HOTSPOT_ACTIVE: Final = Menu(
    "/ip/hotspot/active",
    (
        *(Property(name, told=True) for name in ("server", "user", "address", "mac-address", "login-by")),
        Property("uptime", told=True, computed=uptime),
        Property("idle-time", default="0s", told=True),
        Property("keepalive-timeout", default="2m", told=True),
        *(Property(name, default="0", told=True) for name in ("bytes-in", "bytes-out", "packets-in", "packets-out")),
        _RADIUS,
    ),
    verbs=SIGNED_IN,
    indexed=("user", "address"),
    kept=False,
    first_id=0xC0A80000,
)

HOTSPOT_PROFILE: Final = Menu(
    "/ip/hotspot/user/profile",
    (
        Property("name", values.filled, needed=True),
        Property("address-pool", values.name_in("/ip/pool", "none"), "none"),
        Property("session-timeout", values.span),
        Property("idle-timeout", values.span, "none", unset=True),
        Property("keepalive-timeout", values.span, "2m", unset=True),
        Property("status-autorefresh", values.span, "1m"),
        Property("shared-users", values.number, "1"),
        Property("add-mac-cookie", values.flag, "true"),
        Property("mac-cookie-timeout", values.span, "3d"),
        Property("rate-limit", values.rate_limit),
        Property("address-list", default=""),
        *(Property(name, unset=True) for name in _QUEUEING),
        Property("transparent-proxy", values.flag, "false"),
        Property("default", values.flag, "false", told=True),
    ),
    verbs=ALL_VERBS - {"enable", "disable", "comment"},
    unique=("name",),
    duplicate="failure: already have such name",
    built_in=("default",),
)

QUEUE: Final = Menu(
    "/queue/simple",
    (
        Property("name", values.filled),
        Property("target", values.targets, needed=True),
        Property("dst", unset=True),
        Property("parent", values.name_in("/queue/simple", "none"), "none"),
        Property("packet-marks", default=""),
        Property("priority", default="8/8"),
        Property("queue", default="default-small/default-small"),
        *(Property(name, values.rate_pair, "0/0") for name in ("limit-at", "max-limit", "burst-limit")),
        Property("burst-threshold", values.rate_pair, "0/0"),
        Property("burst-time", default="0s/0s"),
        Property("bucket-size", default="0.1/0.1"),
        *(Property(name, default="0/0", told=True) for name in ("bytes", "packets", "dropped", "rate", "packet-rate")),
        _INVALID,
        _DYNAMIC,
        _DISABLED,
        _COMMENT,
    ),
    unique=("name",),
    duplicate="failure: already have such name",
    indexed=("name", "target"),
)

ADDRESS_LIST: Final = Menu(
    "/ip/firewall/address-list",
    (
        Property("list", values.filled, needed=True),
        Property("address", values.listed_address, needed=True),
        Property("timeout", values.span, unset=True),
        Property("creation-time", told=True),
        _DYNAMIC,
        _DISABLED,
        _COMMENT,
    ),
    unique=("list", "address"),
    duplicate="failure: already have such entry",
    indexed=("address", "list"),
)

ARP: Final = Menu(
    "/ip/arp",
    (
        Property("address", values.ip_address, needed=True),
        Property("mac-address", values.mac),
        Property("interface", values.name_in("/interface"), needed=True),
        Property("published", values.flag, "false"),
        _INVALID,
        Property("DHCP", values.flag, "false", told=True),
        _DYNAMIC,
        Property("complete", values.flag, "true", told=True),
        Property("status", told=True),
        _DISABLED,
        _COMMENT,
    ),
    unique=("address", "interface"),
    duplicate="failure: already have such entry",
    indexed=("address", "mac-address"),
)

INTERFACE: Final = Menu(
    "/interface",
    (
        Property("name", values.filled),
        Property("default-name", told=True),
        Property("type", told=True),
        Property("mtu", default="1500"),
        Property("actual-mtu", default="1500", told=True),
        Property("mac-address", told=True),
        Property("last-link-up-time", told=True),
        Property("link-downs", default="0", told=True),
        _DYNAMIC,
        Property("running", values.flag, "true", told=True),
        _DISABLED,
        _COMMENT,
    ),
    verbs=READ | {"set", "enable", "disable", "comment"},
    unique=("name",),
    duplicate="failure: already have interface with such name",
)

IDENTITY: Final = Menu(
    "/system/identity", (Property("name", values.filled, "MikroTik"),), verbs=frozenset({"print", "set"}), single=True
)
LOG: Final = Menu(
    "/log",
    tuple(Property(name, told=True) for name in ("time", "topics", "message")),
    verbs=READ,
    indexed=(),
    kept=False,
)

MENUS: Final = {
    menu.path: menu
    for menu in (
        INTERFACE,
        POOL,
        PROFILE,
        SECRET,
        ACTIVE,
        HOTSPOT_PROFILE,
        HOTSPOT_USER,
        HOTSPOT_ACTIVE,
        QUEUE,
        ADDRESS_LIST,
        ARP,
        IDENTITY,
        LOG,
    )
}
