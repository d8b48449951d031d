"""RouterOS as far as an API client can tell: routers that can be dialled into and can be made to fail. Never shipped.

`server` speaks the protocol of `wire` over TCP or TLS and gives each `connection` its `login` and its answers; `commands`
reads and changes a `router`, which is `table`s of the `menus` with the `values` that RouterOS takes and prints; `sessions`
are the subscribers who dial in; `faults` are what goes wrong on demand; `disk` is what a router still knows after a
`kill -9`.
"""
