"""What the route that takes over a router's secrets takes and answers."""

from collections.abc import Callable
from datetime import date
from typing import Annotated

from pydantic import Field

from chalicelib.api.fields import Answer, Body, Day, Reference
from chalicelib.api.paging import PageQuery, decode_cursor, encode_cursor
from chalicelib.core.errors import invalid_field
from chalicelib.crm.import_shapes import Count, JobAnswer, show_job
from chalicelib.crm.plan_shapes import PlanCode
from chalicelib.crm.shapes import Zone
from chalicelib.network.found_secrets import MOST_TOLD, FoundSecrets
from chalicelib.network.place_shapes import MOST_PROFILES, ProfileName
from chalicelib.network.take_over import AskedTakeOver, TakenOver

Profile = Annotated[str, Field(examples=["home-10"])]


class TakenPlanBody(Body):
    """The plan that those become whose secrets are in a profile of the router; several profiles may name one plan."""

    profile: ProfileName
    plan: Reference


class TakeOverBody(Body):
    """What to make of the secrets. `start_on` defaults to today; `zone` is where all of them live."""

    plans: Annotated[list[TakenPlanBody], Field(max_length=MOST_PROFILES)]
    zone: Zone | None = None
    start_on: Day | None = None


class TakeOverQuery(PageQuery):
    """Whether to look only; and how many of the subscribers to show, from where on."""

    dry_run: Annotated[bool, Field(examples=[True])] = False


class FoundProfileAnswer(Answer):
    """A profile that secrets of the router are in, how many of those that are not ours yet, and the plan named for it."""

    profile: Profile
    secrets: Count
    plan: PlanCode | None


class FoundSecretsAnswer(Answer):
    """What was found on the router of its owner's: the `secrets` there, and those `marked` as ours already.

    `takeable` are the subscribers that can be made of them now; `more` can be when the same is asked for again.
    """

    secrets: Count
    marked: Annotated[int, Field(examples=[0])]
    takeable: Count
    more: Annotated[int, Field(examples=[0])]
    profiles: list[FoundProfileAnswer]


class TakenSubscriberAnswer(Answer):
    """A subscriber as it would be, or is, made of a secret."""

    username: Annotated[str, Field(examples=["bn700123"])]
    name: Annotated[str, Field(examples=["Fatema Akter"])]
    plan: PlanCode
    mac: Annotated[str, Field(examples=["9C:53:00:07:00:7B"])] | None
    address: Annotated[str, Field(examples=["10.20.0.7"])] | None


class LeftOutAnswer(Answer):
    """A secret that is left alone, by its name on the router, and why."""

    name: Annotated[str, Field(examples=["abdul karim"])]
    reason: Annotated[str, Field(examples=["it is disabled on the router"])]


class TakeOverAnswer(Answer):
    """What became of a router's secrets: `created` now (or would be, in a dry run), `unchanged` were there before.

    `left_out` are the first 1,000 of `left_out_count`; nothing is done to them. `found` is null, and the router was not
    asked, where an import of it was still under way: that one went on. `job` is there when a worker goes on with it.
    """

    dry_run: Annotated[bool, Field(examples=[False])]
    found: FoundSecretsAnswer | None
    created: Count
    unchanged: Annotated[int, Field(examples=[0])]
    left_out: list[LeftOutAnswer]
    left_out_count: Annotated[int, Field(examples=[1])]
    subscribers: list[TakenSubscriberAnswer]
    next_cursor: str | None
    job: JobAnswer | None


def take_over_asked(body: TakeOverBody, today: date) -> AskedTakeOver:
    """What the body asks for; 422 where a profile is named twice."""
    plans: dict[str, str] = {}
    for number, one in enumerate(body.plans):
        if one.profile in plans:
            raise invalid_field(f"plans.{number}.profile", "is named before")
        plans[one.profile] = one.plan
    return AskedTakeOver(plans, body.start_on or today, body.zone)


def shower(query: TakeOverQuery) -> Callable[[TakenOver], TakeOverAnswer]:
    """How to show what came of it: the page of subscribers that the query asks for; 422 on a cursor that is made up."""
    first = _first(query)

    def show(taken: TakenOver) -> TakeOverAnswer:
        page = taken.candidates[first : first + query.limit]
        behind = first + len(page)
        return TakeOverAnswer(
            dry_run=taken.result.dry_run,
            found=None if taken.found is None else _show_found(taken, taken.found),
            created=taken.result.written,
            unchanged=taken.result.unchanged,
            left_out=[LeftOutAnswer(name=one.name, reason=one.reason) for one in taken.left_out[:MOST_TOLD]],
            left_out_count=taken.left_out_count,
            subscribers=[
                TakenSubscriberAnswer(
                    username=one.username, name=one.name, plan=one.plan, mac=one.mac, address=one.address
                )
                for one in page
            ],
            next_cursor=encode_cursor(str(behind) if behind < len(taken.candidates) else None),
            job=None if taken.result.job is None else show_job(taken.result.job),
        )

    return show


def _first(query: TakeOverQuery) -> int:
    text = decode_cursor(query.cursor) or "0"
    if not (text.isascii() and text.isdigit() and len(text) <= 5):
        raise invalid_field("cursor", "must be a next_cursor of this list")
    return int(text)


def _show_found(taken: TakenOver, found: FoundSecrets) -> FoundSecretsAnswer:
    return FoundSecretsAnswer(
        secrets=found.secrets,
        marked=found.marked,
        takeable=len(taken.candidates),
        more=found.more,
        profiles=[
            FoundProfileAnswer(profile=profile, secrets=secrets, plan=taken.plans.get(profile))
            for profile, secrets in sorted(found.profiles.items())
        ],
    )
