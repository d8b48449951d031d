"""Passwords of routers and of services: sealed when they are given, opened only by the worker that uses them."""

from chalicelib.aws.sealed import seal, unseal
from chalicelib.network.model import Access, Router, owner_of


def seal_router_password(router_id: str, password: str) -> str:
    """What is kept of the password that the product signs in with at a router. `Unavailable`."""
    return seal(password, _of_router(router_id))


def open_router_password(router: Router) -> str:
    """The password again; only the function that reaches routers may. `Unavailable`, `NotSealedHere`."""
    return unseal(router.password_sealed, _of_router(router.router_id))


def seal_service_password(tenant_id: str, service: int, password: str) -> str:
    """What is kept of the password that a service signs in with. `Unavailable`."""
    return seal(password, _of_service(tenant_id, service))


def open_service_password(access: Access) -> str | None:
    """The password again, None where it is not known here. `Unavailable`, `NotSealedHere`."""
    if access.password_sealed is None:
        return None
    return unseal(access.password_sealed, _of_service(access.tenant_id, access.service))


def _of_router(router_id: str) -> dict[str, str]:
    return {"tenant": owner_of(router_id), "about": f"router {router_id}"}


def _of_service(tenant_id: str, service: int) -> dict[str, str]:
    return {"tenant": tenant_id, "about": f"service {service}"}
