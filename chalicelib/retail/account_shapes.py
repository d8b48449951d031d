"""What the routes of subscribers' accounts take and answer."""

from typing import Annotated

from pydantic import Field

from chalicelib.api.fields import (
    Amount,
    Answer,
    Body,
    Day,
    DayOut,
    MoneyOut,
    Name,
    Price,
    RateBps,
    Reference,
)
from chalicelib.crm.subscriber import service_id
from chalicelib.retail.account_model import Account, Discount
from chalicelib.retail.document_model import document_id
from chalicelib.retail.terms_shapes import BillingDay


class DiscountBody(Body):
    """What the recurring charges of each period are lowered by: a rate, or an amount. The last period begins by `until`."""

    bps: RateBps = 0
    amount: Price | None = Field(default=None, examples=["50.00"])
    until: Day | None = None


class OwnPriceBody(Body):
    """What one service costs a month instead of its plan's price; null for the plan's again."""

    service: Reference
    monthly_price: Price | None = Field(examples=["450.00"])


class OwnTermsBody(Body):
    """What is settled with this subscriber alone; null is as with everybody again."""

    billing_day: BillingDay | None = None
    discount: DiscountBody | None = None
    prices: Annotated[list[OwnPriceBody], Field(max_length=16)] | None = None
    commission_bps: RateBps | None = None


class ChargeBody(Body):
    """Something that is charged once, on the next invoice."""

    text: Annotated[Name, Field(max_length=80, examples=["Installation"])]
    amount: Amount = Field(examples=["500.00"])


class OpenItemAnswer(Answer):
    """What is not paid yet of a document."""

    document: str = Field(examples=["tk7m2p9qx4abc.i12"])
    due_on: DayOut
    remaining: MoneyOut = Field(examples=["630.00"])


class WaitingChargeAnswer(Answer):
    """A charge that waits for the next invoice."""

    text: str = Field(examples=["Installation"])
    amount: MoneyOut = Field(examples=["500.00"])
    charged_on: DayOut


class BilledServiceAnswer(Answer):
    """How far a service is billed."""

    service: str = Field(examples=["tk7m2p9qx4abc.v12"])
    billed_through: DayOut


class DiscountAnswer(Answer):
    """A subscriber's own discount."""

    bps: int = Field(examples=[1000])
    amount: MoneyOut = Field(examples=["0.00"])
    until: DayOut | None


class OwnPriceAnswer(Answer):
    """A service's own price."""

    service: str = Field(examples=["tk7m2p9qx4abc.v12"])
    monthly_price: MoneyOut = Field(examples=["450.00"])


class SubscriberAccountAnswer(Answer):
    """What a subscriber owes, how far it is billed, and what is settled with it alone. A `balance` below zero is paid
    ahead; `advance` is money that no invoice has taken yet."""

    subscriber: str = Field(examples=["tk7m2p9qx4abc.s12"])
    balance: MoneyOut = Field(examples=["630.00"])
    advance: MoneyOut = Field(examples=["0.00"])
    open: list[OpenItemAnswer]
    next_invoice_on: DayOut | None
    services: list[BilledServiceAnswer]
    waiting_charges: list[WaitingChargeAnswer]
    billing_day: int | None = Field(examples=[None])
    discount: DiscountAnswer | None
    prices: list[OwnPriceAnswer]
    commission_bps: int | None = Field(examples=[None])
    suspended_for: str | None = Field(examples=[None])


def discount_asked(body: DiscountBody | None) -> Discount | None:
    """The discount a body asks for; None for one of nothing."""
    if body is None or not (body.bps or body.amount):
        return None
    return Discount(body.bps, body.amount or 0, body.until)


def show_account(account: Account) -> SubscriberAccountAnswer:
    def service(number: int) -> str:
        return service_id(account.tenant_id, number)

    own = account.own
    return SubscriberAccountAnswer(
        subscriber=account.subscriber_id,
        balance=account.balance_minor,
        advance=account.advance_minor,
        open=[
            OpenItemAnswer(
                document=document_id(account.biller_id, item.local_id),
                due_on=item.due_on,
                remaining=item.remaining_minor,
            )
            for item in account.open_items
        ],
        next_invoice_on=account.next_invoice_on,
        services=[
            BilledServiceAnswer(service=service(one.number), billed_through=one.through) for one in account.services
        ],
        waiting_charges=[
            WaitingChargeAnswer(text=one.text, amount=one.amount_minor, charged_on=one.charged_on)
            for one in account.charges
        ],
        billing_day=own.billing_day,
        discount=own.discount
        and DiscountAnswer(bps=own.discount.bps, amount=own.discount.amount_minor, until=own.discount.until),
        prices=[OwnPriceAnswer(service=service(number), monthly_price=price) for number, price in own.prices_minor],
        commission_bps=own.commission_bps,
        suspended_for=account.suspended_for and document_id(account.biller_id, account.suspended_for),
    )
