"""What the routes of a tenant's terms for routers take and answer."""

from typing import Annotated, Literal

from pydantic import Field

from chalicelib.api.fields import Answer, Body
from chalicelib.network.model import NetworkTerms, SuspendBy, Undelivered
from chalicelib.network.place_shapes import ProfileName

SuspendByName = Annotated[Literal["profile", "address_list"], Field(examples=["profile"])]
UndeliveredName = Annotated[Literal["report", "credit"], Field(examples=["report"])]


class NetworkTermsBody(Body):
    """How services are treated on routers; what is left out is as it is by default."""

    suspend_by: SuspendByName = "profile"
    expired_profile: ProfileName | None = None
    expired_list: ProfileName = "expired"
    active_list: ProfileName = "active"
    undelivered: UndeliveredName = "report"
    mends_drift: bool = True


class NetworkTermsAnswer(Answer):
    """How services are treated on routers.

    A suspended service goes to `expired_profile` (null: one that we keep) or, with `address_list`, its address to
    `expired_list`. `undelivered` says what is done about a day that was paid for and not delivered.
    """

    suspend_by: SuspendByName
    expired_profile: Annotated[str, Field(examples=["expired"])] | None
    expired_list: Annotated[str, Field(examples=["expired"])]
    active_list: Annotated[str, Field(examples=["active"])]
    undelivered: UndeliveredName
    mends_drift: bool


def terms_asked(body: NetworkTermsBody) -> NetworkTerms:
    return NetworkTerms(
        suspend_by=SuspendBy(body.suspend_by),
        expired_profile=body.expired_profile,
        expired_list=body.expired_list,
        active_list=body.active_list,
        undelivered=Undelivered(body.undelivered),
        mends_drift=body.mends_drift,
    )


def show_terms(terms: NetworkTerms) -> NetworkTermsAnswer:
    return NetworkTermsAnswer(
        suspend_by=terms.suspend_by.value,
        expired_profile=terms.expired_profile,
        expired_list=terms.expired_list,
        active_list=terms.active_list,
        undelivered=terms.undelivered.value,
        mends_drift=terms.mends_drift,
    )
