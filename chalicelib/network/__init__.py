"""The network: routers, what they should hold, and the only one who speaks to them."""
